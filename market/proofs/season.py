"""Invariants 3, 5, 10, 13 and 14 of the water year: reserves, debts, curtailments, carry-overs, what may spill."""

from __future__ import annotations

from market.core.chart import AccountCode, TransferCode
from market.proofs import Check

# The sheet of each water asset by its accounts' columns: issued and owed are held, used, lost, expired, carried,
# curtailed or in reserve; nothing rests in clearing, and no account of another code holds water.
SHEET_SQL = f"""
WITH sums AS (
  SELECT x.code AS asset, a.code, sum(a.credits_posted - a.debits_posted) AS litres
  FROM accounts a JOIN assets x ON x.id = a.asset_id WHERE x.code LIKE 'water:%%' GROUP BY 1, 2
)
SELECT 'a kind of account that the balance sheet does not know holds water' AS reason, asset, code, litres
FROM sums WHERE litres <> 0 AND code NOT IN (
  {int(AccountCode.WATER_ISSUE)}, {int(AccountCode.HOLDER_WATER)}, {int(AccountCode.WATER_USE)},
  {int(AccountCode.WATER_LOSS)}, {int(AccountCode.WATER_EXPIRY)}, {int(AccountCode.WATER_RESERVE)},
  {int(AccountCode.WATER_DEBT)}, {int(AccountCode.WATER_CURTAILED)}, {int(AccountCode.WATER_CARRIED)},
  {int(AccountCode.OVER_USE_DEBT)})
"""

# What leaves one year as carried is what was issued into the next, and what the lines say.
CARRIED_SQL = f"""
WITH moved AS (
  SELECT t.reference AS id,
         sum(t.amount) FILTER (WHERE c.code = {int(AccountCode.WATER_CARRIED)}) AS burnt,
         sum(t.amount) FILTER (WHERE d.code = {int(AccountCode.WATER_ISSUE)}) AS issued
  FROM transfers t JOIN accounts d ON d.id = t.debit_account_id JOIN accounts c ON c.id = t.credit_account_id
  WHERE t.code = {int(TransferCode.CARRIED)} AND t.kind = 0 GROUP BY 1
), lines AS (
  SELECT carry_over_id AS id, sum(carried_litres) AS carried FROM carry_over_lines GROUP BY 1
)
SELECT 'what was carried was not burnt and issued exactly' AS reason, o.id, o.carried_litres, l.carried,
       m.burnt, m.issued
FROM carry_overs o LEFT JOIN lines l USING (id) LEFT JOIN moved m USING (id)
WHERE o.carried_litres <> coalesce(l.carried, 0) OR o.carried_litres <> coalesce(m.burnt, 0)
   OR o.carried_litres <> coalesce(m.issued, 0)
"""

# Headroom, cap by cap: what carried water, reserves and curtailments charge and free is what they moved below the cap.
SEASON_CHARGES_SQL = f"""
WITH RECURSIVE above AS (
  SELECT id AS zone_id, id AS above_id, parent_id FROM zones
  UNION ALL SELECT a.zone_id, z.id, z.parent_id FROM above a JOIN zones z ON z.id = a.parent_id
), moves AS (
  SELECT {int(TransferCode.CARRIED)} AS code, l.carry_over_id AS id, l.to_water_account_id AS water_account_id,
         l.carried_litres AS litres
  FROM carry_over_lines l WHERE l.carried_litres > 0
  UNION ALL
  SELECT {int(TransferCode.CURTAILED)}, curtailment_id, water_account_id, -litres FROM curtailment_lines
), due AS (
  SELECT m.code, m.id, l.account_id, sum(m.litres) AS litres
  FROM moves m
  JOIN water_accounts w ON w.id = m.water_account_id
  JOIN limits l ON l.kind = 'cap' AND l.water_year = w.water_year
   AND (l.source IS NULL OR l.source = w.source) AND (l.sector IS NULL OR l.sector = w.sector)
   AND (l.zone_id IS NULL OR EXISTS (SELECT FROM above b WHERE b.above_id = l.zone_id
        AND b.zone_id IN (w.township_zone_id, w.canal_zone_id)))
  GROUP BY 1, 2, 3
), charged AS (
  SELECT t.code, t.reference AS id,
         CASE WHEN d.code = {int(AccountCode.LIMIT)} THEN d.id ELSE c.id END AS account_id,
         sum(CASE WHEN d.code = {int(AccountCode.LIMIT)} THEN t.amount ELSE -t.amount END) AS litres
  FROM transfers t JOIN accounts d ON d.id = t.debit_account_id JOIN accounts c ON c.id = t.credit_account_id
  WHERE t.code IN ({int(TransferCode.CARRIED)}, {int(TransferCode.CURTAILED)}) AND t.kind = 0
    AND {int(AccountCode.LIMIT_USE)} IN (d.code, c.code)
  GROUP BY 1, 2, 3
)
SELECT 'a carry-over or a curtailment did not charge or free its caps exactly' AS reason, code, id, account_id,
       d.litres AS due, c.litres AS charged
FROM due d FULL JOIN charged c USING (code, id, account_id)
WHERE coalesce(d.litres, 0) <> coalesce(c.litres, 0)
"""

EXCESS_SQL = f"""
SELECT 'a cap''s excess is not what its curtailments left, less what was absorbed' AS reason, x.limit_id,
       a.debits_posted, c.excess
FROM cap_excesses x JOIN accounts a ON a.id = x.account_id
LEFT JOIN (SELECT limit_id, sum(excess_litres) AS excess FROM curtailment_cuts GROUP BY 1) AS c USING (limit_id)
WHERE a.debits_posted <> coalesce(c.excess, 0) OR a.code <> {int(AccountCode.CAP_EXCESS)}
UNION ALL
SELECT 'a cap has room to charge while use stands above it', x.limit_id, e.debits_posted - e.credits_posted,
       a.credits_posted - a.debits_posted - a.debits_pending
FROM cap_excesses x JOIN limits l ON l.id = x.limit_id
JOIN accounts e ON e.id = x.account_id JOIN accounts a ON a.id = l.account_id
WHERE e.debits_posted > e.credits_posted AND a.credits_posted > a.debits_posted + a.debits_pending
"""

CURTAILED_SQL = f"""
WITH moved AS (
  SELECT t.reference AS id, sum(t.amount) AS litres FROM transfers t JOIN accounts c ON c.id = t.credit_account_id
  WHERE t.code = {int(TransferCode.CURTAILED)} AND c.code = {int(AccountCode.WATER_CURTAILED)} GROUP BY 1
), lines AS (SELECT curtailment_id AS id, sum(litres) AS litres FROM curtailment_lines GROUP BY 1)
SELECT 'a curtailment''s lines are not what it took' AS reason, c.id, c.taken_litres, l.litres AS lines,
       m.litres AS moved
FROM curtailments c LEFT JOIN lines l USING (id) LEFT JOIN moved m USING (id)
WHERE coalesce(c.taken_litres, 0) <> coalesce(l.litres, 0) OR coalesce(c.taken_litres, 0) <> coalesce(m.litres, 0)
UNION ALL
SELECT 'a reversal''s lines are not what it took back', v.id, v.taken_litres + v.owed_litres + v.reserve_litres,
       coalesce(l.litres, 0) + v.reserve_litres, coalesce(m.litres, 0)
FROM reversals v
LEFT JOIN (SELECT reversal_id AS id, sum(taken_litres + owed_litres) AS litres FROM reversal_lines GROUP BY 1) AS l
  USING (id)
LEFT JOIN (SELECT reference AS id, sum(amount) AS litres FROM transfers
           WHERE code = {int(TransferCode.REVERSAL)} GROUP BY 1) AS m USING (id)
WHERE v.taken_litres + v.owed_litres <> coalesce(l.litres, 0)
   OR v.taken_litres + v.owed_litres + v.reserve_litres <> coalesce(m.litres, 0)
UNION ALL
SELECT 'an announcement did not reserve what it says', n.id, n.reserved_litres, NULL, coalesce(m.litres, 0)
FROM announcements n
LEFT JOIN (SELECT reference AS id, sum(amount) AS litres FROM transfers
           WHERE code = {int(TransferCode.RESERVED)} GROUP BY 1) AS m USING (id)
WHERE n.reserved_litres <> coalesce(m.litres, 0)
"""

ENDED_SQL = """
SELECT 'water of a closed year is on an account still' AS reason, w.id, w.water_year, a.credits_posted - a.debits_posted
FROM water_accounts w JOIN water_years y ON y.year = w.water_year AND y.status = 'closed'
JOIN accounts a ON a.id = w.account_id
WHERE a.credits_posted <> a.debits_posted OR a.debits_pending > 0
UNION ALL
SELECT 'a reserve of a closed year is not empty', r.id, r.water_year, a.credits_posted - a.debits_posted
FROM reserves r JOIN water_years y ON y.year = r.water_year AND y.status = 'closed'
JOIN accounts a ON a.id = r.account_id WHERE a.credits_posted <> a.debits_posted
UNION ALL
SELECT 'an order or a review is open in a closed year', o.id, p.water_year, o.rest_litres
FROM orders o JOIN products p ON p.id = o.product_id JOIN water_years y ON y.year = p.water_year AND y.status = 'closed'
WHERE o.status = 'open'
UNION ALL
SELECT 'an order or a review is open in a closed year', i.id, p.water_year, i.source_litres
FROM instructions i JOIN products p ON p.id = i.product_id
JOIN water_years y ON y.year = p.water_year AND y.status = 'closed' WHERE i.status = 'awaiting_review'
UNION ALL
SELECT 'spillable water of a closed year is held still', s.id, w.water_year, s.litres
FROM spillables s JOIN water_accounts w ON w.id = s.water_account_id
JOIN water_years y ON y.year = w.water_year AND y.status = 'closed' WHERE s.status = 'held'
"""

LINES_SQL = """
SELECT 'a line of an announcement names what is not there' AS reason, l.announcement_id, l.entitlement_id,
       l.water_account_id
FROM announcement_lines l
LEFT JOIN announcements n ON n.id = l.announcement_id
LEFT JOIN entitlements e ON e.id = l.entitlement_id
LEFT JOIN water_accounts w ON w.id = l.water_account_id
WHERE n.id IS NULL OR e.id IS NULL OR w.id IS NULL
   OR (w.water_year, w.source, w.participant_id) <> (n.water_year, n.source, e.participant_id)
"""

CHECKS = (
    Check(3, SHEET_SQL),
    Check(3, CARRIED_SQL),
    Check(5, SEASON_CHARGES_SQL),
    Check(5, EXCESS_SQL),
    Check(10, CURTAILED_SQL),
    Check(10, LINES_SQL),
    Check(14, ENDED_SQL),
)
