"""What leases hold of a year's water: from the announcement to the turn it rests on the lessor's account, held.

So nobody sells or uses it in between; each announcement, or its reversal, brings the hold to what the contract gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from ledger import journal
from ledger.arrays import Bigints
from market.core import books
from market.core.chart import AccountCode, TransferCode, water_asset
from market.registry.lease_terms import Claim, dues

_RIGHTS_SQL = """
SELECT DISTINCT entitlement_id FROM leases
 WHERE status = 'in_force' AND source = %(source)s AND %(year)s BETWEEN first_year AND last_year
   AND (%(only)s::bigint[] IS NULL OR entitlement_id = ANY (%(only)s::bigint[]))
"""
# What a right received counts where its water is the lessor's: announced to it, or to what it came out of while that
# was the lessor's too. What was announced before the right changed hands stayed with the old holder.
_CLAIMS_SQL = """
SELECT l.id, l.entitlement_id, l.litres, l.short_year, e.volume_litres,
       coalesce((SELECT sum(n.litres) FROM announcement_lines n
                  WHERE n.water_account_id = w.id AND n.entitlement_id = e.id
                    AND NOT EXISTS (SELECT FROM reversals v WHERE v.announcement_id = n.announcement_id)), 0)::bigint
       + coalesce((SELECT sum(k.litres) FROM entitlement_carried k JOIN entitlements p ON p.id = k.parent_id
                    WHERE k.child_id = e.id AND k.water_year = %(year)s
                      AND p.participant_id = e.participant_id), 0)::bigint,
       w.id, w.account_id, coalesce(t.id, 0), coalesce(t.status, 'due'), coalesce(t.held_litres, 0),
       coalesce(t.hold_id, 0), coalesce(t.due_litres, 0)
  FROM leases l
  JOIN entitlements e ON e.id = l.entitlement_id
  JOIN water_accounts w ON w.participant_id = e.participant_id AND w.township_zone_id = e.township_zone_id
   AND w.canal_zone_id = e.canal_zone_id AND w.sector = e.sector AND w.source = e.source
   AND w.water_year = %(year)s AND w.origin = 'own'
  LEFT JOIN lease_turns t ON t.lease_id = l.id AND t.water_year = %(year)s
 WHERE l.entitlement_id = ANY (%(rights)s) AND l.status = 'in_force' AND %(year)s BETWEEN l.first_year AND l.last_year
 ORDER BY l.id
"""


@dataclass(frozen=True, slots=True)
class _Held:
    """A turn that is due, with what it holds now, and what the contract gives."""

    lease_id: int
    turn_id: int
    water_account_id: int
    account_id: int
    held_litres: int
    hold_id: int
    due_litres: int
    known_litres: int


def _rights(
    connection: psycopg.Connection[Any], source: str, water_year: int, only: Iterable[int] | None
) -> list[int]:
    values = {"source": source, "year": water_year, "only": None if only is None else Bigints(only)}
    return [row[0] for row in connection.execute(_RIGHTS_SQL, values).fetchall()]


def _due(connection: psycopg.Connection[Any], water_year: int, rights: list[int]) -> list[_Held]:
    """The turns of these rights' leases that are still due, with what each is given of what was announced so far."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_CLAIMS_SQL, {"year": water_year, "rights": Bigints(rights)}).fetchall()
    of: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        of[row[1]].append(row)
    found = []
    for claims in of.values():
        given = dues(claims[0][5], claims[0][4], [Claim(row[2], row[3]) for row in claims])
        for row, litres in zip(claims, given, strict=True):
            if row[9] == "due":
                found.append(_Held(row[0], row[8], row[6], row[7], row[10], row[11], litres, row[12]))
    return sorted(found, key=lambda each: each.lease_id)


def accounts(
    connection: psycopg.Connection[Any], source: str, water_year: int, only: Iterable[int] | None = None
) -> set[int]:
    """The ledger accounts that `hold` may touch."""
    rights = _rights(connection, source, water_year, only)
    if not rights:
        return set()
    found = {each.account_id for each in _due(connection, water_year, rights)}
    return found | {_clearing(connection, source, water_year)} if found else set()


def lock(connection: psycopg.Connection[Any], source: str, water_year: int, only: Iterable[int]) -> None:
    """Locks what `hold` of these rights may touch."""
    found = accounts(connection, source, water_year, only)
    if found:
        journal.lock(connection, found)


_SOURCES_SQL = """
SELECT DISTINCT l.source FROM leases l WHERE l.status = 'in_force' AND %s BETWEEN l.first_year AND l.last_year
"""
_LOCK_SQL = """
SELECT FROM lease_turns WHERE water_year = %s AND status = 'due' ORDER BY id FOR NO KEY UPDATE
"""


def between(connection: psycopg.Connection[Any], water_year: int) -> set[int]:
    """Locks the turns of a year that are due, and returns the ledger accounts that `hold_all` may touch."""
    connection.execute(_LOCK_SQL, (water_year,))
    sources = [row[0] for row in connection.execute(_SOURCES_SQL, (water_year,)).fetchall()]
    return {each for source in sources for each in accounts(connection, source, water_year)}


def hold_all(connection: psycopg.Connection[Any], water_year: int) -> None:
    """Has every turn of a year that is due hold what it may, of every source; `between` locked what it needs."""
    for (source,) in connection.execute(_SOURCES_SQL, (water_year,)).fetchall():
        hold(connection, source, water_year)


_AVAILABLE_SQL = """
SELECT id, credits_posted - debits_posted - debits_pending FROM accounts WHERE id = ANY (%s)
"""
_WRITE_SQL = """
INSERT INTO lease_turns (lease_id, water_year, water_account_id, due_litres)
VALUES (%s, %s, %s, %s) ON CONFLICT (lease_id, water_year) DO UPDATE SET due_litres = EXCLUDED.due_litres,
  held_litres = 0, hold_id = 0
RETURNING id
"""


def hold(
    connection: psycopg.Connection[Any], source: str, water_year: int, only: Iterable[int] | None = None
) -> int:
    """Has each turn that is due hold what its contract gives of what was announced, as far as it is free; litres held.

    `only`: of these rights (none: all). The caller has locked `accounts`, or nobody else can move them.
    """
    rights = _rights(connection, source, water_year, only)
    turns = _due(connection, water_year, rights) if rights else []
    if not turns:
        return 0
    free = dict(connection.execute(_AVAILABLE_SQL, (Bigints(each.account_id for each in turns),)).fetchall())
    clearing = _clearing(connection, source, water_year)
    batch = journal.Batch()
    made, total = [], 0
    for each in turns:
        free[each.account_id] += each.held_litres
        litres = max(0, min(each.due_litres, free[each.account_id]))
        free[each.account_id] -= litres
        total += litres
        if litres == each.held_litres and each.due_litres == each.known_litres:
            continue
        row = connection.execute(
            _WRITE_SQL, (each.lease_id, water_year, each.water_account_id, each.due_litres)
        ).fetchone()
        assert row is not None  # it was written or changed
        if each.held_litres:
            batch.void(each.hold_id, code=TransferCode.LEASE_HOLD, reference=row[0])
        if litres:
            handle = batch.hold(
                debit=each.account_id, credit=clearing, amount=litres, code=TransferCode.LEASE_HOLD, reference=row[0]
            )  # fmt: skip
            made.append((row[0], litres, handle))
    if len(batch):
        batch.execute(connection)
    for turn, litres, handle in made:
        connection.execute(
            "UPDATE lease_turns SET held_litres = %s, hold_id = %s WHERE id = %s",
            (litres, batch.id_of(handle), turn),
        )
    return total


def free(connection: psycopg.Connection[Any], turn_ids: Iterable[int]) -> int:
    """Gives back what these turns hold; returns litres."""
    rows = connection.execute(
        "SELECT id, hold_id, held_litres FROM lease_turns WHERE id = ANY (%s) AND held_litres > 0"
        " ORDER BY id FOR UPDATE",
        (Bigints(turn_ids),),
    ).fetchall()
    batch = journal.Batch()
    for turn, hold_id, _ in rows:
        batch.void(hold_id, code=TransferCode.LEASE_HOLD, reference=turn)
    if len(batch):
        batch.execute(connection)
        connection.execute(
            "UPDATE lease_turns SET held_litres = 0, hold_id = 0 WHERE id = ANY (%s)",
            (Bigints(row[0] for row in rows),),
        )
    return sum(row[2] for row in rows)


def at(connection: psycopg.Connection[Any], water_account_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """By turn: the water account on which it holds, and the litres; those that hold anything."""
    rows = connection.execute(
        "SELECT id, water_account_id, held_litres FROM lease_turns"
        " WHERE water_account_id = ANY (%s) AND held_litres > 0 ORDER BY id",
        (Bigints(water_account_ids),),
    ).fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}


def _clearing(connection: psycopg.Connection[Any], source: str, water_year: int) -> int:
    return books.system_account(connection, water_asset(source, water_year), AccountCode.WATER_CLEARING)
