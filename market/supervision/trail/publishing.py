"""Signing and publishing heads, reading the trail, and writing an export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg

from market.core import audit, clock
from market.core.errors import NotFound
from market.core.links import GENESIS, Entry
from market.supervision.trail import exports, heads
from market.supervision.trail.heads import Head

_HEADS_SQL = "SELECT chain, seq, hash FROM audit_chains ORDER BY chain"
_PUBLISH_SQL = """
INSERT INTO audit_heads (chain, seq, hash, at, key, signature) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (chain, seq) DO NOTHING
"""
_PUBLISHED_SQL = "SELECT id, chain, seq, hash, at, key, signature FROM audit_heads"
_PAST_SQL = """
SELECT c.chain, coalesce(max(a.seq), 0) FROM audit_chains c
LEFT JOIN audit a ON a.chain = c.chain AND a.at < %s GROUP BY c.chain
"""
_HASH_SQL = "SELECT hash FROM audit WHERE chain = %s AND seq = %s"
AT_ONCE = 5_000


def now(connection: psycopg.Connection[Any], secret: bytes) -> list[Head]:
    """The head of every chain as it is, signed."""
    at = clock.now()
    found = connection.execute(_HEADS_SQL).fetchall()
    return [heads.sign(secret, chain, seq, bytes(digest), at) for chain, seq, digest in found]


def publish(connection: psycopg.Connection[Any], secret: bytes) -> int:
    """Signs and keeps the heads that have moved since they were published last; returns how many."""
    rows = [
        (each.chain, each.seq, each.hash, each.at, each.key, each.signature)
        for each in now(connection, secret)
        if each.seq
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_PUBLISH_SQL, rows)
        return max(cursor.rowcount, 0)


def published(
    connection: psycopg.Connection[Any], *, before: int | None, limit: int
) -> list[tuple[int, Head]]:
    """Published heads, the newest first."""
    rows = connection.execute(
        f"{_PUBLISHED_SQL} WHERE %(before)s::bigint IS NULL OR id < %(before)s ORDER BY id DESC LIMIT %(limit)s",
        {"before": before, "limit": limit},
    ).fetchall()
    return [
        (row[0], Head(row[1], row[2], bytes(row[3]), row[4], bytes(row[5]), bytes(row[6]))) for row in rows
    ]


def _begins(connection: psycopg.Connection[Any], since: dt.datetime | None) -> dict[str, tuple[int, bytes]]:
    """Where each chain begins for an export of what came since an instant (None: everything)."""
    if since is None:
        return {row[0]: (0, GENESIS) for row in connection.execute(_HEADS_SQL).fetchall()}
    begins: dict[str, tuple[int, bytes]] = {}
    for chain, seq in connection.execute(_PAST_SQL, (since,)).fetchall():
        row = connection.execute(_HASH_SQL, (chain, seq)).fetchone() if seq else None
        begins[chain] = (seq, bytes(row[0])) if row else (0, GENESIS)
    return begins


def export(
    connection: psycopg.Connection[Any], secret: bytes, *, since: dt.datetime | None = None
) -> Iterator[bytes]:
    """The lines of an export, without line ends. What a head covers was committed before it and never changes."""
    begins, ends = _begins(connection, since), now(connection, secret)
    ends = [each for each in ends if each.chain in begins]
    yield exports.header(begins, ends)
    for each in ends:
        with connection.cursor(name=f"export_{each.chain}") as cursor:
            cursor.itersize = AT_ONCE
            cursor.execute(audit.ENTRIES_SQL, (each.chain, begins[each.chain][0], each.seq))
            for row in cursor:
                yield exports.line(audit.entry_of(row))


FILTERS: dict[str, LiteralString] = {
    "chain": "chain = %(chain)s",
    "action": "action LIKE %(action)s",
    "subject_type": "subject_type = %(subject_type)s",
    "subject_id": "subject_id = %(subject_id)s",
    "user_id": "actor_user_id = %(user_id)s",
    "participant_id": "participant_id = %(participant_id)s",
    "request_id": "request_id = %(request_id)s",
    "since": "at >= %(since)s",
    "until": "at < %(until)s",
}
"""What entries can be looked for by, and how."""


def search(
    connection: psycopg.Connection[Any], *, chain: str, before: int | None, limit: int, wanted: dict[str, Any]
) -> list[Entry]:
    """Entries of one chain that fit everything wanted (names of FILTERS), the newest first.

    An `action` that ends in * stands for every action that begins so.
    """
    values = {name: value for name, value in wanted.items() if value is not None}
    if "action" in values:
        plain = values["action"].replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
        values["action"] = plain[:-1] + "%" if plain.endswith("*") else plain
    terms: list[LiteralString] = ["chain = %(chain)s", "(%(before)s::bigint IS NULL OR seq < %(before)s)"]
    terms += [FILTERS[name] for name in values]
    where = " AND ".join(terms)
    rows = connection.execute(
        f"SELECT {audit.COLUMNS} FROM audit WHERE {where} ORDER BY seq DESC LIMIT %(limit)s",
        {**values, "chain": chain, "before": before, "limit": limit},
    ).fetchall()
    return [audit.entry_of(row) for row in rows]


def entry(connection: psycopg.Connection[Any], chain: str, seq: int) -> Entry:
    """One entry. Errors: NotFound."""
    row = connection.execute(
        f"SELECT {audit.COLUMNS} FROM audit WHERE chain = %s AND seq = %s", (chain, seq)
    ).fetchone()
    if row is None:
        raise NotFound("there is no such entry")
    return audit.entry_of(row)
