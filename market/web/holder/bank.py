"""The reader's bank: the account to which money goes, and payouts to it by the bank's files."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import public
from market.web.holder.bills import free
from market.web.pages import page

blp = Blueprint("my_bank", __name__, template_folder="../templates")

_ACCOUNT = ("holder_name", "kind", "number", "bank_name", "branch", "cnaps")


@blp.get("/my/bank")
def overview() -> Response:
    """Bank accounts and payouts, the newest first."""
    return _page(None)


def _page(problem: Problem | None) -> Response:
    accounts = list(reversed(asking.pages("/v1/bank-accounts", most=200)))
    return page(
        "holder/bank.html", problem=problem, typed=forms.typed(), free=free(), accounts=accounts,
        payouts=list(reversed(asking.pages("/v1/bank-payouts", most=400))),
        payable=next((each for each in accounts if each["status"] == "confirmed"), None),
    )  # fmt: skip


@blp.post("/my/bank/accounts")
def name_account() -> Response:
    """Names a bank account; a treasurer checks it before money goes there."""

    def do() -> str:
        body = forms.body(_ACCOUNT)
        asking.send("/v1/bank-accounts", {**body, "number": body.get("number", "").replace(" ", "")})
        return "/my/bank"

    return forms.act(do, show=_page, done=gettext("The account is named. The treasury checks it first."))


@blp.post("/my/bank/accounts/<bac:bank_account_id>/end")
def end_account(bank_account_id: int) -> Response:
    """Takes a bank account away."""
    where = public("bac", bank_account_id)

    def do() -> str:
        asking.send(f"/v1/bank-accounts/{where}/end", {"reason": gettext("Taken away by its holder.")})
        return "/my/bank"

    return forms.act(do, show=_page, done=gettext("Nothing is paid to this account any more."))


@blp.post("/my/bank/payouts")
def ask_payout() -> Response:
    """Asks for free money at the bank."""

    def do() -> str:
        asking.send("/v1/bank-payouts", forms.body(("amount", "note")))
        return "/my/bank"

    return forms.act(do, show=_page, done=gettext("The payout is asked for; its amount is held until then."))


@blp.post("/my/bank/payouts/<bpl:bank_payout_id>/withdraw")
def withdraw(bank_payout_id: int) -> Response:
    """Takes a payout back that is in no file yet."""
    where = public("bpl", bank_payout_id)

    def do() -> str:
        asking.send(f"/v1/bank-payouts/{where}/withdraw")
        return "/my/bank"

    return forms.act(do, show=_page, done=gettext("The payout is taken back; its amount is free again."))
