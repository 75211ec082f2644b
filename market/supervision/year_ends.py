"""The end of a water year across the exchange: orders expire, reviews that are open are rejected, then carry-over."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, inbox
from market.core.db import raw
from market.registry import years
from market.registry.errors import WaterStillHeld
from market.registry.models import WaterYear
from market.registry.season_models import CarryOver
from market.settlement.models import Instruction
from market.supervision import reviews
from market.trading.models import Order, Product

YEAR_OVER = "the water year is over / 水年已结束"
SOURCE = "service rule of the exchange: orders and instructions end with the water year"


def begin(session: Session, *, actor: audit.Actor, water_year: int) -> WaterYear:
    """Begins the closing of a year that is over, and has the engine end its orders and close its products.

    Errors: WaterYearState, WaterYearNotOver.
    """
    year = years.begin_closing(session, actor=actor, water_year=water_year)
    connection = raw(session)
    for product_id in session.scalars(
        select(Product.id).where(Product.water_year == water_year).order_by(Product.id)
    ):
        payload = {"reason": "water_year_over"}
        inbox.put(connection, kind="close", actor=actor, product_id=product_id, payload=payload)
    return year


def close(session: Session, *, actor: audit.Actor, water_year: int) -> CarryOver:
    """Rejects what is still under review, then closes the year and carries over.

    Errors: WaterStillHeld (the engine has not ended the year's orders yet), and those of `years.close`.
    """
    open_order = session.scalars(
        select(Order.id)
        .join(Product, Product.id == Order.product_id)
        .where(Product.water_year == water_year, Order.status == "open")
        .limit(1)
    ).one_or_none()
    if open_order is not None:
        raise WaterStillHeld("the exchange has not ended the year's orders yet", legal_source=SOURCE)
    waiting = session.scalars(
        select(Instruction.id)
        .join(Product, Product.id == Instruction.product_id)
        .where(Product.water_year == water_year, Instruction.status == "awaiting_review")
        .order_by(Instruction.id)
    ).all()
    for instruction_id in waiting:
        reviews.reject(
            session, actor=actor, instruction_id=instruction_id, reason=YEAR_OVER, legal_source=SOURCE
        )
    return years.close(session, actor=actor, water_year=water_year)
