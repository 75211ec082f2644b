"""Invariants 7, 8 and 13 of call auctions: a settled call moved all that it says, the money is never short."""

from __future__ import annotations

from market.core.chart import TransferCode
from market.proofs import Check

_CODES = {
    name: int(TransferCode[f"CALL_{name}"]) for name in ("WATER", "LOSS", "MONEY", "FEE", "FUND", "LIMIT")
}

# Kinds: 0 posted, 1 pending, 2 post, 3 void.
LEGS_SQL = f"""
WITH due AS (
  SELECT c.id, c.status, coalesce(sum(f.litres) FILTER (WHERE f.side = 'sell'), 0) AS sold,
         coalesce(sum(f.litres) FILTER (WHERE f.side = 'buy'), 0) AS bought,
         coalesce(sum(f.amount_fen) FILTER (WHERE f.side = 'buy'), 0) AS paid,
         coalesce(sum(f.amount_fen - f.fee_fen) FILTER (WHERE f.side = 'sell'), 0) AS received,
         coalesce(sum(f.fee_fen), 0) AS fees
  FROM calls c LEFT JOIN call_fills f ON f.call_id = c.id GROUP BY 1, 2
), limits AS (
  SELECT call_id AS id, sum(litres) AS litres FROM call_limits GROUP BY 1
), moved AS (
  SELECT reference AS id,
         coalesce(sum(amount) FILTER (WHERE code = {_CODES["WATER"]} AND kind = 2), 0) AS sold,
         coalesce(sum(amount) FILTER (WHERE code = {_CODES["WATER"]} AND kind = 0), 0) AS bought,
         coalesce(sum(amount) FILTER (WHERE code = {_CODES["LOSS"]}), 0) AS lost,
         coalesce(sum(amount) FILTER (WHERE code = {_CODES["MONEY"]} AND kind = 2), 0) AS paid,
         coalesce(sum(amount) FILTER (WHERE code = {_CODES["MONEY"]} AND kind = 0), 0) AS received,
         coalesce(sum(amount) FILTER (WHERE code = {_CODES["FEE"]}), 0) AS fees,
         coalesce(sum(amount) FILTER (WHERE code = {_CODES["FUND"]}), 0) AS fund,
         coalesce(sum(CASE kind WHEN 2 THEN amount ELSE -amount END) FILTER (WHERE code = {_CODES["LIMIT"]}), 0)
           AS limits
  FROM transfers WHERE code BETWEEN {_CODES["WATER"]} AND {_CODES["LIMIT"]} GROUP BY 1
)
SELECT 'a settled call did not move exactly what it says' AS reason, c.id, m.sold, m.bought, m.paid, m.received
FROM calls c JOIN due d ON d.id = c.id LEFT JOIN limits l ON l.id = c.id LEFT JOIN moved m ON m.id = c.id
WHERE c.status = 'settled' AND (d.sold > 0 OR d.bought > 0) AND (
      m.sold IS DISTINCT FROM d.sold OR m.bought <> d.bought OR m.lost <> d.sold - d.bought OR m.paid <> d.paid
   OR m.received <> d.received OR m.fees <> d.fees OR m.fund <> d.paid - d.received - d.fees
   OR m.limits <> coalesce(l.litres, 0))
UNION ALL
SELECT 'a call that is not settled moved something', d.id, m.sold, m.bought, m.paid, m.received
FROM due d JOIN moved m ON m.id = d.id WHERE d.status <> 'settled'
UNION ALL
SELECT 'a call is not the sum of its fills', c.id, c.sold_litres, c.bought_litres, c.paid_fen, c.received_fen
FROM calls c JOIN due d ON d.id = c.id
WHERE c.status IN ('cleared', 'held', 'settled', 'rejected')
  AND (c.sold_litres, c.bought_litres, c.paid_fen, c.received_fen)
      <> (d.sold, d.bought, d.paid, d.received + d.fees)
"""

PRICES_SQL = """
SELECT 'a fill is past its order''s limit, or not at its place''s price' AS reason, f.call_id, f.order_id, f.price_e4,
       o.price_e4
FROM call_fills f JOIN calls c ON c.id = f.call_id AND c.status IN ('held', 'settled', 'rejected')
LEFT JOIN orders o ON o.id = f.order_id AND o.side = f.side AND o.product_id = c.product_id
WHERE o.id IS NULL
   OR CASE f.side WHEN 'buy' THEN f.price_e4 > o.price_e4 ELSE f.price_e4 < o.price_e4 END
   OR f.amount_fen <> CASE f.side
        WHEN 'buy' THEN (f.litres::numeric * f.price_e4 + 99999)::bigint / 100000
        ELSE f.litres * f.price_e4 / 100000 END
   OR NOT EXISTS (SELECT FROM call_prices p JOIN water_accounts w ON w.id = f.water_account_id AND w.sector = p.sector
                  JOIN zones z ON z.id = w.canal_zone_id AND z.code = p.canal
                  JOIN zones t ON t.id = w.township_zone_id AND t.code = p.township
                  WHERE p.call_id = f.call_id AND p.price_e4 = f.price_e4)
"""

DECIDED_SQL = """
SELECT 'a decision on a call without its audit link' AS reason, c.id, c.status
FROM calls c WHERE c.status IN ('settled', 'rejected', 'halted', 'void')
 AND NOT EXISTS (SELECT FROM audit a WHERE a.subject_type = 'call' AND a.subject_id = c.id
                  AND a.action = 'call.' || c.status)
UNION ALL
SELECT 'a call that needs a review was settled by the clock', c.id, c.review_rule
FROM calls c WHERE c.status = 'settled' AND c.review_rule IS NOT NULL AND c.decided_by IS NULL
"""

BORDERS_SQL = """
SELECT 'a two-way account does not go on from where it was left' AS reason, x.call_id, x.code, x.before_litres
FROM (SELECT b.*, lag(b.balance_litres) OVER (PARTITION BY c.product_id, b.code ORDER BY c.resolved_at, c.id) AS left_at
      FROM call_borders b JOIN calls c ON c.id = b.call_id WHERE b.balance_litres IS NOT NULL) x
WHERE x.before_litres <> x.left_at
UNION ALL
SELECT 'a call that is not settled moved a two-way account', c.id, b.code, b.balance_litres
FROM call_borders b JOIN calls c ON c.id = b.call_id WHERE b.balance_litres IS NOT NULL AND c.status <> 'settled'
"""

DELIVERIES_SQL = """
SELECT 'a delivery of a call is not what the call gave' AS reason, d.id, d.call_id, d.litres
FROM deliveries d
LEFT JOIN calls c ON c.id = d.call_id AND c.status = 'settled'
WHERE d.call_id IS NOT NULL AND d.makes_good_id IS NULL AND d.litres IS DISTINCT FROM (
      SELECT sum(f.litres) FROM call_fills f
      WHERE f.call_id = c.id AND f.water_account_id = d.water_account_id AND f.side = 'buy')
"""

CHECKS = (
    Check(7, LEGS_SQL),
    Check(7, DELIVERIES_SQL),
    Check(7, BORDERS_SQL),
    Check(8, PRICES_SQL),
    Check(13, DECIDED_SQL),
)
