"""Products, their books, depth, tape and candles over HTTP; halting and resuming them."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, paging, session
from market.api.market_data import MOST_ROWS, known_zone, refuse_many, span
from market.api.schemas import market_data as data_shapes
from market.api.schemas import trading as shapes
from market.api.tables import also_csv, answer
from market.api.tape import tape_view
from market.core import clock
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.trading import guards, market_data, products, queries, reference_prices, sessions, timetable
from market.trading.candles import count, whole
from market.trading.market_data import Asked
from market.trading.models import Product

blp = blueprint("products", "Products: what is traded, and the market as everyone sees it")

BOOK_ORDERS = 100
CANDLE_DAYS = {"minute": 1, "hour": 30, "day": 366, "week": 1_830, "month": 3_660}
"""How far candles of an interval go back where the query does not say."""


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
@blp.arguments(data_shapes.DepthQuery, location="query")
@blp.response(200, data_shapes.DepthOut)
@also_csv(blp)
def depth(query: dict[str, Any], product_id: int) -> Any:
    """The open volume by zone, sector, side and price."""
    product_of(product_id)
    found = market_data.depth(
        raw(session()), product=product_id, level=query["level"], zone=known_zone(query),
        sector=query.get("sector"), limit=MOST_ROWS + 1,
    )  # fmt: skip
    names = ("zone", "sector", "side", "price", "volume", "orders")
    rows = [dict(zip(names, row, strict=True)) for row in found[:MOST_ROWS]]
    return answer(
        data_shapes.DepthLevelOut, rows, name="depth", has_more=len(found) > MOST_ROWS,
        facts={"product_id": product_id},
    )  # fmt: skip


@blp.route("/products/<prd:product_id>/tape", methods=["GET"])
@blp.arguments(data_shapes.FormatQuery, location="query")
@blp.response(200, data_shapes.TapePage)
@also_csv(blp)
def tape(query: dict[str, Any], product_id: int) -> Any:
    """Trades without names, newest first; also those that count in no price."""
    product_of(product_id)
    wanted = paging("trd")
    found = market_data.tape(
        raw(session()), product=product_id, before=wanted.after or queries.NEWEST, limit=wanted.limit + 1
    )
    rows = [tape_view(row) for row in found[: wanted.limit]]
    return answer(data_shapes.TapeTradeOut, rows, name="tape", has_more=len(found) > wanted.limit)


@blp.route("/products/<prd:product_id>/candles", methods=["GET"])
@blp.arguments(data_shapes.CandlesQuery, location="query")
@blp.response(200, data_shapes.CandleList)
@also_csv(blp)
def candles(query: dict[str, Any], product_id: int) -> Any:
    """Open, high, low, close, volume and volume-weighted price by interval of the legal day (Asia/Shanghai)."""
    product_of(product_id)
    interval = query["interval"]
    first, last = whole(*span(query, days=CANDLE_DAYS[interval]), interval)
    refuse_many(count(first, last, interval))
    asked = Asked(
        first=first, last=last, at=query["at"], product=product_id, zone=known_zone(query),
        sector=query.get("sector"),
    )  # fmt: skip
    rows = [
        {
            "opens_at": each.opens_at, "open": each.open_e4, "high": each.high_e4, "low": each.low_e4,
            "close": each.close_e4, "vwap": each.average_e4, "volume": each.litres, "trades": each.trades,
        }
        for each in market_data.candles(raw(session()), asked, interval=interval)
    ]  # fmt: skip
    facts = {"product_id": product_id, "interval": interval, "at": query["at"]}
    return answer(data_shapes.CandleOut, rows, name="candles", facts=facts)


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
