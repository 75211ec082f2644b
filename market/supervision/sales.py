"""The sales that a curtailment reaches: orders, listings and deals that wait to be struck; reviews and held calls.

What waits to be sold is ended first. What is sold and waits is given back after it, reviews before calls: a call is
given back whole, with what everybody else in it bought and sold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import audit
from market.core.db import raw
from market.registry import curtailing, lease_turns
from market.registry.season_models import Curtailment
from market.supervision import reviews
from market.trading import call_settling, listings, negotiated, negotiation_steps, programmes
from market.trading.bidding_models import HOLDING, Listing

# Before the ledger's accounts, as a decision locks them; trading is halted, so none is added to the book.
_LOCKS_SQL = (
    """
SELECT FROM instructions i JOIN products p ON p.id = i.product_id
 WHERE i.status = 'awaiting_review' AND p.water_year = %s ORDER BY i.id FOR NO KEY UPDATE OF i
""",
    """
SELECT FROM calls c JOIN products p ON p.id = c.product_id
 WHERE c.status = 'held' AND p.water_year = %s ORDER BY c.id FOR NO KEY UPDATE OF c
""",
    """
SELECT FROM listings l JOIN products p ON p.id = l.product_id
 WHERE l.held_litres > 0 AND p.water_year = %s ORDER BY l.id FOR NO KEY UPDATE OF l
""",
    """
SELECT FROM programmes g JOIN products p ON p.id = g.product_id
 WHERE g.status IN ('open', 'under_review') AND p.water_year = %s ORDER BY g.id FOR UPDATE OF g
""",
    """
SELECT FROM negotiations n JOIN products p ON p.id = n.product_id
 WHERE n.status = 'published' AND p.water_year = %s ORDER BY n.id FOR UPDATE OF n
""",
)
# What is listed for public bidding, promised to a deal that is not struck yet, or leased and not delivered, is an open
# sale as well.
_ORDERED_SQL = """
SELECT x.water_account_id, sum(x.held)::bigint
  FROM (SELECT water_account_id, held FROM orders WHERE status = 'open' AND side = 'sell'
        UNION ALL
        SELECT water_account_id, held_litres FROM listings WHERE held_litres > 0
        UNION ALL
        SELECT w.id, h.amount FROM deal_holds h JOIN water_accounts w ON w.account_id = h.account_id
         WHERE h.kind IN ('negotiation_water', 'subscription') AND h.amount > 0
        UNION ALL
        SELECT water_account_id, held_litres FROM lease_turns WHERE held_litres > 0) x
  JOIN water_accounts w ON w.id = x.water_account_id AND w.water_year = %s
 GROUP BY 1
"""
_WAITING_SQL = """
SELECT x.water_account_id, sum(x.litres)::bigint
  FROM (SELECT i.seller_water_account_id AS water_account_id, i.product_id, i.source_litres AS litres
          FROM instructions i WHERE i.status = 'awaiting_review'
        UNION ALL
        SELECT f.water_account_id, c.product_id, f.litres
          FROM calls c JOIN call_fills f ON f.call_id = c.id AND f.side = 'sell' WHERE c.status = 'held') x
  JOIN products p ON p.id = x.product_id AND p.water_year = %s
 GROUP BY 1
"""
_BETWEEN_SQL = """
SELECT DISTINCT unnest(ARRAY[t.debit_account_id, t.credit_account_id])
  FROM (SELECT hold_id FROM deal_holds WHERE amount > 0
        UNION ALL
        SELECT f.hold_id FROM calls c JOIN call_fills f ON f.call_id = c.id WHERE c.status = 'held'
        UNION ALL
        SELECT l.hold_id FROM calls c JOIN call_limits l ON l.call_id = c.id WHERE c.status = 'held') x
  JOIN transfers t ON t.id = x.hold_id
"""
_REVIEWS_SQL = """
SELECT id, seller_water_account_id, source_litres FROM instructions
 WHERE seller_water_account_id = ANY(%s::bigint[]) AND status = 'awaiting_review' ORDER BY id DESC
"""
_CALLS_SQL = """
SELECT c.id, f.water_account_id, sum(f.litres)::bigint
  FROM calls c JOIN call_fills f ON f.call_id = c.id AND f.side = 'sell'
 WHERE f.water_account_id = ANY(%s::bigint[]) AND c.status = 'held' GROUP BY 1, 2 ORDER BY c.id DESC, 2
"""
_DEALS_SQL = """
SELECT h.kind, h.reference FROM deal_holds h JOIN water_accounts w ON w.account_id = h.account_id
 WHERE w.id = ANY(%s::bigint[]) AND h.kind IN ('negotiation_water', 'subscription') AND h.amount > 0
 ORDER BY h.hold_id
"""


def lock(connection: psycopg.Connection[Any], water_year: int) -> set[int]:
    """Locks a year's sales, and returns the ledger accounts to lock after them."""
    for statement in _LOCKS_SQL:
        connection.execute(statement, (water_year,))
    held = {row[0] for row in connection.execute(_BETWEEN_SQL).fetchall()}
    return held | listings.between(connection, water_year) | lease_turns.between(connection, water_year)


def offered(connection: psycopg.Connection[Any], water_year: int) -> curtailing.Offered:
    """Litres that open sales of a water year hold, and that are sold and wait, by water account."""
    ordered, waiting = (
        dict(connection.execute(statement, (water_year,)).fetchall())
        for statement in (_ORDERED_SQL, _WAITING_SQL)
    )
    return curtailing.Offered(ordered, waiting)


def end_open(
    session: Session, *, actor: audit.Actor, water_account_ids: Sequence[int], reason: str
) -> tuple[int, int]:
    """Ends what these accounts list for bidding or have promised to deals; returns how many of both.

    Orders are the engine's to end.
    """
    listed = session.scalars(
        select(Listing.id)
        .where(Listing.water_account_id.in_(water_account_ids), Listing.status.in_(HOLDING))
        .order_by(Listing.id)
    ).all()
    listings.stop_all(session, actor=actor, listing_ids=listed, reason=reason)
    lease_turns.free(raw(session), lease_turns.at(raw(session), water_account_ids))
    promised = raw(session).execute(_DEALS_SQL, (Bigints(water_account_ids),)).fetchall()
    for kind, reference in promised:
        if kind == negotiation_steps.WATER:
            negotiated.cancel(session, actor=actor, negotiation_id=reference, reason=reason)
        else:
            programmes.free_line(session, actor=actor, subscription_id=reference, reason=reason)
    return len(listed), len(promised)


def give_back(session: Session, *, actor: audit.Actor, found: Curtailment, wanted: dict[int, int]) -> None:
    """Rejects the newest reviews, then the newest calls, in which these accounts (id: litres) have sold what is wanted.

    The decision is of whoever ordered the curtailment, also where the clock takes its steps.
    """
    decider = actor if found.requested_by is None else replace(actor, user_id=found.requested_by)
    reason, left = f"curtailment: {found.reason}", dict(wanted)
    connection = raw(session)
    for instruction, account, litres in connection.execute(_REVIEWS_SQL, (Bigints(wanted),)).fetchall():
        if left[account] > 0:
            left[account] -= litres
            reviews.reject(
                session, actor=decider, instruction_id=instruction, reason=reason, legal_source=found.legal_source
            )  # fmt: skip
    sold: dict[int, dict[int, int]] = {}
    for call, account, litres in connection.execute(_CALLS_SQL, (Bigints(wanted),)).fetchall():
        sold.setdefault(call, {})[account] = litres
    for call, litres_of in sold.items():
        if any(left[account] > 0 for account in litres_of):
            call_settling.reject(session, actor=decider, call_id=call, reason=reason)
            for account, litres in litres_of.items():
                left[account] -= litres
