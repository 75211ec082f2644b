"""Charts of a product's market: candles with their volume, depth, and the index. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

Spec = dict[str, Any]
Row = Mapping[str, Any]
SELL, BUY = "sell", "buy"
LEAST_CANDLES, MOST_TICKS = 14, 8
COLOURS = ("--water", "--sand", "--good", "--bad", "--quiet")


def candles(rows: Sequence[Row], days: Sequence[str], words: Mapping[str, str]) -> Spec:
    """Candles of prices over bars of volume. `days`: where each begins. `words`: price, volume, average."""
    # Places without a name, so that a candle alone is no wider than one among others.
    unnamed = [" " * each for each in range(1, LEAST_CANDLES - len(days) + 1)]
    every = max(1, -(-len(days) // MOST_TICKS))
    rise, fall = ({"line": {"color": each, "width": 1}, "fillcolor": each} for each in ("--water", "--sand"))
    return {
        "data": [
            {"type": "candlestick", "name": words["price"], "x": list(days), "yaxis": "y2", "increasing": rise,
             "decreasing": fall, **{name: [each[name] for each in rows] for name in ("open", "high", "low", "close")}},
            {"type": "scatter", "mode": "lines", "name": words["average"], "x": list(days), "yaxis": "y2",
             "y": [each["vwap"] for each in rows], "line": {"color": "--quiet", "width": 1, "dash": "dot"}},
            {"type": "bar", "name": words["volume"], "x": list(days), "y": [each["volume"] for each in rows],
             "marker": {"color": "--line"}},
        ],
        "layout": {
            "height": 380, "showlegend": False, "bargap": 0.3, "hovermode": "x unified",
            "xaxis": {"rangeslider": {"visible": False}, "type": "category", "tickangle": 0,
                      "tickvals": list(days[(len(days) - 1) % every :: every]),
                      "categoryorder": "array", "categoryarray": [*unnamed, *days],
                      "range": ["-0.5", str(len(unnamed) + len(days) - 0.5)]},
            "yaxis": {"domain": [0, 0.22], "title": {"text": words["volume"]}, "rangemode": "tozero"},
            "yaxis2": {"domain": [0.3, 1], "title": {"text": words["price"]}, "tickformat": ".4~f"},
        },
    }  # fmt: skip


class Step(NamedTuple):
    """A price of one side, what is open at it, and what is open at it or better."""

    price: str
    volume: Decimal
    sum: Decimal


def steps(rows: Iterable[Row], side: str) -> list[Step]:
    """The open volume of a side by price, the best first, whatever its zone and sector."""
    by_price: dict[str, Decimal] = defaultdict(Decimal)
    for each in rows:
        if each["side"] == side:
            by_price[each["price"]] += Decimal(each["volume"])
    found, whole = [], Decimal(0)
    for price in sorted(by_price, key=Decimal, reverse=side == BUY):
        whole += by_price[price]
        found.append(Step(price, by_price[price], whole))
    return found


def depth(rows: Sequence[Row], words: Mapping[str, str]) -> Spec:
    """What can be sold and bought at a price or better, as steps. `words`: sell, buy, price, volume."""
    return {
        "data": [
            _side(steps(rows, BUY), words["buy"], "--water", "--water-soft"),
            _side(steps(rows, SELL), words["sell"], "--sand", "--sand-soft"),
        ],
        "layout": {
            "xaxis": {"title": {"text": words["price"]}, "tickformat": ".4~f"},
            "yaxis": {"title": {"text": words["volume"]}, "rangemode": "tozero"},
        },
    }


def _side(found: Sequence[Step], name: str, line: str, area: str) -> Spec:
    """A side's steps begin at nothing, at its best price."""
    return {
        "type": "scatter", "mode": "lines", "name": name, "fill": "tozeroy", "fillcolor": area,
        "line": {"color": line, "shape": "hv"},
        "x": [each.price for each in (*found[:1], *found)],
        "y": [*("0" for _ in found[:1]), *(str(each.sum) for each in found)],
    }  # fmt: skip


def index(rows: Iterable[Row], names: Mapping[tuple[str, str], str], words: Mapping[str, str]) -> Spec:
    """The price index as a line for each zone and sector. `names`: of each pair. `words`: index."""
    series: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for each in rows:
        series[each["zone"], each["sector"]].append(each)
    return {
        "data": [
            {"type": "scatter", "mode": "lines+markers", "name": names[key], "x": [each["period"] for each in points],
             "y": [each["value"] for each in points], "line": {"color": COLOURS[place % len(COLOURS)]},
             "marker": {"size": 5}}
            for place, (key, points) in enumerate(sorted(series.items()))
        ],
        "layout": {"yaxis": {"title": {"text": words["index"]}}, "xaxis": {"tickformat": "%Y-%m", "dtick": "M1"}},
    }  # fmt: skip
