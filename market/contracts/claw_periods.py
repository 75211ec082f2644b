"""Every period that a claw-back touches, reckoned again: the report itself, and what went on from it.

Recovery, caps and losses go on from period to period, so that less saving in one changes the shares of all after it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.contracts import distributing, states
from market.contracts.clawback import Shares
from market.contracts.contract_models import ContractDue, ContractVersion
from market.contracts.distribution_rows import Earlier, Left
from market.contracts.lot_models import ReportClawBack
from market.contracts.report_models import ReportDistribution, SavingReport
from market.contracts.terms import Terms, terms_of


@dataclass(frozen=True, slots=True)
class Figures:
    """What of a period goes on into the next, fen: recovered, short of the guarantee, carried."""

    report: int
    recovered_fen: int
    shortfall_fen: int
    carried_fen: int


@dataclass(frozen=True, slots=True)
class Periods:
    """Old and new shares of each period, in the order of the parties, and what it changes of sums that go on, fen."""

    shares: tuple[Shares, ...]
    figures: tuple[Figures, ...]
    recovered_fen: int
    shortfall_fen: int
    carried_fen: int


@dataclass(frozen=True, slots=True)
class _Measured:
    starts_on: dt.date
    ends_on: dt.date
    adjusted_litres: int
    use_litres: int
    money_litres: int


def periods(session: Session, report: SavingReport, money_litres: int) -> Periods:
    """What the shares of a report and of all after it are with so many litres credited for money instead."""
    rows = _distributed(session, report.contract_id)
    reports, left = [], Left()
    known, stood = _since(session, report.contract_id)
    shares: list[Shares] = []
    figured: list[Figures] = []
    recovered = shortfall = 0
    for each, made, terms in rows:
        litres = money_litres if each.id == report.id else _credited(session, each)
        reports.append(Earlier(each.starts_on, each.status, each.use_litres, litres))
        old = stood.get(each.id) or Figures(each.id, made.recovered_fen, made.shortfall_fen, made.carried_fen)
        figures = old
        if each.starts_on >= report.starts_on:
            measured = _Measured(each.starts_on, each.ends_on, each.adjusted_litres, each.use_litres, litres)
            before = distributing.history(terms, each.starts_on, reports, left)
            new = distributing.share(terms, measured, before)
            shares.append(_shares(session, terms, each, made, new, known.get(each.id)))
            figures = Figures(
                each.id,
                new.distribution.recovery_fen if new.distribution else 0,
                new.guarantee.shortfall_fen if new.guarantee else 0,
                new.carried_fen,
            )
            figured.append(figures)
            recovered += figures.recovered_fen - old.recovered_fen
            shortfall += figures.shortfall_fen - old.shortfall_fen
        left = Left(
            left.recovered_fen + figures.recovered_fen,
            left.shortfall_fen + figures.shortfall_fen,
            figures.carried_fen,
            made.contract_year,
        )
    return Periods(tuple(shares), tuple(figured), recovered, shortfall, left.carried_fen)


class _Text(msgspec.Struct):
    """What of an earlier claw-back's text is asked here."""

    periods: Periods


_decode = msgspec.json.Decoder(_Text).decode


def _since(session: Session, contract_id: int) -> tuple[dict[int, tuple[int, ...]], dict[int, Figures]]:
    """What earlier claw-backs have made of the periods' shares and figures, by report."""
    texts = session.scalars(
        select(ReportClawBack.text)
        .join(SavingReport, SavingReport.id == ReportClawBack.report_id)
        .where(SavingReport.contract_id == contract_id, ReportClawBack.status == "settled")
        .order_by(ReportClawBack.settled_at, ReportClawBack.id)
    ).all()
    shares: dict[int, tuple[int, ...]] = {}
    figures: dict[int, Figures] = {}
    for text in texts:
        found = _decode((text or "").encode()).periods
        for share, figure in zip(found.shares, found.figures, strict=True):
            shares[figure.report], figures[figure.report] = share.new_fen, figure
    return shares, figures


def _distributed(session: Session, contract_id: int) -> list[tuple[SavingReport, ReportDistribution, Terms]]:
    found = session.execute(
        select(SavingReport, ReportDistribution, ContractVersion.text)
        .join(ReportDistribution, ReportDistribution.report_id == SavingReport.id)
        .join(ContractVersion, ContractVersion.id == SavingReport.version_id)
        .where(SavingReport.contract_id == contract_id, SavingReport.status != states.VOID)
        .order_by(SavingReport.starts_on)
    ).all()
    return [(row[0], row[1], terms_of(row[2])) for row in found]


def _credited(session: Session, report: SavingReport) -> int:
    """What a report is credited with for money, after what was taken back of it."""
    taken = session.scalar(
        select(ReportClawBack.money_litres).where(
            ReportClawBack.report_id == report.id, ReportClawBack.status == "settled"
        )
    )
    return report.money_litres if taken is None else taken


def _shares(
    session: Session, terms: Terms, report: SavingReport, made: ReportDistribution, new: distributing.Shared,
    stood: tuple[int, ...] | None,
) -> Shares:  # fmt: skip
    """What a period came to for each party, net of what it owes, and what it comes to now."""
    old = {each.participant: 0 for each in terms.parties}
    dues = session.scalars(
        select(ContractDue).where(
            ContractDue.contract_id == report.contract_id,
            ContractDue.reference == made.id,
            ContractDue.kind.in_(("share", "fee", "shortfall")),
        )
    ).all()
    _net(old, made.benefit_fen, terms.user, [(each.payer_id, each.payee_id, each.fen) for each in dues])
    fresh = {each.participant: 0 for each in terms.parties}
    written = distributing.dues(terms, new, distributing.parts(terms, new))
    _net(fresh, new.shared_fen, terms.user, [each[1:] for each in written])
    names = [each.participant for each in terms.parties]
    return Shares(
        f"report {report.id}",
        tuple(old[each] for each in names) if stood is None else stood,
        tuple(fresh[each] for each in names),
    )


def _net(found: dict[int, int], benefit_fen: int, user: int, dues: list[tuple[int, int, int]]) -> None:
    """Adds the benefit, which is the user's at first, and what the dues move of it."""
    found[user] += benefit_fen
    for payer, payee, fen in dues:
        found[payer] = found.get(payer, 0) - fen
        found[payee] = found.get(payee, 0) + fen
