"""Reserves: what an announcement holds back at each place for the village and the district.

Source of the rule: Manas county 2014 (county/rules.md line 51): a village reserve of at most 10 per cent; the county's
pack says how much. A reserve is water that was issued and charged to the caps of its place, on an account that nobody
can sell from; a release (releases.py) moves it to the rights of the same place, so the caps are not charged twice.
"""

from __future__ import annotations

from typing import Any

import psycopg

from ledger import journal
from market.core import books
from market.core.chart import DEBITS_MUST_NOT_EXCEED_CREDITS, AccountCode, TransferCode, water_asset
from market.county.current import pack_in_force
from market.registry import charges
from market.registry.errors import ReserveTooLarge
from market.registry.models import Announcement
from market.registry.shares import share_text


def check_share(connection: psycopg.Connection[Any], reserve_e6: int) -> None:
    """Errors: ReserveTooLarge."""
    if reserve_e6 == 0:
        return
    rule = pack_in_force(connection).reserve
    most = rule.most_e6 if rule is not None else 0
    if reserve_e6 > most:
        raise ReserveTooLarge(
            f"at most {share_text(most)} of an announcement may be held back",
            pointer="/reserve",
            limit=share_text(most),
            available=share_text(most),
            legal_source=rule.basis.source if rule is not None else "the county's pack names no reserve",
        )


_PLACES_SQL = """
SELECT township_zone_id, canal_zone_id, sector, sum(reserved_litres)::bigint FROM announced
 GROUP BY 1, 2, 3 HAVING sum(reserved_litres) > 0 ORDER BY 1, 2, 3
"""
_KNOWN_SQL = """
SELECT township_zone_id, canal_zone_id, sector, account_id FROM reserves WHERE water_year = %s AND source = %s
"""
_INSERT_SQL = """
INSERT INTO reserves (water_year, source, township_zone_id, canal_zone_id, sector, account_id)
VALUES (%s, %s, %s, %s, %s, %s)
"""


def hold_back(connection: psycopg.Connection[Any], announcement: Announcement, batch: journal.Batch) -> None:
    """Adds to a batch what is staged to be held back: water into the reserve of each place, and its caps."""
    year, source = announcement.water_year, announcement.source
    asset = water_asset(source, year)
    wanted = connection.execute(_PLACES_SQL).fetchall()
    known = {tuple(row[:3]): row[3] for row in connection.execute(_KNOWN_SQL, (year, source)).fetchall()}
    missing = [tuple(row[:3]) for row in wanted if tuple(row[:3]) not in known]
    new = journal.NewAccount(
        books.asset_id(connection, asset), AccountCode.WATER_RESERVE, DEBITS_MUST_NOT_EXCEED_CREDITS
    )
    opened = journal.open_accounts(connection, [new] * len(missing))
    with connection.cursor() as cursor:
        cursor.executemany(
            _INSERT_SQL,
            [(year, source, *place, account) for place, account in zip(missing, opened, strict=True)],
        )
    known |= dict(zip(missing, opened, strict=True))
    issue = books.system_account(connection, asset, AccountCode.WATER_ISSUE)
    for township, canal, sector, litres in wanted:
        batch.transfer(
            debit=issue,
            credit=known[township, canal, sector],
            amount=litres,
            code=TransferCode.RESERVED,
            reference=announcement.id,
        )
    due = charges.over(connection, wanted, water_year=year, source=source)
    charges.charge(connection, batch, due, code=TransferCode.RESERVE_CHARGE, reference_id=announcement.id)
