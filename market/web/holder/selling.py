"""Selling water in three steps: how much and at what price; look it over; done."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.core import clock
from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.my_water import accounts
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("selling", __name__, template_folder="../templates")


@blp.get("/my/sell")
def choose() -> Response:
    """The first step: from which water, how much, at what price."""
    return _first(None, request.args)


def _first(problem: Problem | None, typed: Any) -> Response:
    own = [each for each in accounts(clock.this_year()) if each["status"] == "open"]
    chosen = next((each for each in own if each["id"] == typed.get("account")), own[0] if own else None)
    answer = product = None
    if chosen is not None:
        answer = asking.get(f"/v1/water-accounts/{chosen['id']}/tradable")
        product = _product(chosen)
    return page(
        "holder/sell.html", accounts=own, chosen=chosen, answer=answer, product=product, typed=typed,
        problem=problem, zones=zone_names(),
    )  # fmt: skip


def _product(account: Any) -> Any:
    """The product in which an account's water is traded; None where it is not."""
    for each in asking.get("/v1/products")["data"]:
        same = each["source"] == account["source"] and each["water_year"] == account["water_year"]
        if same and each["tenure"] == "allocation":
            return each
    return None


@blp.post("/my/sell/check")
def check() -> Response:
    """The second step: what the order moves, costs and leaves, before it is signed."""
    typed = forms.typed()
    where = f"/v1/water-accounts/{typed.get('account', '')}"
    try:
        quote = asking.get(
            f"{where}/quote", side="sell", volume=typed.get("volume"), price=typed.get("price")
        )
        account = asking.get(where)
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        answer = _first(problem, typed)
        answer.status_code = problem.status
        return answer
    best = quote["options"][0] if quote["options"] else None
    left = None if best is None else str(Decimal(best["net"]) - Decimal(quote["fee_due"]))
    return page(
        "holder/sell_check.html", quote=quote, best=best, left=left, account=account, typed=typed, zones=zone_names(),
    )  # fmt: skip


@blp.post("/my/sell")
def place() -> Response:
    """The third step: the order is placed; its water is held from now on."""
    typed = forms.typed()
    made: dict[str, Any] = {}

    def do() -> str:
        made.update(
            asking.send("/v1/orders", {
                "product_id": typed.get("product", ""), "water_account_id": typed.get("account", ""), "side": "sell",
                "volume": typed.get("volume", ""), "price": typed.get("price", ""),
            })
        )  # fmt: skip
        return f"/my/orders/{made['id']}"

    return forms.act(
        do,
        show=lambda problem: _first(problem, typed),
        done=gettext("Your order is placed. Its water is held for it."),
    )
