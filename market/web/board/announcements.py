"""What the bureau announced: yearly water by class, cuts, and the ends of years."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from market.core import ids
from market.web import asking
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("board_announcements", __name__, template_folder="../templates")

MOST = 400


@blp.get("/announcements")
def announcements() -> Response:
    """Announcements of a water year (without one: of all), the newest first, and what stands by class of users."""
    year = request.args.get("year", type=int)
    rows = asking.pages("/v1/announcements", most=MOST, water_year=year)
    caps = {each["id"]: each for each in asking.pages("/v1/limits")}
    return page(
        "board/announcements.html", rows=rows[::-1], classes=_by_class(rows), year=year, caps=caps, zones=zone_names(),
        years=asking.get("/v1/water-years")["data"],
        cuts=_of(asking.pages("/v1/curtailments", most=MOST), year), ends=_of(asking.pages("/v1/carry-overs"), year),
    )  # fmt: skip


@blp.get("/announcements/<ann:announcement_id>")
def announcement(announcement_id: int) -> Response:
    """One announcement."""
    found = asking.get(f"/v1/announcements/{ids.public('ann', announcement_id)}")
    return page("board/announcement.html", found=found, zones=zone_names())


def _of(rows: list[Any], year: int | None) -> list[Any]:
    return [each for each in rows[::-1] if year in (None, each["water_year"])]


def _by_class(rows: list[Any]) -> list[tuple[tuple[Any, ...], list[Any]]]:
    """Announcements of the same water, users and place together, in the order of their years; the newest first."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for each in rows:
        key = each["water_year"], each["source"], each["sector"] or "", each["kind"] or "", each["zone"] or ""
        found.setdefault(key, []).append(each)
    return sorted(found.items(), key=lambda each: (-each[0][0], *each[0][1:]))
