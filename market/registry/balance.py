"""The balance sheet of water: what was issued, and where all of it is, of any source, zone, sector and past moment.

    issued + bought − sold + moved + owed = used + held + free + reserved + lost + expired + carried + curtailed

A litre's place is told by the account at the other end of its transfer, so that no movement can be forgotten: one of
an unknown kind shows as moved. Bought and sold are litres that crossed the border of the sheet's zone or sector, as
delivered; what the way cost is lost at the seller's. On the sheet of a whole source they are equal.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any

from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from market.core import clock
from market.core.chart import AccountCode, TransferCode
from market.core.db import raw
from market.registry import classes, places


@dataclass(frozen=True, slots=True)
class Sheet:
    """A balance sheet, in litres; `free` may be used, sold or held, `held` is bound by orders and the like."""

    issued_litres: int
    bought_litres: int
    sold_litres: int
    moved_litres: int
    owed_litres: int
    used_litres: int
    held_litres: int
    free_litres: int
    reserved_litres: int
    lost_litres: int
    expired_litres: int
    carried_litres: int
    curtailed_litres: int

    @property
    def sources_litres(self) -> int:
        """The left side: where the water of the sheet came from."""
        net = self.bought_litres - self.sold_litres
        return self.issued_litres + net + self.moved_litres + self.owed_litres

    @property
    def places_litres(self) -> int:
        """The right side: where it is."""
        return (
            self.used_litres + self.held_litres + self.free_litres + self.reserved_litres
            + self.lost_litres + self.expired_litres + self.carried_litres + self.curtailed_litres
        )  # fmt: skip

    @property
    def balanced(self) -> bool:
        """Whether both sides are equal, as they always are."""
        return self.sources_litres == self.places_litres


# Every ledger account of the sheet, and every posted litre in or out of it up to a moment, by the code of the other
# account. Kinds: 0 posted, 1 pending, 2 post, 3 void, 4 expire.
_CHOSEN_SQL = """
WITH chosen AS MATERIALIZED (
  SELECT x.account_id, x.form FROM (
    SELECT w.account_id, 'water' AS form, w.water_year, w.source, w.sector, w.township_zone_id, w.canal_zone_id
      FROM water_accounts w
    UNION ALL
    SELECT d.account_id, 'debt', w.water_year, w.source, w.sector, w.township_zone_id, w.canal_zone_id
      FROM water_debts d JOIN water_accounts w ON w.id = d.water_account_id
    UNION ALL
    SELECT w.debt_account_id, 'debt', w.water_year, w.source, w.sector, w.township_zone_id, w.canal_zone_id
      FROM water_accounts w WHERE w.debt_account_id IS NOT NULL
    UNION ALL
    SELECT r.account_id, 'reserve', r.water_year, r.source, r.sector, r.township_zone_id, r.canal_zone_id
      FROM reserves r
  ) AS x
  WHERE x.water_year = %(year)s
    AND (%(source)s::text IS NULL OR x.source = %(source)s)
    AND (%(sector)s::text IS NULL OR x.sector = %(sector)s)
    AND (%(zones)s::bigint[] IS NULL
         OR x.township_zone_id = ANY(%(zones)s) OR x.canal_zone_id = ANY(%(zones)s))),
sides AS (
  SELECT c.account_id, c.form, t.credit_account_id AS other, -t.amount AS litres, t.kind, t.amount AS debit
    FROM chosen c JOIN transfers t ON t.debit_account_id = c.account_id AND t.debit_account_id >= 1000000
   WHERE t.created_at <= %(moment)s
  UNION ALL
  SELECT c.account_id, c.form, t.debit_account_id, t.amount, t.kind, 0
    FROM chosen c JOIN transfers t ON t.credit_account_id = c.account_id AND t.credit_account_id >= 1000000
   WHERE t.created_at <= %(moment)s)
"""

_FLOWS_SQL = (
    _CHOSEN_SQL
    + """
SELECT s.form, a.code, s.litres > 0, EXISTS (SELECT FROM chosen o WHERE o.account_id = s.other) AS within,
       coalesce(sum(s.litres) FILTER (WHERE s.kind IN (0, 2)), 0)::bigint,
       coalesce(sum(CASE s.kind WHEN 0 THEN 0 WHEN 1 THEN s.debit ELSE -s.debit END), 0)::bigint
  FROM sides s JOIN accounts a ON a.id = s.other
 GROUP BY 1, 2, 3, 4
"""
)

# What a call loses on its ways is no single seller's: it stands on the sheet of the whole county alone.
_LOST_SQL = (
    _CHOSEN_SQL
    + f"""
SELECT coalesce((
  SELECT sum(t.amount)
    FROM transfers t JOIN instructions i ON i.id = t.reference JOIN chosen c ON c.account_id = i.seller_account
   WHERE t.code = {int(TransferCode.TRADE_LOSS)} AND t.kind = 0 AND t.created_at <= %(moment)s), 0)::bigint
  - coalesce((
  SELECT sum(t.amount)
    FROM transfers t JOIN accounts l ON l.id = t.debit_account_id AND l.code = {int(AccountCode.WATER_LOSS)}
    LEFT JOIN settlement_reversals v ON t.code = {int(TransferCode.REVERSED_WATER)} AND v.id = t.reference
    JOIN instructions i ON i.id = CASE t.code WHEN {int(TransferCode.RETURN_WATER)} THEN t.reference
                                  ELSE v.instruction_id END
    JOIN chosen c ON c.account_id = i.seller_account
   WHERE t.code IN ({int(TransferCode.RETURN_WATER)}, {int(TransferCode.REVERSED_WATER)})
     AND t.created_at <= %(moment)s), 0)::bigint
  + coalesce((
  SELECT sum(s.source_litres - s.delivered_litres)
    FROM storage_assignments s JOIN water_accounts w ON w.id = s.water_account_id
    JOIN chosen c ON c.account_id = w.account_id WHERE s.assigned_at <= %(moment)s), 0)::bigint
  + coalesce((
  SELECT sum(t.amount)
    FROM transfers t JOIN accounts a ON a.id = t.credit_account_id JOIN assets x ON x.id = a.asset_id
   WHERE t.code = {int(TransferCode.CALL_LOSS)} AND t.created_at <= %(moment)s
     AND %(sector)s::text IS NULL AND %(zones)s::bigint[] IS NULL
     AND x.code LIKE 'water:' || coalesce(%(source)s::text, '%%') || ':' || %(year)s::text), 0)::bigint
"""
)


def sheet(
    session: Session,
    *,
    water_year: int,
    source: str | None = None,
    zone: str | None = None,
    sector: str | None = None,
    as_of: dt.datetime | None = None,
) -> Sheet:
    """The balance sheet of a water year as it was at a moment (none: now), from the transfers alone.

    `zone` is a code of either tree, with all below it. Errors: UnknownZone, UnknownSector, UnknownSource.
    """
    connection = raw(session)
    places.check_kind_of_water(connection, sector=sector, source=source)
    parameters = {
        "year": water_year,
        "source": source,
        "sector": sector,
        "zones": classes.zones_of(connection, zone),
        "moment": as_of or clock.now(),
    }
    with connection.cursor(row_factory=tuple_row) as cursor:
        flows = cursor.execute(_FLOWS_SQL, parameters).fetchall()
        row = cursor.execute(_LOST_SQL, parameters).fetchone()
    assert row is not None  # an aggregate always has its row
    return _sheet(flows, lost=row[0])


_OUT = {
    AccountCode.WATER_USE: "used_litres",
    AccountCode.WATER_EXPIRY: "expired_litres",
    AccountCode.WATER_CARRIED: "carried_litres",
    AccountCode.WATER_CURTAILED: "curtailed_litres",
}


def _sheet(flows: list[tuple[Any, ...]], *, lost: int) -> Sheet:
    found = dict.fromkeys((each.name for each in fields(Sheet)), 0)
    balances = {"water": 0, "debt": 0, "reserve": 0}
    for form, code, comes_in, within, litres, held in flows:
        balances[form] += litres
        if form == "water":
            found["held_litres"] += held
        if within:  # from one account of the sheet to another: both balances say it
            continue
        if code == AccountCode.WATER_ISSUE:
            found["issued_litres"] += litres
        elif code in _OUT:
            found[_OUT[AccountCode(code)]] -= litres
        elif code == AccountCode.WATER_CLEARING:
            found["bought_litres" if comes_in else "sold_litres"] += abs(litres)
        else:
            found["moved_litres"] += litres
    found["lost_litres"] = lost
    found["sold_litres"] -= lost  # what left the sheet alive: the loss is on its own line
    found["owed_litres"] = -balances["debt"]
    found["reserved_litres"] = balances["reserve"]
    found["free_litres"] = balances["water"] - found["held_litres"]
    return Sheet(**found)
