"""Pledges at a bank: rights that it may look at, what it applies for, holds, releases, what sales earn."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.core import clock, ids
from market.web import asking, forms
from market.web.asking import Problem
from market.web.bureau import frame
from market.web.pages import page

blp = Blueprint("bank_pledges", __name__, template_folder="../templates")
_APPLICATION = ("volume", "secured", "owed", "valued", "valuation", "document")


@blp.get("/firm/pledges")
def listing() -> Response:
    """Consents to look at rights, and every pledge of the bank, the newest first."""
    return page(
        "firm/pledges.html", consents=list(reversed(asking.pages("/v1/pledge-consents"))), short=frame.short,
        pledges=list(reversed(asking.pages("/v1/pledges"))), now=clock.today().isoformat(),
    )  # fmt: skip


@blp.get("/firm/pledges/consents/<pco:pledge_consent_id>")
def consent(pledge_consent_id: int) -> Response:
    """A right as its holder lets the bank see it, and the application for a pledge of it."""
    return _consent(pledge_consent_id, None)


def _consent(pledge_consent_id: int, problem: Problem | None) -> Response:
    number = ids.public("pco", pledge_consent_id)
    return page(
        "firm/pledge_new.html", consent=number, problem=problem, typed=forms.typed(),
        report=asking.get(f"/v1/pledge-consents/{number}/report"),
    )  # fmt: skip


@blp.post("/firm/pledges/consents/<pco:pledge_consent_id>")
def apply(pledge_consent_id: int) -> Response:
    """Applies for a pledge; the holder agrees, the bureau registers."""

    def do() -> str:
        body = forms.body(_APPLICATION) | {"consent_id": ids.public("pco", pledge_consent_id)}
        return f"/firm/pledges/{asking.send('/v1/pledges', body)['id']}"

    return forms.act(
        do, show=lambda problem: _consent(pledge_consent_id, problem), done=gettext("You have applied."),
    )  # fmt: skip


@blp.get("/firm/pledges/<plg:pledge_id>")
def pledge(pledge_id: int) -> Response:
    """One pledge with its steps and its sales."""
    return _pledge(pledge_id, None)


def _pledge(pledge_id: int, problem: Problem | None) -> Response:
    where = f"/v1/pledges/{ids.public('plg', pledge_id)}"
    told = asking.get(f"{where}/steps")
    return page(
        "firm/pledge.html", pledge=asking.get(where), steps=told["steps"], problem=problem, typed=forms.typed(),
        sales=[asking.get(f"/v1/pledge-sales/{each}") for each in told["pledge_sale_ids"]], short=frame.short,
        alerts=list(reversed(asking.pages(f"{where}/alerts", most=200))),
    )  # fmt: skip


def _act(pledge_id: int, path: str, body: dict[str, Any], done: str) -> Response:
    def do() -> str:
        asking.send(path, body)
        return f"/firm/pledges/{ids.public('plg', pledge_id)}"

    return forms.act(do, show=lambda problem: _pledge(pledge_id, problem), done=done)


def _path(pledge_id: int, act: str) -> str:
    return f"/v1/pledges/{ids.public('plg', pledge_id)}/{act}"


@blp.post("/firm/pledges/<plg:pledge_id>/secure")
def secure(pledge_id: int) -> Response:
    """Has held what announcements have brought since."""
    return _act(pledge_id, _path(pledge_id, "secure"), {}, gettext("It is held."))


@blp.post("/firm/pledges/<plg:pledge_id>/release")
def release(pledge_id: int) -> Response:
    """Releases the pledge: everything that it holds is free again."""
    body = forms.body(("reason",))
    return _act(pledge_id, _path(pledge_id, "release"), body, gettext("The pledge is released."))


@blp.post("/firm/pledges/<plg:pledge_id>/consent-to-sale")
def consent_to_sale(pledge_id: int) -> Response:
    """Lets the holder sell some of what the pledge holds."""
    body = forms.body(("volume", "owed", "floor_price", "reason"))
    return _act(pledge_id, _path(pledge_id, "consent-to-sale"), body, gettext("The holder may sell it."))


@blp.post("/firm/pledges/<plg:pledge_id>/sales/<psl:pledge_sale_id>/pay-out")
def pay_out(pledge_id: int, pledge_sale_id: int) -> Response:
    """Has paid out what a sale has earned."""
    path = f"/v1/pledge-sales/{ids.public('psl', pledge_sale_id)}/pay-out"
    return _act(pledge_id, path, {}, gettext("It is paid out."))


@blp.post("/firm/pledges/<plg:pledge_id>/sales/<psl:pledge_sale_id>/take-back")
def take_back(pledge_id: int, pledge_sale_id: int) -> Response:
    """Moves what was not sold back to the holder, where it is held again."""
    path = f"/v1/pledge-sales/{ids.public('psl', pledge_sale_id)}/take-back"
    return _act(pledge_id, path, {}, gettext("It is taken back."))
