"""What is on beside the book: calls, public biddings, deals, buy-backs, programmes, resale; and biddings one by one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import me, public
from market.web.holder.drafts import tradeable_accounts
from market.web.holder.turns import side_of, turn_of
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("joining", __name__, template_folder="../templates")

LIVE_CALLS = ("gathering", "clearing", "cleared", "held")
LIVE_LISTINGS = ("published", "open", "awarded", "offered")


@blp.get("/my/join")
def overview() -> Response:
    """Everything that one may take part in now, and what one takes part in."""
    products = {each["id"]: each for each in asking.get("/v1/products")["data"]}
    mine = me()
    deals = list(reversed(asking.pages("/v1/negotiations", most=200)))
    listings = asking.pages("/v1/listings")
    return page(
        "holder/join.html", products=products, calls=_calls(products), zones=zone_names(), me=mine,
        listings=[each for each in listings if each["status"] in LIVE_LISTINGS],
        registered={each["listing_id"]: each for each in asking.pages("/v1/bidders", most=400)},
        past=[each for each in listings if each["status"] not in LIVE_LISTINGS],
        deals=[(each, side_of(each, mine), turn_of(each, mine)) for each in deals],
        buy_backs=asking.pages("/v1/buy-backs", status="open"),
        takes=list(reversed(asking.pages("/v1/buy-back-takes"))),
        programmes=asking.pages("/v1/programmes", status="open"), subscriptions=asking.pages("/v1/subscriptions"),
        rounds=[each for each in asking.pages("/v1/resale-rounds") if each["status"] == "open"],
        resale_bids=asking.pages("/v1/resale-bids"), leases=asking.pages("/v1/leases"),
    )  # fmt: skip


def _calls(products: dict[str, Any]) -> list[Any]:
    """The calls that are on, and the last one of each product."""
    found: list[Any] = []
    for each in products.values():
        if each["tenure"] == "allocation" and each["phase"] != "closed":
            calls = asking.get(f"/v1/products/{each['id']}/calls", limit=5)["data"]
            live = [call for call in calls if call["status"] in LIVE_CALLS]
            found += live or calls[:1]
    return found


@blp.get("/my/join/calls/<cal:call_id>")
def call(call_id: int) -> Response:
    """One call: its state, its prices once it is cleared, what one's own orders got."""
    where = f"/v1/calls/{public('cal', call_id)}"
    found = asking.get(where)
    result = None
    if found["cleared_at"]:
        try:
            result = asking.get(f"{where}/result")
        except Problem as problem:
            if problem.status not in (404, 409):
                raise
    return page(
        "holder/call.html", call=found, result=result, fills=asking.pages(f"{where}/fills"), zones=zone_names(),
        product=asking.get(f"/v1/products/{found['product_id']}"),
    )  # fmt: skip


@blp.get("/my/join/listings/<lst:listing_id>")
def listing(listing_id: int) -> Response:
    """One public bidding, and what one may do in it now."""
    return _listing(listing_id, None)


def _listing(listing_id: int, problem: Problem | None) -> Response:
    where = public("lst", listing_id)
    found = asking.get(f"/v1/listings/{where}")
    mine = next(iter(asking.pages("/v1/bidders", listing_id=where)), None)
    own = [
        each for each in tradeable_accounts()
        if each["source"] == found["source"] and each["water_year"] == found["water_year"] and each["origin"] == "own"
    ]  # fmt: skip
    return page(
        "holder/listing.html", listing=found, mine=mine, accounts=own, problem=problem, typed=forms.typed(),
        bids=asking.pages(f"/v1/listings/{where}/bids", most=200), zones=zone_names(),
        own_bids=asking.pages(f"/v1/bidders/{mine['id']}/bids") if mine else [],
        money=asking.get("/v1/money-accounts")["data"], sold=_seller_view(where),
    )  # fmt: skip


@blp.post("/my/join/listings/<lst:listing_id>/register")
def register(listing_id: int) -> Response:
    """Registers for a bidding; the deposit is held."""
    where = public("lst", listing_id)
    body = {"water_account_id": forms.typed().get("account", "")}
    return _do(
        listing_id, f"/v1/listings/{where}/bidders", body, gettext("You are registered. The deposit is held.")
    )


@blp.post("/my/join/listings/<lst:listing_id>/bid")
def bid(listing_id: int) -> Response:
    """Bids."""
    return _do(listing_id, _bidder(listing_id, "bids"), forms.body(("price",)), gettext("Your bid is in."))


@blp.post("/my/join/listings/<lst:listing_id>/withdraw")
def withdraw(listing_id: int) -> Response:
    """Withdraws before the opening."""
    return _do(listing_id, _bidder(listing_id, "withdraw"), {}, gettext("You are no longer registered."))


@blp.post("/my/join/listings/<lst:listing_id>/confirm")
def confirm(listing_id: int) -> Response:
    """The winner has the deal struck."""
    return _do(
        listing_id, _bidder(listing_id, "confirm"), {}, gettext("Confirmed: the deal is struck at once.")
    )


@blp.post("/my/join/listings/<lst:listing_id>/accept")
def accept(listing_id: int) -> Response:
    """The second bidder takes the lot."""
    return _do(
        listing_id,
        _bidder(listing_id, "accept"),
        {},
        gettext("You took the lot: the deal is struck at once."),
    )


@blp.post("/my/join/listings/<lst:listing_id>/decline")
def decline(listing_id: int) -> Response:
    """Does not take the lot."""
    return _do(listing_id, _bidder(listing_id, "decline"), {}, gettext("You did not take the lot."))


@blp.post("/my/join/listings/<lst:listing_id>/cancel")
def cancel(listing_id: int) -> Response:
    """Takes a lot of one's own back before the first bid."""
    path = f"/v1/listings/{public('lst', listing_id)}/cancel"
    said = gettext("The lot is taken back; its water is free again.")
    return _do(listing_id, path, forms.body(("reason",)), said)


def _seller_view(where: str) -> Any:
    """A listing as its seller sees it; None for everybody else."""
    try:
        return asking.get(f"/v1/listings/{where}/seller-view")
    except Problem as problem:
        if problem.status != 404:
            raise
        return None


def _bidder(listing_id: int, act: str) -> str:
    """The address of an act of the reader's own bidder in a listing. Errors: Problem 404 where there is none."""
    found = asking.pages("/v1/bidders", listing_id=public("lst", listing_id))
    return f"/v1/bidders/{found[0]['id'] if found else public('bdr', 0)}/{act}"


def _do(listing_id: int, path: str, body: dict[str, Any], said: str) -> Response:
    def do() -> str:
        asking.send(path, body)
        return f"/my/join/listings/{public('lst', listing_id)}"

    return forms.act(do, show=lambda problem: _listing(listing_id, problem), done=said)
