"""Reports of savings: drafted from the boundary's meters for one period of the operation, revised, claimed once.

SAVINGS sections 3 and 4. The version of the contract in force at the period's start and the frozen baseline govern it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.contracts import baselines, drafting, running, states
from market.contracts.canonical import canonical, fingerprint
from market.contracts.contract_models import ContractVersion
from market.contracts.errors import NotAContractParty
from market.contracts.measuring import Span, measure
from market.contracts.point_models import MeasuringPoint
from market.contracts.report_errors import (
    AdjustmentState,
    BaselineState,
    IntervalClaimed,
    OnlyOperationEarns,
    ReportInput,
    ReportState,
)
from market.contracts.report_models import ContractBaseline, ReportAdjustment, ReportSpan, SavingReport
from market.contracts.savings import Adjustment, BadInput, Credit, Report, Saving, assess, credit
from market.contracts.terms import Terms, terms_of
from market.core import acts, audit, clock, workdays
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force

REPORT = "saving_report"
ADJUSTMENT = "report_adjustment"
_done = partial(acts.done, source="contracts")
OPEN_STATES = (states.DRAFTED, states.SUBMITTED, states.RETURNED)


def period_of(terms: Terms, starts_on: dt.date) -> dt.date:
    """The day after the period that begins on a day. Errors: ReportInput, where no period of the contract does."""
    months = (starts_on.year - terms.starts_on.year) * 12 + starts_on.month - terms.starts_on.month
    if starts_on.day != 1 or months < 0 or months % terms.period_months or starts_on > terms.ends_on:
        raise ReportInput("no period of the contract begins on this day", pointer="/starts_on")
    total = starts_on.year * 12 + starts_on.month - 1 + terms.period_months
    return min(dt.date(total // 12, total % 12 + 1, 1), terms.ends_on + dt.timedelta(days=1))


def draft(
    session: Session, *, actor: audit.Actor, contract_id: int, by: int, spans: Sequence[Span]
) -> SavingReport:
    """Drafts the report of the period that the spans make up; what was used is read from the boundary's points.

    Errors: NotFound, ContractState, NotAContractParty, BaselineState, OnlyOperationEarns, ReportInput,
    IntervalClaimed.
    """
    running.signed(session, contract_id)
    if not spans:
        raise ReportInput("a report has periods")
    starts, ends = spans[0].starts, spans[-1].ends
    version = drafting.in_force(session, contract_id, starts)
    terms = terms_of(version.text)
    baselines.side_of(terms, by)
    frozen = baselines.agreed(session, contract_id)
    if frozen is None:
        raise BaselineState("no baseline is agreed")
    if ends != period_of(terms, starts) or ends > clock.today():
        raise ReportInput(
            "the report is of one whole period that is over",
            available=f"{starts} to {ends}",
            pointer="/spans",
        )
    _check_operation(session, contract_id, starts, ends)
    _check_order(session, contract_id, starts)
    before = _carried(session, contract_id, terms, starts)
    report = _report(session, terms, frozen, spans, (), consent=True)
    saving, given = _reckon(frozen, report, before)
    made = SavingReport(
        contract_id=contract_id, version_id=version.id, baseline_id=frozen.id, starts_on=starts, ends_on=ends,
        status=states.DRAFTED, drafted_at=clock.now(), **_figures(report, saving, given),
    )  # fmt: skip
    set_clock(session, made, "saving_submission")
    session.add(made)
    try:
        with session.begin_nested():
            session.flush()
            _claim(session, terms, made)
    except IntegrityError as error:
        text = str(error.orig)
        if "ex_report_spans_one_claim" not in text and "uq_saving_reports_contract_id" not in text:
            raise
        raise IntervalClaimed(available=f"{starts} to {ends}") from error
    detail = {"contract_id": contract_id, "sha256": made.sha256.hex()}
    _done(session, actor=actor, kind=REPORT, number=made.id, act="drafted", detail=detail)
    return made


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


def _report(
    session: Session, terms: Terms, frozen: ContractBaseline, spans: Sequence[Span],
    adjustments: Sequence[ReportAdjustment], *, consent: bool,
) -> Report:  # fmt: skip
    base = baselines.base_of(frozen.input_text)
    try:
        measured = measure(session, terms, spans)
        return Report(
            starts=spans[0].starts,
            ends=spans[-1].ends,
            periods=measured.periods,
            meters=measured.meters,
            meter_litres=measured.meter_litres,
            adjustments=tuple(_adjustment(each, terms.verifier) for each in adjustments),
            same_meters=measured.meters == base.meters,
            single_consent=consent,
        )
    except BadInput as error:
        raise ReportInput(str(error), pointer="/spans") from error


def _adjustment(row: ReportAdjustment, verifier: int) -> Adjustment:
    accepted = None
    if row.accepted_by is not None:
        accepted = "verifier" if row.accepted_by == verifier else "other_party"
    return Adjustment(row.event, row.starts_on, row.ends_on, row.litres, row.u_litres, row.evidence, accepted)


def _reckon(frozen: ContractBaseline, report: Report, carried_litres: int) -> tuple[Saving, Credit]:
    try:
        saving = assess(baselines.baseline_of(frozen), report, baselines.RULES)
        return saving, credit(saving, baselines.RULES, carried_litres=carried_litres)
    except BadInput as error:
        raise ReportInput(str(error), pointer="/spans") from error


def _figures(report: Report, saving: Saving, given: Credit) -> dict[str, object]:
    return {
        "input_text": canonical(report).decode(),
        "result_text": canonical([saving, given]).decode(),
        "sha256": bytes.fromhex(fingerprint([saving, given])),
        "tier": saving.tier,
        "adjusted_litres": saving.adjusted_litres,
        "use_litres": saving.use_litres,
        "saving_litres": saving.saving_litres,
        "money_litres": given.money_litres,
        "water_litres": given.water_litres,
        "carried_litres": given.carried_litres,
        "merges": given.merges,
    }


def result_of(row: SavingReport) -> tuple[Saving, Credit]:
    """What a report reckoned, from its canonical text."""
    return msgspec.json.decode(row.result_text.encode(), type=tuple[Saving, Credit])


def _carried(session: Session, contract_id: int, terms: Terms, starts: dt.date) -> int:
    """What the report before carries into this one: a loss, within one contract year."""
    before = session.scalars(
        select(SavingReport)
        .where(SavingReport.contract_id == contract_id, SavingReport.ends_on <= starts)
        .where(SavingReport.status != states.VOID)
        .order_by(SavingReport.starts_on.desc())
        .limit(1)
    ).one_or_none()
    if before is None or terms.year_of(before.starts_on) != terms.year_of(starts):
        return 0
    return before.carried_litres


def _claim(session: Session, terms: Terms, made: SavingReport) -> None:
    """Claims the numbers of every counted point for the report's days, less those of points that are taken off."""
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
    days = Range(made.starts_on, made.ends_on)
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
    found = next((each for each in pack_in_force(raw(session)).clocks if each.name == name), None)
    length, unit = (found.length, found.unit) if found is not None else states.CLOCKS[name]
    if unit == "working_days":
        return workdays.after(start, length)
    if unit == "days":
        return start + dt.timedelta(days=length)
    return start.replace(year=start.year + length, day=min(start.day, 28))


def revise(
    session: Session, *, actor: audit.Actor, report_id: int, by: int, spans: Sequence[Span] | None = None
) -> SavingReport:
    """Reckons a draft or a returned report anew: other drivers, corrected readings, accepted adjustments.

    It is a revision under the same claim; consents to the one before lapse.
    Errors: NotFound, ReportState, NotAContractParty, ReportInput.
    """
    found = locked(session, report_id, states.DRAFTED, states.RETURNED)
    terms = terms_at(session, found)
    baselines.side_of(terms, by)
    return reckon_anew(session, actor, found, terms, spans)


def reckon_anew(
    session: Session,
    actor: audit.Actor,
    found: SavingReport,
    terms: Terms,
    spans: Sequence[Span] | None = None,
) -> SavingReport:
    """Another revision of a report, from what is measured and accepted now; it is a draft again unless disputed."""
    before = msgspec.json.decode(found.input_text.encode(), type=Report)
    wanted = spans or [Span(each.starts, each.ends, each.drivers) for each in before.periods]
    if (wanted[0].starts, wanted[-1].ends) != (found.starts_on, found.ends_on):
        raise ReportInput("a revision is of the same days", pointer="/spans")
    frozen = session.get_one(ContractBaseline, found.baseline_id)
    accepted = session.scalars(
        select(ReportAdjustment).where(ReportAdjustment.report_id == found.id).order_by(ReportAdjustment.id)
    ).all()
    report = _report(session, terms, frozen, wanted, accepted, consent=True)
    saving, given = _reckon(frozen, report, _carried(session, found.contract_id, terms, found.starts_on))
    for name, value in _figures(report, saving, given).items():
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
