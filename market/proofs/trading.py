"""Invariants 6–8, 10 and 14: holds, instructions, fills, shares, expiry."""

from __future__ import annotations

from market.core.chart import AccountCode
from market.proofs import Check

GRACE = "interval '5 seconds'"
LATE = "interval '10 minutes'"

HOLDS_SQL = f"""
WITH held AS (
  SELECT w.account_id, sum(o.held) AS amount
  FROM orders o JOIN water_accounts w ON w.id = o.water_account_id
  WHERE o.status = 'open' AND o.side = 'sell' GROUP BY 1
  UNION ALL
  SELECT m.account_id, sum(o.held)
  FROM orders o JOIN money_accounts m ON m.participant_id = o.participant_id
  WHERE o.status = 'open' AND o.side = 'buy' GROUP BY 1
  UNION ALL
  SELECT seller_account, sum(source_litres) FROM instructions WHERE status = 'awaiting_review' GROUP BY 1
  UNION ALL
  SELECT buyer_money_account, sum(amount_fen) FROM instructions WHERE status = 'awaiting_review' GROUP BY 1
  UNION ALL
  SELECT w.account_id, sum(h.litres) FROM pledge_holds h JOIN water_accounts w ON w.id = h.water_account_id GROUP BY 1
  UNION ALL
  SELECT w.account_id, sum(t.held_litres)
  FROM lease_turns t JOIN water_accounts w ON w.id = t.water_account_id GROUP BY 1
  UNION ALL
  SELECT m.account_id, sum(b.held_fen) FROM resale_bids b JOIN money_accounts m ON m.id = b.money_account_id GROUP BY 1
  UNION ALL
  SELECT w.account_id, sum(r.volume_litres)
  FROM resale_rounds r JOIN water_accounts w ON w.id = r.water_account_id WHERE r.status = 'open' GROUP BY 1
  UNION ALL
  SELECT m.account_id, sum(b.held_fen) FROM buy_backs b JOIN money_accounts m ON m.id = b.money_account_id GROUP BY 1
  UNION ALL
  SELECT m.account_id, sum(g.amount_fen) FROM gateway_payouts g JOIN money_accounts m ON m.id = g.money_account_id
  WHERE g.status IN ('created', 'in_transit', 'mismatched') GROUP BY 1
  UNION ALL
  SELECT m.account_id, sum(p.amount_fen) FROM bank_payouts p JOIN money_accounts m ON m.id = p.money_account_id
  WHERE p.status IN ('asked', 'released') GROUP BY 1
  UNION ALL
  SELECT m.account_id, sum(r.amount_fen)
  FROM gateway_refunds r JOIN gateway_payments g ON g.id = r.payment_id
  JOIN money_accounts m ON m.id = g.money_account_id
  WHERE r.status IN ('created', 'pending', 'mismatched') GROUP BY 1
  UNION ALL
  SELECT m.account_id, c.deposit_fen FROM saving_contracts c
  JOIN LATERAL (SELECT p.participant_id FROM contract_parties p JOIN contract_versions v ON v.id = p.version_id
                WHERE p.contract_id = c.id AND p.role = 'firm' AND v.status = 'signed'
                ORDER BY v.number DESC, p.rank LIMIT 1) AS f ON true
  JOIN money_accounts m ON m.participant_id = f.participant_id WHERE c.deposit_fen > 0
  UNION ALL
  SELECT (c.charge ->> 0)::bigint, sum((c.charge ->> 1)::bigint)
  FROM instructions i CROSS JOIN LATERAL jsonb_array_elements(i.charges::jsonb) AS c (charge)
  WHERE i.status = 'awaiting_review' GROUP BY 1
  UNION ALL
  SELECT account_id, sum(amount) FROM deal_holds GROUP BY 1
  UNION ALL
  SELECT w.account_id, sum(s.litres)
  FROM spillables s JOIN water_accounts w ON w.id = s.water_account_id WHERE s.status = 'held' GROUP BY 1
  UNION ALL
  SELECT w.account_id, sum(f.litres)
  FROM call_fills f JOIN calls c ON c.id = f.call_id AND c.status = 'held'
  JOIN water_accounts w ON w.id = f.water_account_id WHERE f.side = 'sell' GROUP BY 1
  UNION ALL
  SELECT m.account_id, sum(f.amount_fen)
  FROM call_fills f JOIN calls c ON c.id = f.call_id AND c.status = 'held'
  JOIN money_accounts m ON m.participant_id = f.participant_id WHERE f.side = 'buy' GROUP BY 1
  UNION ALL
  SELECT l.account_id, sum(l.litres)
  FROM call_limits l JOIN calls c ON c.id = l.call_id AND c.status = 'held' WHERE l.litres > 0 GROUP BY 1
  UNION ALL
  SELECT w.account_id, sum(l.held_litres) FROM listings l JOIN water_accounts w ON w.id = l.water_account_id GROUP BY 1
  UNION ALL
  SELECT m.account_id, sum(b.deposit_fen) FROM bidders b JOIN money_accounts m ON m.participant_id = b.participant_id
  WHERE b.status = 'registered' GROUP BY 1
), due AS (SELECT account_id, sum(amount) AS amount FROM held GROUP BY 1)
SELECT 'what an account holds is not its open orders, instructions, pledges, listings, deposits, payouts' AS reason,
       a.id AS account_id, a.debits_pending, coalesce(d.amount, 0) AS due
FROM accounts a LEFT JOIN due d ON d.account_id = a.id
WHERE a.code IN ({int(AccountCode.HOLDER_WATER)}, {int(AccountCode.HOLDER_MONEY)}, {int(AccountCode.LIMIT)})
  AND a.debits_pending <> coalesce(d.amount, 0)
"""

ORDER_HOLDS_SQL = """
SELECT 'an order''s hold is not what rests under its pending transfer' AS reason, o.id AS order_id, o.held,
       coalesce(p.amount, 0) - coalesce(r.amount, 0) AS rest
FROM orders o
LEFT JOIN transfers p ON p.id = o.hold_id AND p.kind = 1
LEFT JOIN LATERAL (
  SELECT sum(amount) AS amount FROM transfers WHERE pending_id = o.hold_id AND o.hold_id > 0
) AS r ON true
WHERE o.held <> coalesce(p.amount, 0) - coalesce(r.amount, 0)
"""

BUY_HOLDS_SQL = """
SELECT 'a buy holds another amount than its rest may cost' AS reason, id AS order_id, held
FROM orders
WHERE status = 'open' AND side = 'buy'
  AND held <> (value_tick_litres + rest_litres * price_e4 + 99999) / 100000 - paid_fen
"""

# What the ledger moved for an instruction, against what the instruction says. Codes: 12 water, 13 loss, 14 money,
# 15 fee, 16 charges, 17 frees; kinds: 0 posted, 1 pending, 2 post, 3 void.
LEGS_SQL = """
WITH moved AS (
  SELECT t.reference AS id,
         sum(amount) FILTER (WHERE code = 12 AND debit_account_id = i.seller_account) AS given,
         sum(amount) FILTER (WHERE code = 12 AND credit_account_id = i.buyer_account) AS received,
         sum(amount) FILTER (WHERE code = 13) AS lost,
         sum(amount) FILTER (WHERE code = 14 AND debit_account_id = i.buyer_money_account) AS paid,
         sum(amount) FILTER (WHERE code IN (14, 15) AND debit_account_id <> i.buyer_money_account) AS shared,
         sum(amount) FILTER (WHERE code = 16) AS charged,
         sum(amount) FILTER (WHERE code = 17) AS freed
  FROM transfers t JOIN instructions i ON i.id = t.reference
  WHERE t.code BETWEEN 12 AND 17 AND t.kind IN (0, 2) GROUP BY t.reference
), due AS (
  SELECT i.*,
         (SELECT coalesce(sum((c ->> 1)::bigint), 0) FROM jsonb_array_elements(i.charges::jsonb) c) AS charge_litres,
         (SELECT coalesce(sum((c ->> 1)::bigint), 0) FROM jsonb_array_elements(i.frees::jsonb) c) AS free_litres
  FROM instructions i
)
SELECT 'an instruction did not post all its legs' AS reason, d.id AS instruction_id, d.status, m.given, m.received,
       m.paid, m.shared, m.charged, m.freed
FROM due d LEFT JOIN moved m ON m.id = d.id
WHERE d.status IN ('settled', 'reversed') AND (
      coalesce(m.given, 0) <> d.source_litres OR coalesce(m.received, 0) <> d.delivered_litres
   OR coalesce(m.lost, 0) <> d.source_litres - d.delivered_litres OR coalesce(m.paid, 0) <> d.amount_fen
   OR coalesce(m.shared, 0) <> d.amount_fen OR coalesce(m.charged, 0) <> d.charge_litres
   OR coalesce(m.freed, 0) <> d.free_litres)
UNION ALL
SELECT 'an instruction that is not settled moved something', d.id, d.status, m.given, m.received, m.paid, m.shared,
       m.charged, m.freed
FROM due d JOIN moved m ON m.id = d.id WHERE d.status IN ('awaiting_review', 'rejected')
"""

REVIEWS_SQL = """
SELECT 'a settled or rejected review without its decision' AS reason, i.id AS instruction_id, i.status
FROM instructions i LEFT JOIN review_decisions r ON r.instruction_id = i.id
WHERE i.review_rule IS NOT NULL AND i.status <> 'awaiting_review'
  AND r.decision IS DISTINCT FROM CASE i.status WHEN 'rejected' THEN 'rejected' ELSE 'approved' END
UNION ALL
SELECT 'a trade without its instruction', t.id, NULL
FROM trades t LEFT JOIN instructions i ON i.id = t.instruction_id AND i.reference = t.id
WHERE i.id IS NULL
   OR (i.source_litres, i.delivered_litres, i.amount_fen) <> (t.source_litres, t.delivered_litres, t.amount_fen)
"""

FILLS_SQL = """
WITH each AS (
  SELECT sell_order_id AS id, sum(source_litres) AS litres, 0::numeric AS value, 0::numeric AS paid
  FROM trades GROUP BY 1
  UNION ALL
  SELECT buy_order_id, sum(delivered_litres), sum(value_tick_litres), sum(amount_fen) FROM trades GROUP BY 1
  UNION ALL
  SELECT f.order_id, sum(f.litres), coalesce(sum(f.amount_fen * 100000::numeric) FILTER (WHERE f.side = 'buy'), 0),
         coalesce(sum(f.amount_fen) FILTER (WHERE f.side = 'buy'), 0)
  FROM call_fills f JOIN calls c ON c.id = f.call_id AND c.status IN ('held', 'settled', 'rejected') GROUP BY 1
), filled AS (
  SELECT id, sum(litres) AS litres, sum(value) AS value, sum(paid) AS paid FROM each GROUP BY 1
)
SELECT 'an order''s fills are not its trades' AS reason, o.id AS order_id, o.volume_litres, o.rest_litres, f.litres,
       o.value_tick_litres, f.value, o.paid_fen, f.paid
FROM orders o LEFT JOIN filled f ON f.id = o.id
WHERE o.volume_litres - o.rest_litres <> coalesce(f.litres, 0)
   OR (o.side = 'buy' AND (o.value_tick_litres <> coalesce(f.value, 0) OR o.paid_fen <> coalesce(f.paid, 0)))
UNION ALL
SELECT 'what a buy paid is not its fills'' value, half to even', o.id, NULL, NULL, NULL, o.value_tick_litres, NULL,
       o.paid_fen, NULL
FROM orders o
WHERE o.side = 'buy' AND o.paid_fen <> o.value_tick_litres / 100000 + CASE
        WHEN 2 * (o.value_tick_litres % 100000) > 100000 THEN 1
        WHEN 2 * (o.value_tick_litres % 100000) = 100000 AND (o.value_tick_litres / 100000) % 2 = 1 THEN 1
        ELSE 0 END
  AND NOT EXISTS (SELECT FROM call_fills f WHERE f.order_id = o.id AND o.value_tick_litres % 100000 = 50000)
UNION ALL
SELECT 'a trade without its orders, or past their limits', t.id, NULL, NULL, NULL, t.value_tick_litres, NULL, NULL, NULL
FROM trades t
LEFT JOIN orders b ON b.id = t.buy_order_id AND b.side = 'buy'
LEFT JOIN orders s ON s.id = t.sell_order_id AND s.side = 'sell'
WHERE b.id IS NULL OR s.id IS NULL
   OR t.source_litres <> (1000 * t.delivered_litres + t.k - 1) / t.k
   OR t.value_tick_litres <> t.price_e4 * CASE t.maker WHEN 'buy' THEN t.delivered_litres ELSE t.source_litres END
"""

SELF_TRADES_SQL = """
SELECT 'one beneficial owner on both sides' AS reason, t.id AS trade_id, t.buyer_id, t.seller_id
FROM trades t JOIN participants b ON b.id = t.buyer_id JOIN participants s ON s.id = t.seller_id
WHERE b.id = s.id
"""

# A refused deal leaves nothing behind but its row and its command, so nothing more is to be compared.
DEALS_SQL = """
SELECT 'a deal is not the trade that was made of it' AS reason, d.id, d.trade_id, d.volume_litres
FROM deals d
LEFT JOIN trades t ON t.id = d.trade_id
LEFT JOIN instructions i ON i.id = t.instruction_id
WHERE d.status = 'traded' AND (
      t.id IS NULL OR t.product_id <> d.product_id OR t.price_e4 <> d.price_e4 OR t.maker <> d.at
   OR i.seller_water_account_id <> d.seller_water_account_id
   OR i.buyer_water_account_id <> d.buyer_water_account_id
   OR CASE d.at WHEN 'buy' THEN t.delivered_litres <> d.volume_litres
                ELSE t.delivered_litres <> d.volume_litres * t.k / 1000 END)
"""

SHARES_SQL = """
SELECT 'the payees do not sum to the amount' AS reason, i.id AS id, i.amount_fen AS a, p.fen AS b
FROM instructions i CROSS JOIN LATERAL (
  SELECT coalesce(sum((x ->> 1)::bigint), 0) AS fen FROM jsonb_array_elements(i.payees::jsonb) x) AS p
WHERE p.fen <> i.amount_fen
UNION ALL
SELECT 'the fee of a trade is not its payee''s', t.id, t.fee_fen, p.fen
FROM trades t JOIN instructions i ON i.id = t.instruction_id CROSS JOIN LATERAL (
  SELECT coalesce(sum((x ->> 1)::bigint), 0) AS fen
  FROM jsonb_array_elements(i.payees::jsonb) x WHERE x ->> 2 = 'fee') AS p
WHERE p.fen <> t.fee_fen
UNION ALL
SELECT 'an announcement''s lines do not sum to its total', n.id, n.total_litres, coalesce(l.litres, 0)
FROM announcements n
LEFT JOIN (SELECT announcement_id, sum(litres) AS litres FROM announcement_lines GROUP BY 1) AS l
  ON l.announcement_id = n.id
WHERE n.total_litres <> coalesce(l.litres, 0)
UNION ALL
SELECT 'an announcement did not credit its lines', n.id, n.total_litres, coalesce(t.litres, 0)
FROM announcements n
LEFT JOIN (SELECT reference, sum(amount) AS litres FROM transfers WHERE code = 1 AND kind = 0 GROUP BY 1) AS t
  ON t.reference = n.id
WHERE n.total_litres <> coalesce(t.litres, 0)
"""

EXPIRED_SQL = f"""
SELECT 'an order is open past its expiry' AS reason, o.id AS order_id, o.expires_at
FROM orders o WHERE o.status = 'open' AND o.expires_at < clock_timestamp() - {GRACE}
UNION ALL
SELECT 'an order is open on a product that is over', o.id, p.closes_at
FROM orders o JOIN products p ON p.id = o.product_id
WHERE o.status = 'open' AND (p.closes_at < clock_timestamp() - {GRACE} OR p.phase = 'closed')
"""

# The worker that ends an interruption comes every few seconds; what it has not ended for LATE, nobody will.
STOPPED_SQL = f"""
SELECT 'a price stop stands on a product that goes on' AS reason, s.id AS id, s.started_at AS since
FROM price_stops s JOIN products p ON p.id = s.product_id
WHERE s.ended_at IS NULL AND p.phase <> CASE s.kind WHEN 'interruption' THEN 'auction' ELSE 'halted' END
UNION ALL
SELECT 'a price stop stands past its time', s.id, s.until
FROM price_stops s WHERE s.ended_at IS NULL AND s.until < clock_timestamp() - {LATE}
UNION ALL
SELECT 'an order is open under a kill switch', o.id, k.thrown_at
FROM kill_switches k JOIN inbox i ON i.id = k.inbox_id AND i.done_at IS NOT NULL
JOIN orders o ON o.status = 'open' AND (k.participant_id IS NULL OR o.participant_id = k.participant_id)
  AND (k.product_id IS NULL OR o.product_id = k.product_id)
WHERE k.lifted_at IS NULL
"""

DELIVERIES_SQL = """
SELECT 'a delivery is not its profile' AS reason, d.id AS id, d.litres AS a, l.litres AS b
FROM deliveries d
JOIN LATERAL (SELECT coalesce(sum(litres), 0) AS litres FROM delivery_lines WHERE delivery_id = d.id) AS l ON true
WHERE d.litres <> l.litres
UNION ALL
SELECT 'what arrived is not what the gate keeper confirmed', d.id, d.confirmed_litres, r.litres
FROM deliveries d
JOIN LATERAL (SELECT coalesce(sum(litres), 0) AS litres FROM delivery_receipts WHERE delivery_id = d.id) AS r ON true
WHERE d.confirmed_litres <> r.litres
UNION ALL
SELECT 'a further delivery is not what the one before lacked', d.id, d.litres, s.litres - s.confirmed_litres
FROM deliveries d JOIN deliveries s ON s.id = d.makes_good_id
WHERE d.litres <> s.litres - s.confirmed_litres OR s.status <> 'made_good'
UNION ALL
SELECT 'a refund is not what a short delivery lacked', f.id, f.missing_litres, d.litres - d.confirmed_litres
FROM delivery_refunds f JOIN deliveries d ON d.id = f.delivery_id
WHERE f.missing_litres <> d.litres - d.confirmed_litres OR (f.status = 'approved') <> (d.status = 'refunded')
   AND f.status <> 'declined'
"""

# Codes: 74 water, 75 money. What a refund moved is what it says, on each side.
REFUNDS_SQL = """
WITH due AS (
  SELECT d.instruction_id AS id, sum(f.missing_litres) AS missing, sum(f.source_litres) AS source, sum(f.fen) AS fen
  FROM delivery_refunds f JOIN deliveries d ON d.id = f.delivery_id WHERE f.status = 'approved' GROUP BY 1
), moved AS (
  SELECT t.reference AS id,
         sum(amount) FILTER (WHERE code = 74 AND debit_account_id = i.buyer_account) AS missing,
         sum(amount) FILTER (WHERE code = 74 AND credit_account_id = i.seller_account) AS source,
         sum(amount) FILTER (WHERE code = 75 AND credit_account_id = i.buyer_money_account) AS fen
  FROM transfers t JOIN instructions i ON i.id = t.reference WHERE t.code IN (74, 75) GROUP BY 1
)
SELECT 'a refund did not move what it says' AS reason, coalesce(d.id, m.id) AS instruction_id, d.missing, m.missing,
       d.source, m.source, d.fen, m.fen
FROM due d FULL JOIN moved m USING (id)
WHERE coalesce(d.missing, 0) <> coalesce(m.missing, 0) OR coalesce(d.source, 0) <> coalesce(m.source, 0)
   OR coalesce(d.fen, 0) <> coalesce(m.fen, 0)
"""

CHECKS = (
    Check(7, DELIVERIES_SQL),
    Check(7, REFUNDS_SQL),
    Check(6, HOLDS_SQL),
    Check(6, ORDER_HOLDS_SQL),
    Check(6, BUY_HOLDS_SQL),
    Check(7, LEGS_SQL),
    Check(7, REVIEWS_SQL),
    Check(8, FILLS_SQL),
    Check(8, DEALS_SQL),
    Check(9, SELF_TRADES_SQL),
    Check(10, SHARES_SQL),
    Check(14, EXPIRED_SQL),
    Check(14, STOPPED_SQL),
)
