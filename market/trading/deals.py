"""Handing deals to the engine: a mechanism strikes them in its own transaction, the engine takes them up after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, clock, inbox
from market.core.db import raw
from market.trading.deal_models import StruckDeal


@dataclass(frozen=True, slots=True)
class NewDeal:
    """A sale to strike. Litres and price (1/10 000 yuan per m3) are counted at the place of the side `at`.

    `reviewed`: a reviewer has approved it already; `review_rule`, `review_days` (working days): it is reviewed by the
    mechanism's own rule, whatever the pack's reviews say of its size.
    """

    reference: int
    product_id: int
    seller_water_account_id: int
    buyer_water_account_id: int
    at: str
    volume_litres: int
    price_e4: int
    reviewed: bool = False
    review_rule: str | None = None
    review_days: int | None = None


def strike(
    session: Session, *, actor: audit.Actor, kind: str, wanted: Sequence[NewDeal], user_id: int
) -> list[StruckDeal]:
    """Strikes deals of one mechanism, together in one batch of the engine; each is traded or refused by itself.

    `user_id` is who is answerable for them in the record, also where the clock strikes them.
    """
    if not wanted:
        return []
    now = clock.now()
    found = [
        StruckDeal(
            kind=kind,
            reference=each.reference,
            product_id=each.product_id,
            seller_water_account_id=each.seller_water_account_id,
            buyer_water_account_id=each.buyer_water_account_id,
            at=each.at,
            volume_litres=each.volume_litres,
            price_e4=each.price_e4,
            reviewed=each.reviewed,
            review_rule=each.review_rule,
            review_days=each.review_days,
            struck_by=user_id,
            struck_at=now,
        )
        for each in wanted
    ]
    session.add_all(found)
    session.flush()  # the engine is told their ids
    payload = {"deal_ids": [each.id for each in found]}
    inbox.put(raw(session), kind="deals", actor=actor, payload=payload)
    return found


def of(session: Session, *, kind: str, references: Iterable[int]) -> dict[int, list[StruckDeal]]:
    """The deals of these rows of a mechanism, oldest first."""
    found: dict[int, list[StruckDeal]] = {}
    statement = select(StruckDeal).where(StruckDeal.kind == kind, StruckDeal.reference.in_(list(references)))
    for each in session.scalars(statement.order_by(StruckDeal.id)):
        found.setdefault(each.reference, []).append(each)
    return found
