"""Selling water in three steps: how much and at what price; look it over; done."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder import drafts
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("selling", __name__, template_folder="../templates")


@blp.get("/my/sell")
def choose() -> Response:
    """The first step: from which water, how much, at what price."""
    return _first(None, request.args)


def _first(problem: Problem | None, typed: Mapping[str, str]) -> Response:
    own = drafts.tradeable_accounts()
    chosen = drafts.chosen_of(own, typed)
    answer = product = book = None
    if chosen is not None:
        answer = asking.get(f"/v1/water-accounts/{chosen['id']}/tradable")
        product = drafts.product_of(chosen)
        book = asking.get(f"/v1/products/{product['id']}/book")["bids"][:8]
    return page(
        "holder/sell.html", accounts=own, chosen=chosen, answer=answer, product=product, book=book, typed=typed,
        whole=_whole_lots(answer["volume"], product["lot"]) if answer and answer["volume"] and product else "",
        problem=problem, zones=zone_names(),
    )  # fmt: skip


def _whole_lots(volume: str, lot: str) -> str:
    """The most whole lots that a volume holds; empty where it holds none."""
    lots = Decimal(volume) // Decimal(lot)
    return f"{(lots * Decimal(lot)).normalize():f}" if lots else ""


@blp.get("/my/sell/check")
def check() -> Response:
    """The second step: what the order moves, costs and leaves, before it is signed."""
    return drafts.look_over("holder/sell_check.html", "sell", request.args, _first)


@blp.post("/my/sell")
def place() -> Response:
    """The third step: the order is placed; its water is held from now on."""
    return drafts.place(
        "sell",
        forms.typed(),
        _first,
        gettext("Your order is placed. Its water is held for it until it is sold."),
    )


@blp.app_template_filter("plus")
def plus(amount: str, more: str) -> str:
    """The sum of two amounts on the wire."""
    return str(Decimal(amount) + Decimal(more))


@blp.app_template_filter("minus")
def minus(amount: str, less: str) -> str:
    """The difference of two amounts on the wire."""
    return str(Decimal(amount) - Decimal(less))
