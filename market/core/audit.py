"""The audit trail: hash-chained, written in the transaction of the change, one chain a kind of writer.

What a link is and how a chain is checked stands in `core.links`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, LiteralString

import msgspec
import psycopg

from market.core import clock
from market.core.links import Actor, Entry, Link, Walk, digest, instant, link_hash

__all__ = ["API", "COLUMNS", "ENGINE", "Actor", "Link", "entry_of", "record", "record_many", "row", "verify"]

API = "api"
ENGINE = "engine"

COLUMNS: LiteralString = (
    "chain, seq, prev_hash, hash, at, actor_user_id, participant_id, mandate_id, action, subject_type, subject_id,"
    " batch_id, request_id, detail, origin"
)
INSERT_SQL = f"INSERT INTO audit ({COLUMNS}) VALUES ({', '.join(['%s'] * 15)})"
HEAD_SQL = "SELECT seq, hash FROM audit_chains WHERE chain = %s FOR UPDATE"
MOVE_HEAD_SQL = "UPDATE audit_chains SET seq = %s, hash = %s WHERE chain = %s"


def row(chain: str, seq: int, previous: bytes, link: Link) -> tuple[Any, ...]:
    """The parameters of INSERT_SQL for a link at its place in the chain; the hash is at index 3."""
    actor = link.actor
    return (
        chain,
        seq,
        previous,
        link_hash(chain, seq, previous, link),
        link.at,
        actor.user_id,
        actor.participant_id,
        actor.mandate_id,
        link.action,
        link.subject_type,
        link.subject_id,
        link.batch_id,
        actor.request_id,
        link.detail,
        actor.origin,
    )


def record(
    connection: psycopg.Connection[Any],
    *,
    actor: Actor,
    action: str,
    subject: tuple[str, int] | None = None,
    detail: dict[str, Any] | None = None,
    chain: str = API,
) -> None:
    """Chains one entry in the caller's transaction. Call it last: it locks the chain's head until the commit.

    `detail` says what changed (before and after where it matters); ids and figures, never personal data.
    """
    head = connection.execute(HEAD_SQL, (chain,)).fetchone()
    if head is None:
        raise RuntimeError(f"there is no audit chain {chain}")
    seq, previous = head[0] + 1, bytes(head[1])
    link = Link(
        actor=actor,
        action=action,
        subject_type=subject[0] if subject else None,
        subject_id=subject[1] if subject else None,
        batch_id=None,
        detail=msgspec.json.encode(detail or {}, order="sorted").decode(),
        at=clock.now(),
    )
    parameters = row(chain, seq, previous, link)
    connection.execute(INSERT_SQL, parameters)
    connection.execute(MOVE_HEAD_SQL, (seq, parameters[3], chain))


def record_many(
    connection: psycopg.Connection[Any],
    *,
    actor: Actor,
    action: str,
    subject_type: str,
    details: Iterable[tuple[int, dict[str, Any]]],
    chain: str = API,
) -> None:
    """Chains one entry for each (subject id, detail), in order, in one COPY. Call it last, as `record`."""
    head = connection.execute(HEAD_SQL, (chain,)).fetchone()
    if head is None:
        raise RuntimeError(f"there is no audit chain {chain}")
    seq, previous, at = head[0], bytes(head[1]).hex(), clock.now()
    first, at_text = seq, instant(at)
    waiting = iter(details)
    same = "\t".join(
        _field(each)
        for each in (
            chain, at_text, actor.user_id, actor.participant_id, actor.mandate_id, action, subject_type,
            actor.request_id, actor.origin,
        )
    )  # fmt: skip
    with connection.cursor() as cursor, cursor.copy(_MANY_SQL) as copy:
        while some := list(islice(waiting, _LINES_AT_ONCE)):
            lines = []
            for subject_id, detail in some:
                text = msgspec.json.encode(detail, order="sorted").decode()
                seq += 1
                made = digest(
                    chain, seq, previous, at_text, actor, action, subject_type, subject_id, None, text
                ).hexdigest()
                lines.append(f"{seq}\t\\\\x{previous}\t\\\\x{made}\t{subject_id}\t{_field(text)}\t{same}\n")
                previous = made
            copy.write("".join(lines))
    if seq > first:
        connection.execute(MOVE_HEAD_SQL, (seq, bytes.fromhex(previous), chain))


# The first change from line to line, the others do not. Hundreds of thousands are written at once, so COPY's text is
# made here.
_MANY_SQL = """
COPY audit (seq, prev_hash, hash, subject_id, detail,
            chain, at, actor_user_id, participant_id, mandate_id, action, subject_type, request_id, origin) FROM STDIN
"""
_LINES_AT_ONCE = 500
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _field(value: str | int | None) -> str:
    r"""A value in the text format of COPY; \N is null."""
    if value is None:
        return r"\N"
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)


def entry_of(columns: tuple[Any, ...]) -> Entry:
    """An entry from a row of ENTRIES_SQL."""
    actor = Actor(columns[5], columns[6], columns[7], columns[12], columns[14])
    link = Link(actor, columns[8], columns[9], columns[10], columns[11], columns[13], columns[4])
    return Entry(columns[0], columns[1], bytes(columns[2]), bytes(columns[3]), link)


ENTRIES_SQL = f"SELECT {COLUMNS} FROM audit WHERE chain = %s AND seq > %s AND seq <= %s ORDER BY seq"


def verify(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Walks every chain and returns what is broken: [{chain, seq, problem}], empty when all is whole."""
    problems: list[dict[str, Any]] = []
    heads = connection.execute("SELECT chain, seq, hash FROM audit_chains ORDER BY chain").fetchall()
    for chain, head_seq, head_hash in heads:
        walk = Walk(chain)
        with connection.cursor(name=f"audit_{chain}") as cursor:
            cursor.itersize = 5_000
            cursor.execute(f"SELECT {COLUMNS} FROM audit WHERE chain = %s ORDER BY seq", (chain,))
            for columns in cursor:
                walk.take(entry_of(columns))
        walk.end(head_seq, bytes(head_hash))
        problems += walk.problems
    return problems
