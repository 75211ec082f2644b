"""Remittance: what was collected goes to the supplier and to the associations, with its list, by four eyes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import journal
from market.billing.errors import NothingToRemit, RemittanceFourEyes, RemittanceReference, RemittanceState
from market.billing.models import ASSOCIATION, SUPPLIER, Remittance, RemittanceItem
from market.core import acts, audit, books, clock
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.models import MoneyAccount

REMITTANCE = "remittance"
_LOCK = 0x6B7A726D  # one at a time gathers what was not remitted

_ITEMS_SQL = """
INSERT INTO remittance_items (remittance_id, payment_id, side, fen)
SELECT %(remittance)s, p.id, %(side)s, CASE %(side)s WHEN 'supplier' THEN p.supplier_fen ELSE p.association_fen END
  FROM water_bill_payments p JOIN water_bills b ON b.id = p.bill_id
 WHERE p.method <> 'credit' AND p.paid_on <= %(until)s
   AND CASE %(side)s WHEN 'supplier' THEN p.supplier_fen ELSE p.association_fen END > 0
   AND (%(side)s = 'supplier' OR b.association_id = %(association)s)
   AND NOT EXISTS (SELECT FROM remittance_items i WHERE i.payment_id = p.id AND i.side = %(side)s AND i.standing)
"""
_SUM_SQL = """
SELECT count(*), coalesce(sum(part), 0)::bigint, coalesce(sum(part) FILTER (WHERE method = 'cash'), 0)::bigint
  FROM (SELECT p.method, CASE %(side)s WHEN 'supplier' THEN p.supplier_fen ELSE p.association_fen END AS part
          FROM water_bill_payments p JOIN water_bills b ON b.id = p.bill_id
         WHERE p.method <> 'credit' AND p.paid_on <= %(until)s
           AND (%(side)s = 'supplier' OR b.association_id = %(association)s)
           AND NOT EXISTS (SELECT FROM remittance_items i
                            WHERE i.payment_id = p.id AND i.side = %(side)s AND i.standing)) AS collected
 WHERE part > 0
"""


def make(
    session: Session, *, actor: audit.Actor, until_on: dt.date, association_id: int | None = None
) -> Remittance:
    """Gathers every payment up to a day that is in no remittance: for the supplier, or for an association.

    Errors: NothingToRemit.
    """
    connection = raw(session)
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    side = SUPPLIER if association_id is None else ASSOCIATION
    asked: dict[str, Any] = {"side": side, "until": until_on, "association": association_id}
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_SUM_SQL, asked).fetchone()
    assert row is not None and actor.user_id is not None
    count, fen, cash_fen = row
    if not count:
        raise NothingToRemit(pointer="/until")
    made = Remittance(
        side=side, association_id=association_id, until_on=until_on, payments=count, fen=fen, cash_fen=cash_fen,
        made_by=actor.user_id, made_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    connection.execute(_ITEMS_SQL, asked | {"remittance": made.id})
    _tell(session, actor, made, "made")
    return made


def confirm(
    session: Session, *, actor: audit.Actor, remittance_id: int, bank_reference: str | None = None
) -> Remittance:
    """Hands a remittance over: the supplier's by the bank, an association's into its money account, cash as cash.

    Errors: NotFound, RemittanceState, RemittanceFourEyes, RemittanceReference.
    """
    found = _made(session, actor, remittance_id)
    by_bank = found.side == SUPPLIER and found.fen > found.cash_fen
    if by_bank and not bank_reference:
        raise RemittanceReference(pointer="/bank_reference")
    found.bank_reference = bank_reference if by_bank else None
    try:
        with session.begin_nested():
            _decide(found, actor, "confirmed")
            session.flush()
    except IntegrityError as error:
        if "uq_remittances_bank_reference" not in str(error.orig):
            raise
        raise RemittanceReference(
            f"{bank_reference} is recorded already", pointer="/bank_reference"
        ) from error
    _post(session, found)
    _tell(session, actor, found, "confirmed")
    return found


def refuse(session: Session, *, actor: audit.Actor, remittance_id: int, reason: str) -> Remittance:
    """Refuses a remittance: its payments wait for the next. Errors: NotFound, RemittanceState, RemittanceFourEyes."""
    found = _made(session, actor, remittance_id)
    found.reason = reason
    _decide(found, actor, "refused")
    session.flush()
    raw(session).execute(
        "UPDATE remittance_items SET standing = false WHERE remittance_id = %s", (remittance_id,)
    )
    _tell(session, actor, found, "refused")
    return found


def _made(session: Session, actor: audit.Actor, remittance_id: int) -> Remittance:
    found = session.get(Remittance, remittance_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such remittance")
    if found.status != "made":
        raise RemittanceState(f"it is {found.status}", available=found.status)
    if found.made_by == actor.user_id:
        raise RemittanceFourEyes
    return found


def _decide(found: Remittance, actor: audit.Actor, status: str) -> None:
    found.status, found.decided_by, found.decided_at = status, actor.user_id, clock.now()
    found.version += 1


def _post(session: Session, found: Remittance) -> None:
    connection = raw(session)
    collected = AccountCode.WATER_COLLECTED if found.side == SUPPLIER else AccountCode.END_CANAL_COLLECTED
    if found.association_id is None:
        receiver = books.system_account(connection, CNY, AccountCode.BANK)
    else:
        receiver = session.scalars(
            select(MoneyAccount.account_id).where(MoneyAccount.participant_id == found.association_id)
        ).one()
    batch = journal.Batch()
    for account, fen in (
        (receiver, found.fen - found.cash_fen),
        (books.system_account(connection, CNY, AccountCode.CASH), found.cash_fen),
    ):
        if fen:
            batch.transfer(
                debit=books.system_account(connection, CNY, collected), credit=account, amount=fen,
                code=TransferCode.WATER_REMITTED, reference=found.id,
            )  # fmt: skip
    batch.execute(connection, moment=clock.now())


def _tell(session: Session, actor: audit.Actor, found: Remittance, act: str) -> None:
    detail = {"side": found.side, "fen": found.fen, "cash_fen": found.cash_fen, "payments": found.payments}
    acts.done(
        session, actor=actor, source="billing", kind=REMITTANCE, number=found.id, act=act, detail=detail
    )


def remittances(session: Session, *, after: int | None = None, limit: int = 50) -> list[Remittance]:
    """Remittances by id."""
    statement = select(Remittance).where(Remittance.id > (after or 0)).order_by(Remittance.id).limit(limit)
    return list(session.scalars(statement))


def remittance(session: Session, *, remittance_id: int) -> Remittance:
    """One remittance. Errors: NotFound."""
    found = session.get(Remittance, remittance_id)
    if found is None:
        raise NotFound("there is no such remittance")
    return found


def items(
    session: Session, *, remittance_id: int, after: int | None = None, limit: int = 50
) -> list[RemittanceItem]:
    """The payments of a remittance, by id. Errors: NotFound."""
    remittance(session, remittance_id=remittance_id)
    return list(
        session.scalars(
            select(RemittanceItem)
            .where(RemittanceItem.remittance_id == remittance_id, RemittanceItem.payment_id > (after or 0))
            .order_by(RemittanceItem.payment_id)
            .limit(limit)
        )
    )
