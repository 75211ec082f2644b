"""Invariants 6 and 14: nothing trades under a halt, what the bureau cancelled fills no more, its holds come back."""

from __future__ import annotations

from market.proofs import Check

# The engine's instants and those of the bureau's orders are taken under the locks of the products, so they compare.
HALTED_SQL = """
WITH RECURSIVE above AS (
  SELECT id AS zone_id, id AS above_id, parent_id FROM zones
  UNION ALL SELECT a.zone_id, z.id, z.parent_id FROM above a JOIN zones z ON z.id = a.parent_id
)
SELECT 'a trade under a halt' AS reason, t.id AS trade_id, h.id AS halt_id
FROM halts h
JOIN trades t ON t.traded_at >= h.ordered_at AND (h.lifted_at IS NULL OR t.traded_at < h.lifted_at)
WHERE CASE h.scope
  WHEN 'market' THEN true
  WHEN 'product' THEN t.product_id = h.product_id
  WHEN 'participant' THEN h.participant_id IN (t.buyer_id, t.seller_id)
  ELSE EXISTS (SELECT FROM instructions i
               JOIN water_accounts w ON w.id IN (i.seller_water_account_id, i.buyer_water_account_id)
               JOIN above b ON b.zone_id IN (w.township_zone_id, w.canal_zone_id) AND b.above_id = h.zone_id
               WHERE i.id = t.instruction_id) END
UNION ALL
SELECT 'a halt stands past its time', NULL, h.id
FROM halts h WHERE h.lifted_at IS NULL AND h.until < clock_timestamp() - interval '10 minutes'
"""

CANCELLED_SQL = """
SELECT 'an order filled after it was cancelled' AS reason, l.order_id, l.cancellation_id
FROM order_cancellation_lines l JOIN order_cancellations c ON c.id = l.cancellation_id
JOIN (SELECT sell_order_id AS order_id, traded_at FROM trades
      UNION ALL SELECT buy_order_id, traded_at FROM trades) AS t
  ON t.order_id = l.order_id AND t.traded_at >= c.ordered_at
UNION ALL
SELECT 'an order is open though its cancellation is done', l.order_id, c.id
FROM order_cancellations c JOIN inbox i ON i.id = c.inbox_id AND i.done_at IS NOT NULL
JOIN order_cancellation_lines l ON l.cancellation_id = c.id
JOIN orders o ON o.id = l.order_id AND o.status = 'open'
UNION ALL
SELECT 'a cancellation is not what it chose', c.id, l.orders
FROM order_cancellations c
JOIN LATERAL (SELECT count(*) AS orders, count(DISTINCT participant_id) AS participants
              FROM order_cancellation_lines WHERE cancellation_id = c.id) AS l ON true
WHERE (l.orders, l.participants) <> (c.orders, c.participants)
"""

# What an order held when it was chosen is what came back since, to the litre and the fen. Kinds: 3 void, 4 expire.
FREED_SQL = """
SELECT 'an order did not get back what it held when it was cancelled' AS reason, l.order_id, l.held, r.amount
FROM order_cancellation_lines l JOIN order_cancellations c ON c.id = l.cancellation_id
JOIN orders o ON o.id = l.order_id AND o.status <> 'open'
CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM transfers t
                    WHERE t.pending_id = o.hold_id AND t.kind IN (3, 4) AND t.created_at >= c.ordered_at) AS r
WHERE l.held <> r.amount
"""

CHECKS = (Check(14, HALTED_SQL), Check(14, CANCELLED_SQL), Check(6, FREED_SQL))
