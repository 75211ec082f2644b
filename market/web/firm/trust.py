"""The trust account of a contract: paid into, the supplier's bills first, periods settled, closed at the end."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.core import ids
from market.web import asking, forms
from market.web.asking import Problem
from market.web.firm.projects import me
from market.web.pages import page

blp = Blueprint("firm_trust", __name__, template_folder="../templates")


@blp.get("/firm/contracts/<sct:contract_id>/trust")
def account(contract_id: int) -> Response:
    """The account with its periods, bills and movements."""
    return _account(contract_id, None)


def _account(contract_id: int, problem: Problem | None) -> Response:
    where, own = f"/v1/saving-contracts/{ids.public('sct', contract_id)}", me()
    parties = asking.get(f"{where}/parties")["data"]
    return page(
        "firm/trust.html", contract=asking.get(where), trust=asking.get(f"{where}/trust-account"), problem=problem,
        role=next((each["role"] for each in parties if each["participant_id"] == own), ""), typed=forms.typed(),
        names={each["participant_id"]: each["name"] for each in parties},
        bills=list(reversed(asking.pages(f"{where}/supplier-bills"))),
        movements=list(reversed(asking.pages(f"{where}/trust-account/movements"))),
    )  # fmt: skip


def _act(contract_id: int, path: str, body: dict[str, Any], done: str) -> Response:
    public = ids.public("sct", contract_id)

    def do() -> str:
        asking.send(path.format(contract=public), body)
        return f"/firm/contracts/{public}/trust"

    return forms.act(do, show=lambda problem: _account(contract_id, problem), done=done)


@blp.post("/firm/contracts/<sct:contract_id>/trust/payments")
def pay_in(contract_id: int) -> Response:
    """Pays in: the user in advance of fees, the firm to make up what is missing."""
    path = "/v1/saving-contracts/{contract}/trust-account/payments"
    return _act(contract_id, path, forms.body(("amount",)), gettext("It is paid in."))


@blp.post("/firm/contracts/<sct:contract_id>/trust/bills")
def present(contract_id: int) -> Response:
    """The supplier presents a bill, with the fingerprint of the paper."""
    body = forms.body(("number", "first_day", "last_day", "amount"))
    if (digest := forms.fingerprint("paper")) is not None:
        body["document_sha256"] = digest
    path = "/v1/saving-contracts/{contract}/supplier-bills"
    return _act(contract_id, path, body, gettext("The bill is presented."))


@blp.post("/firm/contracts/<sct:contract_id>/trust/bills/<tbl:bill_id>/pay")
def pay(contract_id: int, bill_id: int) -> Response:
    """Has a bill paid out of the account, whole."""
    path = f"/v1/supplier-bills/{ids.public('tbl', bill_id)}/pay"
    return _act(contract_id, path, {}, gettext("The bill is paid."))


@blp.post("/firm/contracts/<sct:contract_id>/trust/bills/<tbl:bill_id>/withdraw")
def withdraw(contract_id: int, bill_id: int) -> Response:
    """The supplier takes a bill back."""
    path = f"/v1/supplier-bills/{ids.public('tbl', bill_id)}/withdraw"
    return _act(contract_id, path, forms.body(("reason",)), gettext("The bill is taken back."))


@blp.post("/firm/contracts/<sct:contract_id>/trust/periods/<srp:report_id>/settle")
def settle(contract_id: int, report_id: int) -> Response:
    """Settles a period: the supplier's bills first, then upkeep, the rest to the firm."""
    path = f"/v1/saving-reports/{ids.public('srp', report_id)}/settle"
    return _act(contract_id, path, {}, gettext("The period is settled."))


@blp.post("/firm/contracts/<sct:contract_id>/trust/close")
def close(contract_id: int) -> Response:
    """Closes the account of a contract that has ended."""
    path = "/v1/saving-contracts/{contract}/trust-account/close"
    return _act(contract_id, path, {}, gettext("The account is closed."))
