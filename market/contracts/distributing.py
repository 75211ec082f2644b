"""What a verified saving is worth and whose it is: the period's benefit shared exactly, and noted as dues.

SAVINGS sections 1 and 5. The user has the benefit, since its bill is lower, and owes the others their parts; a firm
owes what is missing under its guarantee. Periods follow each other: recovery, caps and losses go on from before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.contracts import drafting, reporting, running, states
from market.contracts.canonical import canonical, fingerprint
from market.contracts.report_errors import DistributionOrder, NotVerified, ObjectionOpen
from market.contracts.report_models import DistributionShare, ReportDistribution, SavingReport
from market.contracts.sharing import (
    Benefit,
    Distribution,
    GuaranteeOutcome,
    benefit,
    carry,
    distribute,
    guarantee_outcome,
)
from market.contracts.terms import GUARANTEED, Terms
from market.core import acts, audit, clock

DISTRIBUTION = "report_distribution"
_done = partial(acts.done, source="contracts")


@dataclass(frozen=True, slots=True)
class Shared:
    """A period's money: the benefit and what of it was carried, how it was shared, what was guaranteed and missed."""

    benefit: Benefit
    carried_before_fen: int
    shared_fen: int
    carried_fen: int
    distribution: Distribution | None
    guarantee: GuaranteeOutcome | None
    fee_fen: int


@dataclass(frozen=True, slots=True)
class History:
    """What earlier periods left: fen received by the firm in the recovery, of the cap used, carried, and litres of the
    tariff year so far.
    """

    received_fen: int = 0
    cap_used_fen: int = 0
    carried_fen: int = 0
    adjusted_litres: int = 0
    use_litres: int = 0


def share(terms: Terms, report: SavingReport, before: History) -> Shared:
    """The money of one period. `report` gives its litres; nothing is written. Errors: BadTerms."""
    worth = benefit(
        report.use_litres + report.money_litres,
        report.use_litres,
        terms.price,
        terms.tariff,
        adjusted_before_litres=before.adjusted_litres,
        use_before_litres=before.use_litres,
    )
    shared_fen, carried_fen = carry(worth.benefit_fen, before.carried_fen)
    found = outcome = None
    if terms.schedule is not None:
        found = distribute(
            terms.schedule,
            shared_fen,
            contract_year=terms.year_of(report.starts_on),
            saving_litres=report.money_litres,
            adjusted_litres=report.adjusted_litres,
            received_fen=before.received_fen,
        )
    if terms.guarantee is not None:
        left = terms.guarantee.cap_fen - before.cap_used_fen
        outcome = guarantee_outcome(terms.guarantee, report.money_litres, left)
    fee = terms.fee_fen if terms.mode == GUARANTEED else 0
    return Shared(worth, before.carried_fen, shared_fen, carried_fen, found, outcome, fee)


def parts(terms: Terms, shared: Shared) -> dict[int, tuple[int, int]]:
    """(share, fee) of each party, fen: what the period's benefit comes to for it."""
    found = {each.participant: [0, 0] for each in terms.parties}
    if shared.distribution is not None:
        for party, fen in zip(shared.distribution.parties, shared.distribution.shares_fen, strict=True):
            found[int(party)][0] += fen
        for party, fen in shared.distribution.fees:
            found[int(party)][1] += fen
    if shared.guarantee is not None:
        for each, fen in zip(terms.parties, shared.guarantee.surplus_shares_fen, strict=True):
            found[each.participant][0] += fen
    return {participant: (fen, fee) for participant, (fen, fee) in found.items()}


def distribute_report(session: Session, *, actor: audit.Actor, report_id: int) -> ReportDistribution:
    """Shares out a verified report whose time for objections is over, and notes what is due to whom.

    Errors: NotFound, NotVerified, ObjectionOpen, DistributionOrder.
    """
    found = reporting.locked(session, report_id)
    drafting.locked(session, found.contract_id)
    if found.status != states.VERIFIED:
        raise NotVerified(f"the report is {found.status}", available=found.status)
    if found.due_on is not None and clock.today() <= found.due_on:
        raise ObjectionOpen(limit=found.due_on.isoformat())
    terms = reporting.terms_at(session, found)
    shared = share(terms, found, _history(session, terms, found))
    per_party = parts(terms, shared)
    made = ReportDistribution(
        report_id=report_id,
        contract_id=found.contract_id,
        contract_year=terms.year_of(found.starts_on),
        benefit_fen=shared.shared_fen,
        carried_fen=shared.carried_fen,
        recovered_fen=shared.distribution.recovery_fen if shared.distribution else 0,
        shortfall_fen=shared.guarantee.shortfall_fen if shared.guarantee else 0,
        text=canonical(shared).decode(),
        sha256=bytes.fromhex(fingerprint(shared)),
        distributed_at=clock.now(),
    )
    session.add(made)
    session.flush()
    session.add_all(
        DistributionShare(distribution_id=made.id, participant_id=who, fen=fen, fee_fen=fee)
        for who, (fen, fee) in per_party.items()
    )
    found.status = states.DISTRIBUTED
    reporting.set_clock(session, found, "saving_claw_back")
    found.version += 1
    session.flush()
    _owe(session, actor, terms, found, made, shared, per_party)
    detail = {"report_id": report_id, "benefit_fen": made.benefit_fen, "sha256": made.sha256.hex()}
    _done(session, actor=actor, kind=DISTRIBUTION, number=made.id, act="made", detail=detail)
    _done(session, actor=actor, kind=reporting.REPORT, number=report_id, act="distributed")
    return made


def _owe(
    session: Session, actor: audit.Actor, terms: Terms, found: SavingReport, made: ReportDistribution, shared: Shared,
    per_party: Mapping[int, tuple[int, int]],
) -> None:  # fmt: skip
    """The user owes the others their parts and fees; a firm owes the user what is missing of its guarantee."""
    owe = partial(running.owe, session, actor, terms, found.contract_id)
    for participant, (fen, fee) in per_party.items():
        if participant == terms.user:
            continue
        if fen:
            owe("share", made.id, terms.user, participant, fen)
        if fee:
            owe("fee", made.id, terms.user, participant, fee)
    if shared.fee_fen:
        owe("fee", made.id, terms.user, terms.firms[0], shared.fee_fen)
    if shared.guarantee is not None and shared.guarantee.shortfall_fen:
        owe("shortfall", made.id, terms.firms[0], terms.user, shared.guarantee.shortfall_fen)


def _history(session: Session, terms: Terms, found: SavingReport) -> History:
    """What earlier periods of the contract left. Errors: DistributionOrder, where one waits before this one."""
    earlier = session.scalars(
        select(SavingReport)
        .where(SavingReport.contract_id == found.contract_id, SavingReport.starts_on < found.starts_on)
        .order_by(SavingReport.starts_on)
    ).all()
    waiting = [
        each for each in earlier if each.status not in (states.DISTRIBUTED, states.CLAWED_BACK, states.VOID)
    ]
    if waiting:
        raise DistributionOrder(f"the period from {waiting[0].starts_on} is {waiting[0].status}")
    row = session.execute(
        select(
            func.coalesce(func.sum(ReportDistribution.recovered_fen), 0),
            func.coalesce(func.sum(ReportDistribution.shortfall_fen), 0),
        ).where(ReportDistribution.contract_id == found.contract_id)
    ).one()
    this = terms.year_of(found.starts_on)
    year = [
        each for each in earlier if each.starts_on.year == found.starts_on.year and each.status != states.VOID
    ]
    last = session.scalars(
        select(ReportDistribution)
        .where(ReportDistribution.contract_id == found.contract_id)
        .order_by(ReportDistribution.id.desc())
        .limit(1)
    ).one_or_none()
    return History(
        received_fen=int(row[0]),
        cap_used_fen=int(row[1]),
        carried_fen=last.carried_fen if last is not None and last.contract_year == this else 0,
        adjusted_litres=sum(each.use_litres + each.money_litres for each in year),
        use_litres=sum(each.use_litres for each in year),
    )
