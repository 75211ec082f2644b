"""Files of registers over HTTP that a worker takes in: handed in, and found again with how far they are."""

from __future__ import annotations

from typing import Any

from market.api.errors import rows_in_chinese, source_spoken, spoken, wants_chinese
from market.api.http import actor, blueprint, page, paging, session
from market.api.imports import FILE, sent_data
from market.api.schemas import imports as shapes
from market.sheet_runs import handing
from market.sheet_runs.models import SheetRun

blp = blueprint("sheet_runs", "Files of registers that are taken in while one goes on")


@blp.route("/sheet-runs", methods=["POST"])
@blp.doc(**FILE)
@blp.arguments(shapes.SheetRunQuery, location="query")
@blp.response(202, shapes.SheetRunOut)
def hand_in(query: dict[str, Any]) -> dict[str, Any]:
    """Hand in a file of a register. A worker takes it in; ask for it again to see how far it is."""
    run = handing.hand_in(
        session(), actor=actor().audit, register=query["register"], filename=query["filename"], data=sent_data(),
        partial=query["take_good"],
    )  # fmt: skip
    return _out(run, rows=[])


@blp.route("/sheet-runs", methods=["GET"])
@blp.response(200, shapes.SheetRunPage)
def list_runs() -> dict[str, Any]:
    """Files that were handed in, newest first, without their rows; those that ended 90 days ago are forgotten."""
    where = paging("shr")
    rows = handing.listed(session(), before=where.after, limit=where.limit + 1)
    return page([_out(each, rows=[]) for each in rows], where.limit)


@blp.route("/sheet-runs/<shr:sheet_run_id>", methods=["GET"])
@blp.response(200, shapes.SheetRunOut)
def get(sheet_run_id: int) -> dict[str, Any]:
    """One file: how far it is, or what became of it, with what is wrong by row (at most 500)."""
    found = handing.one(session(), sheet_run_id)
    return _out(found, rows=rows_in_chinese(found.problems))


def _out(run: SheetRun, *, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": run.id, "register": run.register, "filename": run.filename, "sha256": run.sha256.hex(),
        "take_good": run.partial, "status": run.status, "stage": run.stage, "rows_looked_at": run.rows_looked_at,
        "taken": run.taken, "held": run.held, "refused": run.refused,
        "refusal": _refusal(run.refusal) if run.refusal is not None else None,
        "rows": rows, "asked_by": run.asked_by, "asked_at": run.asked_at,
        "begun_at": run.begun_at, "ended_at": run.ended_at,
    }  # fmt: skip


def _refusal(kept: dict[str, Any]) -> dict[str, Any]:
    """Why nothing was taken, in the reader's language."""
    found: dict[str, Any] = {
        name: kept[name] for name in ("code", "rule", "limit", "available") if name in kept
    }
    found["title"] = kept["title_zh"] if wants_chinese() else kept["title_en"]
    found["detail"] = found["title"] if kept["detail"] == kept["title_en"] else spoken(kept["detail"])
    if "legal_source" in kept:
        found["legal_source"] = source_spoken(kept["legal_source"])
    return found
