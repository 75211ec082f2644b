"""The one writer of payments of bills: their rows, what is left of the bills, their transfers, in set statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row

from ledger import bulk
from ledger.arrays import Bigints
from market.billing.models import CASH, CREDIT, OFFSET
from market.core import books, clock
from market.core.chart import CNY, AccountCode, TransferCode

PAYMENT = "water_bill_payment"


class Open(NamedTuple):
    """A bill (or credit) with something left: to the supplier, to the association; fen."""

    bill_id: int
    participant_id: int
    water_account_id: int
    supplier_left: int
    association_left: int

    @property
    def left(self) -> int:
        """All that is left, fen."""
        return self.supplier_left + self.association_left


class Part(NamedTuple):
    """What settles a bill in part or in full, and how."""

    bill: Open
    method: str
    supplier_fen: int
    association_fen: int
    credit: Open | None = None
    consent_id: int | None = None

    @property
    def fen(self) -> int:
        """Both parts, fen."""
        return self.supplier_fen + self.association_fen


_OPEN_SQL = """
SELECT x.bill_id, x.participant_id, b.water_account_id, x.supplier_fen - x.supplier_settled_fen,
       x.association_fen - x.association_settled_fen
  FROM water_bill_balances x JOIN water_bills b ON b.id = x.bill_id
 WHERE x.participant_id = ANY(%s::bigint[]) AND x.credit = %s
   AND x.supplier_settled_fen + x.association_settled_fen < x.supplier_fen + x.association_fen
 ORDER BY x.bill_id FOR NO KEY UPDATE OF x
"""
_ONE_SQL = """
SELECT x.bill_id, x.participant_id, b.water_account_id, x.supplier_fen - x.supplier_settled_fen,
       x.association_fen - x.association_settled_fen, x.credit
  FROM water_bill_balances x JOIN water_bills b ON b.id = x.bill_id
 WHERE x.bill_id = %s FOR NO KEY UPDATE OF x
"""


def open_bills(
    connection: psycopg.Connection[Any], participants: Iterable[int], *, credit: bool = False
) -> list[Open]:
    """What these participants have to pay (or have as credits), locked, the oldest first."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [Open(*row) for row in cursor.execute(_OPEN_SQL, (Bigints(participants), credit))]


def one(connection: psycopg.Connection[Any], bill_id: int) -> Open | None:
    """What is left of one bill, locked; None of a credit, or where there is none."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_ONE_SQL, (bill_id,)).fetchone()
    return Open(*row[:-1]) if row is not None and not row[-1] else None


_PAYMENTS_SQL = """
INSERT INTO water_bill_payments (bill_id, method, fen, supplier_fen, association_fen, credit_bill_id, consent_id,
                                 paid_on, paid_at, recorded_by)
SELECT n.bill, n.method, n.supplier + n.association, n.supplier, n.association, nullif(n.credit, 0),
       nullif(n.consent, 0), %s, %s, %s
  FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
       WITH ORDINALITY AS n (bill, method, supplier, association, credit, consent, place) ORDER BY n.place
RETURNING id
"""
_SETTLED_SQL = """
UPDATE water_bill_balances x SET supplier_settled_fen = x.supplier_settled_fen + n.supplier,
       association_settled_fen = x.association_settled_fen + n.association
  FROM (SELECT bill, sum(supplier)::bigint AS supplier, sum(association)::bigint AS association
          FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS n (bill, supplier, association) GROUP BY 1) AS n
 WHERE x.bill_id = n.bill
"""
# Money of a holder, or cash, to what is collected for either side; and what was due is so no more.
_STAGE_SQL = f"""
INSERT INTO bulk_transfers (debit, credit, amount, code, reference)
SELECT leg.debit, leg.credit, leg.amount, leg.code, p.id
  FROM water_bill_payments p JOIN water_bills b ON b.id = p.bill_id
  JOIN water_accounts w ON w.id = b.water_account_id
  LEFT JOIN money_accounts m ON m.participant_id = b.participant_id
 CROSS JOIN LATERAL (
   SELECT CASE p.method WHEN '{CASH}' THEN %(cash)s::bigint ELSE m.account_id END AS payer,
          CASE p.method WHEN '{OFFSET}' THEN {int(TransferCode.WATER_BILL_OFFSET)}
                        ELSE {int(TransferCode.WATER_BILL_PAID)} END AS code) AS how
 CROSS JOIN LATERAL (VALUES
   (1, how.payer, %(supplier)s::bigint, p.supplier_fen, how.code),
   (2, how.payer, %(canals)s::bigint, p.association_fen, how.code),
   (3, %(fees)s::bigint, w.fee_account_id, p.fen, {int(TransferCode.WATER_BILL_SETTLED)})
 ) AS leg (step, debit, credit, amount, code)
 WHERE p.id = ANY(%(payments)s::bigint[]) AND p.method <> '{CREDIT}' AND leg.amount > 0 ORDER BY p.id, leg.step
"""
_STAGE_CREDITS_SQL = f"""
INSERT INTO bulk_transfers (debit, credit, amount, code, reference)
SELECT f.fee_account_id, w.fee_account_id, p.fen, {int(TransferCode.WATER_BILL_CREDIT)}, p.id
  FROM water_bill_payments p JOIN water_bills b ON b.id = p.bill_id JOIN water_accounts w ON w.id = b.water_account_id
  JOIN water_bills c ON c.id = p.credit_bill_id JOIN water_accounts f ON f.id = c.water_account_id
 WHERE p.id = ANY(%s::bigint[]) AND f.id <> w.id ORDER BY p.id
"""


def settle(
    connection: psycopg.Connection[Any], parts: Sequence[Part], *, recorded_by: int | None
) -> list[int]:
    """Writes payments and posts them, all or none; returns their ids, in order. The bills are locked.

    Errors: InsufficientBalance of a holder's money account.
    """
    columns = (
        Bigints(each.bill.bill_id for each in parts),
        [each.method for each in parts],
        Bigints(each.supplier_fen for each in parts),
        Bigints(each.association_fen for each in parts),
        Bigints(each.credit.bill_id if each.credit else 0 for each in parts),
        Bigints(each.consent_id or 0 for each in parts),
    )
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_PAYMENTS_SQL, (clock.today(), clock.now(), recorded_by, *columns))
        made = sorted(row[0] for row in cursor.fetchall())
    moved = [(each.bill.bill_id, each.supplier_fen, each.association_fen) for each in parts]
    moved += [(each.credit.bill_id, each.supplier_fen, each.association_fen) for each in parts if each.credit]
    connection.execute(_SETTLED_SQL, tuple(Bigints(column) for column in zip(*moved, strict=True)))
    bulk.stage(connection)
    accounts = {
        name: books.system_account(connection, CNY, code)
        for name, code in (
            ("cash", AccountCode.CASH), ("supplier", AccountCode.WATER_COLLECTED),
            ("canals", AccountCode.END_CANAL_COLLECTED), ("fees", AccountCode.WATER_FEES),
        )
    }  # fmt: skip
    connection.execute(_STAGE_SQL, {**accounts, "payments": Bigints(made)})
    connection.execute(_STAGE_CREDITS_SQL, (Bigints(made),))
    bulk.execute(connection, moment=clock.now())
    return made


def told(parts: Sequence[Part], made: Sequence[int]) -> list[tuple[int, dict[str, Any]]]:
    """What the audit trail is told of payments."""
    return [
        (number, {"bill_id": each.bill.bill_id, "method": each.method, "fen": each.fen})
        for number, each in zip(made, parts, strict=True)
    ]
