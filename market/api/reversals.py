"""Reversals of settlements over HTTP: one proposes, another decides, the parties see what it came to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import interventions as shapes
from market.core.db import raw
from market.core.errors import NotFound
from market.settlement.reversal_models import SettlementReversal
from market.settlement.reversing import Undoing
from market.supervision import reversals, undoing

blp = blueprint("reversals", "Reversals of settled trades")


def _views(rows: Sequence[SettlementReversal]) -> list[dict[str, Any]]:
    """Reversals on the wire, with what they moved; a participant sees what it owes and is owed itself."""
    own, numbers = own_only(), [each.id for each in rows]
    takings, claims = reversals.takings(session(), numbers), undoing.claims_of(session(), numbers)
    accounts = {number for each in takings for number in (each.debtor_account, each.creditor_account)}
    people = undoing.owners(raw(session()), accounts)
    paid, owed = defaultdict(list), defaultdict(list)
    for each in takings:
        sides = people.get(each.debtor_account), people.get(each.creditor_account)
        if own is None or own in sides:
            paid[each.reversal_id].append(
                {"debtor_id": sides[0], "creditor_id": sides[1], "owed": each.owed_fen, "paid": each.paid_fen}
            )
    for claim in claims:
        if own is None or own in (claim.debtor_id, claim.creditor_id):
            owed[claim.reversal_id].append(
                {
                    "debtor_id": claim.debtor_id, "creditor_id": claim.creditor_id, "amount": claim.fen,
                    "paid": claim.paid_fen, "status": claim.status,
                }
            )  # fmt: skip
    return [
        {
            "id": row.id, "instruction_id": row.instruction_id, "status": row.status, "reason": row.reason,
            "legal_source": row.legal_source, "value_price": row.value_price_e4, "proposed_at": row.proposed_at,
            "decided_at": row.decided_at, "decision_reason": row.decision_reason, "takings": paid[row.id],
            "claims": owed[row.id], **_figures(row),
        }
        for row in rows
    ]  # fmt: skip


def _figures(what: SettlementReversal | Undoing) -> dict[str, int]:
    return {
        "returned": what.returned_litres, "kept": what.kept_litres, "source_volume": what.source_litres,
        "value": what.value_fen,
    }  # fmt: skip


def _out(found: SettlementReversal) -> dict[str, Any]:
    (view,) = _views([found])
    what = reversals.expected(session(), found)
    return view if what is None else view | _figures(what)


@blp.route("/interventions/reversals", methods=["GET"])
@blp.arguments(shapes.SettlementReversalsQuery, location="query")
@blp.response(200, shapes.SettlementReversalPage)
def list_reversals(query: dict[str, Any]) -> dict[str, Any]:
    """Reversals, newest first."""
    wanted = paging("rvs")
    rows = reversals.listing(
        session(), before=wanted.after, limit=wanted.limit + 1, status=query.get("status")
    )
    return page(_views(rows), wanted.limit)


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
