"""Buying water in three steps: how much and at what price at most; look it over; done."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder import drafts
from market.web.holder.addresses import me
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("buying", __name__, template_folder="../templates")


@blp.get("/my/buy")
def choose() -> Response:
    """The first step: for which account, how much, at what price at most."""
    return _first(None, request.args)


def _first(problem: Problem | None, typed: Mapping[str, str]) -> Response:
    own = drafts.tradeable_accounts()
    chosen = drafts.chosen_of(own, typed)
    answer = product = book = None
    if chosen is not None:
        found = asking.get(f"/v1/participants/{me()}/purchasable", water_year=chosen["water_year"])[
            "accounts"
        ]
        answer = next((each for each in found if each["water_account_id"] == chosen["id"]), None)
        product = drafts.product_of(chosen)
        book = asking.get(f"/v1/products/{product['id']}/book")["asks"][:8]
    return page(
        "holder/buy.html", accounts=own, chosen=chosen, answer=answer, product=product, book=book, typed=typed,
        problem=problem, zones=zone_names(), money=asking.get("/v1/money-accounts")["data"],
    )  # fmt: skip


@blp.get("/my/buy/check")
def check() -> Response:
    """The second step: what the order costs at most, what arrives, what leaves, who decides; before it is signed."""
    return drafts.look_over("holder/buy_check.html", "buy", request.args, _first)


@blp.post("/my/buy")
def place() -> Response:
    """The third step: the order is placed; its money is held from now on."""
    return drafts.place(
        "buy",
        forms.typed(),
        _first,
        gettext("Your order is placed. Its money is held for it until it is filled."),
    )
