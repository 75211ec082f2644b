"""The procedure of an application: accepted, published, objected to; hearings and disputes that stop the clocks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import audit, clock, outbox
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.errors import StaleVersion
from market.registry import places, steps
from market.registry.life_errors import ObjectionExists, ObjectionState, OwnApplication
from market.registry.life_models import Objection
from market.registry.models import Entitlement

BY_NAME = frozenset(
    {"accept", "publish", "open_hearing", "close_hearing", "open_dispute", "close_dispute"}
)  # fmt: skip
"""Steps that need a reason at most."""


def advance(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    step: str,
    reason: str = "",
    expected_version: int | None = None,
) -> Entitlement:
    """Takes one of the steps BY_NAME with an application.

    Errors: NotFound, StaleVersion, EntitlementState, ApplicationStopped, HearingState, DisputeState.
    """
    if step not in BY_NAME:
        raise ValueError(f"{step} needs more than a reason")
    entitlement = steps.locked(session, entitlement_id, expected_version)
    steps.take(session, actor=actor, entitlement=entitlement, step=step, reason=reason)
    return entitlement


def lodge(
    session: Session, *, actor: audit.Actor, entitlement_id: int, participant_id: int, grounds: str
) -> Objection:
    """Lodges another participant's objection to a published application, within the days for it.

    An application that is not published is not there for others.
    Errors: NotFound, ParticipantNotAdmitted, OwnApplication, ObjectionPeriodOver, ObjectionExists.
    """
    entitlement = steps.locked(session, entitlement_id)
    if entitlement.status != "published":
        raise NotFound("there is no such published application")
    places.check_admitted(raw(session), participant_id)
    if entitlement.participant_id == participant_id:
        raise OwnApplication
    steps.check(session, entitlement, "object")
    objection = Objection(
        entitlement_id=entitlement.id,
        participant_id=participant_id,
        grounds=grounds,
        lodged_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(objection)
    except IntegrityError as error:
        raise ObjectionExists from error
    detail = {"objection_id": objection.id}
    steps.take(
        session,
        actor=actor,
        entitlement=entitlement,
        step="object",
        reason=grounds,
        detail=detail,
        tell=False,
    )
    _tell(session, actor, "lodged", objection, entitlement, "object")
    return objection


def decide(
    session: Session,
    *,
    actor: audit.Actor,
    objection_id: int,
    upheld: bool,
    reason: str,
    expected_version: int | None = None,
) -> Objection:
    """Upholds or dismisses an objection, with the reason. Errors: NotFound, StaleVersion, ObjectionState."""
    found = session.get(Objection, objection_id)
    if found is None:
        raise NotFound("there is no such objection")
    entitlement = steps.locked(session, found.entitlement_id)
    objection = session.scalars(
        select(Objection)
        .where(Objection.id == objection_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if expected_version is not None and objection.version != expected_version:
        raise StaleVersion(f"its version is now {objection.version}")
    if objection.status != "lodged":
        raise ObjectionState(f"it is {objection.status}")
    objection.status = "upheld" if upheld else "dismissed"
    objection.decided_at, objection.decided_by = clock.now(), actor.user_id
    objection.decision_reason = reason
    objection.version += 1
    step, detail = ("uphold_objection" if upheld else "dismiss_objection"), {"objection_id": objection.id}
    steps.take(
        session, actor=actor, entitlement=entitlement, step=step, reason=reason, detail=detail, tell=False
    )
    _tell(session, actor, objection.status, objection, entitlement, step)
    return objection


WITHDRAWN = "申请已撤回 the application was withdrawn"
"""Why an objection lapses."""
_LAPSE_SQL = """
UPDATE objections SET status = 'lapsed', decided_at = %s, decided_by = %s, decision_reason = %s, version = version + 1
 WHERE entitlement_id = %s AND status = 'lodged' RETURNING id
"""


def withdraw(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    reason: str,
    expected_version: int | None = None,
) -> Entitlement:
    """Takes an application back before it is decided, for its applicant; objections that wait for a decision lapse.

    Errors: NotFound, StaleVersion, EntitlementState.
    """
    entitlement = steps.locked(session, entitlement_id, expected_version)
    steps.take(
        session, actor=actor, entitlement=entitlement, step="withdraw", reason=reason, tell=False
    )  # fmt: skip
    connection = raw(session)
    lapsed = connection.execute(
        _LAPSE_SQL, (clock.now(), actor.user_id, WITHDRAWN, entitlement_id)
    ).fetchall()  # fmt: skip
    details = [(row[0], {"entitlement_id": entitlement_id}) for row in sorted(lapsed)]
    if details:
        outbox.publish_many(
            connection, topic="registry.objection.lapsed", subject_type="objection", payloads=details
        )
        audit.record_many(
            connection, actor=actor, action="objection.lapsed", subject_type="objection", details=details
        )
    steps.announce(connection, actor, "withdraw", entitlement_id)
    return entitlement


def _tell(
    session: Session, actor: audit.Actor, action: str, objection: Objection, right: Entitlement, step: str
) -> None:
    connection = raw(session)
    subject, detail = ("objection", objection.id), {"entitlement_id": right.id}
    outbox.publish(connection, topic=f"registry.objection.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"objection.{action}", subject=subject, detail=detail)
    told: dict[str, Any] = {"objection_id": objection.id}
    steps.announce(connection, actor, step, right.id, told)


def objections(
    session: Session,
    *,
    entitlement_id: int | None = None,
    participant_id: int | None = None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Objection]:
    """Objections by id; to one application, or of one participant, or all."""
    statement = select(Objection)
    if entitlement_id is not None:
        statement = statement.where(Objection.entitlement_id == entitlement_id)
    if participant_id is not None:
        statement = statement.where(Objection.participant_id == participant_id)
    if status is not None:
        statement = statement.where(Objection.status == status)
    if after is not None:
        statement = statement.where(Objection.id > after)
    return list(session.scalars(statement.order_by(Objection.id).limit(limit)))
