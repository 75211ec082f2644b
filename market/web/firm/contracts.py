"""Saving contracts: what waits for whom, terms in words, signatures, phases, baselines, periods."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.core import clock, ids
from market.web import asking, forms
from market.web.asking import Problem
from market.web.firm.projects import is_firm, me
from market.web.pages import page
from market.web.sitting import reader

blp = Blueprint("firm_contracts", __name__, template_folder="../templates")

PHASES = ("base", "works", "trial", "operation", "handed_over")
_AGREED = ("signed", "ended")
WAITING_FOR_PARTIES = ("drafted", "returned")


@blp.get("/firm")
def overview() -> Response:
    """Contracts and what waits for the reader: signatures, drafts, verifications, money due."""
    own = me()
    contracts = asking.pages("/v1/saving-contracts")
    reports = asking.pages("/v1/saving-reports")
    dues = asking.pages("/v1/contract-dues", status="open")
    who = reader()
    verifier = who is not None and "verifier" in who.roles
    return page(
        "firm/overview.html", contracts=contracts, own=own, firm=is_firm(), verifier=verifier,
        to_sign=[each for each in contracts if _to_sign(each, own)],
        to_accept=[
            each for each in reports
            if not verifier and each["status"] in WAITING_FOR_PARTIES and own not in each["accepted_by"]
        ],
        to_verify=[each for each in reports if verifier and _to_verify(each, own)],
        running=[each for each in reports if each["status"] in ("verified", "disputed")],
        to_pay=[each for each in dues if each["payer_id"] == own],
        to_receive=[each for each in dues if each["payee_id"] == own],
    )  # fmt: skip


def _to_verify(report: Any, own: str) -> bool:
    """Whether a report waits for a verifier: its contract's, the one named in a dispute, or in a claw-back."""
    named = any(each["status"] == "named" and each["verifier_id"] == own for each in report["disputes"])
    reopened = report["status"] == "reopened" and report["verified_by"] != own
    return bool(report["status"] == "submitted" or (report["status"] == "disputed" and named) or reopened)


def _to_sign(contract: Any, own: str) -> bool:
    """Whether the last version waits for the signature of a party."""
    last = contract["versions"][-1]
    parties = {each["participant_id"] for each in contract["terms"]["parties"]}
    signed = {each["participant_id"] for each in last["signatures"]}
    return last["status"] == "drafted" and own in parties and own not in signed


@blp.get("/firm/contracts")
def listing() -> Response:
    """Every contract in which the reader has a seat."""
    return page("firm/contracts.html", contracts=asking.pages("/v1/saving-contracts"))


@blp.get("/firm/contracts/<sct:contract_id>")
def contract(contract_id: int) -> Response:
    """A contract whole."""
    return _contract(contract_id, None)


def _contract(contract_id: int, problem: Problem | None) -> Response:
    where = f"/v1/saving-contracts/{ids.public('sct', contract_id)}"
    found = asking.get(where)
    own = me()
    parties = asking.get(f"{where}/parties")["data"]
    return page(
        "firm/contract.html", contract=found, problem=problem, own=own, parties=parties,
        names={each["participant_id"]: each["name"] for each in parties}, early=_price_of_ending(found),
        role=next((each["role"] for each in parties if each["participant_id"] == own), ""),
        standing=asking.get(f"{where}/standing"), to_sign=_to_sign(found, own),
        baselines=asking.get(f"{where}/baselines")["data"],
        periods=asking.get(f"{where}/periods")["data"] if found["status"] in _AGREED else [],
        reports=asking.pages("/v1/saving-reports", contract_id=found["id"]),
        dues=asking.pages("/v1/contract-dues", contract_id=found["id"]), phases=PHASES, typed=forms.typed(),
        trust=asking.get(f"{where}/trust-account") if _has_trust(found) else None,
    )  # fmt: skip


def _price_of_ending(contract: Any) -> str | None:
    """What who ends the contract today owes the other side, as it was signed; None: nothing."""
    starts, ends = (dt.date.fromisoformat(contract["terms"][name]) for name in ("starts_on", "ends_on"))
    today = clock.today()
    if today > ends:
        return None
    months = (today.year - starts.year) * 12 + today.month - starts.month
    year = max(1, months // 12 + 1)
    prices = [each["amount"] for each in contract["terms"]["early_end"] if each["from_year"] <= year]
    return prices[-1] if prices and Decimal(prices[-1]) else None


def _has_trust(contract: Any) -> bool:
    return contract["mode"].startswith("trusteeship") and contract["status"] in _AGREED


def _act(contract_id: int, path: str, body: dict[str, Any], done: str) -> Response:
    public = ids.public("sct", contract_id)

    def do() -> str:
        asking.send(path.format(contract=public), body)
        return f"/firm/contracts/{public}"

    return forms.act(do, show=lambda problem: _contract(contract_id, problem), done=done)


@blp.post("/firm/contracts/<sct:contract_id>/sign")
def sign(contract_id: int) -> Response:
    """Signs the version that was read, by its hash."""
    return _act(
        contract_id,
        "/v1/saving-contracts/{contract}/sign",
        forms.body(("sha256",)),
        gettext("You have signed."),
    )


@blp.post("/firm/contracts/<sct:contract_id>/withdraw")
def withdraw(contract_id: int) -> Response:
    """Takes a draft back."""
    body = forms.body(("reason",))
    return _act(
        contract_id, "/v1/saving-contracts/{contract}/withdraw", body, gettext("The draft is taken back.")
    )


@blp.post("/firm/contracts/<sct:contract_id>/phase")
def enter_phase(contract_id: int) -> Response:
    """Records that the contract entered a phase."""
    body = forms.body(("phase", "starts_on", "document"))
    return _act(
        contract_id, "/v1/saving-contracts/{contract}/phases", body, gettext("The phase is recorded.")
    )


@blp.post("/firm/contracts/<sct:contract_id>/consent/<bsl:baseline_id>")
def consent(contract_id: int, baseline_id: int) -> Response:
    """Consents to a baseline, by its hash."""
    path = f"/v1/contract-baselines/{ids.public('bsl', baseline_id)}/consent"
    return _act(contract_id, path, forms.body(("sha256",)), gettext("You have consented to the baseline."))


@blp.post("/firm/contracts/<sct:contract_id>/end")
def end(contract_id: int) -> Response:
    """Ends the contract, as user or firm."""
    body = forms.body(("reason",))
    return _act(contract_id, "/v1/saving-contracts/{contract}/end", body, gettext("The contract has ended."))


@blp.post("/firm/contracts/<sct:contract_id>/give-up")
def give_up(contract_id: int) -> Response:
    """Gives up a period, as user or firm."""
    body = forms.body(("starts_on", "reason"))
    return _act(
        contract_id, "/v1/saving-contracts/{contract}/give-up", body, gettext("The period is given up.")
    )
