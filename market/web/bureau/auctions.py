"""The auction control room: calls by product with phases and clocks, results, and the other ways of selling."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from market.core import clock
from market.web import asking
from market.web.asking import Problem
from market.web.bureau import charts, frame
from market.web.bureau.auction_acts import storages

blp = Blueprint("desk_auctions", __name__, template_folder="../templates")
_WITHOUT_RESULT = ("gathering", "clearing", "void", "halted")
RUNNING = ("gathering", "clearing", "cleared", "held", "halted")


@blp.get("/desk/auctions")
def index() -> Response:
    """Every product with its phase, and its latest calls; listings, programmes, buy-backs, rounds of resale."""
    products = [each for each in frame.products() if each["tenure"] == "allocation"]
    now = clock.this_year()
    products.sort(key=lambda each: (each["water_year"] != now, each["water_year"], each["code"]))
    calls = {each["id"]: asking.get(f"/v1/products/{each['id']}/calls", limit=3)["data"] for each in products}
    listings = asking.get("/v1/listings", limit=30)["data"]
    programmes = asking.get("/v1/programmes", limit=30)["data"]
    buy_backs = asking.get("/v1/buy-backs", limit=30)["data"]
    rounds = asking.get("/v1/resale-rounds", limit=30)["data"]
    named = {each["buyer_id"] for each in programmes} | {
        each["participant_id"] for each in (*buy_backs, *rounds)
    }
    return frame.sheet(
        "bureau/auctions.html",
        products=products,
        calls=calls,
        running=RUNNING,
        listings=listings,
        programmes=programmes,
        buy_backs=buy_backs,
        rounds=rounds,
        zones=frame.zones(),
        names=frame.parties(named),
        storages=_storages(),
        codes={each["id"]: each["code"] for each in frame.products()},
    )


def _storages() -> list[Any]:
    """Storage accounts with what is in them and what was given of it, for whoever may look."""
    if not (frame.may("storage.stock") and frame.may("water_accounts.list_water_accounts")):
        return []
    found = []
    for number, words in storages():
        try:
            stock = asking.get(f"/v1/storage-accounts/{number}")
            given = asking.get(f"/v1/storage-accounts/{number}/assignments", limit=50)["data"]
            found.append((words, stock, given))
        except Problem as refused:
            if (
                refused.code != "not_public_storage"
            ):  # an account of the body that keeps nothing for the public
                raise
    return found


@blp.get("/desk/auctions/products/<prd:product_id>")
def product(product_id: int) -> Response:
    """One product: its session today, its reference prices and its calls."""
    where = f"/v1/products/{frame.public('prd', product_id)}"
    prices = asking.get(f"{where}/reference-prices", limit=60)["data"]
    return frame.sheet(
        "bureau/product.html",
        it=asking.get(where),
        sessions=asking.get(f"{where}/sessions"),
        prices=prices,
        calls=asking.get(f"{where}/calls", limit=30)["data"],
        chart=charts.prices(prices),
    )


@blp.get("/desk/auctions/calls/<cal:call_id>")
def call(call_id: int) -> Response:
    """One call auction: where it stands, and its result with the limits that bind, in words."""
    where = f"/v1/calls/{frame.public('cal', call_id)}"
    found = asking.get(where)
    result = _result(where) if found["status"] not in _WITHOUT_RESULT else None
    return frame.sheet(
        "bureau/call.html",
        it=found,
        result=result,
        zones=frame.zones(),
        product=asking.get(f"/v1/products/{found['product_id']}"),
        fills=asking.get(f"{where}/fills", limit=100)
        if result is not None and frame.may("calls.fills")
        else None,
    )


def _result(where: str) -> Any:
    """What a clearing came to; None where there is none."""
    try:
        return asking.get(f"{where}/result")
    except Problem as refused:
        if refused.status not in (404, 409, 422):
            raise
        return None
