"""From the outbox and the tape to events: what participants' programs may be told, resolved set by set after the fact.

Nothing here is on the way of an order: the engine writes one outbox row a batch, as it always did, and its trades are
read off the tape behind it. Events are kept for participants that have programs: an API key or an endpoint.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, LiteralString, NamedTuple

import psycopg
import structlog

from ledger.arrays import Bigints
from market.core import clock, db
from market.core.db import raw
from market.webhooks import topics
from market.webhooks.concerned import CONCERNED_SQL

log = structlog.get_logger("webhooks")

AT_ONCE = 2_000
TRADES_AT_ONCE = 5_000
MOST_ROUNDS = 10
"""How much one run takes: what is left is taken by the next, and the worker has other jobs."""
KEPT = dt.timedelta(days=90)
"""Service rule of the exchange: how long events and what became of them can be read."""
FORGOTTEN_AT_ONCE = 10_000
_LOCK = 0x6B617265  # of the transactions that number events: so they are numbered as they become visible

LISTENING_SQL: LiteralString = """
SELECT u.participant_id FROM api_keys k JOIN users u ON u.id = k.user_id
WHERE u.participant_id IS NOT NULL AND (k.revoked_at IS NULL OR k.revoked_at > %(now)s)
  AND (k.expires_at IS NULL OR k.expires_at > %(now)s)
UNION SELECT participant_id FROM webhook_endpoints
"""
_TAKE_SQL = """
WITH next AS (
  SELECT id FROM outbox WHERE delivered_at IS NULL ORDER BY id LIMIT %(limit)s
), taken AS (
  UPDATE outbox o SET delivered_at = %(now)s FROM next n WHERE o.id = n.id
  RETURNING o.id, o.topic, o.subject_type, o.subject_id, o.created_at
)
SELECT count(*) OVER (), t.* FROM (SELECT count(*) AS n FROM taken) c
LEFT JOIN taken t ON t.topic <> %(batch)s ORDER BY t.id
"""
_LISTENED_SQL: LiteralString = (
    "SELECT c.* FROM ({}) c (id, participant_id, shown) WHERE c.participant_id IN ({})"
)

_TRADES_SQL = f"""
WITH listening AS MATERIALIZED ({LISTENING_SQL}),
made AS MATERIALIZED (
  SELECT id, buyer_id, seller_id, buy_order_id, sell_order_id, traded_at FROM trades
  WHERE id > %(after)s ORDER BY id LIMIT %(limit)s
),
orders_of AS (
  SELECT order_id, max(id) AS trade_id, max(traded_at) AS at FROM (
    SELECT buy_order_id AS order_id, buyer_id AS owner, id, traded_at FROM made
    UNION ALL SELECT sell_order_id, seller_id, id, traded_at FROM made) m
  WHERE owner IN (SELECT participant_id FROM listening) GROUP BY order_id
)
SELECT 'trade', m.id, v.participant_id, m.traded_at FROM made m, LATERAL (VALUES (m.buyer_id), (m.seller_id))
  AS v (participant_id) WHERE v.participant_id IN (SELECT participant_id FROM listening)
UNION ALL
SELECT 'order', o.id, o.participant_id, f.at FROM orders_of f JOIN orders o ON o.id = f.order_id
 WHERE o.status = 'filled'
   AND NOT EXISTS (SELECT FROM trades t WHERE t.buy_order_id = o.id AND t.id > f.trade_id)
   AND NOT EXISTS (SELECT FROM trades t WHERE t.sell_order_id = o.id AND t.id > f.trade_id)
UNION ALL
SELECT 'last', max(id), count(*), NULL FROM made
"""
_ENTER_SQL = """
WITH told AS (
  SELECT * FROM unnest(%(types)s::text[], %(kinds)s::text[], %(numbers)s::bigint[], %(publics)s::bool[],
                            %(ats)s::timestamptz[], %(rows)s::bigint[])
    WITH ORDINALITY AS t (type, kind, number, public, at, row, place)
)
INSERT INTO events (type, object_kind, object_id, public, at, outbox_id)
SELECT type, kind, nullif(number, 0), public, at, nullif(row, 0) FROM told ORDER BY place RETURNING id
"""
_ADDRESS_SQL = """
INSERT INTO event_addressees (event_id, participant_id)
SELECT * FROM unnest(%(events)s::bigint[], %(participants)s::bigint[])
"""
_DELIVER_SQL = """
INSERT INTO webhook_deliveries (endpoint_id, event_id, public, addressee_id, next_try_at)
SELECT w.id, e.id, e.public, CASE WHEN NOT e.public THEN w.participant_id END, %(now)s FROM events e
  JOIN webhook_endpoints w ON w.status = 'enabled' AND (w.types IS NULL OR e.type = ANY(w.types)
    OR w.id = %(only)s) AND (%(only)s::bigint IS NULL OR w.id = %(only)s)
 WHERE e.id = ANY(%(events)s::bigint[]) AND (e.public OR EXISTS (
   SELECT FROM event_addressees a WHERE a.event_id = e.id AND a.participant_id = w.participant_id))
 ORDER BY e.id, w.id
"""


class Told(NamedTuple):
    """An event before it is numbered: its type, what it is about, when it was, whom it concerns (empty: everybody)."""

    type: str
    kind: str
    number: int | None
    at: dt.datetime
    outbox_id: int | None
    participants: frozenset[int]


def spread(url: str) -> int:
    """Makes events of what was published and traded since the last time; returns how many. May run beside another."""
    done = 0
    for _ in range(MOST_ROUNDS):
        with db.transaction(url) as session:
            connection = raw(session)
            lock_numbers(connection)
            taken, told = _of_outbox(connection)
            read, more = _of_tape(connection)
            told = sorted(told + more, key=lambda each: each.at)
            enter(connection, told)
        done += len(told)
        if taken < AT_ONCE and read < TRADES_AT_ONCE:
            break
    return done


def lock_numbers(connection: psycopg.Connection[Any]) -> None:
    """Who numbers events does it alone until its commit: so a later number is never visible before an earlier one."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


def enter(connection: psycopg.Connection[Any], told: list[Told], *, only: int | None = None) -> list[int]:
    """Numbers events, with whom they concern and their deliveries; returns the numbers. Under `lock_numbers`.

    `only`: the one endpoint that they go to, whatever types it has chosen.
    """
    if not told:
        return []
    rows = {
        "types": [each.type for each in told], "kinds": [each.kind for each in told],
        "numbers": Bigints(each.number or 0 for each in told),
        "publics": [not each.participants for each in told], "ats": [each.at for each in told],
        "rows": Bigints(each.outbox_id or 0 for each in told),
    }  # fmt: skip
    numbers = sorted(row[0] for row in connection.execute(_ENTER_SQL, rows).fetchall())
    pairs = [
        (number, participant)
        for number, each in zip(numbers, told, strict=True)
        for participant in sorted(each.participants)
    ]
    addressed = {
        "events": Bigints(number for number, _ in pairs),
        "participants": Bigints(participant for _, participant in pairs),
    }
    connection.execute(_ADDRESS_SQL, addressed)
    connection.execute(_DELIVER_SQL, {"events": Bigints(numbers), "now": clock.now(), "only": only})
    return numbers


def _of_outbox(connection: psycopg.Connection[Any]) -> tuple[int, list[Told]]:
    """How many rows were taken, and what participants are told of them."""
    rows = connection.execute(
        _TAKE_SQL, {"limit": AT_ONCE, "now": clock.now(), "batch": topics.BATCH}
    ).fetchall()
    taken = rows[0][0] if rows else 0
    told: list[Told] = []
    own: dict[str, list[tuple[int, str, int, dt.datetime]]] = defaultdict(list)
    for _, row, topic, kind, number, at in rows:
        if row is None:
            continue
        known = topics.TYPES.get(topic)
        if (
            known is None
        ):  # a test holds the list whole; in a running county nobody is told what nobody may know of
            log.error("events.unknown_topic", topic=topic)
        elif known.audience == topics.PUBLIC:
            told.append(Told(topic, kind, number, at, row, frozenset()))
        elif known.audience == topics.OWN and kind in CONCERNED_SQL:
            own[kind].append((row, topic, number, at))
    for kind, published in own.items():
        told += _concerning(connection, kind, published)
    return taken, told


def _concerning(
    connection: psycopg.Connection[Any], kind: str, published: Iterable[tuple[int, str, int, dt.datetime]]
) -> list[Told]:
    """Those of one kind of rows that concern somebody who listens."""
    published = list(published)
    query = _LISTENED_SQL.format(CONCERNED_SQL[kind], LISTENING_SQL)
    parameters = {"ids": Bigints({each[2] for each in published}), "now": clock.now()}
    people: dict[int, set[int]] = defaultdict(set)
    shown: dict[int, int | None] = {}
    for number, participant, name in connection.execute(query, parameters).fetchall():
        people[number].add(participant)
        shown[number] = name
    return [
        Told(topic, kind, shown[number], at, row, frozenset(people[number]))
        for row, topic, number, at in published
        if number in people
    ]


def _of_tape(connection: psycopg.Connection[Any]) -> tuple[int, list[Told]]:
    """How many trades were read, and what their sides are told of them.

    The engine numbers trades in the order in which it commits them, so what follows the last number is what is new.
    """
    after = connection.execute("SELECT trade_id FROM event_cursor WHERE id = 1 FOR UPDATE").fetchone()
    assert after is not None
    wanted = {"after": after[0], "limit": TRADES_AT_ONCE, "now": clock.now()}
    people: dict[tuple[str, int], set[int]] = defaultdict(set)
    when: dict[tuple[str, int], dt.datetime] = {}
    read = 0
    for kind, number, participant, at in connection.execute(_TRADES_SQL, wanted).fetchall():
        if kind == "last":
            read = participant
            if read:
                connection.execute("UPDATE event_cursor SET trade_id = %s WHERE id = 1", (number,))
            continue
        people[kind, number].add(participant)
        when[kind, number] = at
    types = {"trade": topics.TRADE_MADE, "order": topics.ORDER_FILLED}
    told = [
        Told(types[kind], kind, number, when[kind, number], None, frozenset(concerned))
        for (kind, number), concerned in sorted(people.items(), key=lambda each: (each[0][1], each[0][0]))
    ]
    return read, told


_FORGET_SQL = """
DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < %s ORDER BY at LIMIT %s)
"""


def forget(url: str) -> int:
    """Deletes events that are too old, with their deliveries and tries; returns how many."""
    done = 0
    while True:
        with db.transaction(url) as session:
            found = raw(session).execute(_FORGET_SQL, (clock.now() - KEPT, FORGOTTEN_AT_ONCE))
            done += found.rowcount
        if found.rowcount < FORGOTTEN_AT_ONCE:
            return done
