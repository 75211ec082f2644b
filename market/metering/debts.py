"""Debts in water: use beyond an account's balance is owed, and later credits may pay it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_litres
from market.core import audit, outbox
from market.core.chart import TransferCode
from market.core.db import raw
from market.metering import postings
from market.metering.errors import NoWaterDebt


def pay(session: Session, *, actor: audit.Actor, water_account_id: int, litres: int | None = None) -> int:
    """Pays a debt in water from what the account has available, by default as much as it can; returns the litres.

    Over-use is recorded and owed, never lost (水法 art. 49: users are metered and keep to their plan). Errors:
    NotFound, NoWaterDebt, WaterYearClosed.
    """
    connection = raw(session)
    account = postings.locked(connection, [water_account_id]).one(water_account_id)
    most = min(account.debt_litres, max(0, account.available_litres))
    wanted = most if litres is None else litres
    if wanted == 0 or wanted > most:
        raise NoWaterDebt(
            f"{format_litres(account.debt_litres)} m3 are owed,"
            f" {format_litres(max(0, account.available_litres))} are available",
            pointer="/volume",
            limit=format_litres(account.debt_litres),
            available=format_litres(most),
        )
    assert account.debt_id is not None
    batch = journal.Batch()
    batch.transfer(
        debit=account.ledger_id,
        credit=account.debt_id,
        amount=wanted,
        code=TransferCode.DEBT_PAID,
        reference=account.id,
    )
    batch.execute(connection)
    subject = ("water_account", account.id)
    detail = {"litres": wanted}
    outbox.publish(connection, topic="metering.debt.paid", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action="water_debt.paid", subject=subject, detail=detail)
    session.expire_all()  # the account's row was looked at beneath the session
    return wanted
