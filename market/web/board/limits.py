"""The tree of caps: what is issued, used, held and free; and where traded water went."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.core import clock
from market.web import asking
from market.web.charts import water as charts
from market.web.pages import page
from market.web.places import limit_name, zone_names, zones_by_code
from market.web.words import word

blp = Blueprint("board_limits", __name__, template_folder="../templates")

LEVELS = ("district", "township", "canal")
SPANS = (30, 92, 366)
LONGEST_SPAN = 366


@blp.get("/limits")
def limits() -> Response:
    """The caps of a water year, as a treemap and as a table."""
    year = request.args.get("year", type=int) or clock.this_year()
    view = request.args.get("by", charts.ZONE)
    view = view if view in charts.VIEWS else charts.ZONE
    rows, zones = asking.get("/v1/limits/use", water_year=year)["data"], zones_by_code()
    caps = charts.tree(rows, zones, view)
    called = {each["limit_id"]: limit_name(each) for each in rows}
    words = {
        "used": gettext("Used"), "unused": gettext("Issued, not used"), "held": gettext("Held"),
        "free": gettext("Free"), "over": gettext("Over-use:"),
    }  # fmt: skip
    top = next((each for each in caps if not each.above), None)
    return page(
        "board/limits.html", rows=rows, year=year, years=asking.get("/v1/water-years")["data"], view=view,
        views=charts.VIEWS, names=called, spec=charts.treemap(caps, called, words), caps=caps,
        top=top.row if top else None, over=[each for each in rows if each["over_use"] != "0.000"],
        others=[each for each in asking.pages("/v1/limits", water_year=year) if each["kind"] != "cap"],
        zones=zone_names(),
    )  # fmt: skip


@blp.get("/flows")
def flows() -> Response:
    """Where settled water went, between zones and sectors."""
    level = request.args.get("level", LEVELS[0])
    level = level if level in LEVELS else LEVELS[0]
    days = request.args.get("days", type=int)
    days = days if days in SPANS else LONGEST_SPAN
    first = clock.today().fromordinal(clock.today().toordinal() - days + 1).isoformat()
    rows = asking.get("/v1/market/flows", level=level, **{"from": first})["data"]
    zones = zone_names()
    ends = {(each[f"{end}_zone"], each[f"{end}_sector"]) for each in rows for end in ("from", "to")}
    names = {each: _end(each, zones) for each in ends}
    return page(
        "board/flows.html", rows=rows, names=names, spec=charts.sankey(rows, names), level=level, levels=LEVELS,
        days=days, spans=SPANS, first=first,
    )  # fmt: skip


def _end(end: tuple[str | None, str | None], zones: dict[str, str]) -> str:
    zone, sector = end
    if sector is None:
        return gettext("Call auction")
    return f"{zones[zone] if zone else gettext('elsewhere')} · {word(sector)}"
