"""Reversals of settlements over HTTP: one proposes, another decides, the parties see what it came to."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import interventions as shapes
from market.core.db import raw
from market.core.errors import NotFound
from market.settlement.reversal_models import SettlementReversal
from market.supervision import reversals, undoing

blp = blueprint("reversals", "Reversals of settled trades")


def _out(found: SettlementReversal) -> dict[str, Any]:
    own = own_only()
    takings, claims = reversals.takings(session(), found.id), undoing.claims_of(session(), found.id)
    accounts = {number for each in takings for number in (each.debtor_account, each.creditor_account)}
    people = undoing.owners(raw(session()), accounts) if accounts else {}
    paid = [
        {
            "debtor_id": people.get(each.debtor_account), "creditor_id": people.get(each.creditor_account),
            "owed": each.owed_fen, "paid": each.paid_fen,
        }
        for each in takings
    ]  # fmt: skip
    owed = [
        {
            "debtor_id": each.debtor_id, "creditor_id": each.creditor_id, "amount": each.fen, "paid": each.paid_fen,
            "status": each.status,
        }
        for each in claims
    ]  # fmt: skip
    view = {
        "id": found.id, "instruction_id": found.instruction_id, "status": found.status, "reason": found.reason,
        "legal_source": found.legal_source, "value_price": found.value_price_e4, "proposed_at": found.proposed_at,
        "decided_at": found.decided_at, "decision_reason": found.decision_reason,
        "takings": [each for each in paid if own is None or own in (each["debtor_id"], each["creditor_id"])],
        "claims": [each for each in owed if own is None or own in (each["debtor_id"], each["creditor_id"])],
    }  # fmt: skip
    what = reversals.expected(session(), found) or found
    return view | {
        "returned": what.returned_litres, "kept": what.kept_litres, "source_volume": what.source_litres,
        "value": what.value_fen,
    }  # fmt: skip


@blp.route("/interventions/reversals", methods=["GET"])
@blp.arguments(shapes.SettlementReversalsQuery, location="query")
@blp.response(200, shapes.SettlementReversalPage)
def list_reversals(query: dict[str, Any]) -> dict[str, Any]:
    """Reversals, newest first."""
    wanted = paging("rvs")
    rows = reversals.listing(
        session(), before=wanted.after, limit=wanted.limit + 1, status=query.get("status")
    )
    return page([_out(each) for each in rows], wanted.limit)


@blp.route("/interventions/reversals", methods=["POST"])
@blp.arguments(shapes.SettlementReversalIn)
@blp.response(201, shapes.SettlementReversalOut)
def propose(body: dict[str, Any]) -> dict[str, Any]:
    """Propose to reverse a settled trade: nothing moves until another decides."""
    return _out(reversals.propose(session(), actor=actor().audit, **body))


@blp.route("/interventions/reversals/<rvs:reversal_id>", methods=["GET"])
@blp.response(200, shapes.SettlementReversalOut)
def get(reversal_id: int) -> dict[str, Any]:
    """One reversal; its parties see it once it is settled."""
    found = session().get(SettlementReversal, reversal_id)
    if found is None:
        raise NotFound("there is no such reversal")
    return _out(found)


@blp.route("/interventions/reversals/<rvs:reversal_id>/approve", methods=["POST"])
@blp.arguments(shapes.SettlementReversalReasonIn)
@blp.response(200, shapes.SettlementReversalOut)
def approve(body: dict[str, Any], reversal_id: int) -> dict[str, Any]:
    """Approve, as another person: what is left of the water goes back, the rest is compensated, all at once."""
    return _out(reversals.approve(session(), actor=actor().audit, reversal_id=reversal_id, **body))


@blp.route("/interventions/reversals/<rvs:reversal_id>/reject", methods=["POST"])
@blp.arguments(shapes.SettlementReversalReasonIn)
@blp.response(200, shapes.SettlementReversalOut)
def reject(body: dict[str, Any], reversal_id: int) -> dict[str, Any]:
    """Reject, as another person."""
    return _out(reversals.reject(session(), actor=actor().audit, reversal_id=reversal_id, **body))


@blp.route("/interventions/reversals/<rvs:reversal_id>/withdraw", methods=["POST"])
@blp.arguments(shapes.SettlementReversalReasonIn)
@blp.response(200, shapes.SettlementReversalOut)
def withdraw(body: dict[str, Any], reversal_id: int) -> dict[str, Any]:
    """Drop a proposal."""
    return _out(reversals.withdraw(session(), actor=actor().audit, reversal_id=reversal_id, **body))
