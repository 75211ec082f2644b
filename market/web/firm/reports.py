"""Savings: reports, the derivation of each number, verification, objection, sharing out, lots; and money."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.core import ids
from market.core.refusals import source_in_chinese
from market.web import asking, forms
from market.web.asking import Problem
from market.web.charts import savings
from market.web.firm.projects import me
from market.web.pages import page
from market.web.sitting import reader
from market.web.spoken import language

blp = Blueprint("firm_reports", __name__, template_folder="../templates")

_CITED = re.compile(r"\[([^\[\]]+)\]$")


@blp.get("/firm/reports")
def listing() -> Response:
    """Every report of the reader's contracts, the newest first."""
    return page(
        "firm/reports.html", reports=list(reversed(asking.pages("/v1/saving-reports"))),
        contracts={each["id"]: each for each in asking.pages("/v1/saving-contracts")},
    )  # fmt: skip


@blp.get("/firm/reports/<srp:report_id>")
def report(report_id: int) -> Response:
    """A report whole: the saving, how it was reckoned, what may be done now."""
    return _report(report_id, None)


def _report(report_id: int, problem: Problem | None) -> Response:
    where = f"/v1/saving-reports/{ids.public('srp', report_id)}"
    found = asking.get(where)
    contract, parties = _contract_of(found)
    own, who = me(), reader()
    zh = language() != "en"
    derivation = asking.get(f"{where}/derivation")
    lots = [each for each in _lots(found) if each["report_id"] == found["id"]]
    return page(
        "firm/report.html", report=found, contract=contract, own=own, problem=problem, typed=forms.typed(),
        names={each["participant_id"]: each["name"] for each in parties}, lots=lots,
        roles={each["participant_id"]: each["role"] for each in parties},
        role=next((each["role"] for each in parties if each["participant_id"] == own), ""),
        verifier=who is not None and "verifier" in who.roles, derivation=_steps(derivation, zh=zh),
        chart_spec=derivation["plot_zh" if zh else "plot_en"],
        claw_backs=asking.get(f"{where}/claw-backs")["data"],
    )  # fmt: skip


def _steps(derivation: Any, *, zh: bool) -> list[str]:
    """The steps of a derivation, whose text is what is certified; in Chinese with their sources in Chinese."""
    if not zh:
        return list(derivation["en"])
    return [_CITED.sub(lambda found: f"[{source_in_chinese(found[1])}]", each) for each in derivation["zh"]]


def _contract_of(report: Any) -> tuple[Any, list[Any]]:
    """A report's contract and its parties; nothing for a verifier who was named for the report alone."""
    where = f"/v1/saving-contracts/{report['contract_id']}"
    try:
        return asking.get(where), asking.get(f"{where}/parties")["data"]
    except Problem as problem:
        if problem.status != 404:
            raise
        return None, []


def _lots(report: Any) -> list[Any]:
    try:
        found: list[Any] = asking.pages("/v1/saving-lots", contract_id=report["contract_id"])
    except Problem as problem:
        if problem.status != 403:  # a verifier or a bank sees no lots
            raise
        found = []
    return found


def _act(report_id: int, act: str, body: dict[str, Any], done: str) -> Response:
    public = ids.public("srp", report_id)

    def do() -> str:
        asking.send(f"/v1/saving-reports/{public}/{act}", body)
        return f"/firm/reports/{public}"

    return forms.act(do, show=lambda problem: _report(report_id, problem), done=done)


@blp.post("/firm/reports/<srp:report_id>/accept")
def accept(report_id: int) -> Response:
    """A party accepts the draft that it read, by its hash."""
    return _act(report_id, "accept", forms.body(("sha256",)), gettext("You have accepted the report."))


@blp.post("/firm/reports/<srp:report_id>/certify")
def certify(report_id: int) -> Response:
    """The verifier certifies the derivation that it read, by its hash."""
    return _act(report_id, "certify", forms.body(("sha256",)), gettext("The saving is verified."))


@blp.post("/firm/reports/<srp:report_id>/return")
def give_back(report_id: int) -> Response:
    """The verifier returns a report."""
    return _act(report_id, "return", forms.body(("reason",)), gettext("The report is returned."))


@blp.post("/firm/reports/<srp:report_id>/object")
def object_to(report_id: int) -> Response:
    """A party objects to a verified report."""
    return _act(report_id, "object", forms.body(("reason",)), gettext("Your objection is recorded."))


@blp.post("/firm/reports/<srp:report_id>/distribute")
def distribute(report_id: int) -> Response:
    """Shares the saving out once the time to object is over."""
    return _act(report_id, "distribute", {}, gettext("The saving is shared out."))


@blp.post("/firm/reports/<srp:report_id>/lot")
def lot(report_id: int) -> Response:
    """Has the verified saving issued as a lot that may be sold."""
    return _act(report_id, "lot", {}, gettext("The lot is issued."))


@blp.post("/firm/reports/<srp:report_id>/revise")
def revise(report_id: int) -> Response:
    """Reckons a draft anew from what is measured and accepted now."""
    return _act(report_id, "revise", {}, gettext("The report is reckoned anew."))


@blp.post("/firm/reports/<srp:report_id>/adjustments")
def propose_adjustment(report_id: int) -> Response:
    """A side proposes what an event of its own added to the baseline, or took off it."""
    body = forms.body(("event", "first_day", "last_day", "volume", "uncertainty", "evidence"))
    return _act(report_id, "adjustments", body, gettext("The adjustment is proposed."))


@blp.post("/firm/reports/<srp:report_id>/adjustments/<adj:adjustment_id>/accept")
def accept_adjustment(report_id: int, adjustment_id: int) -> Response:
    """The other side, or the verifier, accepts an adjustment."""

    def do() -> str:
        asking.send(f"/v1/report-adjustments/{ids.public('adj', adjustment_id)}/accept")
        return f"/firm/reports/{ids.public('srp', report_id)}"

    return forms.act(
        do, show=lambda problem: _report(report_id, problem), done=gettext("The adjustment is accepted.")
    )


@blp.post("/firm/reports/<srp:report_id>/re-verify")
def re_verify(report_id: int) -> Response:
    """The verifier whom the bureau named decides a dispute."""
    body: dict[str, Any] = forms.body(("sha256", "finding")) | {"anew": "anew" in request.form}
    return _act(report_id, "re-verify", body, gettext("The dispute is decided."))


@blp.post("/firm/reports/<srp:report_id>/claw-backs/<clb:claw_back_id>/re-verify")
def verify_claw_back(report_id: int, claw_back_id: int) -> Response:
    """The verifier named for a claw-back says what of the credit stands."""

    def do() -> str:
        body = forms.body(("sha256", "finding", "money_volume", "water_volume"))
        asking.send(f"/v1/claw-backs/{ids.public('clb', claw_back_id)}/re-verify", body)
        return f"/firm/reports/{ids.public('srp', report_id)}"

    return forms.act(
        do, show=lambda problem: _report(report_id, problem), done=gettext("Your finding is recorded.")
    )


@blp.post("/firm/reports/<srp:report_id>/household-payout")
def pay_households(report_id: int) -> Response:
    """Pays the district's share of a period out to its households."""
    return _act(report_id, "household-payout", {}, gettext("The households are paid."))


@blp.get("/firm/cash-flow")
def cash_flow() -> Response:
    """What the reader's contracts brought and cost, by month, and every due."""
    return _cash_flow(None)


def _cash_flow(problem: Problem | None) -> Response:
    own = me()
    dues = asking.pages("/v1/contract-dues")
    rows = savings.months(dues, own)
    words = {
        "received": gettext("Received"), "paid": gettext("Paid out"), "sum": gettext("Sum"), "yuan": gettext("yuan"),
    }  # fmt: skip
    return page(
        "firm/cash_flow.html", dues=list(reversed(dues)), rows=rows, chart_spec=savings.cash_flow(rows, words), own=own,
        problem=problem, invoices=asking.pages("/v1/invoices"),
        contracts={each["id"]: each for each in asking.pages("/v1/saving-contracts")},
    )  # fmt: skip


@blp.post("/firm/dues/<due:contract_due_id>/pay")
def pay(contract_due_id: int) -> Response:
    """Pays a due whole, out of the reader's money in the market."""

    def do() -> str:
        asking.send(f"/v1/contract-dues/{ids.public('due', contract_due_id)}/pay", {})
        return "/firm/cash-flow"

    return forms.act(do, show=_cash_flow, done=gettext("It is paid."))


@blp.post("/firm/invoices/<inv:invoice_id>/take-back")
def take_invoice_back(invoice_id: int) -> Response:
    """Takes an invoice back whole, as its seller."""

    def do() -> str:
        path = f"/v1/invoices/{ids.public('inv', invoice_id)}/take-back"
        asking.send(path, forms.body(("reason",)))
        return "/firm/cash-flow"

    return forms.act(do, show=_cash_flow, done=gettext("The invoice is taken back by another."))


@blp.post("/firm/dues/<due:contract_due_id>/invoice")
def invoice(contract_due_id: int) -> Response:
    """Issues the invoice of a due, as its payee."""

    def do() -> str:
        asking.send(f"/v1/contract-dues/{ids.public('due', contract_due_id)}/invoice", {})
        return "/firm/cash-flow"

    return forms.act(do, show=_cash_flow, done=gettext("The invoice is issued."))
