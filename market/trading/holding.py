"""What mechanisms hold for deals that wait to be struck: water of sellers, money of buyers; held, reduced, freed.

A deal that is struck holds nothing: who strikes it frees in the same transaction what was held for it, and the engine
takes it afresh. Only the party itself, by an order sent in between, could be quicker; the deal then is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_fen, format_litres
from market.core import books
from market.core.chart import CNY, AccountCode, TransferCode, water_asset
from market.core.db import raw
from market.registry import reference
from market.trading.deal_models import DealHold
from market.trading.errors import InsufficientMoney, InsufficientWater

HOLD_RULE = "service rule of the exchange: what is promised is held until it is delivered or comes to nothing"
Key = tuple[str, int]
"""Kind and reference of a hold."""


class Wanted(NamedTuple):
    """What to hold, for which row, on which ledger account: litres where `water` names (source, year), else fen."""

    key: Key
    account_id: int
    amount: int
    water: tuple[str, int] | None = None


def hold(session: Session, wanted: Sequence[Wanted]) -> None:
    """Holds all of it or nothing. Errors: InsufficientWater, InsufficientMoney."""
    if not wanted:
        return
    connection = raw(session)
    clearing = {each.water: _clearing(session, each.water) for each in wanted}
    journal.lock(connection, {*(each.account_id for each in wanted), *clearing.values()})
    left = reference.available(connection, [each.account_id for each in wanted])
    batch = journal.Batch()
    handles = []
    for each in wanted:
        if each.amount > left[each.account_id]:
            _refuse(each, left[each.account_id])
        left[each.account_id] -= each.amount
        handles.append(
            batch.hold(
                debit=each.account_id, credit=clearing[each.water], amount=each.amount, code=TransferCode.DEAL_HOLD,
                reference=each.key[1],
            )
        )  # fmt: skip
    batch.execute(connection)
    session.add_all(
        DealHold(
            hold_id=batch.id_of(handle), kind=each.key[0], reference=each.key[1], account_id=each.account_id,
            amount=each.amount,
        )
        for handle, each in zip(handles, wanted, strict=True)
    )  # fmt: skip
    session.flush()  # what is read of the holds next must show them


def available(session: Session, accounts: Sequence[int]) -> dict[int, int]:
    """What is free on these ledger accounts, which are locked until the commit."""
    connection = raw(session)
    journal.lock(connection, accounts)
    return reference.available(connection, accounts)


def reduce(session: Session, wanted: Mapping[Key, int]) -> None:
    """Frees of each hold what is above the amount that is still needed; 0 frees all. Unknown keys hold nothing."""
    found = session.scalars(
        select(DealHold)
        .where(tuple_(DealHold.kind, DealHold.reference).in_(list(wanted)), DealHold.amount > 0)
        .order_by(DealHold.hold_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    batch = journal.Batch()
    for each in found:
        needed = wanted[each.kind, each.reference]
        if each.amount > needed:
            batch.void(
                each.hold_id, each.amount - needed, code=TransferCode.DEAL_HOLD, reference=each.reference
            )
            each.amount = needed
    if len(batch):
        batch.execute(raw(session))


def give(session: Session, key: Key) -> int:
    """Lets go of a hold whole, for whoever posts it in this transaction; returns its pending transfer."""
    kind, reference_id = key
    found = session.scalars(
        select(DealHold)
        .where(DealHold.kind == kind, DealHold.reference == reference_id, DealHold.amount > 0)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    found.amount = 0
    return found.hold_id


def free(session: Session, keys: Sequence[Key]) -> None:
    """Frees everything that these hold."""
    if keys:
        reduce(session, dict.fromkeys(keys, 0))


def _clearing(session: Session, water: tuple[str, int] | None) -> int:
    connection = raw(session)
    if water is None:
        return books.system_account(connection, CNY, AccountCode.MONEY_CLEARING)
    return books.system_account(connection, water_asset(*water), AccountCode.WATER_CLEARING)


def _refuse(wanted: Wanted, available: int) -> None:
    if wanted.water is None:
        raise InsufficientMoney(
            "the money account does not cover it",
            limit=format_fen(wanted.amount),
            available=format_fen(available),
            legal_source=HOLD_RULE,
        )
    raise InsufficientWater(
        "the water account does not hold that much free water",
        pointer="/volume",
        limit=format_litres(wanted.amount),
        available=format_litres(available),
        legal_source=HOLD_RULE,
    )
