"""Water bills: what is due and late, how a bill came about, paying it, receipts, and consent to an offset."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import public
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("my_bills", __name__, template_folder="../templates")


@blp.get("/my/bills")
def overview() -> Response:
    """All of the reader's bills, the newest first, and the consent to take them out of sales."""
    return _page(None)


def _page(problem: Problem | None) -> Response:
    bills = list(reversed(asking.pages("/v1/water-bills", most=400)))
    consents = asking.pages("/v1/offset-consents", most=200)
    return page(
        "holder/bills.html", bills=bills, problem=problem, typed=forms.typed(), zones=zone_names(),
        due=left(bills, "open", "overdue"), late=left(bills, "overdue"), credit=left(bills, "credit"), free=free(),
        consents=list(reversed(consents)), consent=next((x for x in consents if not x["withdrawn_at"]), None),
    )  # fmt: skip


def left(bills: Iterable[Any], *statuses: str) -> str:
    """What is left of the bills in these states, in yuan; of a credit, what is not used yet."""
    return str(sum((Decimal(each["left"]) for each in bills if each["status"] in statuses), Decimal("0.00")))


def free() -> str | None:
    """The reader's free money, in yuan; None without a money account."""
    own = asking.get("/v1/money-accounts")["data"]
    return str(own[0]["available"]) if own else None


@blp.get("/my/bills/<wbl:water_bill_id>")
def one(water_bill_id: int) -> Response:
    """One bill: what it comes to and why, what was paid, and paying it."""
    return _one(water_bill_id, None)


def _one(water_bill_id: int, problem: Problem | None) -> Response:
    found = asking.get(f"/v1/water-bills/{public('wbl', water_bill_id)}")
    return page(
        "holder/bill.html", bill=found, problem=problem, typed=forms.typed(), free=free(), zones=zone_names()
    )


@blp.post("/my/bills/<wbl:water_bill_id>/pay")
def pay(water_bill_id: int) -> Response:
    """Pays a bill out of the reader's money in the market, all that is left or a part."""
    where = public("wbl", water_bill_id)

    def do() -> str:
        asking.send(f"/v1/water-bills/{where}/pay", forms.body(("amount",)))
        return f"/my/bills/{where}"

    return forms.act(
        do, show=lambda problem: _one(water_bill_id, problem), done=gettext("The payment is booked.")
    )


@blp.post("/my/bills/consent")
def consent() -> Response:
    """Consents that bills are taken out of what sales bring."""

    def do() -> str:
        asking.send("/v1/offset-consents", forms.body(("cap",)))
        return "/my/bills"

    return forms.act(do, show=_page, done=gettext("Your consent is recorded."))


@blp.post("/my/bills/consents/<wbo:offset_consent_id>/withdraw")
def withdraw(offset_consent_id: int) -> Response:
    """Withdraws the consent; what was taken stays taken."""
    where = public("wbo", offset_consent_id)

    def do() -> str:
        asking.send(f"/v1/offset-consents/{where}/withdraw")
        return "/my/bills"

    return forms.act(do, show=_page, done=gettext("Your consent is withdrawn."))
