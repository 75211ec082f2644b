"""The public board: prices, depth, limits, announcements and what is open to objection. For everyone."""

from __future__ import annotations

from flask import Blueprint, Response

from market.web import asking
from market.web.pages import page

blp = Blueprint("board", __name__, template_folder="templates")


@blp.get("/")
def home() -> Response:
    """Today at the exchange."""
    products = asking.get("/v1/products")["data"]
    return page("board/home.html", products=products)
