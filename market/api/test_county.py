"""The test county over HTTP: who is there, and its clock, which goes forward when it is told to."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, page, paging, session, settings
from market.api.schemas import test_county as shapes
from market.core import clock, db, moving
from market.core.models import ClockAdvance
from market.participants import test_county

blp = blueprint(
    "test_county", "The test county: a second county for keys of the kind test, with a clock that moves"
)


@blp.route("/test-county", methods=["GET"])
@blp.response(200, shapes.TestCountyOut)
def get() -> dict[str, Any]:
    """Who is in the test county: a key of the kind test acts as one of them."""
    with db.transaction(test_county.url_of(settings())) as there:
        found = test_county.people(there)
    return {"users": [{"acts_as": user.login, "roles": roles} for user, roles in found]}


@blp.route("/test-clock", methods=["GET"])
@blp.response(200, shapes.TestClockOut)
def get_clock() -> dict[str, Any]:
    """What time it is in the test county. Asked with a key of that county."""
    _require_test_county()
    running = moving.latest(session(), before=None, limit=1)
    moves = running[0].id if running and running[0].status == "running" else None
    return {"now": clock.now(), "legal_day": clock.today(), "ahead_seconds": _ahead_s(), "running": moves}


def _ahead_s() -> int:
    return int((clock.now() - clock.of_machine()).total_seconds())


def _require_test_county() -> None:
    if not moving.is_test_county(session()):
        raise moving.NotATestCounty("send a key of the test county")


@blp.route("/test-clock/advance", methods=["POST"])
@blp.arguments(shapes.AdvanceIn)
@blp.response(202, shapes.AdvanceOut)
def advance(body: dict[str, Any]) -> dict[str, Any]:
    """Have the test county's clock go to an instant; what falls due on the way is done, in order.

    The county's worker does it: ask for the move until it is done.
    """
    return _out(moving.ask(session(), actor=actor().audit, to=body["to"]))


@blp.route("/test-clock/advances", methods=["GET"])
@blp.response(200, shapes.AdvancePage)
def list_advances() -> dict[str, Any]:
    """Moves of the clock, newest first."""
    where = paging("tcl")
    rows = moving.latest(session(), before=where.after, limit=where.limit + 1)
    return page([_out(each) for each in rows], where.limit)


@blp.route("/test-clock/advances/<tcl:advance_id>", methods=["GET"])
@blp.response(200, shapes.AdvanceWithStepsOut)
def get_advance(advance_id: int) -> dict[str, Any]:
    """One move of the clock: how far it has come, and what jobs did on the way, in order."""
    found = moving.find(session(), advance_id)
    steps = [
        {"at": each.at, "job": each.job, "done": each.done} for each in moving.steps(session(), advance_id)
    ]
    return _out(found) | {"steps": steps}


def _out(found: ClockAdvance) -> dict[str, Any]:
    return {
        "id": found.id, "from_at": found.from_at, "to": found.to_at, "reached_at": found.reached_at,
        "status": found.status,
    }  # fmt: skip
