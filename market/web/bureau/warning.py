"""Early warning: every limit with its colour, what is to come, its history, and the plans of what is overloaded."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking
from market.web.bureau import charts, frame
from market.web.places import limit_name
from market.web.words import word

blp = Blueprint("desk_warning", __name__, template_folder="../templates")
COLOURS = ("red", "orange", "yellow", "green")


@blp.get("/desk/warning")
def tree() -> Response:
    """The tree of limits with its colours, as it is now."""
    picked = {name: request.args.get(name, "") for name in ("water_year", "zone", "colour")}
    found = asking.get("/v1/early-warning", **{name: value or None for name, value in picked.items()})
    rows = sorted(found["data"], key=lambda each: (COLOURS.index(each["colour"]), each["kind"], each["code"]))
    users = {each["participant_id"] for each in rows if each["participant_id"]}
    return frame.sheet(
        "bureau/warning.html",
        found=found,
        rows=rows[:80],
        more=len(rows) > 80,
        picked=picked,
        colours=COLOURS,
        counts={colour: sum(each["colour"] == colour for each in found["data"]) for colour in COLOURS},
        plans=asking.get("/v1/reduction-plans", limit=50)["data"],
        names=frame.parties(users) if frame.may("participants.list_participants") else {},
        limits={each["limit_id"]: each["code"] for each in found["data"] if each["limit_id"]},
        zones=frame.zone_choices(("county", "township")),
        chart=charts.nodes(
            rows[:40], limit_name, gettext("Used"), gettext("Expected by the year's end"), gettext("Limit")
        ),
    )


@blp.get("/desk/warning/history")
def history() -> Response:
    """The colours of one limit day by day."""
    node = request.args.get("node", "")
    found = asking.get(
        "/v1/early-warning/history",
        node=node or None,
        limit=120,
        starting_after=request.args.get("starting_after"),
    )
    return frame.sheet(
        "bureau/warning_history.html",
        found=found,
        node=node,
        chart=charts.days(
            found["data"], gettext("Used"), gettext("Expected by the year's end"), gettext("Limit")
        ),
    )


@blp.get("/desk/figures")
def figures() -> Response:
    """What other departments enter: figures, and results of the plan."""
    found = asking.get("/v1/department-figures", limit=100, starting_after=request.args.get("starting_after"))
    zones = frame.zones()
    return frame.sheet(
        "bureau/figures.html",
        found=found,
        zones=zones,
        results=asking.get("/v1/plan-results")["data"],
        word_of=lambda each: word(f"figure_kind_{each['kind']}"),
    )
