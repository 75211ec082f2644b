"""Saving contracts over HTTP: drafted, signed by all, amended, run through their phases, ended; and what is due."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, etag, own_only, page, paging, session
from market.api.saving_wire import wire_of
from market.api.schemas import saving_contracts as shapes
from market.api.whose import party
from market.contracts import contract_queries, drafting, invoicing, late_queries, papers, running
from market.contracts.contract_models import ContractDue
from market.contracts.errors import NotAContractParty
from market.contracts.late_queries import rate_text
from market.core import clock

blp = blueprint("saving_contracts", "Saving contracts (合同节水)")
due_routes = blueprint("contract_dues", "What parties of saving contracts owe each other")


@blp.route("/saving-contracts", methods=["GET"])
@blp.arguments(shapes.ContractsQuery, location="query")
@blp.response(200, shapes.SavingContractPage)
def list_contracts(query: dict[str, Any]) -> dict[str, Any]:
    """Contracts in which one has a seat (the bureau: all), by id."""
    where = paging("sct")
    rows = contract_queries.contracts(
        session(), party=own_only(), **query, after=where.after, limit=where.limit + 1
    )
    return page([_out(each) for each in rows], where.limit)


@blp.route("/saving-contracts", methods=["POST"])
@blp.arguments(shapes.ContractIn)
@blp.response(201, shapes.SavingContractOut)
def draft(body: dict[str, Any]) -> dict[str, Any]:
    """Draft a contract, as one of its parties."""
    made = drafting.draft(
        session(), actor=actor().audit, terms=body["terms"], by=party(), project_id=body["project_id"]
    )
    return _one(made.id)


@blp.route("/saving-contracts/<sct:contract_id>", methods=["GET"])
@blp.response(200, shapes.SavingContractOut)
def get(contract_id: int) -> dict[str, Any]:
    """One contract with its versions, signatures and phases."""
    return _one(contract_id)


@blp.route("/saving-contracts/<sct:contract_id>/text", methods=["GET"])
@blp.response(200, shapes.ContractTextOut)
def text(contract_id: int) -> dict[str, Any]:
    """The text of the last version, which its parties sign."""
    found = contract_queries.contract(session(), contract_id=contract_id).standing
    return {"text": found.text, "sha256": found.sha256.hex()}


@blp.route("/saving-contracts/<sct:contract_id>/parties", methods=["GET"])
@blp.response(200, shapes.ContractPartiesOut)
def list_parties(contract_id: int) -> dict[str, Any]:
    """Who has a seat in a contract, by name: its parties know each other."""
    found = contract_queries.contract(session(), contract_id=contract_id).terms
    seats = [(each.participant, each.role) for each in found.parties] + [(found.verifier, "verifier")]
    names = invoicing.names_of(session(), [participant for participant, _ in seats])
    return {
        "data": [
            {"participant_id": participant, "role": role, "name": names[participant]}
            for participant, role in seats
        ]
    }


@blp.route("/saving-contracts/<sct:contract_id>/printed", methods=["GET"])
@blp.response(200, shapes.PrintedContractOut)
def get_printed(contract_id: int) -> dict[str, Any]:
    """The last version on paper, by the county's template; its hash is in the text that is signed."""
    version = contract_queries.contract(session(), contract_id=contract_id).standing
    found = papers.of_version(session(), version)
    return {
        "number": version.number,
        "zh": found.zh,
        "en": found.en,
        "sha256": found.sha256.hex(),
        "template_sha256": found.template_sha256.hex(),
        "signed_sha256": version.sha256.hex(),
    }


@blp.route("/saving-contracts/<sct:contract_id>/amend", methods=["POST"])
@blp.arguments(shapes.AmendmentIn)
@blp.response(200, shapes.SavingContractOut)
def amend(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Draft another version: in place of a draft, or as an amendment from a day on."""
    effective_on = body["effective_on"] or clock.today()
    drafting.amend(
        session(), actor=actor().audit, contract_id=contract_id, terms=body["terms"], by=party(),
        effective_on=effective_on,
    )  # fmt: skip
    return _one(contract_id)


@blp.route("/saving-contracts/<sct:contract_id>/sign", methods=["POST"])
@blp.arguments(shapes.SavingSignIn)
@blp.response(200, shapes.SavingContractOut)
def sign(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Sign the draft; with the last signature it is agreed, and the firm's deposit is held."""
    drafting.sign(session(), actor=actor().audit, contract_id=contract_id, by=party(), sha256=body["sha256"])
    return _one(contract_id)


@blp.route("/saving-contracts/<sct:contract_id>/withdraw", methods=["POST"])
@blp.arguments(shapes.ContractReasonIn)
@blp.response(200, shapes.SavingContractOut)
def withdraw(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Take a draft back: the whole contract before it is signed, an amendment afterwards."""
    drafting.withdraw(
        session(), actor=actor().audit, contract_id=contract_id, by=party(), reason=body["reason"]
    )
    return _one(contract_id)


@blp.route("/saving-contracts/<sct:contract_id>/phases", methods=["POST"])
@blp.arguments(shapes.PhaseIn)
@blp.response(201, shapes.SavingContractOut)
def enter_phase(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Record that the contract entered a phase: base, works, trial, operation, handed over."""
    running.enter_phase(session(), actor=actor().audit, contract_id=contract_id, by=party(), **body)
    return _one(contract_id)


@blp.route("/saving-contracts/<sct:contract_id>/end", methods=["POST"])
@blp.arguments(shapes.ContractReasonIn)
@blp.response(200, shapes.SavingContractOut)
def end(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """End the contract: after its term for nothing, before it for the price that was signed."""
    running.end(session(), actor=actor().audit, contract_id=contract_id, by=party(), reason=body["reason"])
    return _one(contract_id)


@due_routes.route("/contract-dues", methods=["GET"])
@due_routes.arguments(shapes.DuesQuery, location="query")
@due_routes.response(200, shapes.DuePage)
def list_dues(query: dict[str, Any]) -> dict[str, Any]:
    """What one pays or receives under saving contracts (the bureau: all), by id."""
    where = paging("due")
    rows = contract_queries.dues(
        session(), party=own_only(), **query, after=where.after, limit=where.limit + 1
    )
    late = late_queries.lateness(session(), rows, clock.today())
    return page([_due_out(each, late[each.id]) for each in rows], where.limit)


@due_routes.route("/contract-dues/<due:contract_due_id>", methods=["GET"])
@due_routes.response(200, shapes.DueOut)
def get_due(contract_due_id: int) -> dict[str, Any]:
    """One due, with the interest of today."""
    return _one_due(contract_queries.due(session(), due_id=contract_due_id))


@due_routes.route("/contract-dues/<due:contract_due_id>/pay", methods=["POST"])
@due_routes.response(200, shapes.DueOut)
def pay(contract_due_id: int) -> dict[str, Any]:
    """Pay a due whole, with its interest, out of one's money in the market."""
    if contract_queries.due(session(), due_id=contract_due_id).payer_id != party():
        raise NotAContractParty("the payer pays")
    return _one_due(running.pay(session(), actor=actor().audit, due_id=contract_due_id))


def _one(contract_id: int) -> dict[str, Any]:
    found = contract_queries.contract(session(), contract_id=contract_id)
    etag(found.contract.version)
    return _out(found)


def _out(each: contract_queries.View) -> dict[str, Any]:
    names = (
        "id", "project_id", "user_id", "kind", "mode", "title", "status", "drafted_at", "signed_at", "ended_on",
        "end_reason", "version",
    )  # fmt: skip
    return {name: getattr(each.contract, name) for name in names} | {
        "deposit_held": each.contract.deposit_fen,
        "terms": wire_of(each.terms),
        "versions": [
            {
                "number": version.number,
                "sha256": version.sha256.hex(),
                "effective_on": version.effective_on,
                "status": version.status,
                "drafted_at": version.drafted_at,
                "resolved_at": version.resolved_at,
                "signatures": [
                    {
                        "participant_id": one.participant_id,
                        "user_id": one.user_id,
                        "mandate_id": one.mandate_id,
                        "sha256": one.sha256.hex(),
                        "signed_at": one.signed_at,
                    }
                    for one in each.signatures
                    if one.version_id == version.id
                ],
            }
            for version in each.versions
        ],
        "phases": [
            {"phase": phase.phase, "starts_on": phase.starts_on, "document": phase.document}
            for phase in each.phases
        ],
    }


def _one_due(each: ContractDue) -> dict[str, Any]:
    return _due_out(each, late_queries.lateness(session(), [each], clock.today())[each.id])


def _due_out(each: ContractDue, late: late_queries.Lateness) -> dict[str, Any]:
    names = ("id", "contract_id", "kind", "payer_id", "payee_id", "arose_on", "due_on", "status", "paid_on")
    rule = late.rule
    return {name: getattr(each, name) for name in names} | {
        "amount": each.fen,
        "set_off": each.offset_fen,
        "interest": late.interest_fen,
        "late_days": late.days,
        "late_rule": {
            "protected": rule.protected,
            "days": rule.days,
            "longest_days": rule.longest_days,
            "rate": rate_text(rule.rate),
            "floor": rate_text(rule.floor) if rule.floor is not None else None,
            "legal_source": rule.source,
        },
    }
