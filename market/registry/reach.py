"""Holds that a curtailment reaches without the engine: water that may spill, and water that is pledged.

Of an account it takes what is free first, then what may spill, what open sales hold, what is pledged (the last rank
first), and at last what waits for a review. Orders and reviews are ended by market.supervision.curtailments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from ledger import journal
from ledger.arrays import Bigints
from market.core import audit, clock
from market.core.chart import TransferCode
from market.core.db import raw
from market.registry import pledges
from market.registry.pledge_models import Pledge
from market.registry.season_models import Curtailment


class Held(NamedTuple):
    """Litres of one water account that may spill, and that are pledged."""

    spillable_litres: int = 0
    pledged_litres: int = 0


_LOCK_PLEDGES_SQL = """
SELECT FROM pledges WHERE status IN ('registered', 'enforcing') ORDER BY id FOR NO KEY UPDATE
"""
_LOCK_SPILLABLES_SQL = """
SELECT FROM spillables s JOIN water_accounts w ON w.id = s.water_account_id
 WHERE w.water_year = %s AND s.status = 'held' ORDER BY s.id FOR UPDATE OF s
"""
_HELD_SQL = """
SELECT w.id, coalesce(sum(x.spillable), 0)::bigint, coalesce(sum(x.pledged), 0)::bigint
  FROM (SELECT water_account_id, litres AS spillable, 0 AS pledged FROM spillables WHERE status = 'held'
        UNION ALL
        SELECT water_account_id, 0, litres FROM pledge_holds WHERE litres > 0) x
  JOIN water_accounts w ON w.id = x.water_account_id AND w.water_year = %s
 GROUP BY 1
"""
# The ledger accounts between which these holds are: they are locked with all others of the step.
_BETWEEN_SQL = """
SELECT unnest(ARRAY[t.debit_account_id, t.credit_account_id])
  FROM (SELECT hold_id, water_account_id FROM spillables WHERE status = 'held'
        UNION ALL
        SELECT hold_id, water_account_id FROM pledge_holds WHERE litres > 0) x
  JOIN water_accounts w ON w.id = x.water_account_id AND w.water_year = %s
  JOIN transfers t ON t.id = x.hold_id
"""


def lock(connection: psycopg.Connection[Any], water_year: int) -> set[int]:
    """Locks what says who holds, and returns the ledger accounts to lock after it."""
    connection.execute(_LOCK_PLEDGES_SQL)
    connection.execute(_LOCK_SPILLABLES_SQL, (water_year,))
    with connection.cursor(row_factory=tuple_row) as cursor:
        return {row[0] for row in cursor.execute(_BETWEEN_SQL, (water_year,)).fetchall()}


def held(connection: psycopg.Connection[Any], water_year: int) -> dict[int, Held]:
    """What is held so of each water account of a year."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return {row[0]: Held(*row[1:]) for row in cursor.execute(_HELD_SQL, (water_year,)).fetchall()}


def give_back(
    session: Session, *, actor: audit.Actor, curtailment: Curtailment, wanted: Mapping[int, Held]
) -> None:
    """Frees these litres by water account, in the transaction that takes them; the bank of each pledge is told."""
    _unspill(raw(session), curtailment.id, {key: each.spillable_litres for key, each in wanted.items()})
    _unpledge(session, actor, curtailment, {key: each.pledged_litres for key, each in wanted.items()})


_SPILLABLES_SQL = """
SELECT id, water_account_id, carry_over_id, hold_id, litres FROM spillables
 WHERE water_account_id = ANY(%s::bigint[]) AND status = 'held' ORDER BY id
"""


def _unspill(connection: psycopg.Connection[Any], curtailment_id: int, wanted: dict[int, int]) -> None:
    """The newest hold first. A hold of which a part is taken stays for the rest; the part has a row of its own."""
    chosen = Bigints(account for account, litres in wanted.items() if litres)
    batch = journal.Batch()
    whole: list[tuple[int, int]] = []
    parts: list[tuple[int, int]] = []
    left = dict(wanted)
    for row in reversed(connection.execute(_SPILLABLES_SQL, (chosen,)).fetchall()):
        spillable, account, _, hold_id, litres = row
        part = min(litres, left[account])
        left[account] -= part
        if part:
            batch.void(hold_id, part, code=TransferCode.SPILL, reference=row[2])
            (whole if part == litres else parts).append((spillable, part))
    if not whole and not parts:
        return
    batch.execute(connection)
    now = clock.now()
    connection.execute(
        "UPDATE spillables SET status = 'curtailed', curtailment_id = %s, resolved_at = %s"
        " WHERE id = ANY(%s::bigint[])",
        (curtailment_id, now, Bigints(spillable for spillable, _ in whole)),
    )
    with connection.cursor() as cursor:
        cursor.executemany(_SPLIT_SQL, [(part, each, part, curtailment_id, now) for each, part in parts])


_SPLIT_SQL = """
WITH rest AS (UPDATE spillables SET litres = litres - %s WHERE id = %s
              RETURNING water_account_id, carry_over_id, hold_id)
INSERT INTO spillables (water_account_id, carry_over_id, litres, hold_id, status, curtailment_id, resolved_at)
SELECT water_account_id, carry_over_id, %s, hold_id, 'curtailed', %s, %s FROM rest
"""

_RANKS_SQL = """
SELECT g.id, sum(h.litres)::bigint FROM pledge_holds h JOIN pledges g ON g.id = h.pledge_id
 WHERE h.water_account_id = %s AND h.litres > 0
 GROUP BY g.id ORDER BY g.registered_at DESC, g.rank DESC, g.id DESC
"""


def _unpledge(session: Session, actor: audit.Actor, curtailment: Curtailment, wanted: dict[int, int]) -> None:
    freed: list[tuple[Pledge, int]] = []
    for account, litres in sorted(wanted.items()):
        left = litres
        rows = raw(session).execute(_RANKS_SQL, (account,)).fetchall() if left else []
        for pledge_id, most in rows:
            if left:
                pledge = session.get_one(Pledge, pledge_id)
                part = pledges.free(session, pledge, min(most, left), account)
                freed.append((pledge, part))
                left -= part
    for pledge, litres in freed:  # the audit trail after every account
        pledges.record_step(session, actor, pledge, "curtailed", curtailment.reason, litres=litres)
