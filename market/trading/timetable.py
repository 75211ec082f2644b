"""Products by the calendar of the county pack: what is due, and telling the engine when it is not so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import audit, clock, inbox, workdays
from market.core.db import raw
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.trading import sessions
from market.trading.guards import BREAKER

_STANDINGS_SQL = """
SELECT p.id, p.code, p.phase, p.phase_since, s.id, s.kind, s.until,
       EXISTS (SELECT FROM inbox i WHERE i.product_id = p.id AND i.done_at IS NULL
               AND i.kind IN ('phase', 'halt', 'resume', 'close'))
FROM products p LEFT JOIN price_stops s ON s.product_id = p.id AND s.ended_at IS NULL
WHERE p.tenure = 'allocation' AND p.phase <> 'closed' AND p.closes_at > %(now)s
  AND (%(only)s::bigint IS NULL OR p.id = %(only)s)
  AND NOT EXISTS (SELECT FROM calls c WHERE c.product_id = p.id AND (c.status IN ('clearing', 'cleared')
                  OR c.status = 'gathering' AND c.opened_by IS NOT NULL))
ORDER BY p.id
"""


def calendar(pack: Pack) -> sessions.Calendar:
    """The trading calendar of a county pack."""
    rules = tuple(
        sessions.TradingDay(
            rule.product, frozenset(rule.days), rule.working_days,
            tuple((step.at, step.phase) for step in rule.steps),
        )
        for rule in pack.sessions
    )  # fmt: skip
    return sessions.Calendar(rules, workdays.is_working_day)


def due(connection: psycopg.Connection[Any], product_ids: Iterable[int]) -> dict[int, str]:
    """The phase that the calendar wants each of these products to be in now."""
    rows = connection.execute(
        "SELECT id, code FROM products WHERE id = ANY (%s::bigint[])", (Bigints(product_ids),)
    ).fetchall()
    wanted, now = calendar(pack_in_force(connection)), clock.now()
    return {product: sessions.phase_due(wanted, code, now) for product, code in rows}


def changes(connection: psycopg.Connection[Any], start: dt.datetime, end: dt.datetime) -> set[dt.datetime]:
    """Every instant between two at which the calendar changes what is due for a product that is open then."""
    wanted, found = calendar(pack_in_force(connection)), set()
    rows = connection.execute(
        "SELECT code, closes_at FROM products WHERE tenure = 'allocation' AND phase <> 'closed'"
    )
    for code, closes_at in rows:
        at, last = start, min(end, closes_at)
        while (change := sessions.next_change(wanted, code, at)) is not None and change.at < last:
            at = change.at
            found.add(at)
    return found


def out_of_phase(session: Session) -> list[int]:
    """The products about which the engine must be told, and is not told already."""
    return list(_moves(raw(session), None))


def put_in_phase(session: Session, *, actor: audit.Actor, product_id: int) -> bool:
    """Tells the engine what is due for a product, if it still is and nobody has told it; says whether it did."""
    connection = raw(session)
    connection.execute("SELECT FROM products WHERE id = %s FOR NO KEY UPDATE", (product_id,))  # one at a time
    move = _moves(connection, product_id).get(product_id)
    if move is None:
        return False
    payload: dict[str, Any] = {"phase": move.phase, "reason": move.reason}
    if move.stop:
        payload["stop"] = move.stop
    inbox.put(connection, kind=move.kind, actor=actor, product_id=product_id, payload=payload)
    audit.record(
        connection, actor=actor, action=f"product.{move.kind}", subject=("product", product_id), detail=payload
    )  # fmt: skip
    return True


def _moves(connection: psycopg.Connection[Any], only: int | None) -> dict[int, sessions.Move]:
    now: dt.datetime = clock.now()
    pack = pack_in_force(connection)
    wanted, found = calendar(pack), {}
    rows = connection.execute(_STANDINGS_SQL, {"now": now, "only": only}).fetchall()
    for product, code, phase, since, stop, kind, until, told in rows:
        rule = pack.band(code)
        standing = sessions.Standing(
            code, phase, since, stop or 0, kind == BREAKER, until,
            rule.interruption_then if rule is not None else sessions.OPEN,
        )  # fmt: skip
        move = sessions.move_due(wanted, standing, now)
        if move is not None and not told:
            found[product] = move
    return found
