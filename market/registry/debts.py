"""Water debts: what a water account owes in water after a reversal, and how it is paid.

A debt is a debit-normal ledger account of the same water: owed water was used or sold, so it stays counted as use
under the caps. What is next credited pays it first, and then frees the caps, for it is neither used nor there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from ledger import journal
from ledger.arrays import Bigints
from market.core import books
from market.core.chart import CREDITS_MUST_NOT_EXCEED_DEBITS, AccountCode, TransferCode, water_asset
from market.registry import charges, excess
from market.registry.models import Announcement

_KNOWN_SQL = "SELECT water_account_id, account_id FROM water_debts WHERE water_account_id = ANY(%s::bigint[])"
_INSERT_SQL = """
INSERT INTO water_debts (water_account_id, account_id) SELECT * FROM unnest(%s::bigint[], %s::bigint[])
"""


def open_for(
    connection: psycopg.Connection[Any], water_account_ids: Iterable[int], *, source: str, water_year: int
) -> dict[int, int]:
    """The debt account (ledger) of each of these water accounts; opened where it is not there."""
    wanted = sorted(set(water_account_ids))
    known: dict[int, int] = dict(connection.execute(_KNOWN_SQL, (Bigints(wanted),)).fetchall())
    missing = [each for each in wanted if each not in known]
    asset = books.asset_id(connection, water_asset(source, water_year))
    new = journal.NewAccount(asset, AccountCode.WATER_DEBT, CREDITS_MUST_NOT_EXCEED_DEBITS)
    opened = journal.open_accounts(connection, [new] * len(missing))
    if missing:
        connection.execute(_INSERT_SQL, (Bigints(missing), Bigints(opened)))
    return known | dict(zip(missing, opened, strict=True))


_OWING_SQL = """
SELECT w.id, w.account_id, d.account_id, w.township_zone_id, w.canal_zone_id, w.sector,
       least(o.debits_posted - o.credits_posted, a.credits_posted - a.debits_posted - a.debits_pending)
  FROM water_debts d
  JOIN water_accounts w ON w.id = d.water_account_id
  JOIN accounts a ON a.id = w.account_id
  JOIN accounts o ON o.id = d.account_id
 WHERE w.id IN (SELECT water_account_id FROM announced) AND o.debits_posted > o.credits_posted
 ORDER BY w.id
"""


def accounts(connection: psycopg.Connection[Any]) -> set[int]:
    """The debt accounts that `collect` may touch, and those of use above caps, which repaying may absorb."""
    rows = connection.execute(
        "SELECT account_id FROM water_debts WHERE water_account_id IN (SELECT water_account_id FROM announced)"
    ).fetchall()
    return {row[0] for row in rows} | {each.account for each in excess.still_open(connection)}


def collect(connection: psycopg.Connection[Any], announcement: Announcement) -> int:
    """Has the accounts that were just credited pay what they owe, as far as it goes; returns the litres paid.

    The accounts and their caps are locked already.
    """
    owing = [row for row in connection.execute(_OWING_SQL).fetchall() if row[6] > 0]
    if not owing:
        return 0
    batch = journal.Batch()
    for water_account, account, debt, *_, litres in owing:
        batch.transfer(
            debit=account, credit=debt, amount=litres, code=TransferCode.DEBT_REPAID, reference=water_account
        )
    freed = charges.over(
        connection,
        [row[3:] for row in owing],
        water_year=announcement.water_year,
        source=announcement.source,
    )
    charges.free(connection, batch, freed, code=TransferCode.DEBT_FREE, reference_id=announcement.id)
    excess.execute(connection, batch, (each.limit.account_id for each in freed))
    return sum(row[6] for row in owing)
