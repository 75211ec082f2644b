"""Where a trade, an application, a deal or a saving contract stands, whose turn it is, and until which day.

For the parties: it names the desk and the rule, not who sits there.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.contracts import contract_queries, states
from market.contracts.report_models import SavingReport
from market.core import clock, workdays
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import clocks as law_clocks
from market.registry.models import Entitlement
from market.supervision.desks import docket, notices, rules
from market.supervision.desks.models import DEAL, INSTRUCTION, OPEN, RIGHT, DeskReview, Notice
from market.trading.negotiation_models import Negotiation

BUREAU, PARTIES, OTHERS, NOBODY = TURNS = ("bureau", "parties", "others", "nobody")
STAGES = {
    "awaiting_review": ("待审核", "waits for the bureau's decision"),
    "proposed": ("已拟定意见，待复核", "proposed, waits for a second person"),
    "published": ("公示中", "published for objection"),
    "hearing": ("听证中", "being heard"),
    "settled": ("已交收", "settled"),
    "rejected": ("未获批准", "refused"),
    "reversed": ("已撤销交收", "reversed"),
    "open": ("协商中", "being negotiated"),
    "accepted": ("待双方签署", "waits for both signatures"),
    "struck": ("已成交", "struck"),
    "registered": ("已登记", "registered"),
    "ended": ("已结束", "ended"),
    "confirmed": ("已确权发证", "confirmed"),
    "drafted": ("待签署", "waits for signatures"),
    "running": ("履行中", "running"),
    "report_waits": ("节水报告待办", "a report waits"),
    "disputed": ("有异议", "disputed"),
}
"""The words of each stage, zh and en."""
REMEDIES = "行政许可法 art. 38; 行政复议法 art. 20"


@dataclass(frozen=True, slots=True)
class Standing:
    """A stage, whose turn it is since when and until when (None: no day is set, or the clock is stopped)."""

    stage: str
    turn: str
    since: dt.date | None
    due_on: dt.date | None = None
    days_left: int | None = None
    colour: str = rules.GREY
    stopped_by: str | None = None
    desk: str | None = None
    rule: str | None = None
    legal_source: str | None = None
    review_id: int | None = None
    notice_id: int | None = None
    notice_number: str | None = None
    remedy_until: dt.date | None = None


def of_trade(session: Session, *, trade_id: int) -> Standing:
    """Where a trade stands. Errors: NotFound."""
    row = raw(session).execute(
        "SELECT i.id, i.status, i.instructed_at, i.resolved_at FROM trades t JOIN instructions i"
        " ON i.id = t.instruction_id WHERE t.id = %s",
        (trade_id,),
    ).fetchone()  # fmt: skip
    if row is None:
        raise NotFound("there is no such trade")
    number, status, since, resolved = row
    if status == "awaiting_review":
        return _of_file(session, INSTRUCTION, number)
    return _decided(session, INSTRUCTION, number, status, docket.legal_day(resolved or since))


def of_right(session: Session, *, entitlement_id: int) -> Standing:
    """Where an application for a right, or the right, stands. Errors: NotFound."""
    right = session.get(Entitlement, entitlement_id)
    if right is None:
        raise NotFound("there is no such entitlement")
    if right.status in ("applied", "accepted", "published"):
        found = _of_file(session, RIGHT, right.id)
        views = law_clocks.of_rights(raw(session), [right])[right.id]
        theirs = next((each for each in views if each.whose == OTHERS), None)
        if theirs is None:
            return found
        shown = rules.view(theirs.due_on, 0, clock.today(), workdays.is_working_day)
        return Standing(
            "published", OTHERS, theirs.started_on, theirs.due_on, shown.days_left, shown.colour, None, found.desk,
            found.rule, theirs.legal_source, found.review_id,
        )  # fmt: skip
    stage = (
        right.status if right.status == "confirmed" else "rejected" if right.status == "refused" else "ended"
    )
    day = docket.legal_day(right.decided_at or right.applied_at)
    return _decided(session, RIGHT, right.id, stage, day)


def of_deal(session: Session, *, negotiation_id: int) -> Standing:
    """Where a negotiated deal stands. Errors: NotFound."""
    deal = session.get(Negotiation, negotiation_id)
    if deal is None:
        raise NotFound("there is no such negotiation")
    today = clock.today()
    if deal.status == "under_review":
        return _of_file(session, DEAL, deal.id)
    if deal.status in ("open", "accepted"):
        due = docket.legal_day(deal.expires_at)
        shown = rules.view(due, 1, today, workdays.is_working_day)
        since = docket.legal_day(deal.accepted_at or deal.opened_at)
        return Standing(
            deal.status, PARTIES, since, due, shown.days_left, shown.colour, rule=deal.lane_rule,
            legal_source=deal.legal_source,
        )  # fmt: skip
    if deal.status == "published":
        shown = rules.view(deal.published_until, 0, today, workdays.is_working_day)
        since = docket.legal_day(deal.reported_at or deal.opened_at)
        return Standing(
            "published", OTHERS, since, deal.published_until, shown.days_left, shown.colour, rule=deal.lane_rule,
            legal_source=deal.legal_source,
        )  # fmt: skip
    if deal.status == "struck":
        trade = raw(session).execute(
            "SELECT trade_id FROM deals WHERE kind = 'negotiation' AND reference = %s AND trade_id IS NOT NULL",
            (deal.id,),
        ).fetchone()  # fmt: skip
        if trade is not None:
            return of_trade(session, trade_id=trade[0])
    stage = {"refused": "rejected", "struck": "struck", "registered": "registered"}.get(deal.status, "ended")
    at = deal.ended_at or deal.registered_at or deal.struck_at or deal.opened_at
    return _decided(session, DEAL, deal.id, stage, docket.legal_day(at))


def of_contract(session: Session, *, contract_id: int) -> Standing:
    """Where a saving contract stands: its oldest report that waits, else the contract itself. Errors: NotFound."""
    contract = contract_queries.contract(session, contract_id=contract_id).contract
    waiting = session.scalars(
        select(SavingReport)
        .where(SavingReport.contract_id == contract_id, SavingReport.due_on.is_not(None))
        .where(SavingReport.status != states.DISTRIBUTED)
        .order_by(SavingReport.due_on, SavingReport.id)
        .limit(1)
    ).one_or_none()
    day = docket.legal_day(contract.drafted_at)
    if waiting is not None:
        shown = rules.view(waiting.due_on, 3, clock.today(), workdays.is_working_day)
        disputed = waiting.status == "disputed"
        return Standing(
            "disputed" if disputed else "report_waits", BUREAU if disputed else PARTIES, None, waiting.due_on,
            shown.days_left, shown.colour, rule=waiting.clock_name,
        )  # fmt: skip
    if contract.status == "drafted":
        return Standing("drafted", PARTIES, day)
    if contract.status in ("withdrawn", "ended"):
        return Standing("ended", NOBODY, day)
    return Standing("running", PARTIES, day)


def _of_file(session: Session, kind: str, reference: int) -> Standing:
    """Where a matter stands that waits for a desk. Errors: NotFound."""
    review = docket.latest(session, kind, reference)
    if review is None or review.status != OPEN:
        raise NotFound("it does not wait for a decision")
    now, rule = docket.clocks_of(session, [review])[review.id], docket.rule_on_file(review)
    stage = "awaiting_review"
    if now.stopped_by in (rules.HEARING, rules.LAW):
        stage = "hearing"
    elif review.published_until is not None and clock.today() <= review.published_until:
        stage = "published"
    elif review.proposed_by is not None:
        stage = "proposed"
    return Standing(
        stage, BUREAU, docket.legal_day(review.began_at), now.due_on, now.days_left, now.colour, now.stopped_by,
        review.desk, review.rule, rule.basis.source, review.id,
    )  # fmt: skip


def _decided(session: Session, kind: str, reference: int, stage: str, since: dt.date) -> Standing:
    """Where a matter stands that nobody decides on any more, with the notice of the decision where there is one."""
    review = session.scalars(
        select(DeskReview)
        .where(DeskReview.kind == kind, DeskReview.reference == reference)
        .order_by(DeskReview.id.desc())
        .limit(1)
    ).one_or_none()
    if review is None:
        return Standing(stage, NOBODY, since)
    notice = session.scalars(select(Notice).where(Notice.review_id == review.id)).one_or_none()
    if notice is None:
        return Standing(stage, NOBODY, since, desk=review.desk, rule=review.rule, review_id=review.id)
    served = [each.served_on for each in notices.shown(session, [notice])[0].services]
    until = max(served) + dt.timedelta(days=notice.remedy_days) if served else None
    return Standing(
        stage, NOBODY, since, desk=review.desk, rule=review.rule, legal_source=REMEDIES, review_id=review.id,
        notice_id=notice.id, notice_number=notice.number, remedy_until=until,
    )  # fmt: skip
