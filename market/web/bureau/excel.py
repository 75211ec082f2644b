"""Registers up and down as Excel: what is wrong with a row stands beside its place, and nothing is taken by halves."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.bureau import frame

blp = Blueprint("desk_excel", __name__, template_folder="../templates")
REGISTERS = ("participants", "entitlements", "water-accounts", "limits", "meters", "readings")
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN_AGAIN = (409, 413, 415, 422)


@blp.get("/desk/excel")
def index() -> Response:
    """Every register with its template, its export and a form to send a file."""
    return _page("", None, None)


def _page(
    register: str, done: Any, problem: Problem | None, seconds: int = 0, filename: str = ""
) -> Response:
    return frame.sheet(
        "bureau/excel.html",
        registers=REGISTERS,
        register=register,
        done=done,
        problem=problem,
        seconds=seconds,
        filename=filename,
        wrong=problem.document.get("rows", ()) if problem is not None else (done or {}).get("rows", ()),
    )


@blp.post("/desk/excel")
def send() -> Response:
    """Takes a file into a register and says how many rows it took, or which rows are wrong and why."""
    register, sent = request.form.get("register", ""), request.files.get("sheet")
    if register not in REGISTERS or sent is None or not sent.filename:
        answer = _page("", None, _no_file())
        answer.status_code = 422
        return answer
    kind = "text/csv" if sent.filename.lower().endswith(".csv") else EXCEL
    began = time.monotonic()
    try:
        done = asking.send_file(
            f"/v1/imports/{register}", sent.read(), kind, partial=forms.typed().get("partial") == "yes"
        )
    except Problem as problem:
        if problem.status not in _SHOWN_AGAIN:
            raise
        answer = _page(register, None, problem, filename=sent.filename)
        answer.status_code = problem.status
        return answer
    return _page(register, done, None, round(time.monotonic() - began), sent.filename)


def _no_file() -> Problem:
    said = gettext("Choose a file first.")
    return Problem(
        422, {"code": "no_file", "title": said, "errors": [{"pointer": "/sheet", "detail": said}]}, {}
    )
