"""A report's figures: from its days, the boundary's points and the frozen baseline to a saving and what it is credited.

The one place where the ways of measuring differ: use with drivers, or the nights of a district.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy.orm import Session

from market.contracts import baselines, nights
from market.contracts.canonical import canonical, fingerprint
from market.contracts.measuring import Span, measure
from market.contracts.night_baselines import Billed, balanced
from market.contracts.report_errors import ReportInput
from market.contracts.report_models import ContractBaseline, ReportAdjustment, SavingReport
from market.contracts.rulebook import rules_of
from market.contracts.savings import (
    Adjustment,
    BadInput,
    BaseInput,
    Baseline,
    Credit,
    LeakageBase,
    LeakageBaseline,
    LeakageReport,
    Report,
    Saving,
    assess,
    assess_nights,
    credit,
)
from market.contracts.terms import Terms

_result = msgspec.json.Decoder(tuple[Saving, Credit]).decode
_report, _leakage = msgspec.json.Decoder(Report).decode, msgspec.json.Decoder(LeakageReport).decode


def report_of(
    session: Session, terms: Terms, frozen: ContractBaseline, spans: Sequence[Span],
    adjustments: Sequence[ReportAdjustment], billed: Billed | None = None,
) -> Report | LeakageReport:  # fmt: skip
    """What was measured in the days of a report. Errors: ReportInput."""
    base = baselines.baseline_of(frozen).base
    entered = tuple(_adjustment(each, terms.verifier) for each in adjustments)
    try:
        if isinstance(base, LeakageBase):
            return _nights(session, terms, base, spans, entered, billed)
        if billed is not None:
            raise BadInput("a water balance is of leakage control only")
        return _use(session, terms, base, spans, entered)
    except BadInput as error:
        raise ReportInput(str(error), pointer="/spans") from error


def _use(
    session: Session, terms: Terms, base: BaseInput, spans: Sequence[Span], adjustments: tuple[Adjustment, ...]
) -> Report:  # fmt: skip
    measured = measure(session, terms, spans)
    return Report(
        starts=spans[0].starts,
        ends=spans[-1].ends,
        periods=measured.periods,
        meters=measured.meters,
        meter_litres=measured.meter_litres,
        adjustments=adjustments,
        same_meters=measured.meters == base.meters,
        single_consent=True,
    )


def _nights(
    session: Session, terms: Terms, base: LeakageBase, spans: Sequence[Span], adjustments: tuple[Adjustment, ...],
    billed: Billed | None,
) -> LeakageReport:  # fmt: skip
    if any(each.drivers for each in spans):
        raise BadInput("leakage by night flow has no drivers")
    starts, ends = spans[0].starts, spans[-1].ends
    found = nights.district(session, terms, starts, ends, base.pressure_point, unreduced=True)
    return LeakageReport(
        starts=starts,
        ends=ends,
        nights=found.nights,
        meters=found.meters,
        meter_litres=found.meter_litres,
        adjustments=adjustments,
        balance=balanced(session, terms, starts, ends, billed),
        same_meters=found.meters == base.meters,
        single_consent=True,
    )


def _adjustment(row: ReportAdjustment, verifier: int) -> Adjustment:
    accepted = None
    if row.accepted_by is not None:
        accepted = "verifier" if row.accepted_by == verifier else "other_party"
    return Adjustment(row.event, row.starts_on, row.ends_on, row.litres, row.u_litres, row.evidence, accepted)


def reckon(
    frozen: ContractBaseline, report: Report | LeakageReport, carried_litres: int
) -> tuple[Saving, Credit]:
    """The saving by the rules that were frozen with the baseline, and its credit. Errors: ReportInput."""
    rules = rules_of(frozen)
    try:
        saving = _assessed(baselines.baseline_of(frozen), report, frozen)
        return saving, credit(saving, rules, carried_litres=carried_litres)
    except BadInput as error:
        raise ReportInput(str(error), pointer="/spans") from error


def _assessed(
    base: Baseline | LeakageBaseline, report: Report | LeakageReport, frozen: ContractBaseline
) -> Saving:
    rules = rules_of(frozen)
    if isinstance(base, LeakageBaseline):
        assert isinstance(report, LeakageReport)
        return assess_nights(base, report, rules)
    assert isinstance(report, Report)
    return assess(base, report, rules)


def figures(report: Report | LeakageReport, saving: Saving, given: Credit) -> dict[str, object]:
    """What a row of a report holds of them."""
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
    return _result(row.result_text.encode())


def inputs_of(
    row: SavingReport, frozen: ContractBaseline
) -> tuple[BaseInput, Report] | tuple[LeakageBase, LeakageReport]:
    """What a report and its baseline were reckoned from, from their canonical texts."""
    base, text = baselines.baseline_of(frozen).base, row.input_text.encode()
    if isinstance(base, LeakageBase):
        return base, _leakage(text)
    return base, _report(text)


def sent_of(row: SavingReport, frozen: ContractBaseline) -> tuple[list[Span], Billed | None]:
    """What was said of a report when it was drafted, its use apart: its periods with drivers, what was billed."""
    _, before = inputs_of(row, frozen)
    if isinstance(before, LeakageReport):
        own = before.balance
        billed = Billed(own.billed, own.evidence) if own is not None else None
        return [Span(before.starts, before.ends)], billed
    return [Span(each.starts, each.ends, each.drivers) for each in before.periods], None
