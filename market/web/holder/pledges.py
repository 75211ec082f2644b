"""Pledges: what a bank may see and until when, what it asks for, what it holds; consent, agree, revoke."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import public
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("my_pledges", __name__, template_folder="../templates")


@blp.get("/my/pledges")
def overview() -> Response:
    """Consents that one gave, and every pledge with its steps."""
    return _page(None)


def _page(problem: Problem | None) -> Response:
    rights = asking.pages("/v1/entitlements", status="confirmed")
    pledges = list(reversed(asking.pages("/v1/pledges", most=100)))
    return page(
        "holder/pledges.html", consents=list(reversed(asking.pages("/v1/pledge-consents"))), rights=rights,
        by_id={each["id"]: each for each in rights}, problem=problem, typed=forms.typed(), zones=zone_names(),
        pledges=[(each, *_told(each["id"])) for each in pledges[:20]],
    )  # fmt: skip


def _told(number: str) -> tuple[list[Any], list[Any]]:
    """The steps of a pledge, and its sales whose proceeds wait to be paid out."""
    told = asking.get(f"/v1/pledges/{number}/steps")
    sales = [asking.get(f"/v1/pledge-sales/{each}") for each in told["pledge_sale_ids"]]
    return told["steps"], [each for each in sales if each["proceeds"] != "0.00"]


@blp.post("/my/pledges/consent")
def consent() -> Response:
    """Lets a bank look at a right until a day."""
    body = forms.body(("entitlement_id", "bank_id", "valid_to"))
    return _do("/v1/pledge-consents", body, gettext("The bank may look at the right until that day."))


@blp.post("/my/pledges/consents/<pco:pledge_consent_id>/revoke")
def revoke(pledge_consent_id: int) -> Response:
    """Ends a consent."""
    path = f"/v1/pledge-consents/{public('pco', pledge_consent_id)}/revoke"
    return _do(path, {}, gettext("The consent is ended."))


@blp.post("/my/pledges/<plg:pledge_id>/agree")
def agree(pledge_id: int) -> Response:
    """Agrees to a pledge that a bank has applied for."""
    path = f"/v1/pledges/{public('plg', pledge_id)}/agree"
    return _do(path, forms.body(("reason",)), gettext("You have agreed. The bureau registers the pledge."))


@blp.post("/my/pledges/sales/<psl:pledge_sale_id>/pay-out")
def pay_out(pledge_sale_id: int) -> Response:
    """Has paid out what a sale of pledged water has earned."""
    path = f"/v1/pledge-sales/{public('psl', pledge_sale_id)}/pay-out"
    return _do(path, {}, gettext("It is paid out."))


def _do(path: str, body: dict[str, Any], said: str) -> Response:
    def do() -> str:
        asking.send(path, body)
        return "/my/pledges"

    return forms.act(do, show=_page, done=said)
