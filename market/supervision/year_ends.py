"""The end of a water year across the exchange: orders expire, reviews that are open are rejected, then carry-over."""

from __future__ import annotations

import contextlib

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.models import Account
from market.contracts import lot_offers
from market.contracts.lot_errors import LotInOrders
from market.core import audit, clock, inbox
from market.core.db import raw
from market.registry import leases, pledge_sales, pledges, trusts, years
from market.registry.errors import WaterStillHeld
from market.registry.models import WaterAccount, WaterYear
from market.registry.pledge_errors import PledgedWaterInOrders
from market.registry.pledge_models import PledgeSale
from market.registry.season_models import CarryOver
from market.registry.trust_errors import WaterInOrders
from market.registry.trust_models import Trust
from market.settlement.models import Instruction
from market.supervision import reviews
from market.trading import (
    buy_backs,
    call_queries,
    call_settling,
    listings,
    negotiated,
    negotiation_queries,
    programme_queries,
    programmes,
    resales,
)
from market.trading.bidding_models import HOLDING, Listing
from market.trading.buy_back_models import BuyBack
from market.trading.models import Order, Product
from market.trading.storage_models import ResaleRound

YEAR_OVER = "the water year is over / 水年已结束"
SOURCE = "service rule of the exchange: orders and instructions end with the water year"


def begin(session: Session, *, actor: audit.Actor, water_year: int) -> WaterYear:
    """Begins the closing of a year that is over, and has the engine end its orders and close its products.

    Errors: WaterYearState, WaterYearNotOver.
    """
    year = years.begin_closing(session, actor=actor, water_year=water_year)
    connection = raw(session)
    for product_id in session.scalars(
        select(Product.id)
        .where(Product.water_year == water_year, Product.tenure == "allocation")
        .order_by(Product.id)
    ):
        payload = {"reason": "water_year_over"}
        inbox.put(connection, kind="close", actor=actor, product_id=product_id, payload=payload)
    session.execute(
        update(Product)
        .where(Product.water_year == water_year, Product.tenure != "allocation")
        .values(phase="closed", phase_reason=YEAR_OVER, phase_since=clock.now())
    )
    return year


def preview(session: Session, *, actor: audit.Actor, water_year: int) -> years.Plan:
    """What `close` would do now, after what was entrusted or pledged has returned to its owners; nothing changes.

    What open orders hold of it cannot return yet, and is left where it is. Errors: those of `years.preview`.
    """
    with session.begin_nested() as tried:
        _stop_listings(session, actor, water_year)
        _end_deals(session, actor, water_year)
        with contextlib.suppress(WaterInOrders, PledgedWaterInOrders, LotInOrders):
            _return_to_owners(session, actor, water_year)
        plan = years.preview(session, water_year=water_year)
        tried.rollback()
    return plan


def close(session: Session, *, actor: audit.Actor, water_year: int) -> CarryOver:
    """Rejects what is still under review, calls that are held among it, then closes the year and carries over.

    What was entrusted or pledged returns to its owners first.
    Errors: WaterYearState, WaterStillHeld (the engine has not ended the year's orders yet), and those of `years.close`.
    """
    years.lock(session, water_year)  # from here on nobody else moves the year's water
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
    for call_id in call_queries.held(session, water_year=water_year):
        call_settling.reject(session, actor=actor, call_id=call_id, reason=YEAR_OVER)
    _stop_listings(session, actor, water_year)
    _end_deals(session, actor, water_year)
    _return_to_owners(session, actor, water_year)
    return years.close(session, actor=actor, water_year=water_year)


def _stop_listings(session: Session, actor: audit.Actor, water_year: int) -> None:
    """Frees what is listed for public bidding: nobody is sold water of a year that is over."""
    listed = session.scalars(
        select(Listing.id)
        .join(Product, Product.id == Listing.product_id)
        .where(Product.water_year == water_year, Listing.status.in_(HOLDING))
        .order_by(Listing.id)
    ).all()
    listings.stop_all(session, actor=actor, listing_ids=listed, reason=YEAR_OVER)


def _end_deals(session: Session, actor: audit.Actor, water_year: int) -> None:
    """Nobody deals any more in water of a year that is over; what was held for it is free."""
    for programme_id in programme_queries.unfinished(session, water_year=water_year):
        programmes.cancel(session, actor=actor, programme_id=programme_id, reason=YEAR_OVER)
    for negotiation_id in negotiation_queries.unfinished(session, water_year=water_year):
        negotiated.cancel(session, actor=actor, negotiation_id=negotiation_id, reason=YEAR_OVER)
    for round_id in _open_in(session, ResaleRound, water_year):
        resales.cancel(session, actor=actor, round_id=round_id, reason=YEAR_OVER)
    for buy_back_id in _open_in(session, BuyBack, water_year):
        buy_backs.close(session, actor=actor, buy_back_id=buy_back_id, reason=YEAR_OVER)


def _open_in(session: Session, kind: type[ResaleRound | BuyBack], water_year: int) -> list[int]:
    """What is open in books of the year, by id."""
    statement = select(kind.id).join(Product, Product.id == kind.product_id)
    chosen = statement.where(Product.water_year == water_year, kind.status == "open")
    return list(session.scalars(chosen.order_by(kind.id)))


def _return_to_owners(session: Session, actor: audit.Actor, water_year: int) -> None:
    """Gives what was entrusted, pledged or leased back to its owners: their rights decide what is carried over."""
    unsold = (
        select(PledgeSale.id)
        .join(WaterAccount, WaterAccount.id == PledgeSale.water_account_id)
        .join(Account, Account.id == WaterAccount.account_id)
        .where(WaterAccount.water_year == water_year, Account.credits_posted > Account.debits_posted)
    )
    for sale_id in session.scalars(unsold.order_by(PledgeSale.id)).all():
        pledge_sales.take_back(session, actor=actor, sale_id=sale_id)
    pools = (
        select(Trust)
        .join(WaterAccount, WaterAccount.id == Trust.water_account_id)
        .join(Account, Account.id == WaterAccount.account_id)
        .where(WaterAccount.water_year == water_year, Account.credits_posted > Account.debits_posted)
    )
    for trust in session.scalars(pools.order_by(Trust.id)).all():
        if trust.status == "open":
            trusts.end(session, actor=actor, trust_id=trust.id, reason=YEAR_OVER)
        trusts.give_back(session, actor=actor, trust_id=trust.id)
    lot_offers.return_year(session, actor=actor, water_year=water_year)
    pledges.lapse(session, actor=actor, water_year=water_year)
    leases.lapse_year(session, actor=actor, water_year=water_year)
