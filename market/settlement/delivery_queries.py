"""Deliveries as buyers, sellers, gate keepers and the bureau see them."""

from __future__ import annotations

from collections.abc import Sequence
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
    instruction_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Deliveries by id: those that a participant buys, sells or keeps the gate for, or all; of one instruction."""
    statement = select(Delivery).where(Delivery.id > (after or 0))
    if party is not None:
        statement = statement.where(
            or_(Delivery.buyer_id == party, Delivery.seller_id == party, Delivery.keeper_id == party)
        )
    if status is not None:
        statement = statement.where(Delivery.status == status)
    if instruction_id is not None:
        statement = statement.where(Delivery.instruction_id == instruction_id)
    return list(session.scalars(statement.order_by(Delivery.id).limit(limit)))


def whole(session: Session, *, delivery_id: int) -> Whole:
    """One delivery. Errors: NotFound."""
    found = session.get(Delivery, delivery_id)
    if found is None:
        raise NotFound("there is no such delivery")
    return wholes(session, [found])[0]


def wholes(session: Session, found: Sequence[Delivery]) -> list[Whole]:
    """These deliveries, each whole, in their order."""
    whole_of = {each.id: Whole(each, [], [], []) for each in found}
    lines = select(DeliveryLine).where(DeliveryLine.delivery_id.in_(whole_of))
    for line in session.scalars(lines.order_by(DeliveryLine.from_day)):
        whole_of[line.delivery_id].lines.append(line)
    receipts = select(DeliveryReceipt).where(DeliveryReceipt.delivery_id.in_(whole_of))
    for receipt in session.scalars(receipts.order_by(DeliveryReceipt.id)):
        whole_of[receipt.delivery_id].receipts.append(receipt)
    refunds = select(DeliveryRefund).where(DeliveryRefund.delivery_id.in_(whole_of))
    for refund in session.scalars(refunds.order_by(DeliveryRefund.id)):
        whole_of[refund.delivery_id].refunds.append(refund)
    return list(whole_of.values())
