"""Billing runs: previewed, then issued as previewed; what is issued never changes. Set statements throughout."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import bulk, journal
from ledger.arrays import Bigints
from market.billing import credits, drafts, uses
from market.billing.drafts import Draft, Drafts, Period
from market.billing.errors import BillingPeriod, NoDueTime, PreviewChanged
from market.billing.models import BillingRun
from market.core import acts, audit, books, clock, workdays
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.registry.models import WaterYear

RUN, BILL = "billing_run", "water_bill"
DUE_CLOCK = "water_bill_due"
EARLIER = "as billed earlier in the year"


def period(session: Session, *, water_year: int, until_on: dt.date) -> Period:
    """The period that a run up to a day would be of. Errors: NotFound, BillingPeriod."""
    year = session.get(WaterYear, water_year)
    if year is None:
        raise NotFound("there is no such water year", pointer="/water_year")
    last_on = session.scalars(
        select(BillingRun.until_on)
        .where(BillingRun.water_year == water_year)
        .order_by(BillingRun.until_on.desc())
    ).first()
    latest = min(year.ends_on, clock.today())
    earliest = max(year.starts_on, last_on or year.starts_on)
    if not earliest <= until_on <= latest:
        raise BillingPeriod(
            f"from {earliest} to {latest}",
            pointer="/until",
            limit=latest.isoformat(),
            available=earliest.isoformat(),
        )
    from_on = year.starts_on if last_on is None else min(until_on, last_on + dt.timedelta(days=1))
    return Period(water_year, from_on, until_on, last_on)


def preview(session: Session, *, water_year: int, until_on: dt.date) -> Drafts:
    """What a run would issue now; nothing changes. Errors: NotFound, BillingPeriod."""
    wanted = period(session, water_year=water_year, until_on=until_on)
    return drafts.of_period(raw(session), pack_in_force(raw(session)), wanted)


def due_on(pack: Pack, day: dt.date) -> tuple[dt.date, str]:
    """The last day to pay what is issued on a day, and the rule's source. Errors: NoDueTime."""
    try:
        rule = pack.clock(DUE_CLOCK)
    except KeyError:
        raise NoDueTime(f"the pack has no clock {DUE_CLOCK}") from None
    last = (
        workdays.after(day, rule.length)
        if rule.unit == "working_days"
        else day + dt.timedelta(days=rule.length)
    )
    return last, rule.basis.source


def issue(
    session: Session, *, actor: audit.Actor, water_year: int, until_on: dt.date, digest: bytes
) -> BillingRun:
    """Issues the bills of a period, exactly those of the preview with this digest, and uses credits on them.

    No reading is posted to the year meanwhile. Errors: NotFound, BillingPeriod, NoDueTime, PreviewChanged.
    """
    connection = raw(session)
    connection.execute("SELECT FROM water_years WHERE year = %s FOR NO KEY UPDATE", (water_year,))
    pack = pack_in_force(connection)
    due, source = due_on(pack, clock.today())
    found = drafts.of_period(connection, pack, period(session, water_year=water_year, until_on=until_on))
    if found.digest != digest:
        raise PreviewChanged(available=found.digest.hex(), limit=digest.hex())
    assert actor.user_id is not None
    run = BillingRun(
        water_year=water_year, from_on=found.period.from_on, until_on=until_on, last_on=found.period.last_on,
        due_on=due, due_source=source, bills=len(found.bills), litres=sum(each.litres for each in found.bills),
        fen=sum(each.fen for each in found.bills), digest=digest, issued_by=actor.user_id, issued_at=clock.now(),
    )  # fmt: skip
    session.add(run)
    session.flush()
    _write(connection, run, found)
    uses.keep(
        connection, run_id=run.id, water_year=water_year, until_on=until_on, last_on=found.period.last_on
    )
    _post(connection, run.id)
    told = [
        (RUN, "issued", [(run.id, {"bills": run.bills, "fen": run.fen, "digest": digest.hex()})]),
        (BILL, "issued", _issued(connection, run.id)),
    ]
    acts.done_many(connection, actor=actor, source="billing", told=told)
    credits.use(session, actor=actor)
    session.expire_all()
    return session.get_one(BillingRun, run.id)


_BILLS_SQL = """
INSERT INTO water_bills (run_id, kind, water_account_id, participant_id, place_id, association_id, quota_litres, litres,
                         fen, association_fen, posted_fen)
SELECT %s, n.kind, n.account, n.participant, n.place, nullif(n.association, 0), nullif(n.quota, -1), n.litres, n.fen,
       n.canals, n.posted
  FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
              %s::bigint[], %s::bigint[], %s::bigint[])
    AS n (kind, account, participant, place, association, quota, litres, fen, canals, posted)
RETURNING id, water_account_id, kind
"""
_LINES_SQL = """
INSERT INTO water_bill_lines (bill_id, rank, price_e4, end_canal_e4, multiple_e6, above_e6, litres, fen, litres_to,
                              fen_to, legal_source)
SELECT n.bill, n.rank, n.price, n.canal, n.multiple, nullif(n.above, -1), n.litres, n.fen, n.litres_to, n.fen_to, n.told
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
              %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
    AS n (bill, rank, price, canal, multiple, above, litres, fen, litres_to, fen_to, told)
"""
_BALANCES_SQL = """
INSERT INTO water_bill_balances (bill_id, participant_id, credit, due_on, supplier_fen, association_fen)
SELECT b.id, b.participant_id, b.fen < 0, %s, abs(b.fen - b.association_fen), abs(b.association_fen)
  FROM water_bills b WHERE b.run_id = %s
"""


def _write(connection: psycopg.Connection[Any], run: BillingRun, found: Drafts) -> None:
    bills = found.bills
    columns = (
        [each.kind for each in bills],
        Bigints(each.account.id for each in bills),
        Bigints(each.account.participant_id for each in bills),
        Bigints(each.account.place_id for each in bills),
        Bigints(each.account.association_id or 0 for each in bills),
        Bigints(-1 if each.account.quota_litres is None else each.account.quota_litres for each in bills),
        Bigints(each.litres for each in bills),
        Bigints(each.fen for each in bills),
        Bigints(each.association_fen for each in bills),
        Bigints(each.posted_fen for each in bills),
    )
    with connection.cursor(row_factory=tuple_row) as cursor:
        made = {
            (account, kind): number
            for number, account, kind in cursor.execute(_BILLS_SQL, (run.id, *columns))
        }
    rows = [row for each in bills for row in _lines(made[each.account.id, each.kind], each, found)]
    numbers, told = [row[:-1] for row in rows], [row[-1] for row in rows]
    if rows:
        connection.execute(_LINES_SQL, (*(Bigints(column) for column in zip(*numbers, strict=True)), told))
    connection.execute(_BALANCES_SQL, (run.due_on, run.id))


def _lines(bill_id: int, draft: Draft, found: Drafts) -> list[tuple[Any, ...]]:
    rows = []
    for rank, (item, amount) in enumerate(draft.lines.items(), start=1):
        to = draft.to.get(item)
        source = found.sources.get((draft.account.place, item), EARLIER)
        above = -1 if item.above_e6 is None else item.above_e6
        rows.append((
            bill_id, rank, item.price_e4, item.end_canal_e4, item.multiple_e6, above, *amount,
            to.litres if to else 0, to.fen if to else 0, source,
        ))  # fmt: skip
    return rows


_UNOPENED_SQL = """
SELECT w.id FROM water_bills b JOIN water_accounts w ON w.id = b.water_account_id
 WHERE b.run_id = %s AND b.posted_fen <> 0 AND w.fee_account_id IS NULL GROUP BY 1 ORDER BY 1
"""
_OPENED_SQL = """
UPDATE water_accounts w SET fee_account_id = n.fee
  FROM unnest(%s::bigint[], %s::bigint[]) AS n (id, fee) WHERE w.id = n.id
"""
_STAGE_SQL = """
INSERT INTO bulk_transfers (debit, credit, amount, code, reference)
SELECT CASE WHEN b.posted_fen > 0 THEN w.fee_account_id ELSE %(fees)s END,
       CASE WHEN b.posted_fen > 0 THEN %(fees)s ELSE w.fee_account_id END, abs(b.posted_fen), %(code)s, b.id
  FROM water_bills b JOIN water_accounts w ON w.id = b.water_account_id
 WHERE b.run_id = %(run)s AND b.posted_fen <> 0 ORDER BY b.id
"""


def _post(connection: psycopg.Connection[Any], run_id: int) -> None:
    """Makes what each account owes in the ledger what its bills and unbilled readings say."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        missing = [row[0] for row in cursor.execute(_UNOPENED_SQL, (run_id,)).fetchall()]
    money = books.asset_id(connection, CNY)
    opened = journal.open_accounts(
        connection, [journal.NewAccount(money, AccountCode.FEE_DUE) for _ in missing]
    )
    connection.execute(_OPENED_SQL, (Bigints(missing), Bigints(opened)))
    bulk.stage(connection)
    fees = books.system_account(connection, CNY, AccountCode.WATER_FEES)
    connection.execute(_STAGE_SQL, {"fees": fees, "code": int(TransferCode.WATER_BILL), "run": run_id})
    bulk.execute(connection, moment=clock.now())


def _issued(connection: psycopg.Connection[Any], run_id: int) -> list[tuple[int, dict[str, Any]]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT id, fen FROM water_bills WHERE run_id = %s ORDER BY id", (run_id,))
        return [(number, {"fen": fen, "run_id": run_id}) for number, fen in cursor.fetchall()]
