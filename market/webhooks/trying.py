"""The rows of deliveries: which are due, taken before each try, and what became of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

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
    """One try of a delivery that was taken: its number of all, and which of the tries since it was sent anew it is."""

    delivery_id: int
    event_id: int
    endpoint_id: int
    url: str
    number: int
    tries: int


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
SELECT id AS delivery_id, event_id, endpoint_id, url, attempts AS number, tries FROM taken
"""
_NOTE_SQL = """
UPDATE webhook_attempts SET finished_at = %(now)s, took_ms = %(took)s, status_code = %(status)s,
       problem = %(problem)s, answer = %(answer)s
WHERE delivery_id = %(delivery)s AND number = %(number)s
"""
# An answer to an older try than one that is under way or was sent anew meanwhile says less, unless it is that it came.
_DELIVERED_SQL = """
UPDATE webhook_deliveries SET status = 'delivered', next_try_at = NULL, delivered_at = %(now)s WHERE id = %(delivery)s
"""
_FAILED_SQL = """
UPDATE webhook_deliveries SET status = 'failed', next_try_at = NULL
WHERE id = %(delivery)s AND attempts = %(number)s AND status = 'pending' AND tries >= %(most)s
"""
_WELL_SQL = "UPDATE webhook_endpoints SET failing_since = NULL, tried_at = %(now)s WHERE id = %(endpoint)s"
_ILL_SQL = """
UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, %(now)s), tried_at = %(now)s
WHERE id = %(endpoint)s
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
    connection = raw(session)
    said = {
        "now": clock.now(), "took": took_ms, "status": outcome.status, "problem": outcome.problem,
        "answer": outcome.answer, "delivery": tried.delivery_id, "number": tried.number, "most": TRIES,
        "endpoint": tried.endpoint_id,
    }  # fmt: skip
    connection.execute(_NOTE_SQL, said)
    connection.execute(_DELIVERED_SQL if outcome.good else _FAILED_SQL, said)
    connection.execute(_WELL_SQL if outcome.good else _ILL_SQL, said)
    if not outcome.good:
        log.info(
            "webhooks.not_delivered", endpoint=tried.endpoint_id, delivery=tried.delivery_id, tries=tried.tries,
            status=outcome.status, problem=outcome.problem,
        )  # fmt: skip
        _give_up(session, tried, outcome, actor)


def _give_up(session: Session, tried: Try, outcome: Outcome, actor: audit.Actor) -> None:
    endpoint = endpoints.locked(session, tried.endpoint_id)
    if endpoint.status != ENABLED:
        return
    if outcome.status == _GONE_STATUS:
        reason = "the receiver says that it is gone (410) / 接收方表示已不再使用 (410)"
        endpoints.turn_off(session, actor=actor, endpoint=endpoint, because=GONE, reason=reason)
    elif endpoint.failing_since is not None and clock.now() - endpoint.failing_since >= DISABLED_AFTER:
        reason = f"nothing has arrived for {DISABLED_AFTER.days} days / 连续 {DISABLED_AFTER.days} 天未送达"
        endpoints.turn_off(session, actor=actor, endpoint=endpoint, because=FAILING, reason=reason)
