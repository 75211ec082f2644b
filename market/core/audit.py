"""The audit trail: hash-chained, written in the transaction of the change, one chain a kind of writer.

A link's hash covers its predecessor's hash and every field, so that an edit, a deletion, an insertion or a
re-ordering breaks the chain. No personal data goes in: actors and subjects are ids.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec
import psycopg

from market.core import clock

GENESIS = bytes(32)
API = "api"
ENGINE = "engine"

_COLUMNS = (
    "chain, seq, prev_hash, hash, at, actor_user_id, participant_id, mandate_id, action, subject_type, subject_id,"
    " batch_id, request_id, detail"
)
INSERT_SQL = f"INSERT INTO audit ({_COLUMNS}) VALUES ({', '.join(['%s'] * 14)})"
HEAD_SQL = "SELECT seq, hash FROM audit_chains WHERE chain = %s FOR UPDATE"
MOVE_HEAD_SQL = "UPDATE audit_chains SET seq = %s, hash = %s WHERE chain = %s"


@dataclass(frozen=True)
class Actor:
    """Who acts: the user, the participant acted for, and the mandate under which, if it is not the user's own."""

    user_id: int | None = None
    participant_id: int | None = None
    mandate_id: int | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class Link:
    """One entry before it is chained."""

    actor: Actor
    action: str
    subject_type: str | None
    subject_id: int | None
    batch_id: int | None
    detail: str
    at: dt.datetime


def link_hash(chain: str, seq: int, previous: bytes, link: Link) -> bytes:
    """SHA-256 over the predecessor's hash and the canonical text of every field."""
    return _digest(
        chain, seq, previous.hex(), _instant(link.at), link.actor, link.action, link.subject_type, link.subject_id,
        link.batch_id, link.detail,
    ).digest()  # fmt: skip


def _instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _digest(
    chain: str, seq: int, previous: str, at: str, actor: Actor, action: str, subject_type: str | None,
    subject_id: int | None, batch_id: int | None, detail: str,
) -> hashlib._Hash:  # fmt: skip
    text = msgspec.json.encode(
        [
            chain,
            seq,
            previous,
            at,
            actor.user_id,
            actor.participant_id,
            actor.mandate_id,
            action,
            subject_type,
            subject_id,
            batch_id,
            actor.request_id,
            detail,
        ]
    )
    return hashlib.sha256(text)


def row(chain: str, seq: int, previous: bytes, link: Link) -> tuple[Any, ...]:
    """The parameters of INSERT_SQL for a link at its place in the chain; the hash is at index 3."""
    actor = link.actor
    digest = link_hash(chain, seq, previous, link)
    return (
        chain,
        seq,
        previous,
        digest,
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
    first, at_text = seq, _instant(at)
    waiting = iter(details)
    same = "\t".join(
        _field(each)
        for each in (
            chain, at_text, actor.user_id, actor.participant_id, actor.mandate_id, action, subject_type,
            actor.request_id,
        )
    )  # fmt: skip
    with connection.cursor() as cursor, cursor.copy(_MANY_SQL) as copy:
        while some := list(islice(waiting, _LINES_AT_ONCE)):
            lines = []
            for subject_id, detail in some:
                text = msgspec.json.encode(detail, order="sorted").decode()
                seq += 1
                digest = _digest(
                    chain, seq, previous, at_text, actor, action, subject_type, subject_id, None, text
                ).hexdigest()
                lines.append(f"{seq}\t\\\\x{previous}\t\\\\x{digest}\t{subject_id}\t{_field(text)}\t{same}\n")
                previous = digest
            copy.write("".join(lines))
    if seq > first:
        connection.execute(MOVE_HEAD_SQL, (seq, bytes.fromhex(previous), chain))


# The first change from line to line, the others do not. Hundreds of thousands are written at once, so COPY's text is
# made here.
_MANY_SQL = """
COPY audit (seq, prev_hash, hash, subject_id, detail,
            chain, at, actor_user_id, participant_id, mandate_id, action, subject_type, request_id) FROM STDIN
"""
_LINES_AT_ONCE = 500
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _field(value: str | int | None) -> str:
    r"""A value in the text format of COPY; \N is null."""
    if value is None:
        return r"\N"
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)


def verify(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Walks every chain and returns what is broken: [{chain, seq, problem}], empty when all is whole."""
    problems: list[dict[str, Any]] = []
    heads = connection.execute("SELECT chain, seq, hash FROM audit_chains ORDER BY chain").fetchall()
    for chain, head_seq, head_hash in heads:
        seq, previous = 0, GENESIS
        with connection.cursor(name=f"audit_{chain}") as cursor:
            cursor.itersize = 5_000
            cursor.execute(f"SELECT {_COLUMNS} FROM audit WHERE chain = %s ORDER BY seq", (chain,))
            for entry in cursor:
                problem = _check(entry, chain, seq, previous)
                if problem:
                    problems.append({"chain": chain, "seq": entry[1], "problem": problem})
                seq, previous = entry[1], bytes(entry[3])
        if (seq, previous) != (head_seq, bytes(head_hash)):
            problems.append({"chain": chain, "seq": seq, "problem": "the chain does not end at its head"})
    return problems


def _check(entry: tuple[Any, ...], chain: str, seq: int, previous: bytes) -> str | None:
    if entry[1] != seq + 1:
        return "a link is missing before this one"
    if bytes(entry[2]) != previous:
        return "does not name its predecessor's hash"
    actor = Actor(user_id=entry[5], participant_id=entry[6], mandate_id=entry[7], request_id=entry[12])
    link = Link(actor, entry[8], entry[9], entry[10], entry[11], entry[13], entry[4])
    if link_hash(chain, entry[1], previous, link) != bytes(entry[3]):
        return "its content was changed"
    return None
