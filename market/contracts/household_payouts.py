"""Paying a district's benefit out to its households: exact by largest remainder, set statements, one posting.

The members' resolution with each household's share is a part of what was signed (SAVINGS section 1). What the district
receives is paid out with the payment itself; its share of a distribution, a lower bill, when it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import bulk
from ledger.arrays import Bigints
from ledger.errors import InsufficientBalance
from ledger.units import format_fen, split_exact
from market.contracts import trust_book
from market.contracts.contract_models import ContractDue, ContractVersion
from market.contracts.errors import NotAContractParty
from market.contracts.household_errors import NoHouseholds, NothingToPayOut, PaidOutBefore, PayoutNotCovered
from market.contracts.household_models import OF_DISTRIBUTION, OF_DUE, HouseholdPayout, HouseholdShare
from market.contracts.invoice_errors import NotSharedOut
from market.contracts.report_models import DistributionShare, ReportDistribution, SavingReport
from market.contracts.terms import Terms, terms_of
from market.core import acts, audit, clock
from market.core.chart import TransferCode
from market.core.db import raw
from market.core.errors import NotFound

PAYOUT = "household_payout"
_done = partial(acts.done, source="contracts")

_SHARES_SQL = """
INSERT INTO household_shares (payout_id, participant_id, share_bp, fen)
SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])
"""
_STAGE_SQL = """
INSERT INTO bulk_transfers (debit, credit, amount, code, reference)
SELECT %s, m.account_id, s.fen, %s, s.payout_id
FROM household_shares s JOIN money_accounts m ON m.participant_id = s.participant_id
WHERE s.payout_id = %s AND s.fen > 0
"""


def of_due(session: Session, version: ContractVersion, due: ContractDue, fen: int) -> HouseholdPayout | None:
    """Stages the payout of what a district is being paid for a due (with its interest), if it has households; the
    caller posts it with the payment and then calls `told`.
    """
    terms = terms_of(version.text)
    if not terms.households or due.payee_id != terms.user:
        return None
    return _staged(session, version, terms, OF_DUE, due.id, fen)


def told(session: Session, actor: audit.Actor, made: HouseholdPayout) -> None:
    """Records a payout that was posted."""
    detail = {"contract_id": made.contract_id, "fen": made.fen, "households": made.households}
    _done(session, actor=actor, kind=PAYOUT, number=made.id, act="made", detail=detail)


def of_distribution(session: Session, *, actor: audit.Actor, report_id: int, by: int) -> HouseholdPayout:
    """The district pays out its share of a period's benefit, from its money in the market.

    Errors: NotFound, NotAContractParty, NoHouseholds, NotSharedOut, NothingToPayOut, PaidOutBefore, PayoutNotCovered.
    """
    report = session.get(SavingReport, report_id)
    if report is None:
        raise NotFound("there is no such report")
    version = session.get_one(ContractVersion, report.version_id)
    terms = terms_of(version.text)
    if by != terms.user:
        raise NotAContractParty("the user pays its households")
    if not terms.households:
        raise NoHouseholds
    made = session.scalars(
        select(ReportDistribution).where(ReportDistribution.report_id == report_id)
    ).one_or_none()
    if made is None:
        raise NotSharedOut(f"the report is {report.status}", available=report.status)
    fen = session.get_one(DistributionShare, (made.id, terms.user)).fen
    if not fen:
        raise NothingToPayOut
    try:
        with session.begin_nested():
            payout = _staged(session, version, terms, OF_DISTRIBUTION, made.id, fen)
    except IntegrityError as error:
        if "uq_household_payouts_source" not in str(error.orig):
            raise
        raise PaidOutBefore from error
    try:
        bulk.execute(raw(session))
    except InsufficientBalance as error:
        raise PayoutNotCovered(limit=format_fen(fen), available=format_fen(error.available)) from error
    told(session, actor, payout)
    return payout


def _staged(
    session: Session, version: ContractVersion, terms: Terms, source: str, reference: int, fen: int
) -> HouseholdPayout:
    made = HouseholdPayout(
        contract_id=version.contract_id, version_id=version.id, user_id=terms.user, source=source, reference=reference,
        fen=fen, households=len(terms.households), made_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    shares = split_exact(fen, [each.share_bp for each in terms.households])
    connection: psycopg.Connection[Any] = raw(session)
    connection.execute(
        _SHARES_SQL,
        (
            made.id,
            Bigints(each.participant for each in terms.households),
            Bigints(each.share_bp for each in terms.households),
            Bigints(shares),
        ),
    )
    bulk.stage(connection)
    account = trust_book.money_of(session, terms.user)
    connection.execute(_STAGE_SQL, (account, int(TransferCode.HOUSEHOLD_SHARE), made.id))
    return made


@dataclass(frozen=True, slots=True)
class ShareView:
    """A household's part of a payout."""

    share: HouseholdShare
    payout: HouseholdPayout


def payouts(
    session: Session, *, contract_id: int, after: int | None = None, limit: int = 50
) -> Sequence[HouseholdPayout]:
    """The payouts of a contract, by id."""
    return session.scalars(
        select(HouseholdPayout)
        .where(HouseholdPayout.contract_id == contract_id, HouseholdPayout.id > (after or 0))
        .order_by(HouseholdPayout.id)
        .limit(limit)
    ).all()


def shares(
    session: Session,
    *,
    participant_id: int | None = None,
    payout_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[ShareView]:
    """Households' parts by id: of one household, of one payout, or all."""
    wanted: list[ColumnElement[bool]] = [HouseholdShare.id > (after or 0)]
    if participant_id is not None:
        wanted.append(HouseholdShare.participant_id == participant_id)
    if payout_id is not None:
        wanted.append(HouseholdShare.payout_id == payout_id)
    rows = session.execute(
        select(HouseholdShare, HouseholdPayout)
        .join(HouseholdPayout, HouseholdPayout.id == HouseholdShare.payout_id)
        .where(*wanted)
        .order_by(HouseholdShare.id)
        .limit(limit)
    ).all()
    return [ShareView(*row) for row in rows]
