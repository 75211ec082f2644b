"""The engine's second door: a command written in the caller's own transaction, taken up after its commit.

Kinds: `rematch` (headroom, water or rules changed: look at blocked orders again), `halt` and `resume` (a product;
payload phase: where to resume),
`phase` (a product by its calendar: payload phase, reason; a halt stays, and so does what a price has stopped, unless
payload stop names it),
`close` (a product for good: its orders expire),
`call` (payload: call_id, a cleared call to hold), `deals` (payload: deal_ids, rows of deals that a mechanism struck),
`cancel_orders` (payload: any of participant_id, water_account_id, order_ids; reason).
"""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg

from market.core.audit import Actor

CHANNEL = "engine_inbox"


def put(
    connection: psycopg.Connection[Any],
    *,
    kind: str,
    actor: Actor,
    product_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> int:
    """Writes one command for the engine and wakes it at the commit; returns its id."""
    row = connection.execute(
        "INSERT INTO inbox (kind, product_id, payload, actor_user_id, request_id) VALUES (%s, %s, %s, %s, %s)"
        " RETURNING id",
        (kind, product_id, msgspec.json.encode(payload or {}).decode(), actor.user_id, actor.request_id),
    ).fetchone()
    assert row is not None
    connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(row[0])))
    return int(row[0])
