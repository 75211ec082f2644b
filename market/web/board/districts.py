"""The districts on a schematic map, by what is free under their caps or by what was sold out of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, request

from market.core import clock
from market.web import asking
from market.web.charts import water as charts
from market.web.pages import page
from market.web.places import zone_names, zones_by_code
from market.web.spoken import big_cubic, percent

blp = Blueprint("board_map", __name__, template_folder="../templates")

LEVELS = ("township", "district")
FREE, TRADED = "free", "traded"
SHOWN = (FREE, TRADED)


@blp.get("/map")
def districts() -> Response:
    """The map, and its figures as a table."""
    level, by = request.args.get("level", LEVELS[0]), request.args.get("by", FREE)
    level, by = (level if level in LEVELS else LEVELS[0]), (by if by in SHOWN else FREE)
    features, zones, names = asking.get("/v1/county/map")["features"], zones_by_code(), zone_names()
    drawn = [each for each in features if zones[each["properties"]["zone"]]["level"] == level]
    rows = _free() if by == FREE else _traded(level)
    figures = [_figure(each["properties"]["zone"], rows) for each in drawn]
    most = max((each["measure"] for each in figures), default=Decimal(0))
    shapes = [
        charts.District(
            each["geometry"]["coordinates"][0],
            names[own["zone"]],
            own["words"],
            charts.shade(own["measure"], most),
        )
        for each, own in zip(drawn, figures, strict=True)
    ]
    return page(
        "board/map.html", spec=charts.districts(shapes, "--good" if by == FREE else "--water"), figures=figures,
        zones=names, level=level, levels=LEVELS, by=by, shown=SHOWN,
        demonstration_map=any(each["properties"]["demonstration"] for each in drawn),
        sources=sorted({each["properties"]["legal_source"] for each in drawn}),
    )  # fmt: skip


def _free() -> dict[str, Any]:
    """By zone its cap for all sources; of sectors the one that the county capped, where it has none for all."""
    found: dict[str, Any] = {}
    for each in asking.get("/v1/limits/use")["data"]:
        if each["zone"] and each["source"] is None:
            known = found.get(each["zone"])
            if known is None or each["sector"] is None:
                found[each["zone"]] = each
    return {
        zone: {"measure": Decimal(each["free"]) / max(Decimal(1), Decimal(each["volume"])), "free": each["free"],
               "volume": each["volume"], "sector": each["sector"], "words": percent(each["free"], each["volume"])}
        for zone, each in found.items()
    }  # fmt: skip


def _traded(level: str) -> dict[str, Any]:
    """By zone what was sold out of it this water year, at the sellers' places, and how often."""
    sold: dict[str, list[Any]] = {}
    first = f"{clock.this_year()}-01-01"
    for each in asking.get("/v1/market/prices", level=level, period="year", **{"from": first})["data"]:
        sold.setdefault(each["zone"], []).append(each)
    sums = {zone: sum(Decimal(each["volume"]) for each in rows) for zone, rows in sold.items()}
    return {
        zone: {"measure": Decimal(sums[zone]), "volume": f"{sums[zone]:.3f}", "words": big_cubic(f"{sums[zone]:.3f}"),
               "trades": sum(each["trades"] for each in rows)}
        for zone, rows in sold.items()
    }  # fmt: skip


def _figure(zone: str, rows: dict[str, Any]) -> dict[str, Any]:
    nothing = {
        "measure": Decimal(0),
        "words": "–",
        "volume": None,
        "free": None,
        "sector": None,
        "trades": None,
    }
    return {"zone": zone, **nothing, **rows.get(zone, {})}
