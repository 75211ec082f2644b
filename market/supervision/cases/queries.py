"""Cases as their handlers see them: lists, one case whole, and its timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import clock
from market.core.db import raw
from market.participants.credit_models import CreditEntry
from market.supervision.cases import handling
from market.supervision.cases.models import (
    CaseEvidence,
    CaseFinding,
    CaseParty,
    CasePerson,
    CaseStep,
    SupervisionCase,
)
from market.supervision.watching import alerts, tape
from market.supervision.watching.models import AlertDisposition, SurveillanceAlert

MOST = 2_000
"""So many entries of a timeline are shown, the first ones."""


class Whole(NamedTuple):
    """A case with everything in it, each by time."""

    case: SupervisionCase
    parties: Sequence[int]
    people: Sequence[int]
    alerts: Sequence[alerts.View]
    evidence: Sequence[CaseEvidence]
    steps: Sequence[CaseStep]
    finding: CaseFinding | None
    entries: Sequence[CreditEntry]


class Moment(NamedTuple):
    """One entry of a timeline. `kind`: alert, order, trade or step; `what`: what became of it, or which.

    Litres and 1/10 000 yuan per m3 of an order are at its own place, of a trade at the seller's.
    """

    at: dt.datetime
    kind: str
    what: str
    alert_id: int | None = None
    order_id: int | None = None
    trade_id: int | None = None
    participant_ids: tuple[int, ...] = ()
    user_id: int | None = None
    side: str | None = None
    litres: int | None = None
    price_e4: int | None = None
    text: str = ""


def listing(
    session: Session,
    *,
    status: str | None = None,
    assigned_to: int | None = None,
    participant_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[SupervisionCase]:
    """Cases that fit everything asked for, newest first."""
    statement = select(SupervisionCase)
    if status is not None:
        statement = statement.where(SupervisionCase.status == status)
    if assigned_to is not None:
        statement = statement.where(SupervisionCase.assigned_to == assigned_to)
    if participant_id is not None:
        about = select(CaseParty.case_id).where(CaseParty.participant_id == participant_id)
        statement = statement.where(SupervisionCase.id.in_(about))
    if before is not None:
        statement = statement.where(SupervisionCase.id < before)
    return list(session.scalars(statement.order_by(SupervisionCase.id.desc()).limit(limit)))


def whole(session: Session, case_id: int) -> Whole:
    """One case with everything in it. Errors: NotFound."""
    case = handling.find(session, case_id)

    def of(kind: Any, order: Any) -> list[Any]:
        return list(session.scalars(select(kind).where(kind.case_id == case.id).order_by(order)))

    parties = of(CaseParty, CaseParty.participant_id)
    people = of(CasePerson, CasePerson.user_id)
    return Whole(
        case,
        [each.participant_id for each in parties],
        [each.user_id for each in people],
        alerts.listing(session, case_id=case.id, limit=MOST)[::-1],
        of(CaseEvidence, CaseEvidence.id),
        of(CaseStep, CaseStep.id),
        session.get(CaseFinding, case.id),
        of(CreditEntry, CreditEntry.id),
    )


def timeline(session: Session, case_id: int) -> list[Moment]:
    """What happened in the market and in the case, in the order of time: its alerts, the orders and trades that they
    and its evidence name, and its steps. The first MOST and one more. Errors: NotFound.
    """
    case = handling.find(session, case_id)
    found = list(
        session.scalars(
            select(SurveillanceAlert)
            .join(AlertDisposition, AlertDisposition.alert_id == SurveillanceAlert.id)
            .where(AlertDisposition.case_id == case.id)
        )
    )
    shown = session.scalars(select(CaseEvidence).where(CaseEvidence.case_id == case.id)).all()
    steps = session.scalars(select(CaseStep).where(CaseStep.case_id == case.id))
    named: dict[str, set[int]] = {
        "order": {one for alert in found for one in alert.order_ids},
        "trade": {one for alert in found for one in alert.trade_ids},
    }
    for one in shown:
        if one.kind in named and one.subject_id is not None:
            named[one.kind].add(one.subject_id)
    connection = raw(session)
    moments = [
        *(
            Moment(
                one.at, "order", one.action, order_id=one.order, participant_ids=(one.party,), side=one.side,
                litres=one.rest, price_e4=one.price_e4,
            )
            for one in tape.orders_named(connection, sorted(named["order"]), clock.now())
        ),
        *(
            Moment(
                one.at, "trade", one.mechanism, trade_id=one.id, participant_ids=(one.seller, one.buyer),
                litres=one.litres, price_e4=one.price_e4,
            )
            for one in tape.trades_named(connection, sorted(named["trade"]))
        ),
        *(
            Moment(one.raised_at, "alert", one.detector, one.id, participant_ids=tuple(one.party_ids))
            for one in found
        ),
        *(Moment(one.done_at, "step", one.step, user_id=one.done_by, text=one.text) for one in steps),
    ]  # fmt: skip
    return sorted(moments, key=attrgetter("at"))[: MOST + 1]
