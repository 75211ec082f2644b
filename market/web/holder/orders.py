"""The reader's orders: open and past, what each holds and filled, who placed it; amended and cancelled."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import public
from market.web.holder.my_water import accounts
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("my_orders", __name__, template_folder="../templates")

STATES = ("open", "filled", "cancelled", "expired")


@blp.get("/my/orders")
def listed() -> Response:
    """Open orders first; past ones by their state."""
    status = request.args.get("status", "")
    found = asking.get(
        "/v1/orders", status=status if status in STATES else None, limit=50,
        starting_after=request.args.get("starting_after") or None,
    )  # fmt: skip
    return page(
        "holder/orders.html", orders=found, status=status, states=STATES, zones=zone_names(),
        waters={each["id"]: each for each in accounts()},
    )  # fmt: skip


def _address(order_id: int) -> str:
    return f"/v1/orders/{public('ord', order_id)}"


def _here(order_id: int) -> str:
    return f"/my/orders/{public('ord', order_id)}"


@blp.get("/my/orders/<ord:order_id>")
def one(order_id: int) -> Response:
    """One order with its fills, and everything that was asked of it."""
    return _page(order_id, None)


def _page(order_id: int, problem: Problem | None, template: str = "holder/order.html") -> Response:
    order = asking.get(_address(order_id))
    return page(
        template, order=order, problem=problem, typed=forms.typed(), zones=zone_names(),
        account=_account(order["water_account_id"]), commands=asking.get(f"{_address(order_id)}/commands")["data"],
        trades=asking.pages("/v1/trades", order_id=order["id"], most=400),
        product=asking.get(f"/v1/products/{order['product_id']}"),
    )  # fmt: skip


def _account(public: str) -> Any:
    """The order's water account; None where it is not the reader's, as of a pool."""
    try:
        return asking.get(f"/v1/water-accounts/{public}")
    except Problem as problem:
        if problem.status != 404:
            raise
        return None


@blp.post("/my/orders/<ord:order_id>/amend")
def amend(order_id: int) -> Response:
    """Another volume or price, or both."""

    def do() -> str:
        asking.send(f"{_address(order_id)}/amend", forms.body(("volume", "price")))
        return _here(order_id)

    return forms.act(do, show=lambda problem: _page(order_id, problem), done=gettext("The order is changed."))


@blp.get("/my/orders/<ord:order_id>/cancel")
def ask_cancel(order_id: int) -> Response:
    """What a cancel will do, before it is done."""
    return _page(order_id, None, "holder/order_cancel.html")


@blp.post("/my/orders/<ord:order_id>/cancel")
def cancel(order_id: int) -> Response:
    """Takes the rest out of the book; what it held is free again."""

    def do() -> str:
        asking.send(f"{_address(order_id)}/cancel")
        return _here(order_id)

    return forms.act(
        do, show=lambda problem: _page(order_id, problem),
        done=gettext("The order is cancelled. What it held is free again."),
    )  # fmt: skip
