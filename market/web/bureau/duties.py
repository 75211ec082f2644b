"""What the bureau owes others: reports filed for a duty, inspections, exports for the national system."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.supervision.reports.models import INSPECTION_STATES
from market.web import asking
from market.web.asking import Problem
from market.web.bureau import frame
from market.web.bureau.bank import taken
from market.web.spoken import language

blp = Blueprint("desk_duties", __name__, template_folder="../templates")


@blp.get("/desk/filings")
def filings() -> Response:
    """What is due, and what was filed."""
    return frame.sheet(
        "bureau/filings.html", duties=asking.get("/v1/duties")["data"], titles=_titles(),
        found=asking.get("/v1/filings", limit=50, starting_after=request.args.get("starting_after")),
    )  # fmt: skip


@blp.get("/desk/filings/<flg:filing_id>")
def filing(filing_id: int) -> Response:
    """One filing, with what the figures of now differ in from it."""
    where = f"/v1/filings/{frame.public('flg', filing_id)}"
    duties = {each["duty"]: each for each in asking.get("/v1/duties")["data"]}
    it = asking.get(where)
    return frame.sheet(
        "bureau/filing.html", it=it, held=asking.get(f"{where}/differences"), duty=duties.get(it["duty"]),
        titles=_titles(),
    )  # fmt: skip


def _titles() -> dict[str, str]:
    """The titles of reports by their names."""
    title = "title_en" if language() == "en" else "title_zh"
    return {each["name"]: each[title] for each in asking.get("/v1/supervision-reports")["data"]}


@blp.get("/desk/inspections")
def inspections() -> Response:
    """Inspections by state."""
    picked = {"status": request.args.get("status", "planned")}
    found = asking.get(
        "/v1/inspections", status=picked["status"] or None, limit=50,
        starting_after=request.args.get("starting_after"),
    )  # fmt: skip
    return frame.sheet(
        "bureau/inspections.html", found=found, picked=picked, states=INSPECTION_STATES, zones=frame.zones()
    )


@blp.get("/desk/inspections/<isp:inspection_id>")
def inspection(inspection_id: int) -> Response:
    """One inspection with its findings."""
    it = asking.get(f"/v1/inspections/{frame.public('isp', inspection_id)}")
    return frame.sheet(
        "bureau/inspection.html", it=it, zones=frame.zones(), names=frame.parties([it["participant_id"]])
    )


@blp.get("/desk/national-exports")
def exports() -> Response:
    """Exports for the national system, newest first."""
    found = asking.get("/v1/national-exports", limit=50, starting_after=request.args.get("starting_after"))
    return frame.sheet("bureau/exports.html", found=found)


@blp.get("/desk/national-exports/<exn:national_export_id>")
def export(national_export_id: int) -> Response:
    """One export, against all that came back."""
    return _export(national_export_id, None)


def _export(national_export_id: int, problem: Problem | None) -> Response:
    where = f"/v1/national-exports/{frame.public('exn', national_export_id)}"
    rows: Any = problem.document.get("rows", ()) if problem is not None else ()
    return frame.sheet(
        "bureau/export.html", it=asking.get(where), back=asking.get(f"{where}/reconciliation"), problem=problem,
        wrong=rows,
    )  # fmt: skip


@blp.post("/desk/national-exports/<exn:national_export_id>/answers")
def take_answer(national_export_id: int) -> Response:
    """Takes in what the national system answered, as a file."""
    number = frame.public("exn", national_export_id)
    return taken(
        f"/v1/national-exports/{number}/answers/file", f"/desk/national-exports/{number}",
        lambda problem: _export(national_export_id, problem),
        lambda made: gettext("The answer is taken in; %(n)s answers in all.", n=made["answers"]),
    )  # fmt: skip
