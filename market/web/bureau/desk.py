"""What waits at the desks, each with its clock; one's own matters first."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from market.api.permissions import ROUTES
from market.web import asking
from market.web.bureau import frame
from market.web.bureau.matter_acts import DESKS
from market.web.navigation import DESK
from market.web.sitting import reader

blp = Blueprint("bureau_desk", __name__, template_folder="../templates")
COLOURS = ("red", "yellow", "green", "grey")


@blp.get("/desk")
def home() -> Response:
    """What waits: the reader's own matters first, then the others', filtered by desk, colour and kind."""
    waiting = _waiting()
    picked = {name: request.args.get(name, "") for name in ("desk", "colour", "kind", "only")}
    rows = [each for each in waiting if _fits(each, picked)]
    rows.sort(
        key=lambda each: (
            not each["mine"],
            COLOURS.index(each["colour"]),
            each["due_on"] or "9999",
            each["id"],
        )
    )
    return frame.sheet(
        "bureau/desk.html", rows=rows, picked=picked, colours=COLOURS, seats=DESKS, counts=_counts(waiting),
        kinds=sorted({(each["kind"], each["kind_zh"], each["kind_en"]) for each in waiting}),
        mine=sum(each["mine"] for each in waiting), names=frame.parties(_named(rows)), people=frame.colleagues(),
        pages=[each for each in DESK if each.address != "/desk" and (not each.endpoint or frame.may(each.endpoint))],
        sees=frame.may("desk_reviews.queue"),
    )  # fmt: skip


def _named(rows: list[Any]) -> set[str]:
    return {number for each in rows for number in each["participant_ids"]}


def _waiting() -> list[Any]:
    """Everything that waits at every desk, with whether it waits for the reader."""
    if not frame.may("desk_reviews.queue"):
        return []
    who = reader()
    assert who is not None
    own = asking.get("/v1/me")["user_id"]
    found = [each for desk in DESKS for each in asking.pages(f"/v1/desks/{desk}/queue")]
    decides = bool(who.roles & ROUTES["desk_reviews.decide"].roles)
    for each in found:
        seated = each["may_decide"] in who.roles or own in each["deputy_ids"]
        each["mine"] = decides and seated and each["proposed_by_id"] != own
    return found


def _fits(each: Any, picked: dict[str, str]) -> bool:
    plain = all(not picked[name] or each[name] == picked[name] for name in ("desk", "colour", "kind"))
    return plain and (picked["only"] != "mine" or each["mine"])


def _counts(waiting: list[Any]) -> dict[str, dict[str, int]]:
    """How many of each colour wait at each desk."""
    return {
        desk: {
            colour: sum(each["desk"] == desk and each["colour"] == colour for each in waiting)
            for colour in COLOURS
        }
        for desk in DESKS
    }
