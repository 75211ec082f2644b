"""Reports of savings: drafted from the boundary's meters for one period of the operation, revised, claimed once.

SAVINGS sections 3 and 4. The version of the contract in force at the period's start and the frozen baseline govern it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.contracts import baselines, periods, running, states
from market.contracts.contract_models import ContractVersion
from market.contracts.errors import NotAContractParty
from market.contracts.measuring import Span
from market.contracts.night_baselines import Billed
from market.contracts.periods import Wanted
from market.contracts.point_models import MeasuringPoint
from market.contracts.reckoning import figures, reckon, report_of, result_of, sent_of
from market.contracts.report_errors import (
    AdjustmentState,
    BaselineState,
    IntervalClaimed,
    OnlyOperationEarns,
    ReportInput,
    ReportState,
)
from market.contracts.report_models import ContractBaseline, ReportAdjustment, ReportSpan, SavingReport
from market.contracts.rulebook import clock_at
from market.contracts.terms import Terms, terms_of
from market.core import acts, audit, clock, workdays
from market.core.db import raw
from market.core.errors import NotFound

__all__ = ["result_of"]

REPORT = "saving_report"
ADJUSTMENT = "report_adjustment"
_done = partial(acts.done, source="contracts")
OPEN_STATES = (states.DRAFTED, states.SUBMITTED, states.RETURNED)


def draft(
    session: Session, *, actor: audit.Actor, contract_id: int, by: int, spans: Sequence[Span],
    billed: Billed | None = None,
) -> SavingReport:  # fmt: skip
    """Drafts the report of the period that the spans make up; what was used is read from the boundary's points.

    Where the period before is too uncertain alone, the report is of both, and that one's is merged into it. A period
    that was skipped is reported by sending its spans too.
    Errors: NotFound, ContractState, NotAContractParty, BaselineState, OnlyOperationEarns, ReportInput,
    IntervalClaimed, PeriodSkipped, PeriodGivenUp, MergeWaits, MergeTerms.
    """
    running.signed(session, contract_id)
    if not spans:
        raise ReportInput("a report has periods")
    baselines.side_of(periods.Calendar(session, contract_id).terms(spans[0].starts), by)
    frozen = baselines.agreed(session, contract_id)
    if frozen is None:
        raise BaselineState("no baseline is agreed")
    merging = periods.waiting(session, contract_id)
    if merging is not None and spans[-1].ends <= merging.ends_on:
        merging = None  # another period, refused below
    if merging is not None and spans[0].starts == merging.ends_on:
        spans, billed = _joined(merging, frozen, spans, billed)
    wanted = periods.wanted(session, contract_id, spans[0].starts, spans[-1].ends, merging)
    terms = terms_of(wanted.version.text)
    _check_operation(session, contract_id, wanted.starts, wanted.ends)
    _check_order(session, contract_id, wanted.starts)
    before = _carried(session, contract_id, terms, wanted.starts)
    accepted = _adjustments(session, contract_id, wanted.starts, wanted.ends) if merging else ()
    report = report_of(session, terms, frozen, spans, accepted, billed)
    saving, given = reckon(frozen, report, before)
    made = SavingReport(
        contract_id=contract_id, version_id=wanted.version.id, baseline_id=frozen.id, starts_on=wanted.starts,
        ends_on=wanted.ends, status=states.DRAFTED, drafted_at=clock.now(), **figures(report, saving, given),
    )  # fmt: skip
    set_clock(session, made, "saving_submission")
    _enter(session, actor, terms, wanted, made)
    detail = {"contract_id": contract_id, "sha256": made.sha256.hex()}
    _done(session, actor=actor, kind=REPORT, number=made.id, act="drafted", detail=detail)
    return made


def _joined(
    merging: SavingReport, frozen: ContractBaseline, spans: Sequence[Span], billed: Billed | None
) -> tuple[list[Span], Billed | None]:
    """What was said of the report that merges, before what is said of the period after it."""
    if frozen.id != merging.baseline_id:
        raise BaselineState("the period before was reckoned from another baseline: it is given up")
    before, its = sent_of(merging, frozen)
    if billed is not None and its is not None:
        billed = Billed(its.litres + billed.litres, f"{its.evidence} {billed.evidence}")
    return [*before, *spans], billed


def _enter(session: Session, actor: audit.Actor, terms: Terms, wanted: Wanted, made: SavingReport) -> None:
    """Writes a report with its claim, and what merges into it as merged. Errors: IntervalClaimed."""
    merging = wanted.merging
    try:
        with session.begin_nested():
            if merging is not None:
                made.id = _next_id(session)
                merging.status, merging.merged_into_id = states.MERGED, made.id
                merging.version += 1
                set_clock(session, merging, None)
                session.flush()
            session.add(made)
            session.flush()
            _claim(session, terms, made, wanted.claims_from)
    except IntegrityError as error:
        text = str(error.orig)
        if "ex_report_spans_one_claim" not in text and "uq_saving_reports_period" not in text:
            raise
        raise IntervalClaimed(available=f"{wanted.starts} to {wanted.ends}") from error
    if merging is not None:
        detail = {"into": made.id}
        _done(session, actor=actor, kind=REPORT, number=merging.id, act="merged", detail=detail)


def _next_id(session: Session) -> int:
    row = raw(session).execute("SELECT nextval(pg_get_serial_sequence('saving_reports', 'id'))").fetchone()
    assert row is not None
    return int(row[0])


def _adjustments(
    session: Session, contract_id: int, starts: dt.date, ends: dt.date, own: int | None = None
) -> Sequence[ReportAdjustment]:
    """What enters a report of these days: its own adjustments, and those accepted before of reports merged into it."""
    return session.scalars(
        select(ReportAdjustment)
        .join(SavingReport, SavingReport.id == ReportAdjustment.report_id)
        .where(SavingReport.contract_id == contract_id)
        .where(
            (SavingReport.id == own)
            | (
                SavingReport.merges
                & SavingReport.status.in_((*periods.MERGING, states.MERGED))
                & (SavingReport.starts_on >= starts)
                & (SavingReport.ends_on <= ends)
                & ReportAdjustment.accepted_by.is_not(None)
            )
        )
        .order_by(ReportAdjustment.id)
    ).all()


def _check_operation(session: Session, contract_id: int, starts: dt.date, ends: dt.date) -> None:
    entered = {each.phase: each.starts_on for each in running.phases(session, contract_id)}
    began, over = entered.get("operation"), entered.get("handed_over", dt.date.max)
    if began is None or starts < began or ends > over:
        raise OnlyOperationEarns(available=f"{starts} to {ends}", limit=str(began) if began else None)


def _check_order(session: Session, contract_id: int, starts: dt.date) -> None:
    """What a period carries goes into the next, so none is reported after a later one was. Errors: ReportInput."""
    later = session.scalar(
        select(SavingReport.starts_on)
        .where(SavingReport.contract_id == contract_id, SavingReport.starts_on > starts)
        .where(SavingReport.status != states.VOID)
        .limit(1)
    )
    if later is not None:
        raise ReportInput(f"the period from {later} was reported before", pointer="/spans")


def _carried(session: Session, contract_id: int, terms: Terms, starts: dt.date) -> int:
    """What the report before carries into this one: a loss, within one contract year."""
    before = session.scalars(
        select(SavingReport)
        .where(SavingReport.contract_id == contract_id, SavingReport.ends_on <= starts)
        .where(SavingReport.status.not_in((states.VOID, states.MERGED)))
        .order_by(SavingReport.starts_on.desc())
        .limit(1)
    ).one_or_none()
    if before is None or terms.year_of(before.starts_on) != terms.year_of(starts):
        return 0
    return before.carried_litres


def _claim(session: Session, terms: Terms, made: SavingReport, starts: dt.date) -> None:
    """Claims the numbers of every counted point for the report's own days, less those of points that are taken off."""
    rows = {
        each.id: each
        for each in session.scalars(
            select(MeasuringPoint).where(MeasuringPoint.id.in_([each.point for each in terms.boundary]))
        )
    }
    off = sorted(
        (span.lower, span.upper)
        for each in terms.boundary
        if each.sign < 0 and (span := rows[each.point].span).lower is not None and span.upper is not None
    )
    days = Range(starts, made.ends_on)
    for each in terms.boundary:
        if each.sign > 0:
            span = rows[each.point].span
            assert span.lower is not None and span.upper is not None
            for low, high in _less(span.lower, span.upper, off):
                session.add(ReportSpan(report_id=made.id, span=Range(low, high), days=days))
    session.flush()


def _less(low: int, high: int, off: Sequence[tuple[int | None, int | None]]) -> list[tuple[int, int]]:
    """What of numbers from `low` up to `high` is left without those that lie within it."""
    left = []
    for first, last in off:
        if first is not None and last is not None and low <= first and last <= high:
            if low < first:
                left.append((low, first))
            low = last
    return [*left, (low, high)] if low < high else left


def locked(session: Session, report_id: int, *wanted: str) -> SavingReport:
    """A report, locked; in one of the wanted states, if any are named. Errors: NotFound, ReportState."""
    found = session.get(SavingReport, report_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such report")
    if wanted and found.status not in wanted:
        raise ReportState(f"the report is {found.status}", available=found.status)
    return found


def terms_at(session: Session, report: SavingReport) -> Terms:
    """What governs a report: the version that was in force at its start."""
    return terms_of(session.get_one(ContractVersion, report.version_id).text)


def set_clock(session: Session, report: SavingReport, name: str | None) -> None:
    """Starts the clock of a state: the county pack's length, else that of SAVINGS section 4."""
    report.clock_name = name
    report.due_on = None if name is None else ends_of(session, name, clock.today())


def ends_of(session: Session, name: str, start: dt.date) -> dt.date:
    """The last day of a clock that starts on a day."""
    length, unit = clock_at(session, name, start)
    if unit == "working_days":
        return workdays.after(start, length)
    if unit == "days":
        return start + dt.timedelta(days=length)
    return start.replace(year=start.year + length, day=min(start.day, 28))


def revise(
    session: Session, *, actor: audit.Actor, report_id: int, by: int, spans: Sequence[Span] | None = None,
    billed: Billed | None = None,
) -> SavingReport:  # fmt: skip
    """Reckons a draft or a returned report anew: other drivers, corrected readings, accepted adjustments.

    It is a revision under the same claim; consents to the one before lapse.
    Errors: NotFound, ReportState, NotAContractParty, ReportInput.
    """
    found = locked(session, report_id, states.DRAFTED, states.RETURNED)
    terms = terms_at(session, found)
    baselines.side_of(terms, by)
    return reckon_anew(session, actor, found, terms, spans, billed)


def reckon_anew(
    session: Session,
    actor: audit.Actor,
    found: SavingReport,
    terms: Terms,
    spans: Sequence[Span] | None = None,
    billed: Billed | None = None,
) -> SavingReport:
    """Another revision of a report, from what is measured and accepted now; it is a draft again unless disputed."""
    frozen = session.get_one(ContractBaseline, found.baseline_id)
    before, was_billed = sent_of(found, frozen)
    wanted = spans or before
    if (wanted[0].starts, wanted[-1].ends) != (found.starts_on, found.ends_on):
        raise ReportInput("a revision is of the same days", pointer="/spans")
    entered = _adjustments(session, found.contract_id, found.starts_on, found.ends_on, found.id)
    report = report_of(session, terms, frozen, wanted, entered, billed or was_billed)
    saving, given = reckon(frozen, report, _carried(session, found.contract_id, terms, found.starts_on))
    for name, value in figures(report, saving, given).items():
        setattr(found, name, value)
    found.revision += 1
    found.version += 1
    if found.status == states.RETURNED:
        found.status = states.DRAFTED
        set_clock(session, found, "saving_submission")
    session.flush()
    detail = {"revision": found.revision, "sha256": found.sha256.hex()}
    _done(session, actor=actor, kind=REPORT, number=found.id, act="revised", detail=detail)
    return found


def propose_adjustment(
    session: Session, *, actor: audit.Actor, report_id: int, by: int, event: str, starts_on: dt.date, ends_on: dt.date,
    litres: int, u_litres: int, evidence: str,
) -> ReportAdjustment:  # fmt: skip
    """User or firm proposes a non-routine adjustment of a draft, on its evidence. Errors: NotFound, ReportState,
    NotAContractParty, ReportInput.
    """
    found = locked(session, report_id, states.DRAFTED, states.RETURNED)
    baselines.side_of(terms_at(session, found), by)
    if not (found.starts_on <= starts_on < ends_on <= found.ends_on) or litres == 0:
        raise ReportInput("an adjustment falls within the report and is not nil", pointer="/starts_on")
    made = ReportAdjustment(
        report_id=report_id, event=event, starts_on=starts_on, ends_on=ends_on, litres=litres, u_litres=u_litres,
        evidence=evidence, proposed_by=by, proposed_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    _done(session, actor=actor, kind=ADJUSTMENT, number=made.id, act="proposed", detail={"litres": litres})
    return made


def accept_adjustment(session: Session, *, actor: audit.Actor, adjustment_id: int, by: int) -> SavingReport:
    """The other side, or the contract's verifier, accepts an adjustment: the report is reckoned anew with it.

    Errors: NotFound, ReportState, NotAContractParty, AdjustmentState.
    """
    known = session.get(ReportAdjustment, adjustment_id)
    if known is None:
        raise NotFound("there is no such adjustment")
    found = locked(session, known.report_id, *OPEN_STATES)
    row = session.get_one(ReportAdjustment, adjustment_id, populate_existing=True)  # as it is under the lock
    terms = terms_at(session, found)
    if by != terms.verifier:
        role, other = baselines.side_of(terms, by), baselines.side_of(terms, row.proposed_by)
        if role == other:
            raise AdjustmentState("the other side accepts it")
    elif found.status != states.SUBMITTED:
        raise NotAContractParty("the verifier decides when the report was submitted")
    if row.accepted_by is not None:
        raise AdjustmentState("it was accepted before")
    row.accepted_by, row.accepted_at = by, clock.now()
    session.flush()
    _done(session, actor=actor, kind=ADJUSTMENT, number=row.id, act="accepted", detail={"participant_id": by})
    return reckon_anew(session, actor, found, terms)
