"""What is read of the exchange: books, orders, trades, instructions. Set queries, rows as tuples of plain values."""

from __future__ import annotations

from typing import Any

import psycopg

NEWEST = 2**62  # above every id: a list from its newest row

BOOK_SQL = """
SELECT o.id, o.side, o.price_e4, o.rest_litres, o.created_at, zt.code, zc.code, w.sector
FROM orders o
JOIN water_accounts w ON w.id = o.water_account_id
JOIN zones zt ON zt.id = w.township_zone_id
JOIN zones zc ON zc.id = w.canal_zone_id
WHERE o.product_id = %(product)s AND o.status = 'open' AND o.side = %(side)s
ORDER BY CASE WHEN o.side = 'buy' THEN -o.price_e4 ELSE o.price_e4 END, o.priority
LIMIT %(limit)s
"""

ORDER_COLUMNS = (
    "o.id, o.product_id, o.participant_id, o.water_account_id, o.side, o.volume_litres, o.rest_litres, o.price_e4,"
    " o.tif, o.post_only, o.min_fill_litres, o.expires_at, o.client_order_id, o.held, o.paid_fen, o.status, o.reason,"
    " o.created_at, o.updated_at"
)

TRADE_COLUMNS = (
    "t.id, t.product_id, t.buy_order_id, t.sell_order_id, t.maker, t.buyer_id, t.seller_id, t.source_litres,"
    " t.delivered_litres, t.k, t.price_e4, t.amount_fen, t.fee_fen, t.instruction_id, i.status, t.traded_at"
)

INSTRUCTION_COLUMNS = (
    "i.id, i.kind, i.reference, i.product_id, i.seller_id, i.buyer_id, i.source_litres, i.delivered_litres,"
    " i.amount_fen, i.status, i.review_rule, i.review_due_on, i.instructed_at, i.resolved_at"
)

# What made the order, in its batch; then what its participant asked to change of it while it stood.
_COMMAND_COLUMNS = (
    "c.id, c.request::json ->> 'type', c.outcome::json ->> 'type', c.outcome::json ->> 'code', c.actor_user_id,"
    " c.mandate_id, c.origin, c.created_at"
)
_ORDER_COMMANDS_SQL = f"""
SELECT * FROM (
  SELECT {_COMMAND_COLUMNS} FROM orders o JOIN commands c ON c.batch_id = o.batch_id
  WHERE o.id = %(order)s
    AND o.id IN ((c.outcome::json ->> 'order')::bigint, (c.outcome::json ->> 'counterpart')::bigint)
    AND c.request::json ->> 'type' IN ('place', 'deal')
  UNION ALL
  SELECT {_COMMAND_COLUMNS} FROM orders o
  JOIN commands c ON c.participant_id = o.participant_id AND c.batch_id >= o.batch_id
  WHERE o.id = %(order)s AND (o.status = 'open' OR c.created_at <= o.updated_at)
    AND (c.request = '{{"type":"cancel","order":' || o.id || '}}'
         OR c.request LIKE '{{"type":"amend","order":' || o.id || ',%%')
) AS c (id, asked, outcome, code, user_id, mandate_id, origin, at)
WHERE c.id > %(after)s ORDER BY c.id LIMIT %(limit)s
"""


def order_commands(
    connection: psycopg.Connection[Any], order_id: int, *, after: int, limit: int
) -> list[tuple[Any, ...]]:
    """What was asked of an order: (id, place | amend | cancel | deal, accepted | refused, code, user, mandate, origin,
    instant), oldest first.
    """
    named = {"order": order_id, "after": after, "limit": limit}
    return connection.execute(_ORDER_COMMANDS_SQL, named).fetchall()


def rows(connection: psycopg.Connection[Any], statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of one query."""
    return connection.execute(statement, parameters).fetchall()


def order(connection: psycopg.Connection[Any], order_id: int) -> tuple[Any, ...] | None:
    """One order by ORDER_COLUMNS, or None."""
    return connection.execute(f"SELECT {ORDER_COLUMNS} FROM orders o WHERE o.id = %s", (order_id,)).fetchone()


def orders(
    connection: psycopg.Connection[Any],
    *,
    participant: int | None,
    before: int,
    limit: int,
    status: str | None = None,
    product: int | None = None,
    water_account: int | None = None,
) -> list[tuple[Any, ...]]:
    """Orders by ORDER_COLUMNS, newest first; of one participant, or of all for the bureau."""
    return connection.execute(
        f"SELECT {ORDER_COLUMNS} FROM orders o WHERE o.id < %(before)s"
        " AND (%(participant)s::bigint IS NULL OR o.participant_id = %(participant)s)"
        " AND (%(status)s::text IS NULL OR o.status = %(status)s)"
        " AND (%(product)s::bigint IS NULL OR o.product_id = %(product)s)"
        " AND (%(account)s::bigint IS NULL OR o.water_account_id = %(account)s)"
        " ORDER BY o.id DESC LIMIT %(limit)s",
        {
            "participant": participant,
            "before": before,
            "status": status,
            "product": product,
            "limit": limit,
            "account": water_account,
        },
    ).fetchall()


def trades(
    connection: psycopg.Connection[Any],
    *,
    participant: int | None,
    before: int,
    limit: int,
    order: int | None = None,
    trade: int | None = None,
    seller_account: int | None = None,
) -> list[tuple[Any, ...]]:
    """Trades by TRADE_COLUMNS, newest first; where a participant is named, those it is a party to."""
    return connection.execute(
        f"SELECT {TRADE_COLUMNS} FROM trades t JOIN instructions i ON i.id = t.instruction_id WHERE t.id < %(before)s"
        " AND (%(participant)s::bigint IS NULL OR %(participant)s IN (t.buyer_id, t.seller_id))"
        " AND (%(order)s::bigint IS NULL OR %(order)s IN (t.buy_order_id, t.sell_order_id))"
        " AND (%(trade)s::bigint IS NULL OR t.id = %(trade)s)"
        " AND (%(account)s::bigint IS NULL OR i.seller_water_account_id = %(account)s)"
        " ORDER BY t.id DESC LIMIT %(limit)s",
        {
            "participant": participant,
            "before": before,
            "limit": limit,
            "order": order,
            "trade": trade,
            "account": seller_account,
        },
    ).fetchall()


def instructions(
    connection: psycopg.Connection[Any],
    *,
    participant: int | None,
    before: int,
    limit: int,
    instruction: int | None = None,
    under_review: bool = False,
    status: str | None = None,
) -> list[tuple[Any, ...]]:
    """Instructions by INSTRUCTION_COLUMNS, newest first."""
    return connection.execute(
        f"SELECT {INSTRUCTION_COLUMNS} FROM instructions i WHERE i.id < %(before)s"
        " AND (%(participant)s::bigint IS NULL OR %(participant)s IN (i.buyer_id, i.seller_id))"
        " AND (%(instruction)s::bigint IS NULL OR i.id = %(instruction)s)"
        " AND (NOT %(under_review)s OR i.review_rule IS NOT NULL)"
        " AND (%(status)s::text IS NULL OR i.status = %(status)s)"
        " ORDER BY i.id DESC LIMIT %(limit)s",
        {
            "participant": participant,
            "before": before,
            "limit": limit,
            "instruction": instruction,
            "under_review": under_review,
            "status": status,
        },
    ).fetchall()
