"""Invariants 1–5 and 12: transfers, balances, water, limits, money."""

from __future__ import annotations

from ledger import proofs
from market.core.chart import AccountCode
from market.proofs import Check

HOLDER_WATER = int(AccountCode.HOLDER_WATER)

# Water asset by asset: what was issued, and what is owed, is with holders or in reserves, used, lost, expired, carried,
# curtailed, or on its way; nothing rests in clearing.
# What was used beyond a balance is used, and owed.
WATER_SQL = f"""
SELECT 'water is not conserved' AS reason, s.code, issued, held, used, lost, expired, clearing, season, owed
FROM (
  SELECT x.code,
         sum(a.debits_posted - a.credits_posted) FILTER (WHERE a.code = {int(AccountCode.WATER_ISSUE)}) AS issued,
         sum(a.credits_posted - a.debits_posted) FILTER (WHERE a.code = {HOLDER_WATER}) AS held,
         sum(a.credits_posted - a.debits_posted) FILTER (WHERE a.code = {int(AccountCode.WATER_USE)}) AS used,
         sum(a.debits_posted - a.credits_posted) FILTER (WHERE a.code = {int(AccountCode.OVER_USE_DEBT)}) AS owed,
         sum(a.credits_posted - a.debits_posted) FILTER (WHERE a.code = {int(AccountCode.WATER_LOSS)}) AS lost,
         sum(a.credits_posted - a.debits_posted) FILTER (WHERE a.code = {int(AccountCode.WATER_EXPIRY)}) AS expired,
         sum(a.credits_posted - a.debits_posted) FILTER (WHERE a.code = {int(AccountCode.WATER_CLEARING)}) AS clearing,
         sum(a.credits_posted - a.debits_posted) FILTER (WHERE a.code BETWEEN {int(AccountCode.WATER_RESERVE)}
             AND {int(AccountCode.WATER_CARRIED)}) AS season
  FROM accounts a JOIN assets x ON x.id = a.asset_id WHERE x.code LIKE 'water:%%' GROUP BY x.code
) AS s
WHERE coalesce(clearing, 0) <> 0
   OR coalesce(issued, 0) + coalesce(owed, 0)
      <> coalesce(held, 0) + coalesce(used, 0) + coalesce(lost, 0) + coalesce(expired, 0) + coalesce(season, 0)
"""

LOSSES_SQL = f"""
SELECT 'losses are not those of the settled instructions, calls and assignments' AS reason, x.code, l.lost,
       i.lost, c.lost
FROM assets x
JOIN (SELECT asset_id, sum(credits_posted - debits_posted) AS lost FROM accounts
      WHERE code = {int(AccountCode.WATER_LOSS)} GROUP BY 1) AS l ON l.asset_id = x.id
LEFT JOIN (
  SELECT asset_id, sum(lost) AS lost FROM (
  SELECT a.asset_id, sum(i.source_litres - i.delivered_litres - coalesce((
           SELECT sum(f.source_litres - f.missing_litres)
           FROM delivery_refunds f JOIN deliveries d ON d.id = f.delivery_id
           WHERE d.instruction_id = i.id AND f.status = 'approved'), 0)
         - coalesce(v.source_litres - v.returned_litres, 0)) AS lost
  FROM instructions i JOIN accounts a ON a.id = i.seller_account
  LEFT JOIN settlement_reversals v ON v.instruction_id = i.id AND v.status = 'settled'
  WHERE i.status IN ('settled', 'reversed') GROUP BY 1
  UNION ALL
  SELECT a.asset_id, sum(s.source_litres - s.delivered_litres)
  FROM storage_assignments s JOIN water_accounts w ON w.id = s.water_account_id JOIN accounts a ON a.id = w.account_id
  GROUP BY 1) AS each GROUP BY 1
) AS i ON i.asset_id = x.id
LEFT JOIN (
  SELECT 'water:' || p.source || ':' || p.water_year AS code, sum(c.sold_litres - c.bought_litres) AS lost
  FROM calls c JOIN products p ON p.id = c.product_id WHERE c.status = 'settled' GROUP BY 1
) AS c ON c.code = x.code
WHERE l.lost <> coalesce(i.lost, 0) + coalesce(c.lost, 0)
"""

# One replay, asked twice: what is overdrawn is a limit, or it is somebody's balance.
_OVERDRAWN_SQL = proofs.NEVER_OVERDRAWN.violations_sql
BALANCES_SQL = f"SELECT * FROM ({_OVERDRAWN_SQL}) AS overdrawn WHERE code <> {int(AccountCode.LIMIT)}"
LIMITS_PASSED_SQL = f"SELECT * FROM ({_OVERDRAWN_SQL}) AS overdrawn WHERE code = {int(AccountCode.LIMIT)}"

# The limit in force is what LIMIT_SET transfers made of it, and its figure is what the register says.
LIMITS_SQL = """
SELECT 'the ledger does not hold the limit in force' AS reason, l.id, l.code, l.limit_litres,
       coalesce(s.litres, 0) AS ledger_litres, coalesce(c.litres, 0) AS changes_litres
FROM limits l
LEFT JOIN LATERAL (
  SELECT sum(CASE WHEN t.credit_account_id = l.account_id THEN t.amount ELSE -t.amount END) AS litres
  FROM transfers t WHERE t.code = 30 AND l.account_id IN (t.credit_account_id, t.debit_account_id)
) AS s ON true
LEFT JOIN LATERAL (SELECT sum(new_litres - old_litres) AS litres FROM limit_changes WHERE limit_id = l.id) AS c ON true
WHERE l.limit_litres <> coalesce(s.litres, 0) OR l.limit_litres <> coalesce(c.litres, 0)
"""

LIMITS_NOT_BOUND_SQL = """
SELECT 'a limit account may be overdrawn' AS reason, l.id, a.flags
FROM limits l JOIN accounts a ON a.id = l.account_id WHERE a.flags & 1 = 0
UNION ALL
SELECT 'a holder''s account may be overdrawn', w.id, a.flags
FROM water_accounts w JOIN accounts a ON a.id = w.account_id WHERE a.flags & 1 = 0
UNION ALL
SELECT 'a money account may be overdrawn', m.id, a.flags
FROM money_accounts m JOIN accounts a ON a.id = m.account_id WHERE a.flags & 1 = 0
"""

# What an announcement credited is what it charged every cap that holds the account.
ANNOUNCED_SQL = """
WITH RECURSIVE above AS (
  SELECT id AS zone_id, id AS above_id, parent_id FROM zones
  UNION ALL SELECT a.zone_id, z.id, z.parent_id FROM above a JOIN zones z ON z.id = a.parent_id
), due AS (
  SELECT n.announcement_id, l.account_id, sum(n.litres) AS litres
  FROM announcement_lines n
  JOIN water_accounts w ON w.id = n.water_account_id
  JOIN limits l ON l.kind = 'cap' AND l.water_year = w.water_year
   AND (l.source IS NULL OR l.source = w.source) AND (l.sector IS NULL OR l.sector = w.sector)
   AND (l.zone_id IS NULL OR EXISTS (SELECT FROM above b WHERE b.above_id = l.zone_id
        AND b.zone_id IN (w.township_zone_id, w.canal_zone_id)))
  GROUP BY 1, 2
), charged AS (
  SELECT reference AS announcement_id, debit_account_id AS account_id, sum(amount) AS litres
  FROM transfers WHERE code = 31 AND kind = 0 GROUP BY 1, 2
)
SELECT 'an announcement did not charge its caps exactly' AS reason,
       coalesce(d.announcement_id, c.announcement_id) AS announcement_id,
       coalesce(d.account_id, c.account_id) AS account_id, d.litres AS due, c.litres AS charged
FROM due d FULL JOIN charged c USING (announcement_id, account_id)
WHERE d.litres IS DISTINCT FROM c.litres AND coalesce(d.litres, 0) <> coalesce(c.litres, 0)
"""

MONEY_SQL = f"""
SELECT 'the bank''s account is not deposits minus payouts and what was remitted, with suspense and charges' AS reason,
       s.bank AS a, s.recorded AS b
FROM (
  SELECT coalesce((SELECT sum(debits_posted - credits_posted) FROM accounts
                   WHERE code = {int(AccountCode.BANK)}), 0) AS bank,
         coalesce((SELECT sum(CASE direction WHEN 'in' THEN amount_fen ELSE -amount_fen END) FROM bank_transfers), 0)
       - coalesce((SELECT sum(fen - cash_fen) FROM remittances WHERE status = 'confirmed' AND side = 'supplier'), 0)
           + coalesce((SELECT sum(CASE kind WHEN 'suspense' THEN fen ELSE -fen END) FROM bank_line_matches
                       WHERE kind = 'charge' OR suspense = 'open'), 0) AS recorded
) AS s WHERE s.bank <> s.recorded
UNION ALL
SELECT 'money in the market is not what bank and provider hold, and what the provider kept', s.bank, s.held
FROM (
  SELECT coalesce(sum(a.debits_posted - a.credits_posted)
                  FILTER (WHERE a.code IN ({int(AccountCode.BANK)}, {int(AccountCode.GATEWAY)},
                                           {int(AccountCode.GATEWAY_FEES)},
                                           {int(AccountCode.CASH)}, {int(AccountCode.BANK_CHARGES)})), 0) AS bank,
         coalesce(sum(a.credits_posted - a.debits_posted)
                  FILTER (WHERE a.code IN ({int(AccountCode.HOLDER_MONEY)}, {int(AccountCode.TRADING_FEES)},
                                           {int(AccountCode.PLEDGE_PROCEEDS)}, {int(AccountCode.PUBLIC_FUND)},
                                           {int(AccountCode.SAVING_TRUST)},
                                           {int(AccountCode.WATER_COLLECTED)},
                                           {int(AccountCode.END_CANAL_COLLECTED)},
                                           {int(AccountCode.SUSPENSE)})),
                  0) AS held
  FROM accounts a JOIN assets x ON x.id = a.asset_id WHERE x.code = 'CNY'
) AS s WHERE s.bank <> s.held
UNION ALL
SELECT 'money rests in clearing', a.id, a.credits_posted - a.debits_posted
FROM accounts a WHERE a.code = {int(AccountCode.MONEY_CLEARING)} AND a.credits_posted <> a.debits_posted
UNION ALL
SELECT 'water fees charged are not what is due', s.due, s.charged
FROM (
  SELECT coalesce(sum(debits_posted - credits_posted) FILTER (WHERE code = {int(AccountCode.FEE_DUE)}), 0) AS due,
         coalesce(sum(credits_posted - debits_posted) FILTER (WHERE code = {int(AccountCode.WATER_FEES)}), 0) AS charged
  FROM accounts
) AS s WHERE s.due <> s.charged
UNION ALL
SELECT 'a bank transfer without its posting', b.id, b.amount_fen
FROM bank_transfers b
WHERE NOT EXISTS (
  SELECT FROM transfers t JOIN money_accounts m ON m.id = b.money_account_id
  WHERE t.reference = b.id AND t.amount = b.amount_fen
    AND ((b.direction = 'in' AND t.code = 20 AND t.credit_account_id = m.account_id)
      OR (b.direction = 'out' AND t.code = 21 AND t.debit_account_id = m.account_id))
)
"""

CHECKS = (
    Check(1, proofs.TRANSFERS_BALANCE.violations_sql),
    Check(2, proofs.COLUMNS_EQUAL_SUMS.violations_sql),
    Check(2, proofs.PENDINGS_NOT_OVER_RESOLVED.violations_sql),
    Check(3, WATER_SQL),
    Check(3, LOSSES_SQL),
    Check(4, BALANCES_SQL),
    Check(5, LIMITS_PASSED_SQL),
    Check(5, LIMITS_SQL),
    Check(5, LIMITS_NOT_BOUND_SQL),
    Check(5, ANNOUNCED_SQL),
    Check(12, MONEY_SQL),
)
