"""A held call is settled, or rejected: all of it in one transaction.

Water goes from every seller through the clearing account to every buyer, and what the ways lose to the loss account;
money from every buyer to the sellers, their fees, and what is left over to the public fund (AUCTION section 3).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from ledger import journal
from market.core import audit, books, clock, inbox
from market.core.chart import CNY, HEADROOM, AccountCode, TransferCode, water_asset
from market.core.db import raw
from market.registry import excess
from market.settlement import deliveries
from market.settlement.delivery_models import Delivery
from market.trading import call_borders
from market.trading.call_models import Call
from market.trading.calls import locked, tell
from market.trading.errors import CallNeedsReview, CallReasonMissing
from market.trading.models import Product


class _Fill(NamedTuple):
    side: str
    litres: int
    hold: int
    payees: str
    fee_fen: int
    water: int


class _System(NamedTuple):
    water: int
    loss: int
    money: int
    fees: int
    fund: int
    use: int


_FILLS_SQL = """
SELECT f.side, f.litres, f.hold_id, f.payees, f.fee_fen, w.account_id
  FROM call_fills f JOIN water_accounts w ON w.id = f.water_account_id WHERE f.call_id = %s ORDER BY f.order_id
"""
_LIMITS_SQL = """
SELECT account_id, litres, hold_id FROM call_limits WHERE call_id = %s AND litres <> 0 ORDER BY account_id
"""
_UNDELIVERED_SQL = """
SELECT DISTINCT f.call_id, f.water_account_id
  FROM calls c JOIN call_fills f ON f.call_id = c.id AND f.side = 'buy'
  JOIN water_accounts w ON w.id = f.water_account_id
  JOIN water_years y ON y.year = w.water_year AND y.ends_on >= %s
 WHERE c.status = 'settled' AND NOT EXISTS (
       SELECT FROM deliveries d WHERE d.call_id = f.call_id AND d.water_account_id = f.water_account_id)
 ORDER BY 1, 2
"""
_BOUGHT_SQL = """
SELECT sum(litres)::bigint FROM call_fills WHERE call_id = %s AND water_account_id = %s AND side = 'buy'
"""


def due(session: Session) -> list[int]:
    """The held calls that nobody has to review, oldest first."""
    rows = raw(session).execute(
        "SELECT id FROM calls WHERE status = 'held' AND review_rule IS NULL ORDER BY id"
    )
    return [row[0] for row in rows.fetchall()]


def undelivered(session: Session) -> list[tuple[int, int]]:
    """What settled calls of running years gave a water account, and nobody has ordered to flow: (call, account)."""
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(_UNDELIVERED_SQL, (clock.today(),)).fetchall()


def order_delivery(session: Session, *, actor: audit.Actor, call_id: int, water_account_id: int) -> Delivery:
    """Orders the delivery of what a water account bought in a settled call. Errors: as `deliveries.order_of_call`."""
    row = raw(session).execute(_BOUGHT_SQL, (call_id, water_account_id)).fetchone()
    assert row is not None
    return deliveries.order_of_call(
        session, actor=actor, call_id=call_id, water_account_id=water_account_id, litres=row[0]
    )


def settle(
    session: Session, *, actor: audit.Actor, call_id: int, reason: str = "", reviewed: bool = False
) -> Call:
    """Settles a held call, whole. `reviewed`: by whom the county's rules ask, with reasons.

    Errors: NotFound, CallState, CallNeedsReview, CallReasonMissing.
    """
    call = locked(session, call_id, "held")
    if call.review_rule is not None and not reviewed:
        raise CallNeedsReview(f"the rule {call.review_rule} puts it before a reviewer", rule=call.review_rule)
    if reviewed and not reason.strip():
        raise CallReasonMissing(pointer="/reason")
    call_borders.lock(session, call)
    with clock.standing():  # the transfers, the call and the audit entry bear one instant
        _settle(session, actor, call, reason)
    return call


def _settle(session: Session, actor: audit.Actor, call: Call, reason: str) -> None:
    connection = raw(session)
    fills, limits = _load(connection, call.id)
    system = _system(session, connection, call)
    batch = journal.Batch()
    for fill in fills:  # first everything into the clearing accounts ...
        if fill.hold:
            code = TransferCode.CALL_WATER if fill.side == "sell" else TransferCode.CALL_MONEY
            batch.post(fill.hold, code=code, reference=call.id)
    for fill in fills:  # ... then everything out of them
        _pay_out(batch, call, fill, system)
    lost, left_over = call.sold_litres - call.bought_litres, call.paid_fen - call.received_fen
    for debit, credit, amount, code in (
        (system.water, system.loss, lost, TransferCode.CALL_LOSS),
        (system.money, system.fund, left_over, TransferCode.CALL_FUND),
    ):
        if amount:
            batch.transfer(debit=debit, credit=credit, amount=amount, code=code, reference=call.id)
    freed = []
    for account, litres, hold in limits:
        if litres > 0:
            batch.post(hold, code=TransferCode.CALL_LIMIT, reference=call.id)
        else:
            freed.append(account)
            batch.transfer(
                debit=system.use,
                credit=account,
                amount=-litres,
                code=TransferCode.CALL_LIMIT,
                reference=call.id,
            )
    excess.execute(connection, batch, freed)
    call_borders.settle(connection, call)
    _resolve(connection, actor, call, "settled", reason, rematch=bool(freed))


def reject(session: Session, *, actor: audit.Actor, call_id: int, reason: str) -> Call:
    """Gives everything back that a held call holds; its orders are not revived.

    Errors: NotFound, CallState, CallReasonMissing.
    """
    call = locked(session, call_id, "held")
    if not reason.strip():
        raise CallReasonMissing(pointer="/reason")
    with clock.standing():
        _reject(raw(session), actor, call, reason)
    return call


def _reject(connection: psycopg.Connection[Any], actor: audit.Actor, call: Call, reason: str) -> None:
    fills, limits = _load(connection, call.id)
    batch = journal.Batch()
    for hold in [fill.hold for fill in fills] + [hold for _, _, hold in limits]:
        if hold:
            batch.void(hold, code=TransferCode.CALL_HOLD, reference=call.id)
    excess.execute(connection, batch, [account for account, litres, _ in limits if litres > 0])
    _resolve(connection, actor, call, "rejected", reason, rematch=True)


def _pay_out(batch: journal.Batch, call: Call, fill: _Fill, system: _System) -> None:
    if fill.side == "buy":
        batch.transfer(
            debit=system.water,
            credit=fill.water,
            amount=fill.litres,
            code=TransferCode.CALL_WATER,
            reference=call.id,
        )
        return
    for account, fen, _role in msgspec.json.decode(fill.payees):
        batch.transfer(
            debit=system.money, credit=account, amount=fen, code=TransferCode.CALL_MONEY, reference=call.id
        )
    if fill.fee_fen:
        batch.transfer(
            debit=system.money, credit=system.fees, amount=fill.fee_fen, code=TransferCode.CALL_FEE,
            reference=call.id,
        )  # fmt: skip


def _load(
    connection: psycopg.Connection[Any], call_id: int
) -> tuple[list[_Fill], list[tuple[int, int, int]]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        fills = [_Fill(*row) for row in cursor.execute(_FILLS_SQL, (call_id,)).fetchall()]
        return fills, cursor.execute(_LIMITS_SQL, (call_id,)).fetchall()


def _system(session: Session, connection: psycopg.Connection[Any], call: Call) -> _System:
    product = session.get_one(Product, call.product_id)
    water = water_asset(product.source, product.water_year)
    return _System(
        books.system_account(connection, water, AccountCode.WATER_CLEARING),
        books.system_account(connection, water, AccountCode.WATER_LOSS),
        books.system_account(connection, CNY, AccountCode.MONEY_CLEARING),
        books.system_account(connection, CNY, AccountCode.TRADING_FEES),
        books.system_account(connection, CNY, AccountCode.PUBLIC_FUND),
        books.system_account(connection, HEADROOM, AccountCode.LIMIT_USE),
    )


def _resolve(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    call: Call,
    status: str,
    reason: str,
    *,
    rematch: bool,
) -> None:
    call.status, call.resolved_at, call.decided_by = status, clock.now(), actor.user_id
    call.version += 1
    if rematch:
        inbox.put(connection, kind="rematch", actor=actor)
    tell(connection, actor, call, status, {"reason": reason, "record_sha256": call.record_sha256})
