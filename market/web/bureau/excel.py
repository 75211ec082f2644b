"""Registers up and down as Excel: what is wrong with a row stands beside its place, and nothing is taken by halves.

A file is handed in and taken in by a worker, so that its sender may go on, and come back to it from the list of files.
"""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.sheet_runs.models import REGISTERS
from market.web import asking, forms
from market.web.asking import Problem
from market.web.bureau import frame

blp = Blueprint("desk_excel", __name__, template_folder="../templates")
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_FILES = 20


@blp.get("/desk/excel")
def index() -> Response:
    """Every register with its template, its export and a form to send a file; the files that were sent."""
    return _page(None)


def _page(problem: Problem | None) -> Response:
    files = asking.get("/v1/sheet-runs", limit=MOST_FILES)["data"]
    return frame.sheet(
        "bureau/excel.html", registers=REGISTERS, register=request.form.get("register", ""), problem=problem,
        files=files, people=frame.colleagues(),
    )  # fmt: skip


@blp.post("/desk/excel")
def send() -> Response:
    """Hands a file in and goes on to where it can be followed."""
    sent = request.files.get("sheet")

    def do() -> str:
        if sent is None or not sent.filename:
            raise _no_file()
        kind = "text/csv" if sent.filename.lower().endswith(".csv") else EXCEL
        run = asking.send_file(
            "/v1/sheet-runs", sent.read(), kind, register=request.form.get("register", ""),
            filename=sent.filename[-200:], partial=forms.typed().get("partial") == "yes",
        )  # fmt: skip
        return f"/desk/excel/{run['id']}"

    return forms.act(do, show=_page)


@blp.get("/desk/excel/<shr:sheet_run_id>")
def file(sheet_run_id: int) -> Response:
    """One file: how far it is, and then what was taken of it or what is wrong with it, by row."""
    found = asking.get(f"/v1/sheet-runs/{frame.public('shr', sheet_run_id)}")
    return frame.sheet("bureau/sheet_run.html", it=found)


def _no_file() -> Problem:
    said = gettext("Choose a file first.")
    return Problem(
        422, {"code": "no_file", "title": said, "errors": [{"pointer": "/sheet", "detail": said}]}, {}
    )
