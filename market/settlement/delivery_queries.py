"""Deliveries as buyers, sellers, gate keepers and the bureau see them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from market.core.errors import NotFound
from market.settlement.delivery_models import Delivery, DeliveryLine, DeliveryReceipt, DeliveryRefund


@dataclass(frozen=True, slots=True)
class Whole:
    """A delivery with its profile, what was confirmed, and its refunds."""

    delivery: Delivery
    lines: list[DeliveryLine]
    receipts: list[DeliveryReceipt]
    refunds: list[DeliveryRefund]


def listed(
    session: Session,
    *,
    party: int | None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Deliveries by id: those that a participant buys, sells or keeps the gate for, or all."""
    statement = select(Delivery).where(Delivery.id > (after or 0))
    if party is not None:
        statement = statement.where(
            or_(Delivery.buyer_id == party, Delivery.seller_id == party, Delivery.keeper_id == party)
        )
    if status is not None:
        statement = statement.where(Delivery.status == status)
    return list(session.scalars(statement.order_by(Delivery.id).limit(limit)))


def whole(session: Session, *, delivery_id: int) -> Whole:
    """One delivery. Errors: NotFound."""
    found = session.get(Delivery, delivery_id)
    if found is None:
        raise NotFound("there is no such delivery")
    of = DeliveryLine.delivery_id == delivery_id
    return Whole(
        found,
        list(session.scalars(select(DeliveryLine).where(of).order_by(DeliveryLine.from_day))),
        list(
            session.scalars(
                select(DeliveryReceipt)
                .where(DeliveryReceipt.delivery_id == delivery_id)
                .order_by(DeliveryReceipt.id)
            )
        ),
        list(
            session.scalars(
                select(DeliveryRefund)
                .where(DeliveryRefund.delivery_id == delivery_id)
                .order_by(DeliveryRefund.id)
            )
        ),
    )
