"""The season: announcements, reserves, curtailments and the year's end, with what is free under every limit."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.core import clock
from market.web import asking
from market.web.bureau import frame

blp = Blueprint("desk_announcing", __name__, template_folder="../templates")


@blp.get("/desk/announce")
def index() -> Response:
    """What was announced, what is free, and where each act of the season begins."""
    asked = request.args.get("water_year", "")
    year = int(asked) if asked.isdecimal() else clock.this_year()
    return frame.sheet(
        "bureau/announce.html",
        year=year,
        announcements=asking.pages("/v1/announcements", water_year=year),
        curtailments=asking.get("/v1/curtailments", limit=20)["data"],
        ends=asking.get("/v1/carry-overs", limit=20)["data"],
        sheet=asking.get("/v1/balance-sheet", water_year=year),
        years=asking.get("/v1/water-years")["data"],
        limits=asking.pages("/v1/limits", water_year=year, kind="cap", most=100),
        zones=frame.zones(),
    )
