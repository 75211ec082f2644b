"""Saving contracts at the bureau: reports and contracts by state, one of each whole, and calls with their marks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from market.contracts.contract_models import CONTRACT_STATES
from market.contracts.project_models import PROJECT_STATES
from market.contracts.states import STATES
from market.web import asking
from market.web.bureau import frame, subjects
from market.web.spoken import language

blp = Blueprint("desk_savings", __name__, template_folder="../templates")
VOIDABLE = ("drafted", "submitted", "returned", "verified", "disputed")
CLEARABLE = ("drafted", "signed")


def _listed(path: str, **query: Any) -> Any:
    return asking.get(path, **query, limit=50, starting_after=request.args.get("starting_after"))


@blp.get("/desk/savings")
def reports() -> Response:
    """Reports of savings by state; those first to which somebody may still object."""
    picked = {"status": request.args.get("status", "verified")}
    found = _listed("/v1/saving-reports", status=picked["status"] or None)
    titles = {each["id"]: each["title"] for each in asking.pages("/v1/saving-contracts")}
    return frame.sheet("bureau/savings.html", found=found, picked=picked, states=STATES, titles=titles)


@blp.get("/desk/savings/reports/<srp:report_id>")
def report(report_id: int) -> Response:
    """One report: how it was reckoned, who objected, and what of it was clawed back."""
    where = f"/v1/saving-reports/{frame.public('srp', report_id)}"
    found, derivation = asking.get(where), asking.get(f"{where}/derivation")
    parties = asking.get(f"/v1/saving-contracts/{found['contract_id']}/parties")["data"]
    return frame.sheet(
        "bureau/saving_report.html", it=found, facts=subjects.saving_report(found), voidable=VOIDABLE,
        contract=asking.get(f"/v1/saving-contracts/{found['contract_id']}"),
        derivation=derivation["en" if language() == "en" else "zh"],
        claw_backs=[(each, subjects.claw_back(each)) for each in asking.get(f"{where}/claw-backs")["data"]],
        names={each["participant_id"]: each["name"] for each in parties},
    )  # fmt: skip


@blp.get("/desk/savings/contracts")
def contracts() -> Response:
    """Saving contracts by state."""
    picked = {"status": request.args.get("status", "signed")}
    found = _listed("/v1/saving-contracts", status=picked["status"] or None)
    return frame.sheet(
        "bureau/saving_contracts.html", found=found, picked=picked, states=CONTRACT_STATES,
        names=frame.parties(each["user_id"] for each in found["data"]),
    )  # fmt: skip


@blp.get("/desk/savings/contracts/<sct:contract_id>")
def contract(contract_id: int) -> Response:
    """One contract: its parties and reports, what is cleared of its user's right, and its lots."""
    number = frame.public("sct", contract_id)
    where = f"/v1/saving-contracts/{number}"
    found = asking.get(where)
    rights = asking.pages("/v1/entitlements", participant_id=found["user_id"])
    return frame.sheet(
        "bureau/saving_contract.html", it=found, parties=asking.get(f"{where}/parties")["data"],
        standing=asking.get(f"{where}/standing"), clearable=CLEARABLE,
        reports=asking.pages("/v1/saving-reports", contract_id=number),
        clearances=asking.get(f"{where}/clearances")["data"],
        lots=asking.pages("/v1/saving-lots", contract_id=number),
        rights={each["id"]: each for each in rights}, confirmed=any(each["status"] == "confirmed" for each in rights),
    )  # fmt: skip


@blp.get("/desk/savings/calls")
def calls() -> Response:
    """Calls for proposals, with the marks that they bear."""
    picked = {"status": request.args.get("status", ""), "mark": request.args.get("mark", "")}
    found = _listed("/v1/projects", status=picked["status"] or None, mark=picked["mark"] or None)
    return frame.sheet(
        "bureau/saving_calls.html", found=found, picked=picked, states=PROJECT_STATES, zones=frame.zones()
    )
