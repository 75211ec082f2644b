"""The audit trail: search, entries with their hashes, signed heads, export."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, request

from market.web import asking
from market.web.asking import Problem
from market.web.bureau import frame
from market.web.bureau.acts import instant

blp = Blueprint("desk_trail", __name__, template_folder="../templates")
FIELDS = ("chain", "action", "subject", "user_id", "participant_id", "request_id", "since", "until")


@blp.get("/desk/trail")
def search() -> Response:
    """Entries that fit everything asked for, newest first."""
    picked = {name: request.args.get(name, "").strip() for name in FIELDS}
    wanted = {
        name: (instant(value) if name in ("since", "until") else value) or None
        for name, value in picked.items()
    }
    problem = None
    try:
        found = asking.get(
            "/v1/audit/entries", limit=50, starting_after=request.args.get("starting_after"), **wanted
        )
    except Problem as refused:
        if refused.status not in (404, 422):
            raise
        found, problem = {"data": [], "has_more": False}, refused
    answer = frame.sheet(
        "bureau/trail.html",
        found=found,
        picked=picked,
        problem=problem,
        people=frame.colleagues(),
        short=frame.short,
        names=frame.parties(each["participant_id"] for each in found["data"]),
        heads=asking.get("/v1/audit/heads", limit=10)["data"],
        written=lambda detail: msgspec.json.encode(detail).decode(),
    )
    answer.status_code = problem.status if problem is not None else 200
    return answer


@blp.get("/desk/trail/export")
def export() -> Response:
    """The whole trail as a file that the verifier outside the database checks."""
    answer = asking.file("/v1/audit/export", since=instant(request.args.get("since", "")) or None)
    answer.headers.setdefault("Content-Disposition", 'attachment; filename="audit-trail.jsonl"')
    return answer
