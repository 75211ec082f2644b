"""Products: installed from the county pack; halted and resumed by a supervisor through the engine."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, clock, inbox
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.county.pack import Pack
from market.county.parts import ALLOCATION
from market.registry.models import WaterYear
from market.trading import sessions, timetable
from market.trading.errors import NoBook
from market.trading.models import Product


def install(session: Session, *, pack: Pack, actor: audit.Actor) -> int:
    """Adds the pack's products that are not there yet; returns how many. The books must be open already."""
    known = set(session.scalars(select(Product.code)))
    years = {year.year: year for year in session.scalars(select(WaterYear))}
    added = 0
    for product in pack.products:
        if product.code in known:
            continue
        session.add(
            Product(
                code=product.code,
                source=product.source,
                water_year=product.water_year,
                tenure=product.tenure,
                lot_litres=product.lot_litres,
                closes_at=clock.end_of_legal_day(years[product.water_year].ends_on),
            )
        )
        added += 1
    if added:
        connection = raw(session)
        bump_reference(connection)
        audit.record(connection, actor=actor, action="products.installed", detail={"added": added})
    return added


def check_book(product: Product) -> None:
    """Leases and rights have no book: nothing of theirs is halted or called. Errors: NoBook."""
    if product.tenure != ALLOCATION:
        raise NoBook(f"{product.code} is negotiated", pointer="/product_id")


def halt(session: Session, *, actor: audit.Actor, product_id: int, reason: str) -> int:
    """Has the engine halt a product: no new orders and no matching until it is resumed. Returns the inbox id."""
    return _tell_engine(session, "halt", actor, product_id, reason)


def resume(session: Session, *, actor: audit.Actor, product_id: int, reason: str) -> int:
    """Has the engine move a halted product into the phase that its calendar has due. Returns the inbox id."""
    due = timetable.due(raw(session), [product_id])
    return _tell_engine(
        session, "resume", actor, product_id, reason, phase=due.get(product_id, sessions.OPEN)
    )


def _tell_engine(
    session: Session, kind: str, actor: audit.Actor, product_id: int, reason: str, **more: str
) -> int:
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound("there is no such product")
    check_book(product)
    connection = raw(session)
    item = inbox.put(
        connection, kind=kind, actor=actor, product_id=product_id, payload={"reason": reason} | more
    )
    audit.record(
        connection,
        actor=actor,
        action=f"product.{kind}",
        subject=("product", product_id),
        detail={"reason": reason} | more,
    )
    return item
