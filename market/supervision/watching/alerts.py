"""Alerts as a supervisor works with them: listed, shown, dismissed with a reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.supervision.desks import people
from market.supervision.desks.people import Official
from market.supervision.errors import OwnInterest, ReasonMissing
from market.supervision.watching.errors import AlertState
from market.supervision.watching.models import (
    DISMISSED,
    INTO_CASE,
    AlertDisposition,
    SurveillanceAlert,
    SurveillanceRun,
)
from market.supervision.watching.runs import ALERT

OPEN = "open"
STANDINGS = (OPEN, DISMISSED, INTO_CASE)
_done = partial(acts.done, source="supervision", kind=ALERT)

_ACTS_FOR_SQL = """
SELECT EXISTS (SELECT FROM users WHERE id = %(user)s AND participant_id = ANY (%(parties)s::bigint[]))
    OR EXISTS (SELECT FROM mandates WHERE clerk_user_id = %(user)s AND participant_id = ANY (%(parties)s::bigint[]))
"""


class View(NamedTuple):
    """An alert with its run, and what became of it."""

    alert: SurveillanceAlert
    run: SurveillanceRun
    disposition: AlertDisposition | None

    @property
    def standing(self) -> str:
        """One of STANDINGS."""
        return OPEN if self.disposition is None else self.disposition.kind

    @property
    def figures(self) -> list[tuple[str, str, str]]:
        """Name, value, threshold of each figure."""
        return [(name, value, threshold) for name, value, threshold in json.loads(self.alert.figures)]


def listing(
    session: Session,
    *,
    standing: str | None = None,
    detector: str | None = None,
    participant_id: int | None = None,
    case_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[View]:
    """Alerts that fit everything asked for, newest first."""
    statement = (
        select(SurveillanceAlert, SurveillanceRun, AlertDisposition)
        .join(SurveillanceRun, SurveillanceRun.id == SurveillanceAlert.run_id)
        .outerjoin(AlertDisposition, AlertDisposition.alert_id == SurveillanceAlert.id)
    )
    if standing == OPEN:
        statement = statement.where(AlertDisposition.alert_id.is_(None))
    elif standing is not None:
        statement = statement.where(AlertDisposition.kind == standing)
    if detector is not None:
        statement = statement.where(SurveillanceAlert.detector == detector)
    if participant_id is not None:
        statement = statement.where(SurveillanceAlert.party_ids.contains([participant_id]))
    if case_id is not None:
        statement = statement.where(AlertDisposition.case_id == case_id)
    if before is not None:
        statement = statement.where(SurveillanceAlert.id < before)
    rows = session.execute(statement.order_by(SurveillanceAlert.id.desc()).limit(limit))
    return [View(*row) for row in rows]


def find(session: Session, alert_id: int) -> View:
    """One alert. Errors: NotFound."""
    (found,) = [*_some(session, [alert_id]), None][:1]
    if found is None:
        raise NotFound("there is no such alert")
    return found


def _some(session: Session, alert_ids: Sequence[int]) -> list[View]:
    rows = session.execute(
        select(SurveillanceAlert, SurveillanceRun, AlertDisposition)
        .join(SurveillanceRun, SurveillanceRun.id == SurveillanceAlert.run_id)
        .outerjoin(AlertDisposition, AlertDisposition.alert_id == SurveillanceAlert.id)
        .where(SurveillanceAlert.id.in_(alert_ids))
        .order_by(SurveillanceAlert.id)
    )
    return [View(*row) for row in rows]


def undecided(session: Session, alert_ids: Sequence[int]) -> list[SurveillanceAlert]:
    """These alerts, of which nothing has become yet. Errors: NotFound, AlertState."""
    found = _some(session, sorted(set(alert_ids)))
    if len(found) < len(set(alert_ids)):
        raise NotFound("there is no such alert", pointer="/alert_ids")
    for each in found:
        if each.disposition is not None:
            raise AlertState(pointer="/alert_ids", available=each.standing)
    return [each.alert for each in found]


def dismiss(session: Session, *, actor: audit.Actor, alert_id: int, reason: str) -> View:
    """Says why an alert is nothing, once. Errors: NotFound, ReasonMissing, AlertState, OwnInterest."""
    found = find(session, alert_id)
    if not reason.strip():
        raise ReasonMissing(pointer="/reason")
    if found.disposition is not None:
        raise AlertState(available=found.standing)
    asked = {"user": actor.user_id, "parties": found.alert.party_ids}
    if raw(session).execute(_ACTS_FOR_SQL, asked).fetchone() == (True,):
        raise OwnInterest("who acts for a participant does not dismiss what was found of it")
    people.check_interest(session, Official(actor, frozenset()), found.alert.party_ids)
    decide(session, actor=actor, alert=found.alert, kind=DISMISSED, reason=reason, case_id=None)
    _done(session, actor=actor, number=alert_id, act="dismissed", detail={"reason": reason})
    return find(session, alert_id)


def decide(
    session: Session, *, actor: audit.Actor, alert: SurveillanceAlert, kind: str, reason: str, case_id: int | None
) -> None:  # fmt: skip
    """Writes what became of an alert. Errors: AlertState, where somebody was quicker."""
    assert actor.user_id is not None
    try:
        with session.begin_nested():
            session.add(
                AlertDisposition(
                    alert_id=alert.id,
                    kind=kind,
                    reason=reason,
                    case_id=case_id,
                    decided_by=actor.user_id,
                    decided_at=clock.now(),
                )
            )
    except IntegrityError as error:
        if "pk_alert_dispositions" not in str(error.orig):
            raise
        raise AlertState from error
