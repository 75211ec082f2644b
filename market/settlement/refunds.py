"""A short delivery refunded: water, money and headroom go back exactly as they came, on four eyes."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import journal
from ledger.errors import InsufficientBalance
from market.core import audit, clock, inbox
from market.core.chart import TransferCode
from market.core.db import raw
from market.registry import excess, shareouts
from market.settlement import deliveries, instructions
from market.settlement.clearing import Books, Obligation
from market.settlement.delivery_models import DeliveryRefund
from market.settlement.errors import CannotReturn, DeliveryState, FourEyes
from market.settlement.schedule import Restitution, restitution


def propose(session: Session, *, actor: audit.Actor, delivery_id: int, reason: str) -> DeliveryRefund:
    """Proposes to refund what a short delivery lacks. Errors: NotFound, DeliveryState."""
    delivery = deliveries.locked(session, delivery_id, "short")
    if delivery.instruction_id is None:
        raise DeliveryState("what a call delivers short is made good: its price is owed by no one seller")
    due, _, _ = instructions.settled(raw(session), instruction_id=delivery.instruction_id)
    back = restitution(due, delivery.litres - delivery.confirmed_litres)
    refund = DeliveryRefund(
        delivery_id=delivery.id,
        missing_litres=back.missing_litres,
        source_litres=back.source_litres,
        fen=back.fen,
        reason=reason,
        proposed_by=actor.user_id,
        proposed_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(refund)
    except IntegrityError as error:
        if "uq_delivery_refunds_open" in str(error.orig):
            raise DeliveryState("a refund of this delivery was proposed before") from error
        raise
    detail = {"litres": back.missing_litres, "fen": back.fen, "reason": reason}
    deliveries.tell(session, actor, "refund_proposed", delivery.id, detail)
    return refund


def decline(session: Session, *, actor: audit.Actor, delivery_id: int) -> DeliveryRefund:
    """Another user of the bureau declines a refund. Errors: NotFound, DeliveryState, FourEyes."""
    deliveries.locked(session, delivery_id, "short")
    refund = _decided(session, actor, delivery_id, "declined")
    deliveries.tell(session, actor, "refund_declined", delivery_id, {})
    return refund


def approve(session: Session, *, actor: audit.Actor, delivery_id: int) -> DeliveryRefund:
    """Another user approves: the buyer gives the missing litres back, every payee its part of their price.

    Errors: NotFound, DeliveryState, FourEyes, CannotReturn.
    """
    delivery = deliveries.locked(session, delivery_id, "short")
    refund = _decided(session, actor, delivery_id, "approved")
    delivery.status = "refunded"
    delivery.version += 1
    connection = raw(session)
    assert delivery.instruction_id is not None  # only of such a refund is proposed
    due, books, seller = instructions.settled(connection, instruction_id=delivery.instruction_id)
    back = restitution(due, refund.missing_litres)
    batch, arrival = _batch(
        due.id, due.seller_account, due.buyer_account, due.buyer_money_account, back, books
    )
    try:
        ids = excess.execute(connection, batch, (limit for limit, _ in back.charges))
    except InsufficientBalance as error:
        raise CannotReturn(
            "the buyer's water, a payee's money or a limit does not cover what would go back",
            limit=str(error.needed),
            available=str(error.available),
        ) from error
    shareouts.give_back(
        connection,
        water_account_id=seller,
        instruction_id=due.id,
        litres=back.source_litres,
        hold_id=taken_by(connection, due),
        mark=ids[arrival],
        arrived=True,
    )
    inbox.put(connection, kind="rematch", actor=actor)
    detail = {"litres": back.missing_litres, "source_litres": back.source_litres, "fen": back.fen}
    deliveries.tell(session, actor, "refunded", delivery_id, detail)
    return refund


def taken_by(connection: psycopg.Connection[Any], due: Obligation) -> int:
    """The first transfer that took the water of a settled obligation from its seller."""
    first = connection.execute(_FIRST_SQL, (due.seller_account, due.id)).fetchone()
    assert first is not None
    return int(first[0])


_FIRST_SQL = (
    "SELECT min(id) FROM transfers WHERE debit_account_id = %s AND reference = %s AND code IN (11, 12)"
)


def _batch(
    instruction_id: int, seller: int, buyer: int, buyer_money: int, back: Restitution, books: Books
) -> tuple[journal.Batch, int]:
    """The transfers, and the place of the one by which the water reaches the seller."""
    batch = journal.Batch()

    def move(debit: int, credit: int, amount: int, code: TransferCode) -> None:
        if amount:
            batch.transfer(debit=debit, credit=credit, amount=amount, code=code, reference=instruction_id)

    water = books.water_clearing
    move(buyer, water, back.missing_litres, TransferCode.RETURN_WATER)
    move(books.water_loss, water, back.source_litres - back.missing_litres, TransferCode.RETURN_WATER)
    move(water, seller, back.source_litres, TransferCode.RETURN_WATER)
    arrival = len(batch) - 1
    for account, fen in back.payees:
        move(account, books.money_clearing, fen, TransferCode.RETURN_MONEY)
    move(books.money_clearing, buyer_money, back.fen, TransferCode.RETURN_MONEY)
    for limit, litres in back.charges:
        move(books.limit_use, limit, litres, TransferCode.RETURN_LIMIT)
    for limit, litres in back.frees:
        move(limit, books.limit_use, litres, TransferCode.RETURN_LIMIT)
    return batch, arrival


def _decided(session: Session, actor: audit.Actor, delivery_id: int, status: str) -> DeliveryRefund:
    refund = session.scalars(
        select(DeliveryRefund)
        .where(DeliveryRefund.delivery_id == delivery_id, DeliveryRefund.status == "proposed")
        .with_for_update()
    ).one_or_none()
    if refund is None:
        raise DeliveryState("no refund is proposed")
    if refund.proposed_by == actor.user_id:
        raise FourEyes
    refund.status, refund.decided_by, refund.decided_at = status, actor.user_id, clock.now()
    return refund
