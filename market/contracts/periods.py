"""The periods of a contract: which are due, which merge into the next one's report, which both sides have given up.

A period that is too uncertain alone is not paid: its report merges into the next one's (SAVINGS section 3). No period
is left out in silence: what is skipped is reported together with the next, or user and firm give it up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.contracts import baselines, drafting, running, states
from market.contracts.contract_models import ContractVersion
from market.contracts.errors import ContractState
from market.contracts.report_errors import (
    AcceptedBefore,
    MergeTerms,
    MergeWaits,
    PeriodGivenUp,
    PeriodSkipped,
    ReportInput,
    ReportState,
)
from market.contracts.report_models import PeriodWaiver, SavingReport
from market.contracts.terms import Terms, terms_of
from market.core import acts, audit, clock

PERIOD = "contract_period"
MERGING = (states.DRAFTED, states.SUBMITTED, states.RETURNED, states.VERIFIED)
"""The states in which a report may still become a part of the next one."""
OPEN, DUE, REPORTED, MERGED, GIVEN_UP = PERIOD_STATES = ("open", "due", "reported", "merged", "given_up")
DAY = dt.timedelta(days=1)
_done = partial(acts.done, source="contracts")


def period_of(terms: Terms, starts_on: dt.date) -> dt.date:
    """The day after the period that begins on a day. Errors: ReportInput, where no period of the contract does."""
    months = (starts_on.year - terms.starts_on.year) * 12 + starts_on.month - terms.starts_on.month
    if starts_on.day != 1 or months < 0 or months % terms.period_months or starts_on > terms.ends_on:
        raise ReportInput("no period of the contract begins on this day", pointer="/starts_on")
    total = starts_on.year * 12 + starts_on.month - 1 + terms.period_months
    return min(dt.date(total // 12, total % 12 + 1, 1), terms.ends_on + DAY)


class Calendar:
    """A contract's signed versions, and the periods that they make."""

    def __init__(self, session: Session, contract_id: int) -> None:
        """Errors: ContractState, where nothing is signed."""
        self._signed = session.scalars(
            select(ContractVersion)
            .where(ContractVersion.contract_id == contract_id, ContractVersion.status == "signed")
            .order_by(ContractVersion.number)
        ).all()
        if not self._signed:
            raise ContractState("the contract is not signed", available="drafted")

    def version(self, day: dt.date) -> ContractVersion:
        """The version that governs what begins on a day, as `drafting.in_force`."""
        return [each for each in self._signed if each.effective_on <= day or each is self._signed[0]][-1]

    def terms(self, day: dt.date) -> Terms:
        """Its terms."""
        return terms_of(self.version(day).text)

    def periods(self, starts: dt.date, ends: dt.date) -> list[tuple[dt.date, dt.date]]:
        """The periods from a day, which one begins on, to another, (starts, ends) each. Errors: ReportInput."""
        found = []
        while starts < ends and starts <= self.terms(starts).ends_on:
            after = period_of(self.terms(starts), starts)
            found.append((starts, after))
            starts = after
        return found

    def first(self, began: dt.date) -> dt.date:
        """The first day on which a period begins, of those in an operation that began on a day."""
        starts = self.version(began)
        at = terms_of(starts.text).starts_on
        while at < began:
            at = period_of(self.terms(at), at)
        return at


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report that may be drafted: its days, the version that governs it, and the report that merges into it."""

    starts: dt.date
    ends: dt.date
    version: ContractVersion
    merging: SavingReport | None

    @property
    def claims_from(self) -> dt.date:
        """Where its own claim begins: the report that merges into it keeps its own."""
        return self.starts if self.merging is None else self.merging.ends_on


def waiting(session: Session, contract_id: int) -> SavingReport | None:
    """The report that is too uncertain alone and waits for the next period, locked. Errors: MergeWaits (disputed)."""
    found = session.scalars(
        select(SavingReport)
        .where(SavingReport.contract_id == contract_id, SavingReport.merges)
        .where(SavingReport.status.in_((*MERGING, states.DISPUTED)))
        .order_by(SavingReport.starts_on.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is not None and found.status == states.DISPUTED:
        raise MergeWaits(available=found.starts_on.isoformat())
    return found


def wanted(
    session: Session, contract_id: int, starts: dt.date, ends: dt.date, merging: SavingReport | None
) -> Wanted:
    """Checks the days of a report: whole periods that are over, none skipped, none given up, under one version.

    Errors: ReportInput, PeriodSkipped, PeriodGivenUp, MergeTerms.
    """
    calendar = Calendar(session, contract_id)
    made_of = calendar.periods(starts, ends)
    if not made_of or made_of[-1][1] != ends or ends > clock.today():
        raise ReportInput(
            "the report is of whole periods that are over", available=f"{starts} to {ends}", pointer="/spans"
        )
    version = calendar.version(starts)
    if any(calendar.version(first) is not version for first, _ in made_of):
        raise MergeTerms(available=f"{starts} to {ends}")
    gone = waived(session, contract_id, calendar)
    for first, _ in made_of:
        if first in gone:
            raise PeriodGivenUp(available=first.isoformat(), pointer="/spans")
    _check_skipped(session, contract_id, calendar, starts, gone)
    return Wanted(starts, ends, version, merging)


def _check_skipped(
    session: Session, contract_id: int, calendar: Calendar, starts: dt.date, gone: set[dt.date]
) -> None:
    last = session.scalar(
        select(SavingReport.ends_on)
        .where(SavingReport.contract_id == contract_id, SavingReport.ends_on <= starts)
        .order_by(SavingReport.ends_on.desc())
        .limit(1)
    )
    began = operation(session, contract_id)
    if began is None:
        return  # refused elsewhere: only the operation earns
    since = max(calendar.first(began), last or began)
    for first, _ in calendar.periods(since, starts):
        if first not in gone:
            raise PeriodSkipped(limit=first.isoformat(), available=starts.isoformat(), pointer="/spans")


def operation(session: Session, contract_id: int) -> dt.date | None:
    """The day on which the operation began."""
    entered = {each.phase: each.starts_on for each in running.phases(session, contract_id)}
    return entered.get("operation")


def waivers(session: Session, contract_id: int) -> Sequence[PeriodWaiver]:
    """Who gave up which periods of a contract, by day."""
    return session.scalars(
        select(PeriodWaiver)
        .where(PeriodWaiver.contract_id == contract_id)
        .order_by(PeriodWaiver.starts_on, PeriodWaiver.given_at)
    ).all()


def waived(session: Session, contract_id: int, calendar: Calendar) -> set[dt.date]:
    """The first days of the periods that both sides have given up, every period within a merged one included."""
    by_span: dict[tuple[dt.date, dt.date], list[int]] = {}
    for each in waivers(session, contract_id):
        by_span.setdefault((each.starts_on, each.ends_on), []).append(each.participant_id)
    return {
        first
        for (starts, ends), who in by_span.items()
        if baselines.both(calendar.terms(starts), who)
        for first, _ in calendar.periods(starts, ends)
    }


def give_up(
    session: Session, *, actor: audit.Actor, contract_id: int, by: int, starts_on: dt.date, reason: str
) -> PeriodWaiver:
    """User or firm gives up a period that was not reported, or whose report is too uncertain to be paid; with both it
    is over, and nothing is due for it.

    Errors: NotFound, ContractState, NotAContractParty, ReportInput (no period that is over), OnlyOperationEarns,
    ReportState (it is reported and counts), AcceptedBefore.
    """
    running.signed(session, contract_id)
    calendar = Calendar(session, contract_id)
    terms = calendar.terms(starts_on)
    baselines.side_of(terms, by)
    began, report = operation(session, contract_id), _reported(session, contract_id, starts_on)
    ends = report.ends_on if report is not None else period_of(terms, starts_on)
    if ends > clock.today() or began is None or starts_on < began:
        raise ReportInput("a period is given up when it is over", pointer="/starts_on")
    if report is not None and report.starts_on != starts_on:
        first = report.starts_on.isoformat()
        raise ReportInput("a report is given up whole", pointer="/starts_on", limit=first)
    if report is not None and not (report.merges and report.status in MERGING):
        raise ReportState(f"the period is reported, and {report.status}", available=report.status)
    assert actor.user_id is not None
    made = PeriodWaiver(
        contract_id=contract_id, starts_on=starts_on, participant_id=by, ends_on=ends, reason=reason,
        user_id=actor.user_id, given_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "pk_period_waivers" not in str(error.orig):
            raise
        raise AcceptedBefore("this side has given the period up") from error
    detail = {"starts_on": starts_on.isoformat(), "participant_id": by, "reason": reason}
    _done(
        session, actor=actor, kind=drafting.CONTRACT, number=contract_id, act="period_waived", detail=detail
    )
    if report is not None and starts_on in waived(session, contract_id, calendar):
        report.status, report.clock_name, report.due_on = states.GIVEN_UP, None, None
        report.version += 1
        session.flush()
        _done(session, actor=actor, kind="saving_report", number=report.id, act="given_up", detail={})
    return made


def _reported(session: Session, contract_id: int, starts_on: dt.date) -> SavingReport | None:
    return session.scalars(
        select(SavingReport)
        .where(SavingReport.contract_id == contract_id, SavingReport.status != states.MERGED)
        .where(SavingReport.starts_on <= starts_on, SavingReport.ends_on > starts_on)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A period of the operation: `open` (not over), `due`, `reported`, `merged` into a later one's report, `given_up`.

    `report_id`: the report that covers it alone or with others; `waived_by`: who has given it up.
    """

    starts_on: dt.date
    ends_on: dt.date
    status: str
    report_id: int | None
    waived_by: tuple[int, ...]


def listed(session: Session, contract_id: int) -> list[PeriodView]:
    """The periods of a contract's operation that have begun, in order. Errors: ContractState."""
    calendar = Calendar(session, contract_id)
    began = operation(session, contract_id)
    if began is None:
        return []
    reports = session.scalars(
        select(SavingReport).where(
            SavingReport.contract_id == contract_id, SavingReport.status != states.MERGED
        )
    ).all()
    gone, given = waived(session, contract_id, calendar), waivers(session, contract_id)
    today = clock.today()
    found = []
    for starts, ends in calendar.periods(calendar.first(began), today + DAY):
        report = next((each for each in reports if each.starts_on <= starts < each.ends_on), None)
        if starts in gone:
            status = GIVEN_UP
        elif report is None:
            status = DUE if ends <= today else OPEN
        else:
            status = REPORTED if report.ends_on == ends else MERGED
        who = tuple(each.participant_id for each in given if each.starts_on <= starts < each.ends_on)
        found.append(PeriodView(starts, ends, status, report.id if report else None, who))
    return found
