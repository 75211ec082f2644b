"""The reader's money: what is free and held, every movement, ways in and out, what is due and invoiced."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.api.http import settings
from market.web import asking, forms
from market.web.asking import Problem
from market.web.certificates import qr_code
from market.web.holder.addresses import me, public
from market.web.holder.charts import balance_by_day
from market.web.holder.my_water import accounts
from market.web.pages import page

blp = Blueprint("my_money", __name__, template_folder="../templates")

METHODS = ("card", "alipay", "wechat_pay")


@blp.get("/my/money")
def overview() -> Response:
    """Accounts, movements, deposits, payouts, dues and invoices."""
    return _page(None)


def _page(problem: Problem | None) -> Response:
    own = asking.get("/v1/money-accounts")["data"]
    statement: dict[str, Any] = {"data": [], "has_more": False}
    if own:
        statement = asking.get(
            f"/v1/money-accounts/{own[0]['id']}/statement", limit=100,
            starting_after=request.args.get("starting_after") or None,
        )  # fmt: skip
    return page(
        "holder/money.html", accounts=own, statement=statement, problem=problem, typed=forms.typed(), me=me(),
        spec=balance_by_day(statement["data"], gettext("Balance, yuan")),
        deposits=asking.pages("/v1/deposits", most=100), payouts=asking.pages("/v1/payouts", most=100),
        gateway=bool(settings().gateway_url), payments=asking.pages("/v1/gateway-payments", most=100), methods=METHODS,
        paid_out=asking.pages("/v1/gateway-payouts", most=100), dues=asking.pages("/v1/contract-dues", most=200),
        invoices=asking.pages("/v1/invoices", most=100), shares=asking.pages("/v1/household-shares", most=100),
        fees=[each for each in accounts() if each["fee_due"] != "0.00"],
    )  # fmt: skip


@blp.post("/my/money/pay-in")
def pay_in() -> Response:
    """Begins a deposit through the payment provider."""

    def do() -> str:
        body = {**forms.body(("amount", "method")), "return_url": request.host_url + "my/money"}
        made = asking.send("/v1/gateway-payments", body)
        return f"/my/money/payments/{made['id']}"

    return forms.act(do, show=_page, done=gettext("The deposit is begun."))


@blp.get("/my/money/payments/<gpy:gateway_payment_id>")
def payment(gateway_payment_id: int) -> Response:
    """One deposit through the provider: what the payer has to do, and where it stands."""
    found = asking.get(f"/v1/gateway-payments/{public('gpy', gateway_payment_id)}")
    action = found["action"] or {}
    code = qr_code(action["url"]) if action.get("kind") == "qr" and action.get("url") else ""
    return page("holder/payment.html", payment=found, code=code)


@blp.post("/my/money/payments/<gpy:gateway_payment_id>/cancel")
def cancel_payment(gateway_payment_id: int) -> Response:
    """Ends a deposit that was not paid."""
    where = public("gpy", gateway_payment_id)

    def do() -> str:
        asking.send(f"/v1/gateway-payments/{where}/cancel")
        return f"/my/money/payments/{where}"

    return forms.act(do, show=_page, done=gettext("The deposit is being ended."))


@blp.post("/my/money/dues/<due:contract_due_id>/pay")
def pay_due(contract_due_id: int) -> Response:
    """Pays a due under a saving contract whole, with its interest."""
    where = public("due", contract_due_id)

    def do() -> str:
        asking.send(f"/v1/contract-dues/{where}/pay")
        return "/my/money"

    return forms.act(do, show=_page, done=gettext("The due is paid."))
