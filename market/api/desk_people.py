"""Who sits at the desks over HTTP: declared interests, and deputies."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import desks as shapes
from market.supervision.desks import people
from market.supervision.desks.models import DeskDeputy, DeskInterest

blp = blueprint("desk_interests", "Interests that people at the bureau declare")
deputies = blueprint("desk_deputies", "Who stands in for whom at a desk")
_SEES_ALL = frozenset({"supervisor", "auditor"})


@blp.route("/desk-interests", methods=["GET"])
@blp.response(200, shapes.InterestPage)
def list_interests() -> dict[str, Any]:
    """One's own declared interests (the supervisor and the auditor: everybody's), by id."""
    who, where = actor(), paging("itr")
    rows = people.interests(
        session(), user_id=None if who.roles & _SEES_ALL else who.user_id, after=where.after, limit=where.limit + 1
    )  # fmt: skip
    return page([_interest(each) for each in rows], where.limit)


@blp.route("/desk-interests", methods=["POST"])
@blp.arguments(shapes.InterestIn)
@blp.response(201, shapes.InterestOut)
def declare(body: dict[str, Any]) -> dict[str, Any]:
    """Declare an interest in a participant: one decides on nothing that concerns it, or whom it belongs with."""
    return _interest(people.declare(session(), actor=actor().audit, user_id=actor().user_id, **body))


@blp.route("/desk-interests/<itr:desk_interest_id>/strike-off", methods=["POST"])
@blp.response(200, shapes.InterestOut)
def strike_off(desk_interest_id: int) -> dict[str, Any]:
    """Strike off somebody else's interest that is over."""
    return _interest(people.strike_off(session(), actor=actor().audit, interest_id=desk_interest_id))


@deputies.route("/desk-deputies", methods=["GET"])
@deputies.response(200, shapes.DeputyPage)
def list_deputies() -> dict[str, Any]:
    """Appointments of deputies, by id."""
    where = paging("dpt")
    rows = people.deputies(session(), after=where.after, limit=where.limit + 1)
    return page([_deputy(each) for each in rows], where.limit)


@deputies.route("/desk-deputies", methods=["POST"])
@deputies.arguments(shapes.DeputyIn)
@deputies.response(201, shapes.DeputyOut)
def appoint(body: dict[str, Any]) -> dict[str, Any]:
    """Have somebody stand in for a member of a desk."""
    return _deputy(people.appoint(session(), actor=actor().audit, **body))


@deputies.route("/desk-deputies/<dpt:desk_deputy_id>/revoke", methods=["POST"])
@deputies.response(200, shapes.DeputyOut)
def revoke(desk_deputy_id: int) -> dict[str, Any]:
    """End an appointment before its last day."""
    return _deputy(people.revoke(session(), actor=actor().audit, deputy_id=desk_deputy_id))


def _interest(each: DeskInterest) -> dict[str, Any]:
    names = ("id", "user_id", "participant_id", "relation", "declared_at", "ended_at")
    return {name: getattr(each, name) for name in names}


def _deputy(each: DeskDeputy) -> dict[str, Any]:
    names = (
        "id",
        "desk",
        "member_id",
        "deputy_id",
        "from_on",
        "to_on",
        "reason",
        "appointed_at",
        "revoked_at",
    )
    return {name: getattr(each, name) for name in names}
