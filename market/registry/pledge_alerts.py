"""What a bank is told of a right that is pledged to it: suspensions, announcements, trades; each an event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg.rows import tuple_row

from ledger.arrays import Bigints

TOPIC = "registry.pledge.alerted"

_PUBLISH_SQL = """
INSERT INTO outbox (topic, subject_type, subject_id, payload)
SELECT %s, 'pledge', id, %s FROM pledges
 WHERE entitlement_id = ANY(%s) AND status IN ('registered', 'enforcing') ORDER BY id
"""


def publish(
    connection: psycopg.Connection[Any], *, entitlement_ids: Iterable[int], kind: str, reference: int = 0
) -> None:
    """Tells the banks of these rights what happened to them; `reference` is the row that says more."""
    payload = msgspec.json.encode({"kind": kind, "reference": reference}).decode()
    connection.execute(_PUBLISH_SQL, (TOPIC, payload, Bigints(entitlement_ids)))


_ANNOUNCED_SQL = """
INSERT INTO outbox (topic, subject_type, subject_id, payload)
SELECT %(topic)s, 'pledge', g.id, json_build_object('kind', 'announced', 'reference', %(id)s::bigint)::text
  FROM pledges g JOIN announcement_lines l ON l.entitlement_id = g.entitlement_id AND l.announcement_id = %(id)s
 WHERE g.status IN ('registered', 'enforcing') ORDER BY g.id
"""


def tell_of_announcement(connection: psycopg.Connection[Any], announcement_id: int) -> None:
    """Tells the banks of every right that an announcement credited."""
    connection.execute(_ANNOUNCED_SQL, {"topic": TOPIC, "id": announcement_id})


# Sales out of the accounts of a pledged right, and out of those through which pledged water is sold.
_TRADES_SQL = """
WITH sellers AS (
  SELECT g.id AS pledge, g.alerted_trade_id AS seen, w.id AS account, w.participant_id AS seller
    FROM pledges g JOIN entitlements e ON e.id = g.entitlement_id
    JOIN water_accounts w ON w.participant_id = e.participant_id AND w.source = e.source AND w.sector = e.sector
     AND w.township_zone_id = e.township_zone_id AND w.canal_zone_id = e.canal_zone_id
   WHERE g.status IN ('registered', 'enforcing')
  UNION
  SELECT g.id, g.alerted_trade_id, w.id, w.participant_id
    FROM pledges g JOIN pledge_sale_parts x ON x.pledge_id = g.id JOIN pledge_sales s ON s.id = x.sale_id
    JOIN water_accounts w ON w.id = s.water_account_id
   WHERE g.status IN ('registered', 'enforcing')
), found AS (
  SELECT s.pledge, t.id AS trade FROM sellers s
    JOIN instructions i ON i.seller_id = s.seller AND i.seller_water_account_id = s.account
    JOIN trades t ON t.instruction_id = i.id AND t.id > s.seen
), told AS (
  INSERT INTO outbox (topic, subject_type, subject_id, payload)
  SELECT %s, 'pledge', pledge, json_build_object('kind', 'sold', 'reference', trade)::text FROM found ORDER BY trade
)
UPDATE pledges g SET alerted_trade_id = f.trade
  FROM (SELECT pledge, max(trade) AS trade, count(*) FROM found GROUP BY pledge) f WHERE g.id = f.pledge
"""


_LOCK_SQL = "SELECT FROM pledges WHERE status IN ('registered', 'enforcing') ORDER BY id FOR NO KEY UPDATE"


def tell_of_trades(connection: psycopg.Connection[Any]) -> int:
    """Tells the banks of the sales since they were told last; returns how many pledges that concerned."""
    connection.execute(_LOCK_SQL)  # two that tell at once would each tell of the same sale
    return connection.execute(_TRADES_SQL, (TOPIC,)).rowcount


def last_trade(connection: psycopg.Connection[Any]) -> int:
    """The newest trade: a bank is told of those after its registration."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute("SELECT coalesce(max(id), 0) FROM trades").fetchone()
    assert row is not None
    return int(row[0])


class Alert(NamedTuple):
    """One thing that a bank was told; `reference` is the announcement or trade, 0 where there is none."""

    id: int
    at: dt.datetime
    kind: str
    reference: int


def alerts(
    connection: psycopg.Connection[Any], *, pledge_id: int, after: int | None = None, limit: int = 50
) -> list[Alert]:
    """What the bank of a pledge was told, oldest first."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT id, created_at, payload FROM outbox WHERE topic = %s AND subject_type = 'pledge'"
            " AND subject_id = %s AND id > %s ORDER BY id LIMIT %s",
            (TOPIC, pledge_id, after or 0, limit),
        ).fetchall()
    said = ((row[0], row[1], msgspec.json.decode(row[2])) for row in rows)
    return [Alert(number, at, payload["kind"], payload["reference"]) for number, at, payload in said]
