"""Opening the books: the assets of this market and the system accounts that the chart gives each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from ledger import journal
from market.core.chart import CNY, HEADROOM, AccountCode, water_asset
from market.core.kept import kept

MONEY_SCALE = 2
WATER_SCALE = 3

_MONEY_ACCOUNTS = (
    AccountCode.BANK,
    AccountCode.TRADING_FEES,
    AccountCode.WATER_FEES,
    AccountCode.MONEY_CLEARING,
    AccountCode.PUBLIC_FUND,
    AccountCode.GATEWAY,
    AccountCode.GATEWAY_FEES,
    AccountCode.WATER_COLLECTED,
    AccountCode.END_CANAL_COLLECTED,
    AccountCode.CASH,
    AccountCode.SUSPENSE,
    AccountCode.BANK_CHARGES,
)
_HEADROOM_ACCOUNTS = (AccountCode.LIMIT_ISSUE, AccountCode.LIMIT_USE)
_WATER_ACCOUNTS = (
    AccountCode.WATER_ISSUE,
    AccountCode.WATER_USE,
    AccountCode.WATER_LOSS,
    AccountCode.WATER_EXPIRY,
    AccountCode.WATER_CLEARING,
    AccountCode.WATER_CURTAILED,
    AccountCode.WATER_CARRIED,
)

# What was read once never changes: (server, database, asset code[, account code]) -> id.
_asset_ids: dict[tuple[Any, ...], int] = kept()
_account_ids: dict[tuple[Any, ...], int] = kept()


def open_books(connection: psycopg.Connection[Any], *, water: Iterable[tuple[str, int]]) -> None:
    """Opens money, headroom and every (source, water year) with their system accounts; what is open
    stays so.
    """
    _open(connection, CNY, MONEY_SCALE, _MONEY_ACCOUNTS)
    _open(connection, HEADROOM, WATER_SCALE, _HEADROOM_ACCOUNTS)
    for source, year in water:
        _open(connection, water_asset(source, year), WATER_SCALE, _WATER_ACCOUNTS)


def _open(
    connection: psycopg.Connection[Any], asset_code: str, scale: int, codes: tuple[AccountCode, ...]
) -> None:
    asset_id = journal.open_asset(connection, code=asset_code, scale=scale)
    with connection.cursor(row_factory=tuple_row) as cursor:
        known = cursor.execute("SELECT code FROM system_accounts WHERE asset_id = %s", (asset_id,)).fetchall()
        missing = [code for code in codes if (int(code),) not in known]
        opened = journal.open_accounts(
            connection, [journal.NewAccount(asset_id, code) for code in missing], system=True
        )
        for code, account_id in zip(missing, opened, strict=True):
            cursor.execute(
                "INSERT INTO system_accounts (asset_id, code, account_id) VALUES (%s, %s, %s)",
                (asset_id, int(code), account_id),
            )


def _database(connection: psycopg.Connection[Any]) -> tuple[str, int, str]:
    info = connection.info
    return info.host, info.port, info.dbname


def asset_id(connection: psycopg.Connection[Any], asset_code: str) -> int:
    """The id of an asset of these books; kept by the process. LookupError when it is not open."""
    key = (*_database(connection), asset_code)
    found = _asset_ids.get(key)
    if found is None:
        with connection.cursor(row_factory=tuple_row) as cursor:
            row = cursor.execute("SELECT id FROM assets WHERE code = %s", (asset_code,)).fetchone()
        if row is None:
            raise LookupError(f"the books have no asset {asset_code}")
        found = _asset_ids[key] = int(row[0])
    return found


def system_account(connection: psycopg.Connection[Any], asset_code: str, code: AccountCode) -> int:
    """The ledger account that a chart code means for an asset; kept by the process. LookupError when
    not open.
    """
    key = (*_database(connection), asset_code, int(code))
    found = _account_ids.get(key)
    if found is None:
        with connection.cursor(row_factory=tuple_row) as cursor:
            row = cursor.execute(
                "SELECT s.account_id FROM system_accounts s JOIN assets a ON a.id = s.asset_id"
                " WHERE a.code = %s AND s.code = %s",
                (asset_code, int(code)),
            ).fetchone()
        if row is None:
            raise LookupError(f"the books have no account {code.name} of {asset_code}")
        found = _account_ids[key] = int(row[0])
    return found
