"""Today at the exchange: prices, what is traded and when, what is open, the newest trades, what binds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response

from market.core import clock
from market.web import asking
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("board", __name__, template_folder="../templates")

NEWEST = 10
LIVELIEST = 3
"""Of so many products the tape is read; the others have their own pages."""


@blp.get("/")
def home() -> Response:
    """Today at the exchange."""
    products = [each for each in asking.get("/v1/products")["data"] if each["phase"] != "closed"]
    by_id = {each["id"]: each for each in products}
    month, today = _prices(period="month"), _prices(period="day")
    return page(
        "board/home.html", products=[each for each in products if each["tenure"] == "allocation"], by_id=by_id,
        others=[each for each in products if each["tenure"] != "allocation"],
        month=[each for each in month if each["product_id"] in by_id],
        now={(each["product_id"], each["zone"], each["sector"]): each for each in today},
        halts=asking.get("/v1/halts", in_force=True)["data"], offers=asking.get("/v1/market/offers")["data"],
        lots=_lots(), call=_last_call(), trades=_newest(month, products), zones=zone_names(),
    )  # fmt: skip


def _prices(period: str) -> list[Any]:
    """Volume-weighted prices by township and sector of this month, or of today alone."""
    day = clock.today().isoformat()
    found: list[Any] = asking.get("/v1/market/prices", **{"from": day, "to": day}, period=period)["data"]
    return found


def _lots() -> list[Any]:
    """Lots that one can register or bid for."""
    return [
        *asking.get("/v1/listings", status="open")["data"], *asking.get("/v1/listings", status="published")["data"],
    ]  # fmt: skip


def _last_call() -> Any:
    """The newest call auction whose result is published, with the limits that bind in it; None without one."""
    for each in asking.get("/v1/calls", limit=5)["data"]:
        if each["status"] in ("held", "settled", "rejected"):
            limits = asking.get(f"/v1/calls/{each['id']}/result")["limits"]
            return {**each, "binding": [one for one in limits if one["words_zh"] or one["words_en"]]}
    return None


def _newest(prices: list[Any], products: list[Any]) -> list[Any]:
    """The newest trades of the products that traded most this month."""
    traded = list(dict.fromkeys(each["product_id"] for each in sorted(prices, key=_volume, reverse=True)))
    found: Iterable[Any] = [
        trade
        for product in (traded or [each["id"] for each in products])[:LIVELIEST]
        for trade in asking.get(f"/v1/products/{product}/tape", limit=NEWEST)["data"]
    ]
    return sorted(found, key=lambda each: str(each["traded_at"]), reverse=True)[:NEWEST]


def _volume(price: Any) -> int:
    return int(str(price["volume"]).replace(".", ""))
