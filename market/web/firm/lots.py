"""Lots of saved water: what of one may be sold and why not more, put on offer, taken back, given up for good."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.core import ids
from market.web import asking, forms
from market.web.asking import Problem
from market.web.firm.projects import me
from market.web.pages import page

blp = Blueprint("firm_lots", __name__, template_folder="../templates")


@blp.get("/firm/lots/<svl:saving_lot_id>")
def lot(saving_lot_id: int) -> Response:
    """One lot whole."""
    return _lot(saving_lot_id, None)


def _lot(saving_lot_id: int, problem: Problem | None) -> Response:
    found = asking.get(f"/v1/saving-lots/{ids.public('svl', saving_lot_id)}")
    return page(
        "firm/lot.html", lot=found, own=found["owner_id"] == me(), problem=problem, typed=forms.typed(),
    )  # fmt: skip


def _act(saving_lot_id: int, act: str, body: dict[str, Any], done: str) -> Response:
    public = ids.public("svl", saving_lot_id)

    def do() -> str:
        asking.send(f"/v1/saving-lots/{public}/{act}", body)
        return f"/firm/lots/{public}"

    return forms.act(do, show=lambda problem: _lot(saving_lot_id, problem), done=done)


@blp.post("/firm/lots/<svl:saving_lot_id>/offer")
def offer(saving_lot_id: int) -> Response:
    """Moves water to the account that sells the lot, by ordinary orders."""
    body = forms.body(("volume", "floor_price"))
    return _act(saving_lot_id, "offer", body, gettext("The water may be sold from the account of the lot."))


@blp.post("/firm/lots/<svl:saving_lot_id>/take-back")
def take_back(saving_lot_id: int) -> Response:
    """Takes back what is on offer and not sold."""
    return _act(saving_lot_id, "take-back", {}, gettext("What was not sold is back on your account."))


@blp.post("/firm/lots/<svl:saving_lot_id>/retire")
def retire(saving_lot_id: int) -> Response:
    """Gives up part of a lot for good."""
    body = forms.body(("volume", "reason"))
    return _act(saving_lot_id, "retire", body, gettext("It is given up, and never sold."))
