"""Charts of the bureau's pages, as plotly's figures. Pure: the colours are names of the page's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from market.core.clock import on_the_wall

COLOURS = {"green": "--good", "yellow": "--wait", "orange": "--sand", "red": "--bad"}


def nodes(
    rows: Sequence[Any], name: Callable[[Any], str], used: str, forecast: str, limit: str
) -> dict[str, Any]:
    """Use, forecast with its band, and limit of nodes, as shares of each limit in per cent. `name`: of a node."""
    seen = [each for each in rows if each["kind"] == "cap" and _number(each["limit"])]
    names = [name(each) for each in seen]
    coming = [each for each in seen if each["forecast"]]
    return {
        "data": [
            {
                "type": "bar",
                "name": used,
                "x": names,
                "y": [_share(each, each["used"]) for each in seen],
                "marker": {"color": [COLOURS[each["colour"]] for each in seen]},
            },
            {
                "type": "scatter",
                "mode": "markers",
                "name": forecast,
                "x": [name(each) for each in coming],
                "y": [_share(each, each["forecast"]["volume"]) for each in coming],
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [
                        _share(each, each["forecast"]["high"]) - _share(each, each["forecast"]["volume"])
                        for each in coming
                    ],
                    "arrayminus": [
                        _share(each, each["forecast"]["volume"]) - _share(each, each["forecast"]["low"])
                        for each in coming
                    ],
                },
                "marker": {"color": "--ink", "symbol": "diamond", "size": 9},
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": limit,
                "x": names,
                "y": [100] * len(names),
                "line": {"color": "--quiet", "dash": "dot"},
            },
        ],
        "layout": {"yaxis": {"ticksuffix": " %", "rangemode": "tozero"}, "bargap": 0.4, "height": 400},
    }


def days(rows: Sequence[Any], used: str, forecast: str, limit: str) -> dict[str, Any]:
    """The use, the forecast and the limit of one node day by day, in m3."""
    seen = sorted(rows, key=lambda each: str(each["day"]))
    when = [each["day"] for each in seen]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": used,
                "x": when,
                "y": [_number(each["used"]) for each in seen],
                "line": {"color": "--water"},
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": forecast,
                "x": when,
                "y": [_number(each["forecast"]["volume"]) if each["forecast"] else None for each in seen],
                "line": {"color": "--sand", "dash": "dash"},
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": limit,
                "x": when,
                "y": [_number(each["limit"]) for each in seen],
                "line": {"color": "--bad", "dash": "dot"},
            },
        ],
        "layout": {"yaxis": {"rangemode": "tozero"}},
    }


def moments(rows: Sequence[Any], words: dict[str, str]) -> dict[str, Any]:
    """A timeline: what happened, by kind, in the order of time."""
    kinds = ("alert", "order", "trade", "step")
    looks = {"alert": "--bad", "order": "--water", "trade": "--sand", "step": "--quiet"}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "name": words[kind],
                "x": [on_the_wall(each["at"]) for each in rows if each["kind"] == kind],
                "y": [words[kind] for each in rows if each["kind"] == kind],
                "marker": {"color": looks[kind], "size": 11},
            }
            for kind in kinds
        ],
        "layout": {"height": 240, "showlegend": False},
    }


def prices(rows: Sequence[Any]) -> dict[str, Any]:
    """Reference prices in the order of time."""
    seen = sorted(rows, key=lambda each: str(each["from_day"]))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "line": {"color": "--water", "shape": "hv"},
                "x": [each["from_day"] for each in seen],
                "y": [each["price"] for each in seen],
            }
        ],
        "layout": {"height": 240, "yaxis": {"rangemode": "tozero"}},
    }


def _number(value: str | None) -> int | None:
    """A volume on the wire in whole m3, for drawing only."""
    return None if value is None else int(Decimal(value))


def _share(node: Any, part: str) -> Any:
    """What part of a node's limit is, in per cent to two places, for drawing only."""
    return int(Decimal(part) * 10_000 / Decimal(node["limit"])) / 100
