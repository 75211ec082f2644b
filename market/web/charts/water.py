"""Charts of the county's water: the tree of caps, flows between zones, and the schematic map. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from textwrap import wrap
from typing import Any, NamedTuple

Spec = dict[str, Any]
Row = Mapping[str, Any]
ZONE, DISTRICT, SECTOR, SOURCE = "zone", "district", "sector", "source"
VIEWS = (ZONE, DISTRICT, SECTOR, SOURCE)
"""By what the caps below the county's are shown: they overlap, so that each way is a tree of its own."""
ADMIN = "admin"
LABEL_LETTERS, SMALL_LABEL_LETTERS = 13, 5
"""How many letters a line of a label on the map has at most; it breaks between words."""
PARTS = (("used", "--water"), ("unused", "--water-soft"), ("held", "--wait-soft"), ("free", "--good-soft"))


class Cap(NamedTuple):
    """A cap in the tree: its row, and the id of the cap above it (empty: it is a root)."""

    row: Row
    above: str


def tree(rows: Sequence[Row], zones: Mapping[str, Row], view: str) -> list[Cap]:
    """The caps of a view, each under the narrowest of them that holds it; those above come first."""
    shown = [each for each in rows if _belongs(each, zones, view)]
    shown.sort(key=lambda each: (-Decimal(each["volume"]), each["code"]))
    found: list[Cap] = []
    for place, each in enumerate(shown):
        holding = [other for other in shown[:place] if _holds(other, each, zones)]
        found.append(Cap(each, holding[-1]["limit_id"] if holding else ""))
    return found


def _belongs(row: Row, zones: Mapping[str, Row], view: str) -> bool:
    zone = zones.get(row["zone"]) if row["zone"] else None
    top = zone is None or zone["parent"] is None
    whole = row["sector"] is None and row["source"] is None
    if top and whole and (zone is None or zone["tree"] == ADMIN):
        return True
    if view in (SECTOR, SOURCE):
        other = SOURCE if view == SECTOR else SECTOR
        return zone is not None and zone["tree"] == ADMIN and row[view] is not None and row[other] is None
    return not top and zone is not None and (zone["tree"] == ADMIN) == (view == ZONE)


def _holds(outer: Row, inner: Row, zones: Mapping[str, Row]) -> bool:
    """Whether all that the inner cap holds is held by the outer; the county's holds what lies on its rivers too."""
    same = all(outer[name] in (None, inner[name]) for name in ("sector", "source"))
    zone, wanted = inner["zone"], outer["zone"]
    if not same or wanted is None:
        return same
    if zones[wanted]["parent"] is None and zones[wanted]["tree"] == ADMIN:
        return zone is not None
    while zone is not None and zone != wanted:
        zone = zones[zone]["parent"]
    return bool(zone == wanted)


def parts(row: Row) -> dict[str, Decimal]:
    """What a cap divides into: used, issued and not used, held, free; none of them below nil."""
    used, issued = Decimal(row["used"]), Decimal(row["issued"])
    return {
        "used": used, "unused": max(Decimal(0), issued - used), "held": Decimal(row["held"]),
        "free": Decimal(row["free"]),
    }  # fmt: skip


def treemap(caps: Sequence[Cap], names: Mapping[str, str], words: Mapping[str, str]) -> Spec:
    """The caps as boxes in boxes, each innermost one divided into its parts.

    `names`: of a cap by its id. `words`: used, unused, held, free, over (what a cap with over-use is marked with).
    """
    inner = {each.above for each in caps}
    boxes: list[tuple[str, str, str, Decimal, str]] = []
    for each in caps:
        own, over = each.row["limit_id"], Decimal(each.row["over_use"]) > 0
        name = f"{words['over']} {names[own]}" if over else names[own]
        size = max(Decimal(each.row["volume"]), sum(parts(each.row).values(), Decimal(0)))
        boxes.append((own, name, each.above, size, "--bad-soft" if over else "--sheet"))
        if own not in inner:
            for (part, volume), (_, colour) in zip(parts(each.row).items(), PARTS, strict=True):
                if volume:
                    boxes.append((f"{own}/{part}", words[part], own, volume, colour))
    return {
        "data": [{
            "type": "treemap", "branchvalues": "remainder", "ids": [each[0] for each in boxes],
            "labels": [each[1] for each in boxes], "parents": [each[2] for each in boxes],
            "values": [str(each) for each in _remainders(boxes)], "customdata": [f"{each[3]:,}" for each in boxes],
            "marker": {"colors": [each[4] for each in boxes], "line": {"color": "--line", "width": 1}},
            "hovertemplate": "%{label}<br>%{customdata} m³<extra></extra>",
            "textfont": {"color": ["--on-water" if each[4] == "--water" else "--ink" for each in boxes]},
            "tiling": {"pad": 3}, "pathbar": {"visible": False},
            "root": {"color": "rgba(0,0,0,0)"},
        }],
        "layout": {"height": 520, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}},
    }  # fmt: skip


def _remainders(boxes: Sequence[tuple[str, str, str, Decimal, str]]) -> list[Decimal]:
    """Of each box what none of those within it takes: a cap may hold more than the caps below it sum to."""
    within: dict[str, Decimal] = {}
    for _, _, above, size, _ in boxes:
        within[above] = within.get(above, Decimal(0)) + size
    return [max(Decimal(0), size - within.get(own, Decimal(0))) for own, _, _, size, _ in boxes]


def sankey(rows: Iterable[Row], names: Mapping[tuple[str | None, str | None], str]) -> Spec:
    """Flows from where water left (left side) to where it arrived (right side), as wide as what arrived.

    `names`: of a pair of zone and sector; a sector of None is the call auction.
    """
    flows = list(rows)
    left = list(dict.fromkeys((each["from_zone"], each["from_sector"]) for each in flows))
    right = list(dict.fromkeys((each["to_zone"], each["to_sector"]) for each in flows))
    at = {("from", key): place for place, key in enumerate(left)}
    at |= {("to", key): place for place, key in enumerate(right, len(left))}
    return {
        "data": [{
            "type": "sankey", "arrangement": "snap", "valuesuffix": " m³", "valueformat": ",.3~f",
            "node": {"label": [names[key] for key in (*left, *right)], "pad": 18, "thickness": 14,
                     "color": ["--water"] * len(left) + ["--sand"] * len(right), "line": {"width": 0}},
            "link": {"source": [at["from", (each["from_zone"], each["from_sector"])] for each in flows],
                     "target": [at["to", (each["to_zone"], each["to_sector"])] for each in flows],
                     "value": [each["delivered_volume"] for each in flows],
                     "color": ["--water-soft"] * len(flows)},
        }],
        "layout": {"height": max(280, 46 * max(len(left), len(right), 1)), "margin": {"l": 8, "r": 8, "t": 8, "b": 8}},
    }  # fmt: skip


class District(NamedTuple):
    """A zone on the map: its outline, its name, its value in words, and its shade from 0 to SHADES."""

    ring: Sequence[Sequence[float]]
    name: str
    value: str
    shade: int


SHADES = 4


def districts(zones: Sequence[District], base: str) -> Spec:
    """The zones as filled outlines in plain axes, the darker the more; `base` is the colour of the darkest."""
    outlines = [
        {
            "type": "scatter", "mode": "lines", "fill": "toself", "hoveron": "fills",
            "text": f"{each.name}: {each.value}", "hoverinfo": "text",
            "x": [x for x, _ in each.ring], "y": [y for _, y in each.ring],
            "line": {"color": "--sheet", "width": 2}, "fillcolor": base, "showlegend": False,
            "opacity": f"{0.6 * (each.shade + 1) / (SHADES + 1):.2f}",
        }
        for each in zones
    ]  # fmt: skip
    middles = [_middle(each.ring) for each in zones]
    labels = {
        "type": "scatter", "mode": "text", "x": [x for x, _ in middles], "y": [y for _, y in middles],
        "text": ["<br>".join((*wrap(each.name, LABEL_LETTERS), each.value)) for each in zones],
        "hoverinfo": "skip", "showlegend": False,
        "textfont": {"color": "--ink", "size": 12}, "cliponaxis": False,
    }  # fmt: skip
    small = {
        "text": ["<br>".join((*_lines(each.name), each.value)) for each in zones],
        "textfont": {"color": "--ink", "size": 10},
    }
    axis = {"visible": False, "fixedrange": True}
    return {
        "data": [*outlines, labels],
        "layout": {"height": 560, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}, "xaxis": axis,
                   "yaxis": {**axis, "scaleanchor": "x"}},
        # Nothing is measured on a schematic map: on a phone it is as high as its names need.
        "narrow": {"data": [*({} for _ in outlines), small], "layout": {"height": 440, "yaxis": axis}},
    }  # fmt: skip


def _lines(name: str) -> list[str]:
    """A name in lines for a phone: of Chinese letters, of which any may end a line, few; else a word each."""
    return wrap(name, SMALL_LABEL_LETTERS, break_long_words=not name.isascii())


def _middle(ring: Sequence[Sequence[float]]) -> tuple[float, float]:
    """A place inside most outlines, for a name: the mean of the corners."""
    corners = ring[:-1]
    return sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners)


def shade(value: Decimal, largest: Decimal) -> int:
    """How dark a value is among others, from 0 to SHADES."""
    return int(value * SHADES / largest) if largest > 0 else 0
