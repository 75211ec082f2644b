"""My water: rights, this year's water, what of it is used, held and may be sold today, and why not more."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from market.core import clock, ids
from market.web import asking
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("my_water", __name__, template_folder="../templates")


def accounts(water_year: int | None = None) -> list[Any]:
    """The reader's own water accounts, the newest year first."""
    found = asking.pages("/v1/water-accounts", water_year=water_year)
    return sorted(found, key=lambda each: (-each["water_year"], each["id"]))


@blp.get("/my")
def overview() -> Response:
    """Everything of the reader's water at a glance."""
    own = accounts()
    year = clock.this_year()
    money = asking.get("/v1/money-accounts")["data"]
    return page(
        "holder/my_water.html", accounts=own, year=year, money=money, zones=zone_names(),
        rights=asking.pages("/v1/entitlements"), orders=asking.get("/v1/orders", status="open", limit=10)["data"],
    )  # fmt: skip


@blp.get("/my/water/<wac:water_account_id>")
def account(water_account_id: int) -> Response:
    """One water account: its figures, what may be sold and why not more, and every movement."""
    where = f"/v1/water-accounts/{ids.public('wac', water_account_id)}"
    return page(
        "holder/water_account.html", account=asking.get(where), answer=asking.get(f"{where}/tradable"),
        statement=asking.get(f"{where}/statement", limit=100), zones=zone_names(),
    )  # fmt: skip
