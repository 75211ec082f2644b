"""Products, their books, depth and tape over HTTP; halting and resuming them."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, paging, session
from market.api.schemas import trading as shapes
from market.core import clock
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.trading import guards, products, queries, reference_prices, sessions, timetable
from market.trading.models import Product

blp = blueprint("products", "Products: what is traded, and the market as everyone sees it")

BOOK_ORDERS = 100


@blp.route("/products", methods=["GET"])
@blp.response(200, shapes.ProductList)
def list_products() -> dict[str, Any]:
    """Every product, open or not."""
    rows = session().query(Product).order_by(Product.id).all()
    return {"data": _views(rows), "has_more": False}


def _views(rows: list[Product]) -> list[dict[str, Any]]:
    if not rows:
        return []
    connection = raw(session())
    pack, now = pack_in_force(connection), clock.now()
    calendar = timetable.calendar(pack)
    prices = reference_prices.latest(connection, [row.id for row in rows])
    found = []
    for row in rows:
        rule, price = pack.band(row.code), prices.get(row.id)
        low, high = guards.band(price or 0, rule.static_e6 if rule is not None else 0)
        following = sessions.next_change(calendar, row.code, now) if row.phase != "closed" else None
        found.append({
            "id": row.id, "code": row.code, "source": row.source, "water_year": row.water_year, "tenure": row.tenure,
            "lot": row.lot_litres, "phase": row.phase, "phase_reason": row.phase_reason, "closes_at": row.closes_at,
            "next_phase": following.phase if following else None, "next_phase_at": following.at if following else None,
            "reference_price": price, "lowest_price": low or None, "highest_price": high or None,
        })  # fmt: skip
    return found


def product_of(product_id: int) -> Product:
    """The product of an id in a path. Errors: NotFound."""
    found = session().get(Product, product_id)
    if found is None:
        raise NotFound("there is no such product")
    return found


@blp.route("/products/<prd:product_id>", methods=["GET"])
@blp.response(200, shapes.ProductOut)
def get(product_id: int) -> dict[str, Any]:
    """One product."""
    return _views([product_of(product_id)])[0]


@blp.route("/products/<prd:product_id>/book", methods=["GET"])
@blp.response(200, shapes.BookOut)
def book(product_id: int) -> dict[str, Any]:
    """The best hundred open orders of each side, without owners."""
    product = product_of(product_id)
    connection = raw(session())
    sides = {
        side: [
            {"price": row[2], "volume": row[3], "placed_at": row[4], "zone": row[6], "sector": row[7]}
            for row in queries.rows(
                connection, queries.BOOK_SQL, {"product": product_id, "side": side, "limit": BOOK_ORDERS}
            )
        ]
        for side in ("buy", "sell")
    }
    return {"product_id": product_id, "phase": product.phase, "bids": sides["buy"], "asks": sides["sell"]}


@blp.route("/products/<prd:product_id>/depth", methods=["GET"])
@blp.response(200, shapes.DepthOut)
def depth(product_id: int) -> dict[str, Any]:
    """The open volume by zone, sector, side and price."""
    product_of(product_id)
    names = ("zone", "sector", "side", "price", "volume", "orders")
    rows = queries.rows(raw(session()), queries.DEPTH_SQL, (product_id,))
    return {"product_id": product_id, "data": [dict(zip(names, row, strict=True)) for row in rows]}


@blp.route("/products/<prd:product_id>/tape", methods=["GET"])
@blp.response(200, shapes.TapePage)
def tape(product_id: int) -> dict[str, Any]:
    """Trades without names, newest first."""
    product_of(product_id)
    wanted = paging("trd")
    rows = queries.rows(
        raw(session()),
        queries.TAPE_SQL,
        {"product": product_id, "before": wanted.after or queries.NEWEST, "limit": wanted.limit + 1},
    )
    data = [
        {
            "id": row[0], "traded_at": row[1], "source_volume": row[2], "delivered_volume": row[3], "price": row[5],
            "price_at": row[6], "amount": row[7], "status": row[8], "from_zone": row[9], "from_sector": row[10],
            "to_zone": row[11], "to_sector": row[12],
        }
        for row in rows[: wanted.limit]
    ]  # fmt: skip
    return {"data": data, "has_more": len(rows) > wanted.limit}


@blp.route("/products/<prd:product_id>/halt", methods=["POST"])
@blp.arguments(shapes.HaltIn)
@blp.response(202, shapes.PhaseChangeOut)
def halt(body: dict[str, Any], product_id: int) -> dict[str, Any]:
    """Stops trading in a product: no new orders, no matching; cancels stay possible."""
    products.halt(session(), actor=actor().audit, product_id=product_id, reason=body["reason"])
    return {"product_id": product_id, "accepted": True}


@blp.route("/products/<prd:product_id>/resume", methods=["POST"])
@blp.arguments(shapes.HaltIn)
@blp.response(202, shapes.PhaseChangeOut)
def resume(body: dict[str, Any], product_id: int) -> dict[str, Any]:
    """Opens a halted product again, in the phase that its calendar has due."""
    products.resume(session(), actor=actor().audit, product_id=product_id, reason=body["reason"])
    return {"product_id": product_id, "accepted": True}
