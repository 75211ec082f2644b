"""The water accounts behind rights: which they are, and what is left of their kind when a right ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from ledger.arrays import Bigints
from market.core import audit, inbox
from market.core.db import bump_reference
from market.registry import leases
from market.registry.rights import STRICTEST_FIRST

# The accounts at the place of the rights, and the pools that sell for them.
_BEHIND_SQL = """
WITH own AS (
  SELECT DISTINCT w.id
    FROM entitlements e
    JOIN water_accounts w ON w.participant_id = e.participant_id AND w.township_zone_id = e.township_zone_id
     AND w.canal_zone_id = e.canal_zone_id AND w.sector = e.sector AND w.source = e.source
   WHERE e.id = ANY(%s) AND w.status = 'open')
SELECT id FROM own
UNION
SELECT t.water_account_id FROM trust_members m JOIN trusts t ON t.id = m.trust_id
 WHERE m.water_account_id IN (SELECT id FROM own) AND m.status IN ('accepted', 'leaving')
 ORDER BY id
"""

_LEFT_SQL = f"""
WITH left_over AS (
  SELECT w.id,
         (SELECT e.kind FROM entitlements e
           WHERE e.participant_id = w.participant_id AND e.township_zone_id = w.township_zone_id
             AND e.canal_zone_id = w.canal_zone_id AND e.sector = w.sector AND e.source = w.source
             AND e.status IN ('confirmed', 'suspended')
           ORDER BY array_position({STRICTEST_FIRST}, e.kind) LIMIT 1) AS kind
    FROM water_accounts w WHERE w.id = ANY(%s) AND w.origin = 'own')
UPDATE water_accounts w SET right_kind = l.kind, version = w.version + 1
  FROM left_over l WHERE w.id = l.id AND w.right_kind IS DISTINCT FROM l.kind
RETURNING w.id, w.right_kind
"""


def accounts_behind(connection: psycopg.Connection[Any], entitlement_ids: Iterable[int]) -> list[int]:
    """The open water accounts at the place of each of these rights."""
    return [row[0] for row in connection.execute(_BEHIND_SQL, (Bigints(entitlement_ids),)).fetchall()]


def cancel_orders(
    connection: psycopg.Connection[Any], actor: audit.Actor, accounts: Iterable[int], reason: str
) -> None:
    """Has the engine cancel the orders of these accounts after the commit."""
    for account_id in accounts:
        inbox.put(
            connection,
            kind="cancel_orders",
            actor=actor,
            payload={"water_account_id": account_id, "reason": reason},
        )


def rights_ended(
    connection: psycopg.Connection[Any], actor: audit.Actor, entitlement_ids: Iterable[int]
) -> list[int]:
    """After rights were cancelled or have expired: accounts with no right left sell nothing, and their orders go.

    What was announced stays on the account, for use; leases of the rights end. Returns the accounts whose orders are
    cancelled.
    """
    ids = list(entitlement_ids)
    behind = accounts_behind(connection, ids)
    changed = connection.execute(_LEFT_SQL, (Bigints(behind),)).fetchall()
    bare = sorted(account for account, kind in changed if kind is None)
    bump_reference(connection)
    cancel_orders(connection, actor, bare, "entitlement_ended")
    leases.rights_ended(connection, actor, ids)
    return bare
