"""Invariants 6 and 8: budgets of the buy-back, every fen of them; takes and their deals."""

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

CHECKS = (
    Check(6, BUDGETS_SQL),
    Check(8, TAKES_SQL),
)
