"""Signing and publishing heads, reading the trail, and writing an export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg

from market.core import audit, clock
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


# What is not asked for is null, which the planner folds away: it plans with the values.
_SEARCH_SQL = f"""
SELECT {audit.COLUMNS} FROM audit
WHERE chain = %(chain)s AND (%(before)s::bigint IS NULL OR seq < %(before)s)
  AND (%(action)s::text IS NULL OR action LIKE %(action)s)
  AND (%(subject_type)s::text IS NULL OR subject_type = %(subject_type)s)
  AND (%(subject_id)s::bigint IS NULL OR subject_id = %(subject_id)s)
  AND (%(user_id)s::bigint IS NULL OR actor_user_id = %(user_id)s)
  AND (%(participant_id)s::bigint IS NULL OR participant_id = %(participant_id)s)
  AND (%(request_id)s::text IS NULL OR request_id = %(request_id)s)
  AND (%(since)s::timestamptz IS NULL OR at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
ORDER BY seq DESC LIMIT %(limit)s
"""
FILTERS = (
    "action", "subject_type", "subject_id", "user_id", "participant_id", "request_id", "since", "until",
)  # fmt: skip
"""What entries can be looked for by."""


def search(
    connection: psycopg.Connection[Any], *, chain: str, before: int | None, limit: int, wanted: dict[str, Any]
) -> list[Entry]:
    """Entries of one chain that fit everything wanted (names of FILTERS), the newest first.

    An `action` that ends in * stands for every action that begins so.
    """
    values = dict.fromkeys(FILTERS) | wanted
    if values["action"] is not None:
        plain = values["action"].replace("_", "\\_")
        values["action"] = plain[:-1] + "%" if plain.endswith("*") else plain
    rows = connection.execute(
        _SEARCH_SQL, {**values, "chain": chain, "before": before, "limit": limit}
    ).fetchall()
    return [audit.entry_of(row) for row in rows]
