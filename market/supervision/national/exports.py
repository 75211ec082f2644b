"""Exporting records, taking the answer of the national system, and holding the one against the other."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.core.sheets.columns import Column, Kind, Register, choices
from market.core.sheets.gathering import gather
from market.core.sheets.reading import read
from market.county.current import pack_in_force
from market.supervision import water_years
from market.supervision.national.errors import AnswerShape, AnswerTaken, NothingToExport
from market.supervision.national.fields import EXPORTS
from market.supervision.national.models import NationalAnswer, NationalExport
from market.supervision.national.reconciliation import ACCEPTED, REJECTED, Line, Record, reconcile
from market.supervision.reports import formats
from market.supervision.reports.report import Asked

MOST_LINES = 20_000


def export(session: Session, *, actor: audit.Actor, kind: str, water_year: int) -> NationalExport:
    """Freezes the records of one kind and year for the national system. Errors: NoSuchYear, NothingToExport."""
    connection, today = raw(session), clock.today()
    asked = Asked(pack_in_force(connection), water_years.found(connection, water_year, today), today)
    report = EXPORTS[kind]
    found = formats.table(report, water_year, today, report.query(connection, asked))
    if not found.rows:
        raise NothingToExport(f"there is no record of {water_year} to export")
    text = formats.to_json(found).decode()
    made = NationalExport(
        kind=kind, water_year=water_year, text=text, sha256=hashlib.sha256(text.encode()).digest(),
        records=len(found.rows), made_by=actor.user_id, made_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()  # events and the record name it
    detail = {"kind": kind, "water_year": water_year, "records": made.records, "sha256": made.sha256.hex()}
    acts.done(
        session,
        actor=actor,
        source="supervision",
        kind="national_export",
        number=made.id,
        act="made",
        detail=detail,
    )
    return made


def one(session: Session, export_id: int) -> NationalExport:
    """An export. Errors: NotFound."""
    found = session.get(NationalExport, export_id)
    if found is None:
        raise NotFound("there is no such export")
    return found


def listing(session: Session, *, before: int | None, limit: int) -> list[NationalExport]:
    """Exports, the newest first."""
    statement = (
        select(NationalExport) if before is None else select(NationalExport).where(NationalExport.id < before)
    )
    return list(session.scalars(statement.order_by(NationalExport.id.desc()).limit(limit)))


def to_csv(made: NationalExport) -> bytes:
    """The records with the names of the field list as header, as they were frozen."""
    held = msgspec.json.decode(made.text)
    names = [each["name"] for each in held["columns"]]
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(held["rows"])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def register(kind: str) -> Register:
    """The sheet of an answer: the record, its status, why, its national number, and any field that it repeats."""
    status = choices({ACCEPTED: "接收", REJECTED: "退回"})
    repeated = tuple(
        Column(each.name, each.zh, each.en)
        for each in EXPORTS[kind].fields
        if each.name not in ("record_no", "status")
    )
    head = (
        Column("record_no", "记录编号", "Record", required=True),
        Column("status", "处理状态", "Status of the record", Kind.CHOICE, required=True, choices=status),
        Column("reason", "退回原因", "Reason", most=1000),
        Column("national_no", "国家系统编号", "National number"),
    )
    return Register(f"answer-{kind}", "回执", "Answer", head + repeated, ("record_no",))


def take_file(session: Session, *, actor: audit.Actor, export_id: int, data: bytes) -> NationalAnswer:
    """Takes an answer as CSV or Excel, whole or not at all.

    Errors: NotFound, AnswerShape, AnswerTaken, and those of sheets, RowsWrong too.
    """
    made = one(session, export_id)
    columns = register(made.kind)
    found = gather(read(data, columns))
    found.check(partial=False)
    head = {"record_no", "status", "reason", "national_no"}
    lines = [
        Line(
            row.values["record_no"], row.values["status"], row.values["reason"], row.values["national_no"],
            {name: value for name, value in row.values.items() if name not in head and value is not None},
        )
        for row in found.good
    ]  # fmt: skip
    return take(session, actor=actor, export_id=export_id, lines=lines)


def take(session: Session, *, actor: audit.Actor, export_id: int, lines: Sequence[Line]) -> NationalAnswer:
    """Takes what the national system says of an export. Errors: NotFound, AnswerShape, AnswerTaken."""
    made = one(session, export_id)
    _check(made, lines)
    text = msgspec.json.encode(
        [
            {"record_no": each.record_no, "status": each.status, "reason": each.reason,
             "national_no": each.national_no, "values": dict(each.values)}
            for each in lines
        ]
    ).decode()  # fmt: skip
    digest = hashlib.sha256(text.encode()).digest()
    taken = select(NationalAnswer.id).where(
        NationalAnswer.export_id == export_id, NationalAnswer.sha256 == digest
    )
    if session.scalar(taken) is not None:
        raise AnswerTaken
    answer = NationalAnswer(
        export_id=export_id, text=text, sha256=digest, lines=len(lines), received_by=actor.user_id,
        received_at=clock.now(),
    )  # fmt: skip
    session.add(answer)
    session.flush()  # events and the record name it
    detail = {"export_id": export_id, "lines": len(lines), "sha256": digest.hex()}
    acts.done(
        session, actor=actor, source="supervision", kind="national_answer", number=answer.id, act="taken",
        detail=detail,
    )  # fmt: skip
    return answer


def _check(made: NationalExport, lines: Sequence[Line]) -> None:
    if not 0 < len(lines) <= MOST_LINES:
        raise AnswerShape(f"an answer has 1 to {MOST_LINES} lines", pointer="/lines")
    known = {each.name for each in EXPORTS[made.kind].fields}
    seen: set[str] = set()
    for place, each in enumerate(lines):
        if each.record_no in seen:
            raise AnswerShape(f"the record {each.record_no[:80]} stands twice", pointer=f"/lines/{place}")
        seen.add(each.record_no)
        if each.status == REJECTED and not (each.reason or "").strip():
            raise AnswerShape("a rejection says why", pointer=f"/lines/{place}/reason")
        strange = set(each.values) - known
        if strange:
            raise AnswerShape(f"there is no field {min(strange)[:80]}", pointer=f"/lines/{place}/values")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """An export with every record's state, and how many answers were taken."""

    export: NationalExport
    records: list[Record]
    answers: int


def reconciled(session: Session, export_id: int) -> Reconciled:
    """What was exported against all that came back; of a record the newest line counts. Errors: NotFound."""
    made = one(session, export_id)
    answers = session.scalars(
        select(NationalAnswer).where(NationalAnswer.export_id == export_id).order_by(NationalAnswer.id)
    ).all()
    lines = [Line(**each) for answer in answers for each in _lines(answer)]
    return Reconciled(made, reconcile(msgspec.json.decode(made.text)["rows"], lines), len(answers))


def _lines(answer: NationalAnswer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.json.decode(answer.text)
    return found
