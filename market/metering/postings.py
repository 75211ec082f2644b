"""What use does to water accounts: litres out of the balance, the rest a debt in water, and the fee of it all.

Use cases lock the accounts, let uses and reversals change them one by one in memory, write the rows that
caused these, and post everything in one batch of the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row

from ledger import journal
from ledger.arrays import Bigints
from market.core import books
from market.core.chart import (
    CNY,
    CREDITS_MUST_NOT_EXCEED_DEBITS,
    AccountCode,
    TransferCode,
    water_asset,
)
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.metering import usage
from market.metering.errors import NoTariff, WaterYearClosed


class Codes(NamedTuple):
    """Which transfer codes a kind of use is posted with."""

    use: TransferCode
    over_use: TransferCode
    fee: TransferCode
    use_reversed: TransferCode
    over_use_reversed: TransferCode
    fee_reversed: TransferCode


READING = Codes(
    TransferCode.USE,
    TransferCode.OVER_USE,
    TransferCode.WATER_FEE,
    TransferCode.USE_REVERSED,
    TransferCode.OVER_USE_REVERSED,
    TransferCode.FEE_REVERSED,
)
TURN = Codes(
    TransferCode.TURN_USE,
    TransferCode.TURN_USE,
    TransferCode.TURN_FEE,
    TransferCode.TURN_REVERSED,
    TransferCode.TURN_REVERSED,
    TransferCode.TURN_FEE_REVERSED,
)


class Amounts(NamedTuple):
    """What a use came to: litres, 1/10 000 yuan per m3, fen."""

    use_litres: int
    posted_litres: int
    over_use_litres: int
    price_e4: int
    fee_fen: int


@dataclass(slots=True)
class Entry:
    """A use, or the reversal of one, to be posted; `reference` is the id of the row that caused it."""

    account: Account
    amounts: Amounts
    reversal: bool = False
    returned_litres: int = 0  # of a reversed over-use, what had been paid from the balance meanwhile
    reference: int = 0


@dataclass(slots=True)
class Account:
    """A locked water account, as the entries so far leave it."""

    id: int
    participant_id: int
    ledger_id: int
    debt_id: int | None
    fee_id: int | None
    source: str
    water_year: int
    year_status: str
    sector: str
    zones: tuple[str, str]
    available_litres: int = 0
    debt_litres: int = 0
    value_tick_litres: int = 0
    charged_fen: int = 0

    @property
    def asset(self) -> str:
        """The litres that it holds."""
        return water_asset(self.source, self.water_year)


# Before the accounts, as the closing of a year does: no use is posted to a year that is being closed, nor after.
_YEARS_SQL = """
SELECT FROM water_years WHERE year IN (SELECT water_year FROM water_accounts WHERE id = ANY(%s))
 ORDER BY year FOR SHARE
"""
_ACCOUNTS_SQL = """
SELECT w.id, w.participant_id, w.account_id, w.debt_account_id, w.fee_account_id, w.source, w.water_year, y.status,
       w.sector, t.code, c.code
  FROM water_accounts w
  JOIN water_years y ON y.year = w.water_year
  JOIN zones t ON t.id = w.township_zone_id
  JOIN zones c ON c.id = w.canal_zone_id
 WHERE w.id = ANY(%s) ORDER BY w.id FOR NO KEY UPDATE OF w
"""

# All use of an account that counts: of readings, and of signed turn sheets.
_CHARGED_SQL = """
SELECT u.water_account_id, sum(u.use_litres::numeric * u.price_e4), sum(u.fee_fen)
  FROM (SELECT r.water_account_id, r.use_litres, r.price_e4, r.fee_fen
          FROM readings r JOIN meter_intervals i ON i.reading_id = r.id
         WHERE r.water_account_id = ANY(%(ids)s)
        UNION ALL
        SELECT t.water_account_id, t.use_litres, t.price_e4, t.fee_fen
          FROM turn_uses t JOIN turn_sheets s ON s.id = t.turn_sheet_id AND s.status = 'signed'
         WHERE t.water_account_id = ANY(%(ids)s)) u
 GROUP BY 1
"""


@dataclass(slots=True)
class Accounts:
    """The water accounts that a use case changes, locked; `by_id` is in order of their ids."""

    connection: psycopg.Connection[Any]
    by_id: dict[int, Account]
    entries: list[Entry] = field(default_factory=list)
    _prices: dict[int, int] = field(default_factory=dict)

    def one(self, water_account_id: int) -> Account:
        """Errors: NotFound."""
        found = self.by_id.get(water_account_id)
        if found is None:
            raise NotFound("there is no such water account")
        return found

    def price_of(self, account: Account) -> int:
        """The water price (1/10 000 yuan per m3) of today at the account's place. Errors: NoTariff."""
        if account.id not in self._prices:
            tariff = pack_in_force(self.connection).tariff(
                account.sector, *account.zones, water=account.source
            )
            if tariff is None:
                places = " and ".join(sorted(account.zones))
                raise NoTariff(f"the county's rules have no water price for {account.sector} at {places}")
            self._prices[account.id] = tariff.price_e4
        return self._prices[account.id]

    def use(self, account: Account, litres: int, price_e4: int) -> Entry:
        """Takes a use out of the account: what it has is posted, the rest becomes a debt; and its fee."""
        posted, over = usage.split(litres, account.available_litres)
        fee = usage.fee(account.value_tick_litres, account.charged_fen, litres, price_e4)
        account.available_litres -= posted
        account.debt_litres += over
        account.value_tick_litres += litres * price_e4
        account.charged_fen += fee
        entry = Entry(account, Amounts(litres, posted, over, price_e4, fee))
        self.entries.append(entry)
        return entry

    def reverse(self, account: Account, amounts: Amounts, reference: int) -> Entry:
        """Takes a use back. Over-use whose debt was paid meanwhile goes back to the balance."""
        returned = max(0, amounts.over_use_litres - account.debt_litres)
        account.available_litres += amounts.posted_litres + returned
        account.debt_litres -= amounts.over_use_litres - returned
        account.value_tick_litres -= amounts.use_litres * amounts.price_e4
        account.charged_fen -= amounts.fee_fen
        entry = Entry(account, amounts, reversal=True, returned_litres=returned, reference=reference)
        self.entries.append(entry)
        return entry

    def post(self, codes: Codes) -> None:
        """Writes every entry to the ledger, in order, all or none; each has its reference by now."""
        self._open_missing()
        batch = journal.Batch()
        fees = books.system_account(self.connection, CNY, AccountCode.WATER_FEES)
        for entry in self.entries:
            use = books.system_account(self.connection, entry.account.asset, AccountCode.WATER_USE)
            (_reversed if entry.reversal else _used)(batch, codes, entry, use, fees)
        batch.execute(self.connection)
        self.entries.clear()

    def _open_missing(self) -> None:
        indebted = {e.account.id: e.account for e in self.entries if e.amounts.over_use_litres}
        charged = {e.account.id: e.account for e in self.entries if e.amounts.fee_fen}
        no_debt = [each for each in indebted.values() if each.debt_id is None]
        no_fee = [each for each in charged.values() if each.fee_id is None]
        wanted = [
            journal.NewAccount(
                books.asset_id(self.connection, each.asset),
                AccountCode.OVER_USE_DEBT,
                CREDITS_MUST_NOT_EXCEED_DEBITS,
            )
            for each in no_debt
        ]
        money = books.asset_id(self.connection, CNY) if no_fee else 0
        wanted += [journal.NewAccount(money, AccountCode.FEE_DUE) for _ in no_fee]
        opened = journal.open_accounts(self.connection, wanted)
        for account, ledger_id in zip(no_debt, opened[: len(no_debt)], strict=True):
            account.debt_id = ledger_id
        for account, ledger_id in zip(no_fee, opened[len(no_debt) :], strict=True):
            account.fee_id = ledger_id
        if opened:
            changed = {each.id: each for each in (*no_debt, *no_fee)}.values()
            self.connection.execute(
                "UPDATE water_accounts w SET debt_account_id = nullif(n.debt, 0), fee_account_id = nullif(n.fee, 0)"
                " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS n (id, debt, fee) WHERE w.id = n.id",
                (
                    Bigints(each.id for each in changed),
                    Bigints(each.debt_id or 0 for each in changed),
                    Bigints(each.fee_id or 0 for each in changed),
                ),
            )


def locked(connection: psycopg.Connection[Any], ids: Iterable[int], *, even_closed: bool = False) -> Accounts:
    """Locks water accounts and the ledger accounts behind them until the transaction ends.

    The row of a water account orders all its use: the fee is cumulative over it. Errors: NotFound,
    WaterYearClosed (not with `even_closed`, for a caller that says it row by row).
    """
    wanted = sorted(set(ids))
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_YEARS_SQL, (Bigints(wanted),))
        found = {row[0]: _account(row) for row in cursor.execute(_ACCOUNTS_SQL, (Bigints(wanted),))}
        if len(found) < len(wanted):
            raise NotFound("there is no such water account")
        charged = cursor.execute(_CHARGED_SQL, {"ids": Bigints(wanted)}).fetchall()
    for account in found.values():
        if account.year_status == "closed" and not even_closed:
            raise WaterYearClosed(f"the water year {account.water_year} is closed")
    for water_account_id, value, fen in charged:
        found[water_account_id].value_tick_litres = int(value)  # the value of a year can pass 64 bits
        found[water_account_id].charged_fen = int(fen)
    _balances(connection, found)
    return Accounts(connection, found)


def _account(row: tuple[Any, ...]) -> Account:
    ids, (source, year, status, sector), zones = row[:5], row[5:9], (row[9], row[10])
    return Account(ids[0], ids[1], ids[2], ids[3], ids[4], source, year, status, sector, zones)


def _balances(connection: psycopg.Connection[Any], found: dict[int, Account]) -> None:
    ids = {each.ledger_id for each in found.values()}
    for account in found.values():
        ids |= {each for each in (account.debt_id, account.fee_id) if each is not None}
        ids.add(books.system_account(connection, account.asset, AccountCode.WATER_USE))
    ids.add(books.system_account(connection, CNY, AccountCode.WATER_FEES))
    rows = journal.lock(connection, ids)
    for account in found.values():
        _, _, debits_pending, debits_posted, _, credits_posted = rows[account.ledger_id]
        account.available_litres = credits_posted - debits_posted - debits_pending
        if account.debt_id is not None:
            account.debt_litres = rows[account.debt_id][3] - rows[account.debt_id][5]


def _move(
    batch: journal.Batch, debit: int | None, credit: int | None, amount: int, code: int, of: int
) -> None:
    if amount:
        assert debit is not None and credit is not None
        batch.transfer(debit=debit, credit=credit, amount=amount, code=code, reference=of)


def _used(batch: journal.Batch, codes: Codes, entry: Entry, use: int, fees: int) -> None:
    account, amounts, of = entry.account, entry.amounts, entry.reference
    _move(batch, account.ledger_id, use, amounts.posted_litres, codes.use, of)
    _move(batch, account.debt_id, use, amounts.over_use_litres, codes.over_use, of)
    _move(batch, account.fee_id, fees, max(0, amounts.fee_fen), codes.fee, of)
    _move(batch, fees, account.fee_id, max(0, -amounts.fee_fen), codes.fee, of)


def _reversed(batch: journal.Batch, codes: Codes, entry: Entry, use: int, fees: int) -> None:
    account, amounts, of = entry.account, entry.amounts, entry.reference
    _move(
        batch,
        account.debt_id,
        account.ledger_id,
        entry.returned_litres,
        TransferCode.DEBT_RETURNED,
        account.id,
    )
    _move(batch, use, account.debt_id, amounts.over_use_litres, codes.over_use_reversed, of)
    _move(batch, use, account.ledger_id, amounts.posted_litres, codes.use_reversed, of)
    _move(batch, fees, account.fee_id, max(0, amounts.fee_fen), codes.fee_reversed, of)
    _move(batch, account.fee_id, fees, max(0, -amounts.fee_fen), codes.fee_reversed, of)
