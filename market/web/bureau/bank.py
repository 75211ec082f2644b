"""The bank at the bureau: accounts to check, payout files, answers, statements, what is not explained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.bureau import frame
from market.web.bureau.excel import EXCEL

blp = Blueprint("desk_bank", __name__, template_folder="../templates")

_SHOWN_AGAIN = (409, 413, 415, 422)


@blp.get("/desk/bank")
def index() -> Response:
    """Everything between the exchange and its bank."""
    return _index(None)


def _index(problem: Problem | None) -> Response:
    accounts = []
    if frame.may("bank_accounts.list_accounts"):
        accounts = asking.pages("/v1/bank-accounts", status="proposed", most=200)
    waiting = asking.pages("/v1/bank-payouts", status="asked", most=200)
    lines = asking.pages("/v1/bank-statement-lines", suspense="open", most=100)
    lines += asking.pages("/v1/bank-statement-lines", kind="unknown", most=100)
    of = [*accounts, *waiting, *(who for each in lines for who in each["candidates"])]
    return frame.sheet(
        "bureau/bank.html",
        problem=problem,
        wrong=_rows(problem),
        accounts=accounts,
        waiting=waiting,
        lines=lines,
        names=frame.parties(each["participant_id"] for each in of),
        files=list(reversed(asking.pages("/v1/bank-payout-files")))[:30],
        statements=list(reversed(asking.pages("/v1/bank-statements")))[:30],
        books=asking.get("/v1/bank-reconciliation"),
    )


def _rows(problem: Problem | None) -> Any:
    return problem.document.get("rows", ()) if problem is not None else ()


@blp.get("/desk/bank/files/<bpf:payout_file_id>")
def file(payout_file_id: int) -> Response:
    """One payout file: its totals, its payouts, and the bank's answer."""
    return _file(payout_file_id, None)


def _file(payout_file_id: int, problem: Problem | None) -> Response:
    where = frame.public("bpf", payout_file_id)
    payouts = asking.pages("/v1/bank-payouts", file_id=where)
    return frame.sheet(
        "bureau/payout_file.html",
        problem=problem,
        wrong=_rows(problem),
        file=asking.get(f"/v1/bank-payout-files/{where}"),
        payouts=payouts,
        names=frame.parties(each["participant_id"] for each in payouts),
    )


@blp.post("/desk/bank/files/<bpf:payout_file_id>/answer")
def take_answer(payout_file_id: int) -> Response:
    """Takes in what the bank says became of a file's payouts."""
    where = frame.public("bpf", payout_file_id)
    return taken(
        f"/v1/bank-payout-files/{where}/answers",
        f"/desk/bank/files/{where}",
        lambda problem: _file(payout_file_id, problem),
        lambda made: gettext(
            "%(paid)s paid, %(rejected)s rejected, %(unchanged)s known before, %(differences)s other than ours.",
            **{name: made[name] for name in ("paid", "rejected", "unchanged", "differences")},
        ),
    )


@blp.post("/desk/bank/statements")
def take_statement() -> Response:
    """Takes in a statement of the bank, whole or not at all."""
    return taken(
        "/v1/bank-statements",
        "/desk/bank",
        _index,
        lambda made: (
            gettext("The statement is taken in: %(lines)s lines.", lines=made["lines"])
            if made["new"]
            else gettext("This statement was taken in before; nothing happened.")
        ),
    )


def taken(path: str, then: str, show: Callable[[Problem], Response], says: Callable[[Any], str]) -> Response:
    sent = request.files.get("sheet")
    try:
        if sent is None or not sent.filename:
            raise Problem(422, {"code": "no_file", "title": gettext("Choose a file first.")}, {})
        kind = "text/csv" if sent.filename.lower().endswith(".csv") else EXCEL
        made = asking.send_file(path, sent.read(), kind)
    except Problem as problem:
        if problem.status not in _SHOWN_AGAIN:
            raise
        answer = show(problem)
        answer.status_code = problem.status
        return answer
    flash(says(made))
    return forms.onward(then)
