"""A bureau's whole register of certificates, taken over from a file."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from market.core import audit, clock, outbox
from market.core.db import bump_reference, raw
from market.core.sheets.columns import Problem
from market.core.sheets.gathering import Gathered
from market.core.sheets.reading import Limits, Row, read
from market.participants import admission, entering
from market.participants.entering import NewParticipant
from market.participants.errors import WrongIdentifier
from market.registry import entitlements, reference, steps
from market.registry.county import known_sources
from market.registry.sheets import CERTIFICATES
from market.registry.steps import PERMIT

FROM_A_FILE = Limits(file_bytes=512 << 20, unpacked_bytes=4 << 30, ratio=150, rows=1_000_000, problems=1_000)
"""A bureau's own file, on its own machine."""
CHUNK = 5_000


@dataclass(slots=True)
class Imported:
    """What an import of certificates did."""

    certificates: int = 0
    new_participants: int = 0
    found: Gathered = field(default_factory=lambda: Gathered(FROM_A_FILE.problems))


def import_certificates(
    session: Session,
    *,
    actor: audit.Actor,
    secret: bytes,
    source: Path,
    partial: bool = False,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Imported:
    """Takes over certificates that a bureau granted before: confirmed rights, with their numbers and holders.

    Holders that are not known by their identifier are admitted, with a money account and no sign-in. Rows are
    read as a stream and written in chunks by set statements, in the caller's transaction. Errors: those of sheets.
    """
    done = Imported()
    connection = raw(session)
    tree = reference.zones(connection)
    places = {
        "township": {
            z.code: z.id for z in tree.by_code.values() if (z.tree, z.level) == ("admin", "township")
        },
        "canal": {z.code: z.id for z in tree.by_code.values() if (z.tree, z.level) == ("river", "canal")},
        "source": dict.fromkeys(known_sources(connection), 0),
    }
    stream = read(source, CERTIFICATES, FROM_A_FILE)
    while rows := list(islice(stream, CHUNK)):
        good = _checked(connection, rows, places, done.found)
        if good and (partial or not done.found.bad):  # else only what is wrong is still looked for
            _write(connection, actor, secret, good, places, done)
        progress(len(rows))
    done.found.check(partial=partial)
    bump_reference(connection)
    subject = ("import", done.certificates)
    outbox.publish(connection, topic="registry.certificates.imported", subject=subject)
    detail = {"certificates": done.certificates, "participants": done.new_participants}
    audit.record(connection, actor=actor, action="certificates.imported", subject=None, detail=detail)
    return done


def _checked(
    connection: psycopg.Connection[Any],
    rows: Sequence[Row],
    places: dict[str, dict[str, int]],
    found: Gathered,
) -> list[Row]:
    """The rows of a chunk that may be written; the others are refused."""
    clean: list[Row] = []
    for row in rows:
        for problem in row.problems:
            found.refuse(problem)
        if not row.problems:
            clean.append(row)
    numbers = [row.values["certificate_number"] for row in clean]
    known = {
        row[0]
        for row in connection.execute(
            "SELECT certificate_number FROM entitlements WHERE certificate_number = ANY(%s)", (numbers,)
        )
    }
    good: list[Row] = []
    for row in clean:
        wrong = _wrong(row, places, known)
        if wrong is None:
            good.append(row)
        else:
            found.refuse(Problem(row.number, *wrong))
    return good


def _wrong(row: Row, places: dict[str, dict[str, int]], known: set[str]) -> tuple[str, str, str, str] | None:
    values = row.values
    if values["certificate_number"] in known:
        return "A", "certificate_known", "there is a right with this number", "该证书编号已登记"
    for name, zh in (("source", "水源"), ("township", "乡镇"), ("canal", "渠道")):
        if values[name] not in places[name]:
            return "", f"unknown_{name}", f"there is no {name} {values[name]}", f"没有该{zh}"
    if values["volume_litres"] == 0:
        return "", "not_positive", "the volume must be above zero", "年水量须大于零"
    if values["valid_to"] <= values["valid_from"]:
        return "", "term_backwards", "the term ends before it begins", "期限止于起始之前"
    if values["kind"] == PERMIT and _years(values["valid_from"], values["valid_to"]):
        return (
            "",
            "term_too_long",
            "a permit lasts ten years at most (art. 25)",
            "取水许可期限最长十年（第二十五条）",
        )
    try:
        standard, compact = admission.check_identifier(values["holder_kind"], values["identifier"])
    except WrongIdentifier as error:
        return "D", error.code, error.detail, error.title_zh
    values["identifier_kind"], values["identifier"] = standard, compact
    return None


def _years(since: dt.date, until: dt.date) -> bool:
    """Whether a term is longer than a permit's may be."""
    return (until.year - since.year, until.month, until.day) > (
        entitlements.LONGEST_PERMIT_YEARS,
        since.month,
        since.day,
    )


def _write(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    secret: bytes,
    rows: list[Row],
    places: dict[str, dict[str, int]],
    done: Imported,
) -> None:
    holders = _holders(connection, actor, secret, rows, done)
    written = [(row, holders[row.number]) for row in rows if row.number in holders]
    if not written:
        return
    columns = [list(column) for column in zip(*(_right(row, holder, places) for row, holder in written),
                                              strict=True)]  # fmt: skip
    with connection.cursor(row_factory=tuple_row) as cursor:
        made = cursor.execute(_RIGHTS_SQL, (clock.now(), clock.now(), actor.user_id, *columns)).fetchall()
    _keep_series(connection, [number for _, number, _ in made])
    steps.write_registered(
        connection, actor=actor, entitlement_ids=(right_id for right_id, _, _ in made),
        reason="taken over from the register",
    )  # fmt: skip
    audit.record_many(
        connection,
        actor=actor,
        action="entitlement.confirmed",
        subject_type="entitlement",
        details=((right_id, {"certificate_number": number, "participant_id": holder, "imported": True})
                 for right_id, number, holder in made),
    )  # fmt: skip
    done.certificates += len(made)


_RIGHTS_SQL = """
INSERT INTO entitlements (participant_id, kind, source, sector, township_zone_id, canal_zone_id, volume_litres,
                          land_mu_e2, priority, valid_from, valid_to, basis, certificate_number, status, applied_at,
                          decided_at, decided_by, decision_reason)
SELECT n.*, 'confirmed', %s::timestamptz, %s::timestamptz, %s::bigint, 'taken over from the register'
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
              %s::smallint[], %s::date[], %s::date[], %s::text[], %s::text[]) AS n
RETURNING id, certificate_number, participant_id
"""


def _right(row: Row, holder: int, places: dict[str, dict[str, int]]) -> tuple[Any, ...]:
    values = row.values
    return (
        holder,
        values["kind"],
        values["source"],
        values["sector"],
        places["township"][values["township"]],
        places["canal"][values["canal"]],
        values["volume_litres"],
        values["land_mu_e2"],
        values["priority"] or 1,
        values["valid_from"],
        values["valid_to"],
        values["basis"] or "",
        values["certificate_number"],
    )


def _holders(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    secret: bytes,
    rows: list[Row],
    done: Imported,
) -> dict[int, int]:
    """The participant of each row, by the row's number; those that are new are admitted."""
    hashes = {
        row.number: admission.digest(secret, row.values["identifier_kind"], row.values["identifier"])
        for row in rows
    }
    with connection.cursor(row_factory=tuple_row) as cursor:
        known = {
            bytes(found[0]): found[1:]
            for found in cursor.execute(
                "SELECT identifier_hash, id, name, status FROM participants WHERE identifier_hash = ANY(%s)",
                (list(set(hashes.values())),),
            )
        }
    new: dict[bytes, Row] = {}
    for row in rows:
        if hashes[row.number] not in known:
            new.setdefault(hashes[row.number], row)
    made = _admit(connection, actor, new)
    done.new_participants += len(made)
    holders: dict[int, int] = {}
    for row in rows:
        digest, name = hashes[row.number], row.values["holder_name"]
        if digest in made:
            holder, its_name, status = made[digest], new[digest].values["holder_name"], "admitted"
        else:
            holder, its_name, status = known[digest]
        if its_name != name:
            problem = (
                "C",
                "holder_differs",
                "the identifier is another name's",
                "该证件号码已登记为其他名称",
            )
            done.found.refuse(Problem(row.number, *problem))
        elif status != "admitted":
            problem = ("C", "participant_not_admitted", f"the holder is {status}", "主体尚未准入")
            done.found.refuse(Problem(row.number, *problem))
        else:
            holders[row.number] = holder
    return holders


def _admit(
    connection: psycopg.Connection[Any], actor: audit.Actor, new: dict[bytes, Row]
) -> dict[bytes, int]:
    """Admits holders, each with a money account; their ids by the hash of the identifier."""
    wanted = [
        NewParticipant(
            row.values["holder_kind"],
            row.values["holder_name"],
            row.values["identifier_kind"],
            row.values["identifier"],
            digest,
        )
        for digest, row in new.items()
    ]
    made = entering.enter(connection, actor=actor, wanted=wanted, reason="holds a certificate")
    if made:
        audit.record_many(
            connection,
            actor=actor,
            action="participant.admitted",
            subject_type="participant",
            details=((each.id, {"kind": each.kind, "imported": True}) for each in made),
        )
    return {each.digest: each.id for each in made}


_SERIES = re.compile(r"(.+)-([0-9]{6,12})")


def _keep_series(connection: psycopg.Connection[Any], numbers: Sequence[str]) -> None:
    """The next certificate of a series comes after those that were taken over."""
    last: dict[str, int] = {}
    for number in numbers:
        found = _SERIES.fullmatch(number)
        if found is not None:
            last[found[1]] = max(last.get(found[1], 0), int(found[2]))
    connection.execute(
        "INSERT INTO number_series (series, last) SELECT n.* FROM unnest(%s::text[], %s::bigint[]) AS n"
        " ON CONFLICT (series) DO UPDATE SET last = greatest(number_series.last, excluded.last)",
        (list(last), list(last.values())),
    )
