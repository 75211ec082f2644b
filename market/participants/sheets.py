"""Participants as a sheet: entered by a registrar without a sign-in, exported with masked identifiers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy.orm import Session

from market.core import audit, ids, outbox
from market.core.db import bump_reference, raw
from market.core.sheets.columns import Column, Kind, Problem, Register, choices
from market.core.sheets.gathering import Gathered, gather
from market.core.sheets.reading import Row, read
from market.participants import admission, entering, privacy
from market.participants.entering import ADMITTED, APPLIED, Entered, NewParticipant
from market.participants.errors import IdentifierKnown, WrongIdentifier
from market.participants.models import KINDS
from market.participants.privacy import Kind as Datum

KIND_CHOICES = choices(
    dict(
        zip(
            KINDS,
            ("个人", "农户", "用水者协会", "企业", "节水服务企业", "核验机构", "银行", "公共机构"),
            strict=True,
        )
    )
)
_STATUS_CHOICES = choices(
    {
        "applied": "已申请",
        "admitted": "已准入",
        "refused": "未准入",
        "suspended": "已暂停",
        "closed": "已注销",
    }
)
PARTICIPANTS = Register(
    "participants",
    "参与主体",
    "participants",
    (
        Column("kind", "主体类型", "kind", Kind.CHOICE, required=True, choices=KIND_CHOICES),
        Column("name", "主体名称", "name", required=True, most=128),
        Column("identifier", "证件号码", "identifier", required=True, most=32),
        Column("contact", "联系方式", "contact", most=256),
        Column("admitted", "是否准入", "admitted", Kind.YES_NO),
        Column("participant_id", "主体编号", "participant", shown_only=True),
        Column("status", "状态", "status", Kind.CHOICE, choices=_STATUS_CHOICES, shown_only=True),
    ),
    ("identifier",),
)
REASON = "entered from a register"


def import_participants(
    session: Session, *, actor: audit.Actor, secret: bytes, data: bytes, partial: bool
) -> Gathered:
    """Records the applications of a file, in set statements; where `admitted` says so, they are admitted at once.

    None of them has a sign-in, as the holders that an import of certificates makes. Errors: those of sheets,
    IdentifierKnown (somebody registered one of them just now).
    """
    found = gather(read(data, PARTICIPANTS))
    connection = raw(session)
    checked = _checked(found, secret)
    known = {
        bytes(row[0])
        for row in connection.execute(
            "SELECT identifier_hash FROM participants WHERE identifier_hash = ANY(%s)",
            ([each.digest for _, each in checked],),
        )
    }
    first: dict[bytes, int] = {}
    wanted: list[NewParticipant] = []
    found.good = []
    for row, each in checked:
        before = first.setdefault(each.digest, row.number)
        if each.digest in known:
            found.refuse_by_rule(row, PARTICIPANTS.letter("identifier"), IdentifierKnown())
        elif before != row.number:  # written in another way
            text = (f"the same as row {before}", f"与第 {before} 行重复")
            found.refuse(Problem(row.number, PARTICIPANTS.letter("identifier"), "duplicated_row", *text))
        else:
            found.good.append(row)
            wanted.append(each)
    found.check(partial=partial)
    _write(connection, actor, wanted)
    return found


def _checked(found: Gathered, secret: bytes) -> list[tuple[Row, NewParticipant]]:
    """The rows whose identifiers check; the others are refused."""
    checked = []
    for row in found.good:
        values = row.values
        try:
            standard, compact = admission.check_identifier(values["kind"], values["identifier"])
        except WrongIdentifier as error:
            found.refuse_by_rule(row, PARTICIPANTS.letter("identifier"), error)
            continue
        new = NewParticipant(
            values["kind"],
            values["name"],
            standard,
            compact,
            admission.digest(secret, standard, compact),
            ADMITTED if values["admitted"] else APPLIED,
            values["contact"] or "",
        )
        checked.append((row, new))
    return checked


def _write(connection: psycopg.Connection[Any], actor: audit.Actor, wanted: Sequence[NewParticipant]) -> None:
    if not wanted:
        return
    try:
        made = entering.enter(connection, actor=actor, wanted=wanted, reason=REASON)
    except psycopg.errors.UniqueViolation as error:
        raise IdentifierKnown("a participant of the file was registered meanwhile") from error
    admitted = [each for each in made if each.status == ADMITTED]
    if admitted:
        bump_reference(connection)
    for action, rows in ((APPLIED, made), (ADMITTED, admitted)):
        _tell(connection, actor, action, rows)


def _tell(
    connection: psycopg.Connection[Any], actor: audit.Actor, action: str, rows: Sequence[Entered]
) -> None:
    outbox.publish_many(
        connection,
        topic=f"participants.participant.{action}",
        subject_type="participant",
        payloads=[(each.id, {}) for each in rows],
    )
    audit.record_many(
        connection,
        actor=actor,
        action=f"participant.{action}",
        subject_type="participant",
        details=((each.id, {"kind": each.kind, "imported": True}) for each in rows),
    )


def participant_rows(
    connection: psycopg.Connection[Any], *, roles: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Every participant as a row of its sheet, as somebody with these roles sees it."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "SELECT id, kind, name, identifier_masked AS identifier, contact, status,"
            " status NOT IN ('applied', 'refused') AS admitted FROM participants ORDER BY id"
        )
        for row in cursor:
            row["participant_id"] = ids.public("par", row["id"])
            row["contact"] = privacy.shown(Datum.CONTACT, row["contact"], roles, own=False)
            if row["kind"] not in privacy.BODIES:
                row["name"] = privacy.shown(Datum.NAME, row["name"], roles, own=False)
                row["identifier"] = privacy.shown(Datum.IDENTITY, row["identifier"], roles, own=False)
            yield row
