"""Invariants 3, 5, 7 and 12 of reversals: what each moved is what it says, by water, money and headroom, exactly."""

from __future__ import annotations

from market.core.chart import AccountCode, TransferCode
from market.proofs import Check

WATER, MONEY = int(TransferCode.REVERSED_WATER), int(TransferCode.REVERSED_MONEY)
LIMIT, CLAIM = int(TransferCode.REVERSED_LIMIT), int(TransferCode.CLAIM_PAID)

STATES_SQL = """
SELECT 'a reversed trade without its reversal, or the other way round' AS reason, i.id, v.id AS reversal_id, NULL AS a
FROM instructions i FULL JOIN (SELECT * FROM settlement_reversals WHERE status = 'settled') AS v
  ON v.instruction_id = i.id
WHERE (i.status = 'reversed') IS DISTINCT FROM (v.id IS NOT NULL) AND (i.status = 'reversed' OR v.id IS NOT NULL)
UNION ALL
SELECT 'a reversal that is not of the whole trade', i.id, v.id, v.returned_litres + v.kept_litres
FROM settlement_reversals v JOIN instructions i ON i.id = v.instruction_id
WHERE v.status = 'settled' AND (v.returned_litres + v.kept_litres <> i.delivered_litres
  OR v.source_litres <> div(i.source_litres::numeric * v.returned_litres, i.delivered_litres))
UNION ALL
SELECT 'one person where two are needed', v.instruction_id, v.id, v.proposed_by
FROM settlement_reversals v WHERE v.status IN ('settled', 'rejected') AND v.proposed_by = v.decided_by
UNION ALL
SELECT 'a settled reversal that nobody can look up', v.instruction_id, v.id, NULL
FROM settlement_reversals v WHERE v.status = 'settled' AND NOT EXISTS (
  SELECT FROM interventions n JOIN intervention_parties p ON p.intervention_id = n.id
  JOIN instructions i ON i.id = v.instruction_id AND p.participant_id IN (i.seller_id, i.buyer_id)
  WHERE n.kind = 'reversal' AND n.subject_id = v.id)
UNION ALL
SELECT 'a delivery goes on though its trade was reversed', i.id, d.id, d.litres
FROM instructions i JOIN deliveries d ON d.instruction_id = i.id
WHERE i.status = 'reversed' AND d.status IN ('ordered', 'dispatched', 'short')
"""

# Buyer, seller and the loss, each to the litre.
WATER_SQL = f"""
WITH moved AS (
  SELECT t.reference AS id,
         sum(t.amount) FILTER (WHERE t.debit_account_id = i.buyer_account) AS returned,
         sum(t.amount) FILTER (WHERE t.credit_account_id = i.seller_account) AS source,
         sum(t.amount) FILTER (WHERE l.code = {int(AccountCode.WATER_LOSS)}) AS unlost, sum(t.amount) AS whole
  FROM transfers t JOIN accounts l ON l.id = t.debit_account_id
  LEFT JOIN settlement_reversals v ON v.id = t.reference LEFT JOIN instructions i ON i.id = v.instruction_id
  WHERE t.code = {WATER} GROUP BY t.reference
)
SELECT 'a reversal did not move the water that it says' AS reason, coalesce(v.id, m.id) AS id, m.returned, m.source,
       m.unlost
FROM settlement_reversals v FULL JOIN moved m USING (id)
WHERE coalesce(v.returned_litres, 0) <> coalesce(m.returned, 0)
   OR coalesce(v.source_litres, 0) <> coalesce(m.source, 0)
   OR coalesce(v.source_litres - v.returned_litres, 0) <> coalesce(m.unlost, 0)
   OR coalesce(2 * v.source_litres, 0) <> coalesce(m.whole, 0)
"""

# A cap that the trade charged is freed of what went back, and one that it freed is charged again.
LIMITS_SQL = f"""
WITH parts AS (
  SELECT v.id, (x ->> 0)::bigint AS account_id, (x ->> 1)::bigint AS litres, v.returned_litres, i.delivered_litres
  FROM settlement_reversals v JOIN instructions i ON i.id = v.instruction_id
  CROSS JOIN LATERAL jsonb_array_elements(i.charges::jsonb) x WHERE v.status = 'settled'
  UNION ALL
  SELECT v.id, (x ->> 0)::bigint, -(x ->> 1)::bigint, v.returned_litres, i.delivered_litres
  FROM settlement_reversals v JOIN instructions i ON i.id = v.instruction_id
  CROSS JOIN LATERAL jsonb_array_elements(i.frees::jsonb) x WHERE v.status = 'settled'
), due AS (
  SELECT id, account_id,
         sum(sign(litres) * div(abs(litres)::numeric * returned_litres, delivered_litres)) AS litres
  FROM parts GROUP BY 1, 2
), moved AS (
  SELECT t.reference AS id, CASE d.code WHEN {int(AccountCode.LIMIT_USE)} THEN t.credit_account_id
                                        ELSE t.debit_account_id END AS account_id,
         sum(CASE d.code WHEN {int(AccountCode.LIMIT_USE)} THEN t.amount ELSE -t.amount END) AS litres
  FROM transfers t JOIN accounts d ON d.id = t.debit_account_id WHERE t.code = {LIMIT} GROUP BY 1, 2
)
SELECT 'a reversal did not free and charge its limits exactly' AS reason, id, account_id, d.litres AS due,
       m.litres AS moved
FROM due d FULL JOIN moved m USING (id, account_id) WHERE coalesce(d.litres, 0) <> coalesce(m.litres, 0)
"""

MONEY_SQL = f"""
WITH taken AS (
  SELECT v.id, i.amount_fen - v.value_fen AS due,
         coalesce(sum(CASE WHEN t.creditor_account = i.buyer_money_account THEN t.owed_fen ELSE -t.owed_fen END), 0)
           AS owed,
         coalesce(sum(t.owed_fen - t.paid_fen), 0) AS unpaid, coalesce(sum(t.paid_fen), 0) AS paid
  FROM settlement_reversals v JOIN instructions i ON i.id = v.instruction_id
  LEFT JOIN reversal_takings t ON t.reversal_id = v.id WHERE v.status = 'settled' GROUP BY v.id, i.id
), moved AS (
  SELECT reference AS id, sum(amount) / 2 AS fen FROM transfers WHERE code = {MONEY} GROUP BY 1
), claimed AS (SELECT reversal_id AS id, sum(fen) AS fen FROM reversal_claims GROUP BY 1)
SELECT 'the buyer is not charged the value of what it keeps' AS reason, id, due, owed FROM taken WHERE due <> owed
UNION ALL
SELECT 'a reversal did not pay what it says', coalesce(t.id, m.id), t.paid, m.fen
FROM taken t FULL JOIN moved m USING (id) WHERE coalesce(t.paid, 0) <> coalesce(m.fen, 0)
UNION ALL
SELECT 'what was not paid at once is not owed', coalesce(t.id, c.id), t.unpaid, c.fen
FROM taken t FULL JOIN claimed c USING (id) WHERE coalesce(t.unpaid, 0) <> coalesce(c.fen, 0)
UNION ALL
SELECT 'a taking that the ledger does not have', t.reversal_id, t.paid_fen, NULL
FROM reversal_takings t WHERE t.paid_fen > 0 AND NOT EXISTS (
  SELECT FROM transfers x WHERE x.code = {MONEY} AND x.reference = t.reversal_id AND x.amount = t.paid_fen
    AND x.debit_account_id = t.debtor_account)
UNION ALL
SELECT 'a claim was not paid what it says', coalesce(c.id, m.id), c.paid_fen, m.fen
FROM reversal_claims c FULL JOIN (
  SELECT reference AS id, sum(amount) / 2 AS fen FROM transfers WHERE code = {CLAIM} GROUP BY 1) AS m USING (id)
WHERE coalesce(c.paid_fen, 0) <> coalesce(m.fen, 0)
"""

CHECKS = (Check(7, STATES_SQL), Check(3, WATER_SQL), Check(5, LIMITS_SQL), Check(12, MONEY_SQL))
