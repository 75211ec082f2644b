"""A saving as a picture: use, what the baseline says, and its limits, as plotly's plain data. Pure."""

from __future__ import annotations

from typing import Any

from market.contracts.savings.model import Line, Saving

WORDS = {
    "zh": {
        "use": "实际用水量", "fitted": "调整后基准", "limits": "95% 区间", "title": "用水量（m³）",
        "report": "报告期",
    },
    "en": {
        "use": "use", "fitted": "adjusted baseline", "limits": "95 % interval", "title": "use (m³)",
        "report": "reporting period",
    },
}  # fmt: skip
LITRES_A_M3 = 1000


def plot(saving: Saving, language: str) -> dict[str, Any]:
    """`data` and `layout` for plotly, volumes in m³, days as ISO 8601; `language` "zh" or "en". Errors: KeyError.

    Limits are drawn where periods have them; the reporting span is shaded.
    """
    words = WORDS[language]
    limited = [each for each in saving.lines if each.low95 is not None and each.high95 is not None]
    data: list[dict[str, Any]] = []
    if limited:
        band = [(each.low95 or 0) for each in limited], [(each.high95 or 0) for each in limited]
        for values, fill in zip(band, (None, "tonexty"), strict=True):
            trace: dict[str, Any] = {
                "type": "scatter", "mode": "lines", "x": _days(limited), "y": _m3(values),
                "line": {"width": 0, "shape": "hv"}, "name": words["limits"], "showlegend": fill is not None,
                "hoverinfo": "skip",
            }  # fmt: skip
            data.append(trace | ({"fill": fill} if fill else {}))
    for name, values in (
        ("fitted", [each.fitted for each in saving.lines]),
        ("use", [each.use for each in saving.lines]),
    ):
        data.append(
            {
                "type": "scatter", "mode": "lines+markers", "x": _days(saving.lines), "y": _m3(values),
                "name": words[name], "line": {"shape": "hv"},
            }
        )  # fmt: skip
    return {"data": data, "layout": _layout(saving, words)}


def _layout(saving: Saving, words: dict[str, str]) -> dict[str, Any]:
    span = {
        "type": "rect", "xref": "x", "yref": "paper", "x0": saving.starts.isoformat(),
        "x1": saving.ends.isoformat(), "y0": 0, "y1": 1, "line": {"width": 0}, "opacity": 0.1,
        "fillcolor": "#888888", "label": {"text": words["report"], "textposition": "top center"},
    }  # fmt: skip
    return {
        "xaxis": {"type": "date"},
        "yaxis": {"title": {"text": words["title"]}, "rangemode": "tozero"},
        "shapes": [span],
        "hovermode": "x unified",
    }


def _days(lines: tuple[Line, ...] | list[Line]) -> list[str]:
    return [each.starts.isoformat() for each in lines]


def _m3(litres: list[int]) -> list[float]:
    return [each / LITRES_A_M3 for each in litres]
