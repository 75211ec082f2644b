"""Reconciled days and their differences: explained by the treasurer, closed by the supervisor."""

from __future__ import annotations

from typing import Any

from ledger.units import format_fen
from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import gateway as shapes
from market.payments import gateway_queries, reconciliation
from market.payments.gateway_models import ReconciliationDifference

blp = blueprint("reconciliation", "The provider's account against the clearing account (对账)")
MOST_DAYS = 366


@blp.route("/reconciliations", methods=["GET"])
@blp.arguments(shapes.ReconciliationsQuery, location="query")
@blp.response(200, shapes.ReconciliationList)
def list_reconciliations(query: dict[str, Any]) -> dict[str, Any]:
    """Days that were compared, the newest first."""
    return {
        "data": [
            {
                "day": each.day,
                "ran_at": each.ran_at,
                "lines": each.entries,
                "items": each.items,
                "provider": format_fen(each.provider_fen),
                "books": format_fen(each.book_fen),
            }
            for each in gateway_queries.reconciliations(session(), since=query["since"], limit=MOST_DAYS)
        ]
    }


@blp.route("/reconciliation-differences", methods=["GET"])
@blp.arguments(shapes.DifferencesQuery, location="query")
@blp.response(200, shapes.DifferencePage)
def list_differences(query: dict[str, Any]) -> dict[str, Any]:
    """Differences, by id."""
    where = paging("rcd")
    rows = gateway_queries.differences(session(), **query, after=where.after, limit=where.limit + 1)
    return page([_out(each) for each in rows], where.limit)


@blp.route("/reconciliation-differences/<rcd:difference_id>/explain", methods=["POST"])
@blp.arguments(shapes.DifferenceNote)
@blp.response(200, shapes.DifferenceOut)
def explain(body: dict[str, Any], difference_id: int) -> dict[str, Any]:
    """Say why there is a difference."""
    return _out(
        reconciliation.explain(session(), actor=actor().audit, difference_id=difference_id, note=body["note"])
    )


@blp.route("/reconciliation-differences/<rcd:difference_id>/close", methods=["POST"])
@blp.response(200, shapes.DifferenceOut)
def close(difference_id: int) -> dict[str, Any]:
    """Close an explained difference."""
    return _out(reconciliation.close(session(), actor=actor().audit, difference_id=difference_id))


def _out(each: ReconciliationDifference) -> dict[str, Any]:
    return {
        "id": each.id,
        "day": each.day,
        "kind": each.kind,
        "subject": each.subject,
        "provider": None if each.provider_fen is None else format_fen(each.provider_fen),
        "books": None if each.book_fen is None else format_fen(each.book_fen),
        "status": each.status,
        "note": each.note,
        "found_at": each.found_at,
        "closed_at": each.closed_at,
    }
