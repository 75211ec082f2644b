"""The rows of deliveries: which are due, taken before each try, and what became of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
import structlog
from psycopg.rows import class_row, tuple_row
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import audit, clock
from market.core.db import raw
from market.webhooks import endpoints
from market.webhooks.models import ENABLED, FAILING, GONE
from market.webhooks.sending import Outcome

log = structlog.get_logger("webhooks")

GAPS_S = (5, 120, 900, 3_600, 10_800, 25_200, 43_200)
"""After each try that failed but the last: eight tries in a little over 23 hours, and up to a tenth more by chance, so
that what failed together does not come back together.
"""
TRIES = len(GAPS_S) + 1
DISABLED_AFTER = dt.timedelta(days=5)
"""Of nothing but failures. Service rule of the exchange."""
_GONE_STATUS = 410


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a delivery that was taken: its number of all, which of the tries since it was sent anew it is, the
    event, and the sealed secrets that sign now, the newest first.
    """

    delivery_id: int
    endpoint_id: int
    url: str
    number: int
    tries: int
    sealed: list[bytes]
    event_id: int
    type: str
    object_kind: str
    object_id: int | None
    at: dt.datetime


# A participant that may not act is told nothing either; what waits for it is tried once it may again.
_ENDPOINTS_SQL = """
SELECT w.id, w.failing_since IS NOT NULL FROM webhook_endpoints w JOIN participants p ON p.id = w.participant_id
WHERE w.status = 'enabled' AND p.status = 'admitted' AND w.id <> ALL(%(besides)s::bigint[])
  AND EXISTS (SELECT FROM webhook_deliveries d
              WHERE d.endpoint_id = w.id AND d.status = 'pending' AND d.next_try_at <= %(now)s)
ORDER BY w.failing_since IS NOT NULL, w.tried_at NULLS FIRST, w.id LIMIT %(limit)s
"""
_CLAIM_SQL = """
WITH due AS (
  SELECT id FROM webhook_deliveries WHERE endpoint_id = %(endpoint)s AND status = 'pending' AND next_try_at <= %(now)s
   ORDER BY next_try_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
), taken AS (
  UPDATE webhook_deliveries d
     SET tries = d.tries + 1, attempts = d.attempts + 1,
         next_try_at = %(now)s + (%(gaps)s::int[])[least(d.tries + 1, %(last)s)] * (1 + random() / 10)
                       * interval '1 second'
    FROM due, webhook_endpoints w
   WHERE d.id = due.id AND w.id = d.endpoint_id AND w.status = 'enabled'
  RETURNING d.id, d.event_id, d.endpoint_id, w.url, d.attempts, d.tries
), noted AS (
  INSERT INTO webhook_attempts (delivery_id, number, started_at) SELECT id, attempts, %(now)s FROM taken
)
SELECT t.id AS delivery_id, t.endpoint_id, t.url, t.attempts AS number, t.tries,
       ARRAY(SELECT sealed FROM webhook_secrets s WHERE s.endpoint_id = t.endpoint_id
              AND (s.ends_at IS NULL OR s.ends_at > %(now)s) ORDER BY s.id DESC) AS sealed,
       t.event_id, e.type, e.object_kind, e.object_id, e.at
  FROM taken t JOIN events e ON e.id = t.event_id
"""
_NOTED: LiteralString = """
WITH noted AS (
  UPDATE webhook_attempts SET finished_at = %(now)s, took_ms = %(took)s, status_code = %(status)s,
         problem = %(problem)s, answer = %(answer)s
  WHERE delivery_id = %(delivery)s AND number = %(number)s
)"""
_GOOD_SQL = f"""{_NOTED}, delivered AS (
  UPDATE webhook_deliveries SET status = 'delivered', next_try_at = NULL, delivered_at = %(now)s
  WHERE id = %(delivery)s
)
UPDATE webhook_endpoints SET failing_since = NULL, tried_at = %(now)s WHERE id = %(endpoint)s
"""
# What a try says that was overtaken, or before its delivery was sent anew, ends nothing.
_BAD_SQL = f"""{_NOTED}, given_up AS (
  UPDATE webhook_deliveries SET status = 'failed', next_try_at = NULL
  WHERE id = %(delivery)s AND attempts = %(number)s AND status = 'pending' AND tries >= %(most)s
)
UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, %(now)s), tried_at = %(now)s
WHERE id = %(endpoint)s RETURNING status, failing_since
"""


def endpoints_due(
    connection: psycopg.Connection[Any], *, besides: list[int], limit: int
) -> list[tuple[int, bool]]:
    """Endpoints for which something is due now, with whether they failed last; those that work and wait go first."""
    wanted = {"besides": Bigints(besides), "now": clock.now(), "limit": limit}
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [(row[0], row[1]) for row in cursor.execute(_ENDPOINTS_SQL, wanted)]


def claim(connection: psycopg.Connection[Any], endpoint_id: int) -> Try | None:
    """Takes the delivery that has been due longest; the time of the try after this one is written with it."""
    wanted = {"endpoint": endpoint_id, "now": clock.now(), "gaps": list(GAPS_S), "last": len(GAPS_S)}
    with connection.cursor(row_factory=class_row(Try)) as cursor:
        return cursor.execute(_CLAIM_SQL, wanted).fetchone()


def record(session: Session, tried: Try, outcome: Outcome, *, took_ms: int, actor: audit.Actor) -> None:
    """Keeps what became of a try. An endpoint that is gone, or failed for days, is disabled."""
    said = {
        "now": clock.now(), "took": took_ms, "status": outcome.status, "problem": outcome.problem,
        "answer": outcome.answer, "delivery": tried.delivery_id, "number": tried.number, "most": TRIES,
        "endpoint": tried.endpoint_id,
    }  # fmt: skip
    if outcome.good:
        raw(session).execute(_GOOD_SQL, said)
        return
    log.info(
        "webhooks.not_delivered", endpoint=tried.endpoint_id, delivery=tried.delivery_id, tries=tried.tries,
        status=outcome.status, problem=outcome.problem,
    )  # fmt: skip
    row = raw(session).execute(_BAD_SQL, said).fetchone()
    if row is not None and row[0] == ENABLED:
        _judge(session, tried, outcome, row[1], actor)


def _judge(session: Session, tried: Try, outcome: Outcome, since: dt.datetime, actor: audit.Actor) -> None:
    """Disables an endpoint that is gone or has failed for too long."""
    days = DISABLED_AFTER.days
    if outcome.status == _GONE_STATUS:
        because, reason = GONE, "the receiver says that it is gone (410) / 接收方表示已不再使用 (410)"
    elif clock.now() - since >= DISABLED_AFTER:
        because, reason = FAILING, f"nothing has arrived for {days} days / 连续 {days} 天未送达"
    else:
        return
    endpoint = endpoints.locked(session, tried.endpoint_id)
    endpoints.turn_off(session, actor=actor, endpoint=endpoint, because=because, reason=reason)
