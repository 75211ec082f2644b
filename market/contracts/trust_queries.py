"""What parties and the bureau see of a trust account: balance, periods, bills, movements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.contracts.contract_models import ContractDue
from market.contracts.report_models import ReportDistribution, SavingReport
from market.contracts.trust_errors import NoTrustAccount
from market.contracts.trust_models import TrustAccount, TrustBill, TrustMovement, TrustPeriod
from market.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A period of the account, the report that it is of, and the due of its fee, if one arose."""

    period: TrustPeriod
    report: SavingReport
    due: ContractDue | None

    @property
    def fee_fen(self) -> int:
        """What came, or comes, into the account for it."""
        return self.period.advance_fen + self.period.due_fen

    @property
    def user_gains_fen(self) -> int:
        """What the user pays less than the baseline would have cost it; negative where the fee is higher."""
        return self.period.baseline_fen - self.period.full_fen


@dataclass(frozen=True, slots=True)
class AccountView:
    """A trust account, what of the supplier's bills is open, and its periods in order."""

    account: TrustAccount
    open_bills_fen: int
    periods: Sequence[PeriodView]


def account(session: Session, *, contract_id: int) -> AccountView:
    """The trust account of a contract. Errors: NoTrustAccount."""
    found = session.get(TrustAccount, contract_id)
    if found is None:
        raise NoTrustAccount
    open_fen = session.scalar(
        select(func.coalesce(func.sum(TrustBill.fen), 0)).where(
            TrustBill.contract_id == contract_id, TrustBill.status == "open"
        )
    )
    rows = session.execute(
        select(TrustPeriod, SavingReport, ContractDue)
        .join(ReportDistribution, ReportDistribution.id == TrustPeriod.distribution_id)
        .join(SavingReport, SavingReport.id == ReportDistribution.report_id)
        .outerjoin(
            ContractDue,
            (ContractDue.kind == "trust_fee") & (ContractDue.reference == TrustPeriod.distribution_id),
        )
        .where(TrustPeriod.contract_id == contract_id)
        .order_by(SavingReport.starts_on)
    ).all()
    return AccountView(found, int(open_fen or 0), [PeriodView(*row) for row in rows])


def movements(
    session: Session, *, contract_id: int, after: int | None = None, limit: int = 50
) -> list[TrustMovement]:
    """The movements of an account, oldest first. Errors: NoTrustAccount."""
    if session.get(TrustAccount, contract_id) is None:
        raise NoTrustAccount
    return list(
        session.scalars(
            select(TrustMovement)
            .where(TrustMovement.contract_id == contract_id, TrustMovement.id > (after or 0))
            .order_by(TrustMovement.id)
            .limit(limit)
        )
    )


def bills(
    session: Session, *, contract_id: int, after: int | None = None, limit: int = 50
) -> list[TrustBill]:
    """The supplier's bills of a contract, by id. Errors: NoTrustAccount."""
    if session.get(TrustAccount, contract_id) is None:
        raise NoTrustAccount
    return list(
        session.scalars(
            select(TrustBill)
            .where(TrustBill.contract_id == contract_id, TrustBill.id > (after or 0))
            .order_by(TrustBill.id)
            .limit(limit)
        )
    )


def bill(session: Session, *, bill_id: int) -> TrustBill:
    """One bill. Errors: NotFound."""
    found = session.get(TrustBill, bill_id)
    if found is None:
        raise NotFound("there is no such bill")
    return found
