"""The legs of a month: fees that the exchange earned or gave back, who bore them, of what. Reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row

from ledger.arrays import Bigints
from market.core import books
from market.core.chart import CNY, AccountCode, TransferCode
from market.fees.models import BACK_CODES, FEE_CODES

TRADE, RIGHT, CALL = (
    int(TransferCode.TRADE_FEE),
    int(TransferCode.RIGHT_FEE),
    int(TransferCode.CALL_FEE),
)
RETURNED, REVERSED = int(TransferCode.RETURN_MONEY), int(TransferCode.REVERSED_MONEY)


class Fee(NamedTuple):
    """A fee that is in no invoice yet: the transfer, when, its kind, what it is of, who bore it; fen."""

    id: int
    at: dt.datetime
    code: int
    reference: int
    participant_id: int
    fen: int


class Back(NamedTuple):
    """A fee, or a part, that was given back and is in no invoice yet: the transfer, when, of which instruction; fen."""

    id: int
    at: dt.datetime
    reference: int
    fen: int


class Standing(NamedTuple):
    """A line of an earlier invoice of which fees are given back now, and what of it stands; fen."""

    reference: int
    invoice_id: int
    participant_id: int
    code: int
    vat_e4: int
    left_fen: int


# A seller bears the fee: of a trade, of a right, of a call. The fees of a call are posted in the order of its fills.
_FEES_SQL = f"""
WITH earned AS (
  SELECT t.id, t.created_at, t.code, t.reference, t.amount,
         row_number() OVER (PARTITION BY t.code, t.reference ORDER BY t.id) AS place
    FROM transfers t
   WHERE t.created_at >= %(since)s AND t.created_at < %(until)s AND t.code IN {FEE_CODES}
     AND t.credit_account_id = %(fees)s AND t.kind IN (0, 2)
), filled AS (
  SELECT f.call_id, f.participant_id, row_number() OVER (PARTITION BY f.call_id ORDER BY f.order_id) AS place
    FROM call_fills f
   WHERE f.side = 'sell' AND f.fee_fen > 0 AND f.call_id IN (SELECT reference FROM earned WHERE code = {CALL})
)
SELECT e.id, e.created_at, e.code, e.reference,
       CASE e.code WHEN {TRADE} THEN i.seller_id WHEN {RIGHT} THEN n.seller_id ELSE f.participant_id END, e.amount
  FROM earned e
  LEFT JOIN instructions i ON e.code = {TRADE} AND i.id = e.reference
  LEFT JOIN negotiations n ON e.code = {RIGHT} AND n.id = e.reference
  LEFT JOIN filled f ON e.code = {CALL} AND f.call_id = e.reference AND f.place = e.place
 WHERE NOT EXISTS (SELECT FROM fee_invoice_legs l WHERE l.transfer_id = e.id)
 ORDER BY e.id
"""
_BACK_SQL = f"""
SELECT t.id, t.created_at, CASE t.code WHEN {RETURNED} THEN t.reference ELSE v.instruction_id END, t.amount
  FROM transfers t LEFT JOIN settlement_reversals v ON t.code = {REVERSED} AND v.id = t.reference
 WHERE t.created_at >= %(since)s AND t.created_at < %(until)s AND t.code IN {BACK_CODES}
   AND t.debit_account_id = %(fees)s AND t.kind IN (0, 2)
   AND NOT EXISTS (SELECT FROM fee_invoice_legs l WHERE l.transfer_id = t.id)
 ORDER BY t.id
"""
_STANDING_SQL = f"""
SELECT g.reference, b.id, b.participant_id, l.code, l.vat_e4,
       l.gross_fen + coalesce((SELECT sum(x.gross_fen) FROM fee_invoices c
                                 JOIN fee_invoice_lines x ON x.invoice_id = c.id AND x.code = l.code
                                WHERE c.corrects_id = b.id), 0)::bigint
  FROM fee_invoice_legs g JOIN fee_invoices b ON b.id = g.invoice_id AND b.kind = 'invoice'
  JOIN fee_invoice_lines l ON l.invoice_id = b.id AND l.code = g.code
 WHERE g.code = {TRADE} AND g.fen > 0 AND g.reference = ANY(%s::bigint[])
"""


def of_span(
    connection: psycopg.Connection[Any], *, since: dt.datetime, until: dt.datetime
) -> tuple[list[Fee], list[Back]]:
    """What was earned and given back from an instant to another (out) and is in no invoice, by transfer."""
    span = {
        "since": since, "until": until, "fees": books.system_account(connection, CNY, AccountCode.TRADING_FEES)
    }  # fmt: skip
    with connection.cursor(row_factory=tuple_row) as cursor:
        fees = [Fee(*row) for row in cursor.execute(_FEES_SQL, span)]
        return fees, [Back(*row) for row in cursor.execute(_BACK_SQL, span)]


def standing(connection: psycopg.Connection[Any], references: Iterable[int]) -> dict[int, Standing]:
    """The invoiced fees of these instructions, each with what stands of its line."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = [Standing(*row) for row in cursor.execute(_STANDING_SQL, (Bigints(references),))]
    return {each.reference: each for each in found}
