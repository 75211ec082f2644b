"""Purchases of rights: money only, as no water moves; what the register does for it is in the same transaction."""

from __future__ import annotations

from typing import Any

import psycopg

from ledger import journal
from market.core import books
from market.core.chart import CNY, AccountCode, TransferCode


def pay(
    connection: psycopg.Connection[Any],
    *,
    reference: int,
    hold_id: int,
    seller_id: int,
    amount_fen: int,
    fee_fen: int,
) -> None:
    """Posts the buyer's hold (of exactly `amount_fen`): to the seller, but for the fee, which is the exchange's."""
    row = connection.execute(
        "SELECT account_id FROM money_accounts WHERE participant_id = %s", (seller_id,)
    ).fetchone()
    assert row is not None  # every participant that may negotiate has one
    clearing = books.system_account(connection, CNY, AccountCode.MONEY_CLEARING)
    fees = books.system_account(connection, CNY, AccountCode.TRADING_FEES)
    batch = journal.Batch()
    batch.post(hold_id, amount_fen, code=TransferCode.RIGHT_MONEY, reference=reference)
    payees = (
        (row[0], amount_fen - fee_fen, TransferCode.RIGHT_MONEY),
        (fees, fee_fen, TransferCode.RIGHT_FEE),
    )
    for account, fen, code in payees:
        if fen:
            batch.transfer(debit=clearing, credit=account, amount=fen, code=code, reference=reference)
    batch.execute(connection)
