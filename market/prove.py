"""`karez prove`: every invariant of DESIGN section 11, in one snapshot, also beside a running server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psycopg

from market.core import audit, db
from market.proofs import (
    NAMES,
    bank,
    beneficiaries,
    bidding,
    billing,
    calls,
    cases,
    contracts,
    crossing,
    deals,
    desks,
    fee_invoices,
    gateway,
    households,
    invoices,
    leases,
    ledger,
    lots,
    metering,
    reversing,
    rights,
    savings,
    season,
    stopping,
    storage,
    trading,
    trail,
    trusting,
)
from market.trading.rows import command_digest

SAMPLE = 5
PARTS = (
    ledger,
    trading,
    bidding,
    calls,
    deals,
    leases,
    metering,
    rights,
    season,
    beneficiaries,
    storage,
    contracts,
    savings,
    lots,
    trusting,
    invoices,
    households,
    desks,
    cases,
    stopping,
    reversing,
    gateway,
    billing,
    fee_invoices,
    bank,
    trail,
)
Violations = dict[int, list[list[Any]]]


def run(url: str) -> dict[str, Any]:
    """{"violations": n, "invariants": [{"number", "name", "violations", "sample"}]}; a sound market has n = 0."""
    with db.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL jit = off")
        found = violations(connection)
    invariants = [
        {
            "number": number,
            "name": name,
            "violations": len(found[number]),
            "sample": [[str(value) for value in row] for row in found[number][:SAMPLE]],
        }
        for number, name in NAMES.items()
    ]
    return {"violations": sum(len(rows) for rows in found.values()), "invariants": invariants}


def broken(connection: psycopg.Connection[Any], *numbers: int) -> list[list[Any]]:
    """What breaks these invariants, in the connection's own transaction (those that one query finds)."""
    return [
        list(row)
        for part in PARTS
        for check in part.CHECKS
        if check.number in numbers
        for row in connection.execute(check.sql.replace("%%", "%")).fetchall()
    ]


def violations(connection: psycopg.Connection[Any]) -> Violations:
    """What breaks each invariant by its number, in the connection's own transaction."""
    found: Violations = defaultdict(list)
    for check in (each for part in PARTS for each in part.CHECKS):
        found[check.number].extend(
            list(row) for row in connection.execute(check.sql.replace("%%", "%")).fetchall()
        )
    found[9].extend(crossing.violations(connection))
    found[10].extend(beneficiaries.violations(connection))
    found[13].extend([each["problem"], each["chain"], each["seq"]] for each in audit.verify(connection))
    found[13].extend(_wrong_digests(connection))
    return found


def _wrong_digests(connection: psycopg.Connection[Any]) -> Iterator[list[Any]]:
    """Batches whose commands are not those that the audit link was made of."""
    digests = dict(
        connection.execute(
            "SELECT batch_id, detail::jsonb ->> 'sha256' FROM audit WHERE chain = 'engine'"
            " AND detail::jsonb ->> 'sha256' IS NOT NULL"
        ).fetchall()
    )
    with connection.cursor(name="commands") as cursor:
        cursor.itersize = 10_000
        cursor.execute(
            "SELECT batch_id, id, participant_id, key, position, encode(body_hash, 'hex'), actor_user_id,"
            " coalesce(mandate_id, 0), request, outcome, origin FROM commands ORDER BY batch_id, id"
        )
        batch: int | None = None
        rows: list[Any] = []
        for row in cursor:
            if row[0] != batch:
                yield from _wrong_digest(batch, rows, digests)
                batch, rows = row[0], []
            rows.append(row[1:])
        yield from _wrong_digest(batch, rows, digests)
    for missing in digests:
        yield ["an audit link without its commands", missing]


def _wrong_digest(batch: int | None, rows: list[Any], digests: dict[int, str]) -> Iterator[list[Any]]:
    if batch is not None and digests.pop(batch, None) != command_digest(rows):
        yield ["the commands of a batch are not those that were audited", batch]
