"""What parties, verifiers and the bureau see of baselines, reports, disputes and distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from market.contracts.contract_models import ContractParty
from market.contracts.lot_models import ReportClawBack
from market.contracts.report_models import (
    BaselineConsent,
    ContractBaseline,
    DistributionShare,
    ReportAdjustment,
    ReportConsent,
    ReportDispute,
    ReportDistribution,
    SavingReport,
)
from market.core import clock
from market.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class BaselineView:
    """A baseline and who has consented to it."""

    baseline: ContractBaseline
    consents: Sequence[BaselineConsent]


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report with who accepted its present revision, its adjustments, disputes and distribution."""

    report: SavingReport
    consents: Sequence[ReportConsent]
    adjustments: Sequence[ReportAdjustment]
    disputes: Sequence[ReportDispute]
    distribution: ReportDistribution | None
    shares: Sequence[DistributionShare]


def baselines(session: Session, *, contract_id: int) -> list[BaselineView]:
    """The baselines of a contract, by number."""
    rows = session.scalars(
        select(ContractBaseline)
        .where(ContractBaseline.contract_id == contract_id)
        .order_by(ContractBaseline.number)
    ).all()
    given = session.scalars(
        select(BaselineConsent).where(BaselineConsent.baseline_id.in_([each.id for each in rows]))
    ).all()
    return [BaselineView(each, [one for one in given if one.baseline_id == each.id]) for each in rows]


def baseline(session: Session, *, baseline_id: int) -> BaselineView:
    """One baseline. Errors: NotFound."""
    found = session.get(ContractBaseline, baseline_id)
    if found is None:
        raise NotFound("there is no such baseline")
    given = session.scalars(select(BaselineConsent).where(BaselineConsent.baseline_id == baseline_id)).all()
    return BaselineView(found, given)


def reports(
    session: Session,
    *,
    party: int | None = None,
    contract_id: int | None = None,
    status: str | None = None,
    report_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[ReportView]:
    """Reports by id: of contracts in which a participant has a seat, and those it was named to re-verify; or all."""
    wanted: list[ColumnElement[bool]] = [SavingReport.id > (after or 0)]
    if party is not None:
        seats = select(ContractParty.contract_id).where(ContractParty.participant_id == party)
        named = select(ReportDispute.report_id).where(ReportDispute.verifier_id == party)
        again = select(ReportClawBack.report_id).where(ReportClawBack.verifier_id == party)
        wanted.append(
            or_(SavingReport.contract_id.in_(seats), SavingReport.id.in_(named), SavingReport.id.in_(again))
        )
    if contract_id is not None:
        wanted.append(SavingReport.contract_id == contract_id)
    if status is not None:
        wanted.append(SavingReport.status == status)
    if report_id is not None:
        wanted.append(SavingReport.id == report_id)
    rows = session.scalars(select(SavingReport).where(*wanted).order_by(SavingReport.id).limit(limit)).all()
    return _views(session, rows)


def _views(session: Session, rows: Sequence[SavingReport]) -> list[ReportView]:
    ids = [each.id for each in rows]
    consents = session.scalars(select(ReportConsent).where(ReportConsent.report_id.in_(ids))).all()
    adjustments = session.scalars(
        select(ReportAdjustment).where(ReportAdjustment.report_id.in_(ids)).order_by(ReportAdjustment.id)
    ).all()
    disputes = session.scalars(
        select(ReportDispute).where(ReportDispute.report_id.in_(ids)).order_by(ReportDispute.id)
    ).all()
    made = {
        each.report_id: each
        for each in session.scalars(select(ReportDistribution).where(ReportDistribution.report_id.in_(ids)))
    }
    shares = session.scalars(
        select(DistributionShare)
        .where(DistributionShare.distribution_id.in_([each.id for each in made.values()]))
        .order_by(DistributionShare.participant_id)
    ).all()
    return [
        ReportView(
            each,
            [one for one in consents if (one.report_id, one.revision) == (each.id, each.revision)],
            [one for one in adjustments if one.report_id == each.id],
            [one for one in disputes if one.report_id == each.id],
            made.get(each.id),
            [one for one in shares if each.id in made and one.distribution_id == made[each.id].id],
        )
        for each in rows
    ]


def over(session: Session, status: str) -> list[int]:
    """The reports in a state whose clock has ended, the earliest period first."""
    return list(
        session.scalars(
            select(SavingReport.id)
            .where(SavingReport.status == status, SavingReport.due_on < clock.today())
            .order_by(SavingReport.starts_on, SavingReport.id)
        )
    )


def report(session: Session, *, report_id: int) -> ReportView:
    """One report. Errors: NotFound."""
    found = reports(session, report_id=report_id)
    if not found:
        raise NotFound("there is no such report")
    return found[0]
