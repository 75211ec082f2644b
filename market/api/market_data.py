"""Volume-weighted prices, the price index, what they leave out, and where the live feed is. Public, without names."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import request

from ledger.units import fen_half_even
from market.api.http import blueprint, paging, session, settings
from market.api.schemas import market_data as shapes
from market.api.tables import also_csv, answer
from market.api.tape import EVENTS, STREAM_PATH
from market.core import clock
from market.core.db import raw
from market.core.errors import InvalidInput
from market.registry import reference
from market.trading import market_data, queries
from market.trading.candles import count, next_start, starts, unit_price, whole
from market.trading.index import chained
from market.trading.market_data import Asked

blp = blueprint(
    "market_data", "Market data: prices, the index, the live feed; docs/market-data.md has the method"
)

MOST_ROWS = 2_000


def span(query: dict[str, Any], *, days: int) -> tuple[dt.date, dt.date]:
    """The days that a query asks for; without `from` the last `days`. Errors: InvalidInput."""
    last: dt.date = query.get("to") or clock.today()
    first: dt.date = query.get("from_") or max(last - dt.timedelta(days=days - 1), shapes.FIRST_DAY)
    if first > last:
        raise InvalidInput("`from` must not be after `to`", pointer="/from")
    return first, last


def known_zone(query: dict[str, Any]) -> str | None:
    """The zone that a query names. Errors: InvalidInput for one that there is not."""
    code: str | None = query.get("zone")
    if code is not None and code not in reference.zones(raw(session())).by_code:
        raise InvalidInput("there is no such zone", pointer="/zone")
    return code


def refuse_many(rows: int) -> None:
    """Refuses an answer that would be too long. Errors: InvalidInput."""
    if rows > MOST_ROWS:
        raise InvalidInput(
            f"that would be more than {MOST_ROWS} rows: ask for fewer days, a longer period or one zone",
            pointer="/from",
        )


@blp.route("/market/prices", methods=["GET"])
@blp.arguments(shapes.PricesQuery, location="query")
@blp.response(200, shapes.PriceList)
@also_csv(blp)
def prices(query: dict[str, Any]) -> Any:
    """Volume-weighted prices by period, product, zone and sector; without `from`, of the last twelve months."""
    first, last = whole(*span(query, days=366), query["period"])
    asked = Asked(
        first=first, last=last, at=query["at"], product=query.get("product_id"),
        zone=known_zone(query), sector=query.get("sector"),
    )  # fmt: skip
    found = market_data.prices(
        raw(session()), asked, period=query["period"], level=query["level"], limit=MOST_ROWS + 1
    )
    refuse_many(len(found))
    rows = [
        {
            "period": each.start, "product_id": each.product, "zone": each.zone, "sector": each.sector,
            "vwap": unit_price(each.value_tick_litres, each.litres), "high": each.high_e4, "low": each.low_e4,
            "volume": each.litres, "turnover": fen_half_even(each.value_tick_litres), "trades": each.trades,
        }
        for each in found
    ]  # fmt: skip
    return answer(shapes.PriceOut, rows, name="prices", facts={"at": query["at"]})


@blp.route("/market/index", methods=["GET"])
@blp.arguments(shapes.IndexQuery, location="query")
@blp.response(200, shapes.IndexList)
@also_csv(blp)
def index(query: dict[str, Any]) -> Any:
    """The price index of zones and sectors (chained Fisher, base 1000); without `from`, from its base."""
    first, last = span(query, days=(shapes.LAST_DAY - shapes.FIRST_DAY).days)
    period = query["period"]
    first, last = whole(first, min(last, clock.today()), period)
    asked = Asked(
        first=shapes.FIRST_DAY, last=last, at=query["at"], zone=known_zone(query), sector=query.get("sector")
    )
    series = market_data.samples(raw(session()), asked, period=period, level=query["level"])
    refuse_many(sum(count(max(first, min(samples)), last, period) for samples in series.values()))
    rows = [
        {
            "zone": zone, "sector": sector, "period": point.start, "value": point.value_e2, "state": point.state,
            "matched": point.matched_e4, "volume": sum(item.litres for item in point.sample.items.values()),
            "trades": point.sample.trades, "complete": next_start(point.start, period) <= clock.today(),
        }
        for (zone, sector), samples in series.items()
        for point in chained(samples, starts(min(samples), last, period))
        if point.start >= first
    ]  # fmt: skip
    return answer(shapes.IndexOut, rows, name="index", facts={"at": query["at"]})


@blp.route("/market/excluded-trades", methods=["GET"])
@blp.arguments(shapes.ExcludedQuery, location="query")
@blp.response(200, shapes.ExcludedTradePage)
@also_csv(blp)
def excluded_trades(query: dict[str, Any]) -> Any:
    """Trades that count in no price, and why; without `from`, of the last twelve months. Newest first."""
    first, last = span(query, days=366)
    wanted = paging("trd")
    found = market_data.excluded(
        raw(session()), Asked(first=first, last=last, product=query.get("product_id")), reason=query.get("reason"),
        before=wanted.after or queries.NEWEST, limit=wanted.limit + 1,
    )  # fmt: skip
    rows = [
        {
            "id": row[0], "product_id": row[1], "traded_at": row[2], "source_volume": row[3],
            "delivered_volume": row[4], "seller_price": unit_price(row[5], row[3]),
            "buyer_price": unit_price(row[5], row[4]), "from_zone": row[6], "from_sector": row[7], "to_zone": row[8],
            "to_sector": row[9], "reasons": row[10],
        }
        for row in found[: wanted.limit]
    ]  # fmt: skip
    return answer(shapes.ExcludedTradeOut, rows, name="excluded-trades", has_more=len(found) > wanted.limit)


@blp.route("/market/feed", methods=["GET"])
@blp.response(200, shapes.FeedOut)
def feed() -> dict[str, Any]:
    """Where the live feed is: trades, depth and phases as server-sent events, for everybody, without a sign-in."""
    return {"url": _feed_url(), "events": list(EVENTS)}


def _feed_url() -> str | None:
    known = settings()
    if known.feed_url is not None:
        return known.feed_url.rstrip("/") + STREAM_PATH
    if not known.feed_port:
        return None
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    return f"{request.scheme}://{host or known.host}:{known.feed_port}{STREAM_PATH}"
