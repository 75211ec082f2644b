"""The review queue over HTTP."""

from __future__ import annotations

from typing import Any

from market.api.desks import decided
from market.api.http import blueprint, page, paging, session
from market.api.schemas import trading as shapes
from market.api.trades import instruction_view
from market.core.db import raw
from market.core.errors import NotFound
from market.supervision.desks.models import INSTRUCTION
from market.trading import queries

blp = blueprint("reviews", "Trades that the county's rules put before a reviewer")


def _view(row: tuple[Any, ...]) -> dict[str, Any]:
    return instruction_view(row) | {"instruction_id": row[0]}


def _one(review_id: int) -> dict[str, Any]:
    rows = queries.instructions(
        raw(session()),
        participant=None,
        before=queries.NEWEST,
        limit=1,
        instruction=review_id,
        under_review=True,
    )
    if not rows:
        raise NotFound("there is no such review")
    return _view(rows[0])


@blp.route("/reviews", methods=["GET"])
@blp.arguments(shapes.StatusQuery, location="query")
@blp.response(200, shapes.ReviewPage)
def list_reviews(query: dict[str, Any]) -> dict[str, Any]:
    """Reviews, newest first; `status=awaiting_review` is the queue."""
    wanted = paging("rev")
    rows = queries.instructions(
        raw(session()), participant=None, before=wanted.after or queries.NEWEST, limit=wanted.limit + 1,
        under_review=True, status=query.get("status"),
    )  # fmt: skip
    return page([_view(row) for row in rows], wanted.limit)


@blp.route("/reviews/<rev:review_id>", methods=["GET"])
@blp.response(200, shapes.ReviewOut)
def get(review_id: int) -> dict[str, Any]:
    """One review."""
    return _one(review_id)


@blp.route("/reviews/<rev:review_id>/approve", methods=["POST"])
@blp.arguments(shapes.DecisionIn)
@blp.response(200, shapes.ReviewOut)
def approve(body: dict[str, Any], review_id: int) -> dict[str, Any]:
    """Approves: water against money, at once and whole. Where the rule asks two persons, the first only proposes."""
    return _decided(review_id, True, body)


@blp.route("/reviews/<rev:review_id>/reject", methods=["POST"])
@blp.arguments(shapes.DecisionIn)
@blp.response(200, shapes.ReviewOut)
def reject(body: dict[str, Any], review_id: int) -> dict[str, Any]:
    """Rejects: water, money and headroom are free again; the order is not revived."""
    return _decided(review_id, False, body)


def _decided(review_id: int, approved: bool, body: dict[str, Any]) -> dict[str, Any]:
    _one(review_id)
    decided(INSTRUCTION, review_id, approved=approved, **body)
    return _one(review_id)
