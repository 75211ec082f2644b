"""My water: how much, what may be sold, what money, what waits; rights, this year's accounts, and why not more."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.core import clock
from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder import waiting
from market.web.holder.addresses import public
from market.web.pages import page
from market.web.places import zone_names
from market.web.words import WORDS, word

blp = Blueprint("my_water", __name__, template_folder="../templates")

AT_A_GLANCE = 6
"""Accounts whose tradable water the first page asks for; of the others their own pages tell."""


def accounts(water_year: int | None = None) -> list[Any]:
    """The reader's own water accounts, the newest year first."""
    found = asking.pages("/v1/water-accounts", water_year=water_year)
    return sorted(found, key=lambda each: (-each["water_year"], each["id"]))


@blp.get("/my")
def overview() -> Response:
    """Everything of the reader's water at a glance."""
    own = accounts()
    year = clock.this_year()
    now = [each for each in own if each["water_year"] == year and each["status"] == "open"]
    sellable = {
        each["id"]: asking.get(f"/v1/water-accounts/{each['id']}/tradable")["volume"]
        for each in now[:AT_A_GLANCE]
    }
    return page(
        "holder/my_water.html", accounts=own, now=now, year=year, sellable=sellable, zones=zone_names(),
        money=asking.get("/v1/money-accounts")["data"], rights=asking.pages("/v1/entitlements", most=50),
        orders=asking.get("/v1/orders", status="open", limit=10)["data"],
        trades=asking.get("/v1/trades", limit=5)["data"], waits=waiting.everything(own),
        announced=asking.get("/v1/announcements", limit=200)["data"][-3:],
    )  # fmt: skip


@blp.get("/my/water/<wac:water_account_id>")
def account(water_account_id: int) -> Response:
    """One water account: its figures, what may be sold and why not more, and every movement."""
    return _account(water_account_id, None)


def _account(water_account_id: int, problem: Problem | None) -> Response:
    where = f"/v1/water-accounts/{public('wac', water_account_id)}"
    return page(
        "holder/water_account.html", account=asking.get(where), answer=asking.get(f"{where}/tradable"),
        statement=asking.get(
            f"{where}/statement", limit=100, starting_after=request.args.get("starting_after") or None
        ),
        meters=asking.get("/v1/meters", water_account_id=public("wac", water_account_id))["data"],
        problem=problem, typed=forms.typed(), zones=zone_names(),
    )  # fmt: skip


@blp.post("/my/water/<wac:water_account_id>/close")
def close(water_account_id: int) -> Response:
    """Closes an account on which nothing is left."""
    where = public("wac", water_account_id)

    def do() -> str:
        asking.send(f"/v1/water-accounts/{where}/close")
        return "/my"

    return forms.act(
        do, show=lambda problem: _account(water_account_id, problem), done=gettext("The account is closed.")
    )


@blp.post("/my/water/<wac:water_account_id>/pay-debt")
def pay_debt(water_account_id: int) -> Response:
    """Pays water that was used beyond the balance out of what is free now."""
    where = public("wac", water_account_id)

    def do() -> str:
        asking.send(f"/v1/water-accounts/{where}/pay-debt", forms.body(("volume",)))
        return f"/my/water/{where}"

    return forms.act(
        do,
        show=lambda problem: _account(water_account_id, problem),
        done=gettext("The debt in water is paid."),
    )


@blp.app_template_filter("said")
def said(key: str, prefix: str) -> str:
    """The words of a key under a prefix; what has none, such as a reason that somebody wrote, as it is."""
    return word(prefix + key) if prefix + key in WORDS else key
