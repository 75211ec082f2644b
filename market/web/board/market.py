"""The market: every product, and of one its chart, depth, book, tape, and what counts in no price."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.core import clock, ids
from market.web import asking
from market.web.charts import market as charts
from market.web.pages import page
from market.web.places import zone_names
from market.web.words import word

blp = Blueprint("board_market", __name__, template_folder="../templates")

INTERVALS = ("day", "week", "month")
REACH = {"day": 92, "week": 366, "month": 1_830}
"""How many days back the candles of an interval go."""
BEST = 12
LINES = 20


@blp.get("/market")
def overview() -> Response:
    """Every product with its price this month, the index, and the trades that count in no price."""
    products, zones = asking.get("/v1/products")["data"], zone_names()
    first = clock.today().replace(day=1).isoformat()
    prices: dict[str, Any] = {}
    for each in asking.get("/v1/market/prices", **{"from": first}, level="county")["data"]:
        prices.setdefault(each["product_id"], []).append(each)
    index = asking.get("/v1/market/index", level=_level())["data"]
    names = {
        (each["zone"], each["sector"]): f"{zones[each['zone']]} · {word(each['sector'])}" for each in index
    }
    return page(
        "board/market.html", products=products, prices=prices, index=index, names=names, zones=zones, level=_level(),
        excluded=asking.get("/v1/market/excluded-trades", limit=LINES),
        by_id={each["id"]: each for each in products},
        spec=charts.index(index, names, {"index": gettext("Index, base 1000")}),
    )  # fmt: skip


def _level() -> str:
    asked = request.args.get("level", "county")
    return asked if asked in ("county", "township", "district") else "county"


@blp.get("/market/<prd:product_id>")
def product(product_id: int) -> Response:
    """One product: chart, depth, book, tape, excluded trades."""
    own = ids.public("prd", product_id)
    where = f"/v1/products/{own}"
    interval = request.args.get("interval", "day")
    interval = interval if interval in INTERVALS else "day"
    first = clock.today() - dt.timedelta(days=REACH[interval] - 1)
    rows = asking.get(f"{where}/candles", interval=interval, **{"from": first.isoformat()})["data"]
    days = [clock.on_the_wall(each["opens_at"])[:10] for each in rows]
    levels = asking.get(f"{where}/depth", level="township")["data"]
    words = {
        "price": gettext("Price, yuan/m³"), "volume": gettext("Volume, m³"), "average": gettext("Average price"),
        "sell": word("sell"), "buy": word("buy"),
    }  # fmt: skip
    return page(
        "board/product.html", own=own, interval=interval, intervals=INTERVALS,
        candles=list(zip(days, rows, strict=True)), first=first,
        candles_spec=charts.candles(rows, days, words), depth_spec=charts.depth(levels, words),
        steps={side: charts.steps(levels, side) for side in (charts.SELL, charts.BUY)},
        tape=asking.get(f"{where}/tape", limit=LINES), excluded=_excluded(own), **_book(own),
    )  # fmt: skip


@blp.get("/market/<prd:product_id>/book")
def book(product_id: int) -> Response:
    """The live part of a product's page alone: its phase and its book; fetched again and again by js/book.js."""
    return page("board/book.html", **_book(ids.public("prd", product_id)))


def _book(own: str) -> dict[str, Any]:
    found = asking.get(f"/v1/products/{own}/book")
    return {
        "product": asking.get(f"/v1/products/{own}"), "bids": found["bids"][:BEST], "asks": found["asks"][:BEST],
        "zones": zone_names(), "at": clock.now(),
    }  # fmt: skip


def _excluded(own: str) -> Any:
    return asking.get("/v1/market/excluded-trades", product_id=own, limit=LINES)
