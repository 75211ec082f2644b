"""Bills with what is left of them, their lines, readings behind them, arrears by age, reminders."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row, tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.billing.models import BillingRun, WaterBillLine, WaterBillPayment, WaterReceipt
from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound

STATUSES = ("open", "overdue", "paid", "credit")
"""credit: something of it is not used yet. A credit that is used is paid."""
REMINDED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class BillView:
    """A bill with its run, its place and what is settled of it; fen, litres."""

    id: int
    run_id: int
    kind: str
    water_account_id: int
    participant_id: int
    holder: str
    holder_kind: str
    water_year: int
    from_on: dt.date
    until_on: dt.date
    due_on: dt.date
    issued_at: dt.datetime
    sector: str
    source: str
    place: str
    canal: str
    association_id: int | None
    quota_litres: int | None
    litres: int
    fen: int
    association_fen: int
    settled_fen: int
    credit: bool
    reminded_at: dt.datetime | None

    @property
    def left_fen(self) -> int:
        """What is left to pay; of a credit, below nil, what is left to use."""
        return self.fen + self.settled_fen if self.credit else self.fen - self.settled_fen

    @property
    def status(self) -> str:
        """One of STATUSES, today."""
        if self.left_fen == 0:
            return "paid"
        if self.credit:
            return "credit"
        return "overdue" if self.due_on < clock.today() else "open"


_BILLS_SQL = """
SELECT b.id, b.run_id, b.kind, b.water_account_id, b.participant_id, p.name AS holder, p.kind AS holder_kind,
       r.water_year, CASE b.kind WHEN 'bill' THEN r.from_on ELSE y.starts_on END AS from_on,
       CASE b.kind WHEN 'bill' THEN r.until_on ELSE r.last_on END AS until_on,
       x.due_on, r.issued_at, w.sector, w.source, z.code AS place, c.code AS canal, b.association_id, b.quota_litres,
       b.litres, b.fen, b.association_fen, x.supplier_settled_fen + x.association_settled_fen AS settled_fen, x.credit,
       x.reminded_at
  FROM water_bills b JOIN billing_runs r ON r.id = b.run_id JOIN water_bill_balances x ON x.bill_id = b.id
  JOIN water_years y ON y.year = r.water_year
  JOIN water_accounts w ON w.id = b.water_account_id JOIN zones z ON z.id = b.place_id
  JOIN zones c ON c.id = w.canal_zone_id JOIN participants p ON p.id = b.participant_id
 WHERE b.id > %(after)s
   AND (%(bill)s::bigint IS NULL OR b.id = %(bill)s)
   AND (%(participant)s::bigint IS NULL OR b.participant_id = %(participant)s)
   AND (%(run)s::bigint IS NULL OR b.run_id = %(run)s)
   AND (%(place)s::text IS NULL OR z.code = %(place)s)
   AND (%(status)s::text IS NULL OR %(status)s = CASE
        WHEN x.supplier_settled_fen + x.association_settled_fen = x.supplier_fen + x.association_fen THEN 'paid'
        WHEN x.credit THEN 'credit' WHEN x.due_on < %(today)s THEN 'overdue' ELSE 'open' END)
 ORDER BY b.id LIMIT %(limit)s
"""


def bills(
    connection: psycopg.Connection[Any],
    *,
    participant_id: int | None = None,
    run_id: int | None = None,
    place: str | None = None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[BillView]:
    """Bills by id: of one holder, run, place (its code), status, or all."""
    asked = {"participant": participant_id, "run": run_id, "place": place, "status": status}
    return _views(connection, asked, None, after or 0, limit)


def bill(connection: psycopg.Connection[Any], *, bill_id: int) -> BillView:
    """One bill. Errors: NotFound."""
    nothing = {"participant": None, "run": None, "place": None, "status": None}
    found = _views(connection, nothing, bill_id, 0, 1)
    if not found:
        raise NotFound("there is no such bill")
    return found[0]


def _views(
    connection: psycopg.Connection[Any], asked: dict[str, Any], bill_id: int | None, after: int, limit: int
) -> list[BillView]:
    asked = asked | {"bill": bill_id, "after": after, "limit": limit, "today": clock.today()}
    with connection.cursor(row_factory=class_row(BillView)) as cursor:
        return cursor.execute(_BILLS_SQL, asked).fetchall()


def lines(session: Session, bill_id: int) -> list[WaterBillLine]:
    """The lines of a bill, in order."""
    return list(
        session.scalars(
            select(WaterBillLine).where(WaterBillLine.bill_id == bill_id).order_by(WaterBillLine.rank)
        )
    )


def payments(session: Session, bill_id: int) -> list[tuple[WaterBillPayment, WaterReceipt | None]]:
    """What settled a bill, in order, with receipts; of a credit, where it was used."""
    rows = session.execute(
        select(WaterBillPayment, WaterReceipt)
        .outerjoin(WaterReceipt, WaterReceipt.payment_id == WaterBillPayment.id)
        .where((WaterBillPayment.bill_id == bill_id) | (WaterBillPayment.credit_bill_id == bill_id))
        .order_by(WaterBillPayment.id)
    )
    return [(payment, receipt) for payment, receipt in rows]


def receipt(session: Session, *, receipt_id: int) -> tuple[WaterReceipt, WaterBillPayment]:
    """A receipt with its payment. Errors: NotFound."""
    found = session.get(WaterReceipt, receipt_id)
    if found is None:
        raise NotFound("there is no such receipt")
    return found, session.get_one(WaterBillPayment, found.payment_id)


def runs(session: Session, *, after: int | None = None, limit: int = 50) -> list[BillingRun]:
    """Runs by id."""
    statement = select(BillingRun).where(BillingRun.id > (after or 0)).order_by(BillingRun.id).limit(limit)
    return list(session.scalars(statement))


def run(session: Session, *, run_id: int) -> BillingRun:
    """One run. Errors: NotFound."""
    found = session.get(BillingRun, run_id)
    if found is None:
        raise NotFound("there is no such billing run")
    return found


@dataclass(frozen=True, slots=True)
class Arrears:
    """What is unpaid at one place of one association, by how many days it is late; fen."""

    place: str
    place_zh: str
    place_en: str
    association_id: int | None
    bills: int
    holders: int
    not_due_fen: int
    to_30_days_fen: int
    to_90_days_fen: int
    to_180_days_fen: int
    older_fen: int
    total_fen: int


_ARREARS_SQL = """
SELECT z.code AS place, z.name_zh AS place_zh, z.name_en AS place_en, o.association_id, count(*) AS bills,
       count(DISTINCT o.participant_id) AS holders,
       coalesce(sum(o.fen) FILTER (WHERE o.late <= 0), 0)::bigint AS not_due_fen,
       coalesce(sum(o.fen) FILTER (WHERE o.late BETWEEN 1 AND 30), 0)::bigint AS to_30_days_fen,
       coalesce(sum(o.fen) FILTER (WHERE o.late BETWEEN 31 AND 90), 0)::bigint AS to_90_days_fen,
       coalesce(sum(o.fen) FILTER (WHERE o.late BETWEEN 91 AND 180), 0)::bigint AS to_180_days_fen,
       coalesce(sum(o.fen) FILTER (WHERE o.late > 180), 0)::bigint AS older_fen, sum(o.fen)::bigint AS total_fen
  FROM (SELECT b.place_id, b.association_id, b.participant_id, %(today)s::date - x.due_on AS late,
               x.supplier_fen + x.association_fen - x.supplier_settled_fen - x.association_settled_fen AS fen
          FROM water_bill_balances x JOIN water_bills b ON b.id = x.bill_id
         WHERE NOT x.credit
           AND x.supplier_settled_fen + x.association_settled_fen < x.supplier_fen + x.association_fen) o
  JOIN zones z ON z.id = o.place_id
 WHERE %(association)s::bigint IS NULL OR o.association_id = %(association)s
 GROUP BY z.code, z.name_zh, z.name_en, o.association_id ORDER BY z.code, o.association_id
"""


def arrears(connection: psycopg.Connection[Any], *, association_id: int | None = None) -> list[Arrears]:
    """What is unpaid today, by place and association."""
    asked = {"today": clock.today(), "association": association_id}
    with connection.cursor(row_factory=class_row(Arrears)) as cursor:
        return cursor.execute(_ARREARS_SQL, asked).fetchall()


_REMIND_SQL = """
UPDATE water_bill_balances x SET reminded_at = %(now)s
  FROM (SELECT bill_id FROM water_bill_balances
         WHERE NOT credit AND reminded_at IS NULL AND due_on < %(today)s
           AND supplier_settled_fen + association_settled_fen < supplier_fen + association_fen
         ORDER BY bill_id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED) AS late
 WHERE x.bill_id = late.bill_id RETURNING x.bill_id
"""


def remind(session: Session, *, actor: audit.Actor) -> int:
    """Tells of bills whose last day is over, each once; returns how many, at most REMINDED_AT_ONCE."""
    connection = raw(session)
    asked = {"now": clock.now(), "today": clock.today(), "limit": REMINDED_AT_ONCE}
    with connection.cursor(row_factory=tuple_row) as cursor:
        late = sorted(row[0] for row in cursor.execute(_REMIND_SQL, asked).fetchall())
    if late:
        details: list[tuple[int, dict[str, Any]]] = [(number, {}) for number in late]
        told = [("water_bill", "overdue", details)]
        acts.done_many(connection, actor=actor, source="billing", told=told)
    return len(late)
