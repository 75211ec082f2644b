"""Instructions that await a review: settled or rejected, all legs in one transaction or none."""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg

from ledger import journal
from ledger.posting import Posting
from market.core import books, clock
from market.core.chart import CNY, HEADROOM, AccountCode, water_asset
from market.core.errors import NotFound
from market.registry import excess, shareouts
from market.settlement import clearing
from market.settlement.errors import InstructionResolved

_LOAD_SQL = """
SELECT i.id, i.seller_account, i.buyer_account, i.buyer_money_account, i.source_litres, i.delivered_litres,
       i.amount_fen, i.payees, i.charges, i.frees, i.holds, i.status, w.source, w.water_year,
       i.seller_water_account_id
FROM instructions i JOIN water_accounts w ON w.id = i.seller_water_account_id
WHERE i.id = %s
"""
_LOCKED_SQL = f"{_LOAD_SQL} FOR NO KEY UPDATE OF i"


def settled(
    connection: psycopg.Connection[Any], *, instruction_id: int, lock: bool = True
) -> tuple[clearing.Obligation, clearing.Books, int]:
    """A settled obligation, its system accounts, the seller's water account; not locked where it is only looked at.

    Errors: NotFound, InstructionResolved.
    """
    due, _, system, seller = _load(connection, instruction_id, "settled", lock=lock)
    return due, system, seller


def _load(
    connection: psycopg.Connection[Any],
    instruction_id: int,
    status: str = "awaiting_review",
    *,
    lock: bool = True,
) -> tuple[clearing.Obligation, clearing.Holds, clearing.Books, int]:
    row = connection.execute(_LOCKED_SQL if lock else _LOAD_SQL, (instruction_id,)).fetchone()
    if row is None:
        raise NotFound("there is no such instruction")
    if row[11] != status:
        raise InstructionResolved(f"the instruction is {row[11]}", available=row[11])
    decode = msgspec.json.decode
    due = clearing.Obligation(
        row[0], row[1], row[2], row[3], row[4], row[5], row[6],
        [clearing.Payee(*payee) for payee in decode(row[7])],
        [tuple(charge) for charge in decode(row[8])],
        [tuple(free) for free in decode(row[9])],
    )  # fmt: skip
    ((water, money, charges),) = decode(row[10]) or ((0, 0, ()),)
    asset = water_asset(row[12], row[13])
    system = clearing.Books(
        books.system_account(connection, asset, AccountCode.WATER_CLEARING),
        books.system_account(connection, asset, AccountCode.WATER_LOSS),
        books.system_account(connection, CNY, AccountCode.MONEY_CLEARING),
        books.system_account(connection, CNY, AccountCode.TRADING_FEES),
        books.system_account(connection, HEADROOM, AccountCode.LIMIT_USE),
    )
    return due, clearing.Holds(water, money, charges), system, row[14]


def settle(connection: psycopg.Connection[Any], *, instruction_id: int) -> bool:
    """Delivers water against money; returns whether limits were freed (the engine then looks at its book again).

    Errors: NotFound, InstructionResolved.
    """
    due, holds, system, _ = _load(connection, instruction_id)
    posting = Posting()
    clearing.settle(
        posting, due, system, water_hold=holds.water, money_hold=holds.money, charge_holds=holds.charges
    )
    _write(connection, posting, [limit for limit, _ in due.frees])
    _resolve(connection, instruction_id, "settled")
    return bool(due.frees)


def reject(connection: psycopg.Connection[Any], *, instruction_id: int) -> bool:
    """Gives water, money and headroom back exactly; returns whether limits were freed. Errors: as `settle`."""
    due, holds, system, seller = _load(connection, instruction_id)
    posting = Posting()
    clearing.release(posting, due, system, holds)
    ids = _write(connection, posting, [limit for limit, _ in due.charges])
    shareouts.give_back(
        connection,
        water_account_id=seller,
        instruction_id=due.id,
        litres=due.source_litres,
        hold_id=holds.water,
        mark=ids[0],
    )
    _resolve(connection, instruction_id, "rejected")
    return bool(due.charges)


def _write(connection: psycopg.Connection[Any], posting: Posting, freed: list[int]) -> list[int]:
    # The holds guarantee every debit, and the instruction's row, locked above, that they are still whole.
    journal.lock(connection, posting.deltas.keys() | excess.beside(connection, freed))
    ids = journal.write(connection, posting, moment=clock.now())
    excess.absorb(connection, freed)
    return ids


def _resolve(connection: psycopg.Connection[Any], instruction_id: int, status: str) -> None:
    connection.execute(
        "UPDATE instructions SET status = %s, resolved_at = %s, version = version + 1 WHERE id = %s",
        (status, clock.now(), instruction_id),
    )
