"""Charts of the holder's desk as plotly draws them: plain values, colours by the names of the style's tokens. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from market.core.clock import on_the_wall


def use_by_reading(readings: Iterable[Mapping[str, Any]], words: str) -> dict[str, Any]:
    """The use of each reading that counts as bars by its day; estimates in another colour."""
    counted = [each for each in readings if each["counts"]]
    colours = ["--sand" if each["method"] == "estimate" else "--water" for each in counted]
    bars = {
        "type": "bar", "x": [on_the_wall(each["read_at"])[:10] for each in counted],
        "y": [each["use"] for each in counted],
        "marker": {"color": colours}, "hovertemplate": "%{x}: %{y} m³<extra></extra>",
    }  # fmt: skip
    return {
        "data": [bars],
        "layout": {"yaxis": {"title": {"text": words}}, "xaxis": {"type": "date"}, "bargap": 0.4},
    }


def balance_by_day(entries: Iterable[Mapping[str, Any]], words: str) -> dict[str, Any]:
    """The balance of a statement as steps."""
    rows = list(entries)
    line = {
        "type": "scatter", "mode": "lines", "line": {"shape": "hv", "color": "--water"},
        "x": [on_the_wall(each["at"]) for each in rows], "y": [each["balance"] for each in rows],
        "hovertemplate": "%{x}: %{y}<extra></extra>",
    }  # fmt: skip
    return {"data": [line], "layout": {"yaxis": {"title": {"text": words}, "rangemode": "tozero"}}}
