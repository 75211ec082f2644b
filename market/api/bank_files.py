"""Payout files for the bank, its answers to them, and its statements, over HTTP."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from flask import Response, current_app

from ledger.units import format_fen
from market.api.http import actor, blueprint, page, paging, session
from market.api.imports import FILE, sent_data, sent_template
from market.api.schemas import banking as shapes
from market.core.db import raw
from market.core.sheets import texts
from market.core.sheets.writing import TYPE
from market.county.current import pack_in_force
from market.payments import bank_answers, bank_files, bank_queries, bank_statements, bank_suspense
from market.payments.bank_models import BankLineMatch, BankStatement
from market.payments.bank_queries import FileView, LineView

files = blueprint("bank_payout_files", "Payout files for the bank, and its answers (批量付款文件)")
statements = blueprint("bank_statements", "The bank's statements of the exchange's account (银行对账单)")
_SENT: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The file as the bank gets it; Repr-Digest is its SHA-256.",
            "content": {name: {"schema": {"type": "string"}} for name in ("text/csv", TYPE)},
        }
    }
}


@files.route("/bank-payout-files", methods=["GET"])
@files.response(200, shapes.PayoutFilePage)
def list_files() -> dict[str, Any]:
    """Payout files, by id."""
    where = paging("bpf")
    rows = bank_queries.files(session(), after=where.after, limit=where.limit + 1)
    return page([_file_out(each) for each in rows], where.limit)


@files.route("/bank-payout-files", methods=["POST"])
@files.response(201, shapes.PayoutFileOut)
def gather() -> dict[str, Any]:
    """Gather what waits to be paid into a file."""
    made = bank_files.gather(session(), actor=actor().audit)
    return _file_out(bank_queries.file(session(), file_id=made.id))


@files.route("/bank-payout-files/<bpf:payout_file_id>", methods=["GET"])
@files.response(200, shapes.PayoutFileOut)
def get_file(payout_file_id: int) -> dict[str, Any]:
    """One payout file with its control totals."""
    return _file_out(bank_queries.file(session(), file_id=payout_file_id))


@files.route("/bank-payout-files/<bpf:payout_file_id>/release", methods=["POST"])
@files.response(200, shapes.PayoutFileOut)
def release(payout_file_id: int) -> dict[str, Any]:
    """Let a file go to the bank, as another person than who gathered it; it stays as it is from now on."""
    bank_files.release(session(), actor=actor().audit, file_id=payout_file_id)
    return _file_out(bank_queries.file(session(), file_id=payout_file_id))


@files.route("/bank-payout-files/<bpf:payout_file_id>/cancel", methods=["POST"])
@files.response(200, shapes.PayoutFileOut)
def cancel(payout_file_id: int) -> dict[str, Any]:
    """Give a file up that was not released; its payouts wait for another."""
    bank_files.cancel(session(), actor=actor().audit, file_id=payout_file_id)
    return _file_out(bank_queries.file(session(), file_id=payout_file_id))


@files.route("/bank-payout-files/<bpf:payout_file_id>/content", methods=["GET"])
@files.doc(**_SENT)
@files.arguments(shapes.PayoutFileQuery, location="query")
def content(query: dict[str, Any], payout_file_id: int) -> Response:
    """A released file as the bank gets it."""
    found = bank_queries.file(session(), file_id=payout_file_id).file
    name = f"{bank_files.reference(found.id)}.{query['format']}"
    if query["format"] == "xlsx":
        return _sent(name, TYPE, bank_files.as_workbook(session(), found))
    encoding = query["encoding"]
    return _sent(name, texts.TYPES[encoding], bank_files.as_text(found, encoding))


@files.route("/bank-payout-files/answer-template", methods=["GET"])
@files.doc(**_SENT)
def answer_template() -> Response:
    """An empty workbook for the bank's answer."""
    return sent_template(bank_answers.ANSWER)


@files.route("/bank-payout-files/<bpf:payout_file_id>/answers", methods=["POST"])
@files.doc(**FILE)
@files.response(200, shapes.FileAnswerOut)
def take_answer(payout_file_id: int) -> dict[str, Any]:
    """Take the bank's answer in: what it paid is posted, what it rejected given back, however often it is sent."""
    bank_queries.file(session(), file_id=payout_file_id)  # unknown before it is read what was sent
    made = bank_answers.take(session(), actor=actor().audit, file_id=payout_file_id, data=sent_data())
    names = ("paid", "rejected", "unchanged", "differences", "taken_at")
    return {name: getattr(made, name) for name in names}


@statements.route("/bank-statements", methods=["GET"])
@statements.response(200, shapes.BankStatementPage)
def list_statements() -> dict[str, Any]:
    """Statements that were taken in, by id."""
    where = paging("bst")
    rows = bank_queries.statements(session(), after=where.after, limit=where.limit + 1)
    return page([_statement_out(each) for each in rows], where.limit)


@statements.route("/bank-statements", methods=["POST"])
@statements.doc(**FILE)
@statements.response(200, shapes.BankStatementTaken)
def take_statement() -> dict[str, Any]:
    """Take a statement in, whole or not at all; deposits are booked on exact evidence, the rest waits in suspense."""
    taken = bank_statements.take(session(), actor=actor().audit, data=sent_data())
    return _statement_out(taken.statement) | {"new": taken.new}


@statements.route("/bank-statements/template", methods=["GET"])
@statements.doc(**_SENT)
def statement_template() -> Response:
    """An empty workbook with the columns of the county's bank."""
    return sent_template(bank_statements.register(pack_in_force(raw(session())).bank_statement))


@statements.route("/bank-statement-lines", methods=["GET"])
@statements.arguments(shapes.BankLinesQuery, location="query")
@statements.response(200, shapes.BankLinePage)
def list_lines(query: dict[str, Any]) -> dict[str, Any]:
    """Lines of statements, by id: of one statement, of one kind, in suspense."""
    where = paging("bsn")
    rows = bank_queries.lines(raw(session()), **query, after=where.after, limit=where.limit + 1)
    return page(_lines_out(rows), where.limit)


@statements.route("/bank-statement-lines/<bsn:bank_line_id>/assign", methods=["POST"])
@statements.arguments(shapes.SuspenseAssignIn)
@statements.response(200, shapes.BankLineOut)
def assign(body: dict[str, Any], bank_line_id: int) -> dict[str, Any]:
    """Say whose money in suspense is: it is deposited."""
    return _decided(bank_suspense.assign(session(), actor=actor().audit, line_id=bank_line_id, **body))


@statements.route("/bank-statement-lines/<bsn:bank_line_id>/send-back", methods=["POST"])
@statements.arguments(shapes.SuspenseReturnIn)
@statements.response(200, shapes.BankLineOut)
def send_back(body: dict[str, Any], bank_line_id: int) -> dict[str, Any]:
    """Say that money in suspense was sent back at the bank."""
    return _decided(bank_suspense.send_back(session(), actor=actor().audit, line_id=bank_line_id, **body))


@statements.route("/bank-statement-lines/<bsn:bank_line_id>/charge", methods=["POST"])
@statements.arguments(shapes.BankChargeIn)
@statements.response(200, shapes.BankLineOut)
def charge(body: dict[str, Any], bank_line_id: int) -> dict[str, Any]:
    """Say that a debit is a charge of the bank."""
    return _decided(bank_suspense.charge(session(), actor=actor().audit, line_id=bank_line_id, **body))


@statements.route("/bank-reconciliation", methods=["GET"])
@statements.response(200, shapes.BankReconciliationOut)
def reconciliation() -> dict[str, Any]:
    """The bank's account by its last statement against the books, with every part of the difference."""
    found = bank_queries.compared(raw(session()))
    return {
        "as_of": found.as_of,
        "bank": format_fen(found.bank_fen),
        "books": format_fen(found.book_fen),
        "difference": format_fen(found.bank_fen - found.book_fen),
        "parts": [
            {"kind": each.kind, "count": each.count, "amount": format_fen(each.fen)} for each in found.parts
        ],
        "suspense": found.suspense_fen,
        "suspense_lines": found.suspense_lines,
    }


def _sent(name: str, kind: str, data: bytes) -> Response:
    response: Response = current_app.response_class(data, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"  # RFC 9530
    return response


def _file_out(each: FileView) -> dict[str, Any]:
    file = each.file
    return {
        "id": file.id,
        "reference": bank_files.reference(file.id),
        "status": file.status,
        "lines": each.lines,
        "sum": each.sum_fen,
        "sha256": file.sha256.hex() if file.sha256 is not None else None,
        "waiting": each.waiting,
        "paid": each.paid,
        "rejected": each.rejected,
        "gathered_at": file.gathered_at,
        "released_at": file.released_at,
    }


def _statement_out(each: BankStatement) -> dict[str, Any]:
    names = ("id", "first_on", "last_on", "lines", "taken_at")
    return {name: getattr(each, name) for name in names} | {
        "opening": format_fen(each.opening_fen),
        "closing": format_fen(each.closing_fen),
        "sha256": each.sha256.hex(),
    }


def _decided(match: BankLineMatch) -> dict[str, Any]:
    session().flush()
    return _lines_out(bank_queries.lines(raw(session()), line_id=match.line_id, limit=1))[0]


def _lines_out(rows: list[LineView]) -> list[dict[str, Any]]:
    candidates = bank_queries.suggested(raw(session()), rows)
    names = (
        "id", "statement_id", "number", "booked_on", "bank_reference", "other_name", "other_number", "remark", "kind",
        "evidence", "suspense", "note",
    )  # fmt: skip
    return [
        {name: getattr(each, name) for name in names}
        | {
            "change": format_fen(each.change_fen),
            "balance": format_fen(each.balance_fen),
            "candidates": [
                {"money_account_id": account, "participant_id": participant, "why": why.split()}
                for account, participant, why in candidates.get(each.id, [])
            ],
        }
        for each in rows
    ]
