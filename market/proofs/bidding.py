"""Invariants 6, 8, 10 and 14 of public bidding: what listings and deposits hold, bids, sales, forfeits."""

from __future__ import annotations

from market.core.chart import TransferCode
from market.proofs import Check

LATE = "interval '1 hour'"
"""The worker looks every few seconds for listings whose close has come."""

LISTING_HOLDS_SQL = """
WITH held AS (
  SELECT 'a listing''s water' AS what, id, hold_id, held_litres AS amount FROM listings
  UNION ALL
  SELECT 'a bidder''s deposit', id, hold_id, CASE status WHEN 'registered' THEN deposit_fen ELSE 0 END FROM bidders
)
SELECT h.what || ' is not what rests under its pending transfer' AS reason, h.id, h.amount,
       coalesce(p.amount, 0) - coalesce(r.amount, 0) AS rest
FROM held h
LEFT JOIN transfers p ON p.id = h.hold_id AND p.kind = 1
LEFT JOIN LATERAL (
  SELECT sum(amount) AS amount FROM transfers WHERE pending_id = h.hold_id AND h.hold_id > 0
) AS r ON true
WHERE h.amount <> coalesce(p.amount, 0) - coalesce(r.amount, 0)
"""

# From the award on only the bidder whose turn it is and the one after it are still bound.
DEPOSITS_SQL = """
SELECT 'a deposit is held of a listing that does not need it' AS reason, b.id, l.id AS listing_id, l.status
FROM bidders b JOIN listings l ON l.id = b.listing_id
WHERE b.status = 'registered' AND l.status NOT IN ('published', 'open')
  AND b.id IS DISTINCT FROM l.awarded_to_id AND b.id IS DISTINCT FROM l.second_id
UNION ALL
SELECT 'a deposit is not held of who must take the lot', b.id, l.id, l.status
FROM listings l JOIN bidders b ON b.id IN (l.awarded_to_id, l.second_id)
WHERE l.status IN ('awarded', 'offered', 'struck') AND b.status <> 'registered'
UNION ALL
SELECT 'a sale of a listing keeps deposits', b.id, l.id, l.status
FROM bidders b JOIN listings l ON l.id = b.listing_id
WHERE b.status = 'registered' AND l.resolved_at IS NOT NULL
"""

BIDS_SQL = """
SELECT 'an open bid is not a step above the one before' AS reason, b.id, b.listing_id, b.price_e4
FROM (SELECT *, lag(price_e4) OVER (PARTITION BY listing_id ORDER BY id) AS before FROM bids) b
JOIN listings l ON l.id = b.listing_id
WHERE l.mode = 'open' AND b.price_e4 < coalesce(b.before + l.increment_e4, l.start_price_e4)
UNION ALL
SELECT 'a listing does not know its bids', l.id, l.id, l.best_price_e4
FROM listings l
LEFT JOIN (SELECT listing_id, count(*) AS bids, max(price_e4) AS best FROM bids GROUP BY 1) AS b ON b.listing_id = l.id
WHERE l.bids <> coalesce(b.bids, 0) OR (l.mode = 'open' AND l.best_price_e4 IS DISTINCT FROM b.best)
UNION ALL
SELECT 'a bidder does not know its last bid', b.id, b.listing_id, b.last_price_e4
FROM bidders b LEFT JOIN bids x ON x.id = (SELECT max(id) FROM bids WHERE bidder_id = b.id)
WHERE (b.last_bid_id, b.last_price_e4) IS DISTINCT FROM (x.id, x.price_e4)
"""

SALES_SQL = """
SELECT 'a sold listing is not its trade' AS reason, l.id, l.deal_id, d.trade_id
FROM listings l
LEFT JOIN deals d ON d.id = l.deal_id
LEFT JOIN bidders b ON b.id = l.awarded_to_id
WHERE l.status = 'sold' AND ((d.status, d.kind, d.reference, d.seller_water_account_id, d.volume_litres, d.at,
                              d.buyer_water_account_id, d.price_e4)
      IS DISTINCT FROM ('traded', 'bidding', l.id, l.water_account_id, l.volume_litres, 'sell', b.water_account_id,
                        b.last_price_e4)
   OR b.last_price_e4 < l.reserve_price_e4)
UNION ALL
SELECT 'a deal of a listing that does not know it', l.id, d.id, d.trade_id
FROM deals d LEFT JOIN listings l ON l.id = d.reference
WHERE d.kind = 'bidding' AND (
      l.id IS NULL OR (d.status = 'traded' AND (l.status NOT IN ('struck', 'sold') OR l.deal_id <> d.id)))
"""

FORFEITS_SQL = f"""
SELECT 'a forfeited deposit did not reach those whose water it was' AS reason, b.id, b.deposit_fen, t.taken, t.given
FROM bidders b
LEFT JOIN (
  SELECT reference AS id, sum(amount) FILTER (WHERE kind = 2) AS taken, sum(amount) FILTER (WHERE kind = 0) AS given
  FROM transfers WHERE code = {int(TransferCode.BID_FORFEIT)} GROUP BY 1
) AS t ON t.id = b.id
WHERE (coalesce(t.taken, 0), coalesce(t.given, 0))
   <> (CASE b.status WHEN 'forfeited' THEN b.deposit_fen ELSE 0 END,
       CASE b.status WHEN 'forfeited' THEN b.deposit_fen ELSE 0 END)
"""

OVERDUE_SQL = f"""
SELECT 'a bidding is open past its close' AS reason, id, closes_at
FROM listings WHERE status IN ('published', 'open') AND closes_at < clock_timestamp() - {LATE}
"""

CHECKS = (
    Check(6, LISTING_HOLDS_SQL),
    Check(6, DEPOSITS_SQL),
    Check(8, BIDS_SQL),
    Check(8, SALES_SQL),
    Check(10, FORFEITS_SQL),
    Check(14, OVERDUE_SQL),
)
