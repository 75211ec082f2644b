"""The rules of the market in plain words, each with its legal source; and what water saving is."""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, Response

from market.web import asking
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("board_rules", __name__, template_folder="../templates")

TRADES = ("trade", "programme")
COUNTS = ("projects", "contracts", "running")
VOLUMES = ("claimed", "verified", "creditable_water")


@blp.get("/rules")
def rules() -> Response:
    """Fees, tariffs, who may sell to whom, sessions, bands, reviews, deals and terms, as the county's pack has them."""
    county = asking.get("/v1/county")
    titles = {each["code"]: each["title"] for each in county["sources"]}
    return page(
        "board/rules.html", county=county, titles=titles, zones=zone_names(), sectors=asking.get("/v1/sectors")["data"],
        trades=[each for each in county["reviews"] if each["of"] in TRADES],
        reviews=[each for each in county["reviews"] if each["of"] not in TRADES],
    )  # fmt: skip


@blp.get("/saving")
def saving() -> Response:
    """What saving is, who may check it, who is paid; with what all projects of the county come to."""
    lines = asking.get("/v1/saving-portfolio")["data"]
    return page(
        "board/saving.html", lines=lines, counts={name: sum(each[name] for each in lines) for name in COUNTS},
        volumes={name: f"{sum(Decimal(each[name]) for each in lines):.3f}" for name in VOLUMES},
        benefit=f"{sum(Decimal(each['benefit']) for each in lines):.2f}",
    )  # fmt: skip
