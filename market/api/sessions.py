"""Timetables and reference prices over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from market.api.http import actor, blueprint, page, paging, session
from market.api.products import product_of
from market.api.schemas import sessions as shapes
from market.core import clock, workdays
from market.core.db import raw
from market.county.current import pack_in_force
from market.trading import reference_prices, sessions, timetable
from market.trading.session_models import PriceStop, ReferencePrice

blp = blueprint("sessions", "When products trade, and the prices that their bands stand around")


@blp.route("/products/<prd:product_id>/sessions", methods=["GET"])
@blp.response(200, shapes.TimetableOut)
def timetable_of(product_id: int) -> dict[str, Any]:
    """What is due today, what comes next, and what has stopped the product, if anything."""
    product = product_of(product_id)
    calendar = timetable.calendar(pack_in_force(raw(session())))
    now, today = clock.now(), clock.today()
    stop = session().scalars(
        select(PriceStop).where(PriceStop.product_id == product_id, PriceStop.ended_at.is_(None))
    ).one_or_none()  # fmt: skip
    return {
        "product_id": product_id,
        "phase": product.phase,
        "phase_since": product.phase_since,
        "due": sessions.phase_due(calendar, product.code, now),
        "day": today,
        "working_day": workdays.is_working_day(today),
        "changes": sessions.timetable(calendar, product.code, today),
        "next": sessions.next_change(calendar, product.code, now),
        "stop": None if stop is None else {
            "kind": stop.kind, "price": stop.price_e4, "compared_with": stop.base_e4, "started_at": stop.started_at,
            "until": stop.until,
        },
    }  # fmt: skip


@blp.route("/products/<prd:product_id>/reference-prices", methods=["GET"])
@blp.response(200, shapes.ReferencePricePage)
def list_reference_prices(product_id: int) -> dict[str, Any]:
    """Every reference price of a product, newest first."""
    product_of(product_id)
    wanted = paging("rpr")
    rows = reference_prices.listing(
        session(), product_id=product_id, before=wanted.after, limit=wanted.limit + 1
    )
    return page([_view(row) for row in rows], wanted.limit)


@blp.route("/products/<prd:product_id>/reference-prices", methods=["POST"])
@blp.arguments(shapes.ReferencePriceIn)
@blp.response(201, shapes.ReferencePriceOut)
def set_reference_price(body: dict[str, Any], product_id: int) -> dict[str, Any]:
    """Sets a product's reference price from now on, with its reason and legal source."""
    made = reference_prices.set_by_bureau(
        session(), actor=actor().audit, product_id=product_id, price_e4=body.pop("price"), **body
    )
    return _view(made)


def _view(row: ReferencePrice) -> dict[str, Any]:
    return {
        "id": row.id, "product_id": row.product_id, "price": row.price_e4, "basis": row.basis,
        "from_day": row.from_day, "volume": row.volume_litres, "reason": row.reason, "legal_source": row.legal_source,
        "set_at": row.set_at,
    }  # fmt: skip
