"""An order while it is thought of: the draft that an address carries, its quote, and the order that it becomes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Response

from market.core import clock
from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.my_water import accounts
from market.web.pages import page
from market.web.places import zone_names

KEPT = ("account", "volume", "price", "time_in_force", "expires_on", "minimum_fill", "post_only")
VALIDITIES = ("GTC", "GTD", "IOC", "FOK")


def tradeable_accounts() -> list[Any]:
    """The reader's open accounts of years that are traded, the newest year first."""
    products = {(each["source"], each["water_year"]) for each in _products()}
    return [
        each
        for each in accounts()
        if each["status"] == "open" and (each["source"], each["water_year"]) in products
    ]


def chosen_of(own: list[Any], typed: Mapping[str, str]) -> Any:
    """The account that the draft names, else the first; None where there is none."""
    return next((each for each in own if each["id"] == typed.get("account")), own[0] if own else None)


def product_of(account: Any) -> Any:
    """The product in which an account's water is traded; None where it is not."""
    for each in _products():
        if each["source"] == account["source"] and each["water_year"] == account["water_year"]:
            return each
    return None


def _products() -> list[Any]:
    return [each for each in asking.get("/v1/products")["data"] if each["tenure"] == "allocation"]


def kept(typed: Mapping[str, str]) -> dict[str, str]:
    """The draft alone: what its address carries and its form sends on."""
    return {name: typed[name] for name in KEPT if typed.get(name)}


def terms(typed: Mapping[str, str]) -> dict[str, Any]:
    """The validity of the draft as the API takes it; a last day means until its end by the county's clock."""
    found: dict[str, Any] = {}
    if typed.get("time_in_force"):
        found["time_in_force"] = typed["time_in_force"]
    if typed.get("minimum_fill"):
        found["minimum_fill"] = typed["minimum_fill"]
    if typed.get("post_only"):
        found["post_only"] = True
    if typed.get("expires_on") and typed.get("time_in_force") == "GTD":
        found["expires_at"] = end_of(typed["expires_on"])
    return found


def end_of(day: str) -> str:
    """The last second of a legal day (RFC 3339); what is no day is handed on for the API to refuse."""
    try:
        last = dt.date.fromisoformat(day)
    except ValueError:
        return day
    return dt.datetime.combine(last, dt.time(23, 59, 59), clock.LEGAL_ZONE).isoformat()


def quote(side: str, typed: Mapping[str, str]) -> Any:
    """What would become of the draft. Errors: Problem."""
    return asking.get(
        f"/v1/water-accounts/{typed.get('account') or '-'}/quote", side=side, volume=typed.get("volume", ""),
        price=typed.get("price", ""), **terms(typed),
    )  # fmt: skip


def look_over(template: str, side: str, typed: Mapping[str, str], first: Any) -> Response:
    """The second step: the quote of the draft; the first step again, with what is wrong, where it has none."""
    if not typed.get("account"):
        chosen = chosen_of(tradeable_accounts(), typed)
        typed = {**typed, "account": chosen["id"] if chosen else ""}
    try:
        found = quote(side, typed)
        account = asking.get(f"/v1/water-accounts/{found['water_account_id']}")
    except Problem as problem:
        if problem.status not in (400, 409, 422):
            raise
        answer: Response = first(problem, typed)
        answer.status_code = problem.status
        return answer
    return page(
        template, quote=found, now=found["at_once"], account=account, draft=kept(typed), zones=zone_names(),
        money=asking.get("/v1/money-accounts")["data"],
    )  # fmt: skip


def place(side: str, typed: Mapping[str, str], first: Any, said: str) -> Response:
    """The third step: the order is placed, and what it needs is held from now on."""
    made: dict[str, Any] = {}

    def do() -> str:
        account = asking.get(f"/v1/water-accounts/{typed.get('account') or '-'}")
        product = product_of(account)
        made.update(
            asking.send("/v1/orders", {
                "product_id": product["id"] if product else "", "water_account_id": account["id"], "side": side,
                "volume": typed.get("volume", ""), "price": typed.get("price", ""), **terms(typed),
            })
        )  # fmt: skip
        return f"/my/orders/{made['id']}"

    return forms.act(do, show=lambda problem: first(problem, typed), done=said)
