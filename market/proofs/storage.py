"""Invariants 6 to 8: budgets of the buy-back to the fen, takes and awards with their deals, assignments."""

from __future__ import annotations

from market.core.chart import TransferCode
from market.proofs import Check

BUDGETS_SQL = f"""
SELECT 'what an offer holds is not what rests under its pending transfer' AS reason, b.id AS id, b.held_fen AS a,
       coalesce(p.amount - r.amount, 0) AS b
FROM buy_backs b
LEFT JOIN transfers p ON p.id = b.hold_id AND p.kind = 1 AND p.code = {int(TransferCode.BUY_BACK_BUDGET)}
LEFT JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM transfers WHERE pending_id = b.hold_id) AS r ON true
WHERE b.held_fen <> coalesce(p.amount - r.amount, 0)
UNION ALL
SELECT 'a budget is not what is held, under way, spent and freed', b.id, b.budget_fen,
       b.held_fen + b.under_way_fen + b.spent_fen + b.freed_fen
FROM buy_backs b WHERE b.budget_fen <> b.held_fen + b.under_way_fen + b.spent_fen + b.freed_fen
UNION ALL
SELECT 'what is under way is not what takes without an answer cost', b.id, b.under_way_fen, t.fen
FROM buy_backs b
JOIN LATERAL (SELECT coalesce(sum(part_fen), 0) AS fen FROM buy_back_takes
              WHERE buy_back_id = b.id AND status = 'struck') AS t ON true
WHERE b.under_way_fen <> t.fen
UNION ALL
SELECT 'what is spent is not what the trades of the takes cost', b.id, b.spent_fen, t.fen
FROM buy_backs b
JOIN LATERAL (SELECT coalesce(sum(r.amount_fen), 0) AS fen
              FROM buy_back_takes x JOIN deals d ON d.kind = 'buy_back' AND d.reference = x.id
              JOIN trades r ON r.id = d.trade_id
              WHERE x.buy_back_id = b.id AND x.status = 'traded') AS t ON true
WHERE b.spent_fen <> t.fen
"""

TAKES_SQL = """
SELECT 'a take is not its one deal' AS reason, t.id AS id, t.status, d.deals, d.alike
FROM buy_back_takes t JOIN buy_backs b ON b.id = t.buy_back_id
JOIN LATERAL (
  SELECT count(*) AS deals,
         count(*) FILTER (WHERE (x.product_id, x.seller_water_account_id, x.buyer_water_account_id, x.volume_litres,
                                 x.price_e4, x.at)
                              = (b.product_id, t.water_account_id, b.water_account_id, t.volume_litres, t.price_e4,
                                 'sell')
                            AND t.status IN ('struck', x.status)) AS alike
  FROM deals x WHERE x.kind = 'buy_back' AND x.reference = t.id) AS d ON true
WHERE (d.deals, d.alike) <> (1, 1)
UNION ALL
SELECT 'a deal of the buy-back that nobody took', x.id, x.status, NULL, NULL
FROM deals x WHERE x.kind = 'buy_back' AND NOT EXISTS (SELECT FROM buy_back_takes t WHERE t.id = x.reference)
"""

BIDS_SQL = f"""
SELECT 'a bid is not what rests under its pending transfer' AS reason, b.id AS id, b.held_fen AS a,
       coalesce(p.amount - r.amount, 0) AS b
FROM resale_bids b
LEFT JOIN transfers p ON p.id = b.hold_id AND p.kind = 1 AND p.code = {int(TransferCode.RESALE_BID)}
LEFT JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM transfers WHERE pending_id = b.hold_id) AS r ON true
WHERE b.held_fen <> coalesce(p.amount - r.amount, 0)
"""

RESALES_SQL = """
SELECT 'an award is not its one deal', b.id, b.award_litres, d.alike
FROM resale_bids b JOIN resale_rounds o ON o.id = b.round_id
JOIN LATERAL (
  SELECT count(*) FILTER (WHERE (x.seller_water_account_id, x.buyer_water_account_id, x.volume_litres, x.price_e4, x.at)
                              = (o.water_account_id, b.water_account_id, b.award_litres, o.price_e4, 'sell')
                            AND b.status IN ('struck', x.status)) AS alike, count(*) AS deals
  FROM deals x WHERE x.kind = 'resale' AND x.reference = b.id) AS d ON true
WHERE (d.deals, d.alike) <> ((b.award_litres > 0)::int, (b.award_litres > 0)::int)
UNION ALL
SELECT 'the awards do not sum to what was awarded', o.id, o.awarded_litres, b.litres
FROM resale_rounds o
JOIN LATERAL (SELECT coalesce(sum(award_litres), 0) AS litres FROM resale_bids WHERE round_id = o.id) AS b ON true
WHERE o.awarded_litres <> b.litres
UNION ALL
SELECT 'a winner bid less than is paid', b.id, b.price_e4, o.price_e4
FROM resale_bids b JOIN resale_rounds o ON o.id = b.round_id WHERE b.award_litres > 0 AND b.price_e4 < o.price_e4
"""

ASSIGNED_SQL = f"""
SELECT 'an assignment did not move what it says' AS reason, s.id AS id, s.source_litres AS a, s.delivered_litres AS b
FROM storage_assignments s
JOIN water_accounts f ON f.id = s.water_account_id JOIN water_accounts w ON w.id = s.to_water_account_id
JOIN LATERAL (
  SELECT coalesce(sum(amount) FILTER (WHERE debit_account_id = f.account_id), 0) AS given,
         coalesce(sum(amount) FILTER (WHERE credit_account_id = w.account_id), 0) AS received
  FROM transfers WHERE code = {int(TransferCode.STORAGE_MOVE)} AND reference = s.id AND kind = 0) AS t ON true
WHERE (t.given, t.received) <> (s.source_litres, s.delivered_litres)
"""

CHECKS = (
    Check(6, BUDGETS_SQL),
    Check(6, BIDS_SQL),
    Check(8, TAKES_SQL),
    Check(8, RESALES_SQL),
    Check(7, ASSIGNED_SQL),
)
