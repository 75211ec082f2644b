"""Trust accounts of saving contracts: 8 what came in went out or is there, 10 the waterfall, the supplier first
(SAVINGS section 8, invariant 12).
"""

from __future__ import annotations

from market.core.chart import TransferCode
from market.proofs import Check

_IN = "m.kind IN ('advance', 'fee', 'top_up')"
_CODES = ", ".join(
    str(int(code))
    for code in (
        TransferCode.TRUST_FEE,
        TransferCode.TRUST_TOP_UP,
        TransferCode.TRUST_SUPPLIER,
        TransferCode.TRUST_UPKEEP,
        TransferCode.TRUST_REST,
        TransferCode.TRUST_REFUND,
    )
)

MOVED_SQL = f"""
WITH run AS (
  SELECT m.id, m.contract_id, m.balance_fen,
         sum(CASE WHEN {_IN} THEN m.fen ELSE -m.fen END) OVER (PARTITION BY m.contract_id ORDER BY m.id) AS fen
  FROM trust_movements m
)
SELECT 'a movement that does not leave the balance it names, or a negative one' AS reason, id, contract_id, fen
FROM run WHERE fen <> balance_fen OR fen < 0
UNION ALL
SELECT 'what came in is not what went out and what is there', NULL, t.contract_id, t.balance_fen
FROM trust_accounts t JOIN accounts a ON a.id = t.account_id
LEFT JOIN LATERAL (
  SELECT coalesce(sum(CASE WHEN {_IN} THEN m.fen ELSE -m.fen END), 0) AS fen
  FROM trust_movements m WHERE m.contract_id = t.contract_id
) AS s ON true
WHERE t.balance_fen <> s.fen OR t.balance_fen <> a.credits_posted - a.debits_posted
UNION ALL
SELECT 'a movement that the ledger does not have', m.id, m.contract_id, m.fen
FROM trust_movements m JOIN trust_accounts t ON t.contract_id = m.contract_id
WHERE (SELECT count(*) FROM transfers x WHERE x.reference = m.id AND x.amount = m.fen AND x.kind = 0
         AND x.code IN ({_CODES})
         AND t.account_id = CASE WHEN {_IN} THEN x.credit_account_id ELSE x.debit_account_id END) <> 1
UNION ALL
SELECT 'a transfer of a trust account without its movement', x.id, t.contract_id, x.amount
FROM trust_accounts t JOIN transfers x ON t.account_id IN (x.debit_account_id, x.credit_account_id)
WHERE NOT EXISTS (SELECT FROM trust_movements m WHERE m.id = x.reference AND m.contract_id = t.contract_id)
UNION ALL
SELECT 'advances that are not what was paid in beforehand and not used', NULL, t.contract_id, t.advance_fen
FROM trust_accounts t
WHERE t.closed_at IS NULL AND t.advance_fen <>
  coalesce((SELECT sum(m.fen) FROM trust_movements m WHERE m.contract_id = t.contract_id AND m.kind = 'advance'), 0)
  - coalesce((SELECT sum(p.advance_fen) FROM trust_periods p WHERE p.contract_id = t.contract_id), 0)
"""

# What a firm or user got while a bill that had been presented was not paid: the bill's movement is a later one.
SUPPLIER_FIRST_SQL = """
SELECT 'somebody was paid before the supplier' AS reason, m.id, m.contract_id, b.id
FROM trust_movements m JOIN trust_bills b ON b.contract_id = m.contract_id AND b.presented_at < m.made_at
LEFT JOIN trust_movements s ON s.bill_id = b.id
WHERE m.kind IN ('upkeep', 'firm', 'refund') AND b.status <> 'withdrawn' AND coalesce(s.id > m.id, true)
UNION ALL
SELECT 'a bill that was paid otherwise than it says', s.id, b.contract_id, b.id
FROM trust_bills b LEFT JOIN trust_movements s ON s.bill_id = b.id
WHERE (b.status = 'paid') <> (s.id IS NOT NULL) OR s.fen <> b.fen
UNION ALL
SELECT 'a settled period that paid something else', NULL, p.contract_id, p.distribution_id
FROM trust_periods p
LEFT JOIN LATERAL (
  SELECT coalesce(sum(m.fen) FILTER (WHERE m.kind = 'upkeep'), 0) AS upkeep,
         coalesce(sum(m.fen) FILTER (WHERE m.kind = 'firm'), 0) AS firm
  FROM trust_movements m WHERE m.distribution_id = p.distribution_id
) AS s ON true
WHERE (s.upkeep, s.firm) <> (p.upkeep_fen, p.firm_fen)
UNION ALL
SELECT 'a fee that is not due, or not what was called', d.id, p.contract_id, p.distribution_id
FROM trust_periods p
LEFT JOIN contract_dues d ON d.kind = 'trust_fee' AND d.reference = p.distribution_id
WHERE coalesce(d.fen, 0) <> p.due_fen OR (p.status = 'settled' AND d.status <> 'paid')
UNION ALL
SELECT 'a trusteeship that was shared out without a period', d.report_id, d.contract_id, d.id
FROM trust_accounts t JOIN report_distributions d ON d.contract_id = t.contract_id
WHERE NOT EXISTS (SELECT FROM trust_periods p WHERE p.distribution_id = d.id)
"""

CHECKS = (Check(8, MOVED_SQL), Check(10, SUPPLIER_FIRST_SQL))
