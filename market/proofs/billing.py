"""Water bills: 10 lines, splits and remittances sum; 12 what is due, collected and in cash is what bills say."""

from __future__ import annotations

from market.core.chart import AccountCode, TransferCode
from market.proofs import Check

_PAID, _OFFSET = int(TransferCode.WATER_BILL_PAID), int(TransferCode.WATER_BILL_OFFSET)

BILLS_SQL = """
SELECT 'the lines of a bill are not the bill' AS reason, b.id, b.fen AS a, l.fen AS b
FROM water_bills b
LEFT JOIN (SELECT bill_id, sum(litres) AS litres, sum(fen) AS fen
           FROM water_bill_lines GROUP BY 1) l ON l.bill_id = b.id
WHERE (b.litres, b.fen) IS DISTINCT FROM (coalesce(l.litres, 0), coalesce(l.fen, 0))
UNION ALL
SELECT 'a line is not its volume at its price', l.bill_id, l.fen_to, l.litres_to
FROM water_bill_lines l
WHERE abs(l.fen_to * 200000000000::numeric - 2 * l.litres_to::numeric * l.price_e4 * l.multiple_e6) > 100000000000
UNION ALL
SELECT 'a year''s bills are not its lines'' sums', s.account, s.fen, s.fen_to
FROM (
  SELECT b.water_account_id AS account, sum(l.fen) AS fen, sum(l.litres) AS litres,
         (array_agg(l.fen_to ORDER BY l.bill_id DESC))[1] AS fen_to,
         (array_agg(l.litres_to ORDER BY l.bill_id DESC))[1] AS litres_to
  FROM water_bill_lines l JOIN water_bills b ON b.id = l.bill_id
  GROUP BY b.water_account_id, l.price_e4, l.end_canal_e4, l.multiple_e6, l.above_e6
) AS s WHERE (s.fen, s.litres) IS DISTINCT FROM (s.fen_to, s.litres_to)
UNION ALL
SELECT 'an account''s bills are not its readings and turn sheets', s.account, s.billed, s.counted
FROM (
  SELECT b.water_account_id AS account, sum(b.litres) AS billed, sum(u.litres) AS counted
  FROM water_bills b
  LEFT JOIN LATERAL (
    SELECT sum(CASE WHEN x.taken_back THEN -1 ELSE 1 END * coalesce(r.use_litres, t.use_litres)) AS litres
    FROM water_bill_uses x LEFT JOIN readings r ON r.id = x.reading_id AND r.water_account_id = b.water_account_id
    LEFT JOIN turn_uses t ON t.id = x.turn_use_id AND t.water_account_id = b.water_account_id
    WHERE x.bill_id = b.id) u ON true
  GROUP BY 1
) AS s WHERE s.billed IS DISTINCT FROM coalesce(s.counted, 0)
UNION ALL
SELECT 'a run is not its bills', r.id, r.fen, s.fen
FROM billing_runs r
LEFT JOIN LATERAL (SELECT count(*) AS bills, coalesce(sum(fen), 0) AS fen, coalesce(sum(litres), 0) AS litres
                   FROM water_bills WHERE run_id = r.id) s ON true
WHERE (r.bills, r.fen, r.litres) IS DISTINCT FROM (s.bills, s.fen, s.litres)
UNION ALL
SELECT 'a bill of an account, holder, place or association that there is not', b.id, b.water_account_id,
       b.participant_id
FROM water_bills b
LEFT JOIN water_accounts w ON w.id = b.water_account_id LEFT JOIN zones z ON z.id = b.place_id
LEFT JOIN participants p ON p.id = b.association_id
LEFT JOIN billing_runs r ON r.id = b.run_id
WHERE w.id IS NULL OR z.id IS NULL OR (b.association_id IS NOT NULL AND p.id IS NULL)
   OR w.water_year <> r.water_year OR NOT EXISTS (SELECT FROM participants WHERE id = b.participant_id)
UNION ALL
SELECT 'what is owed of a bill is not the bill', b.id, b.fen, x.supplier_fen + x.association_fen
FROM water_bills b LEFT JOIN water_bill_balances x ON x.bill_id = b.id
WHERE (x.participant_id, x.credit, x.supplier_fen, x.association_fen)
  IS DISTINCT FROM (b.participant_id, b.fen < 0, abs(b.fen - b.association_fen), abs(b.association_fen))
UNION ALL
SELECT 'what settled a bill is not its payments', x.bill_id, x.supplier_settled_fen + x.association_settled_fen, p.fen
FROM water_bill_balances x
LEFT JOIN (
  SELECT bill_id, credit, sum(supplier_fen) AS supplier, sum(association_fen) AS association, sum(fen) AS fen
  FROM (SELECT bill_id, false AS credit, supplier_fen, association_fen, fen FROM water_bill_payments
        UNION ALL
        SELECT credit_bill_id, true, supplier_fen, association_fen, fen FROM water_bill_payments
        WHERE credit_bill_id IS NOT NULL) AS moved
  GROUP BY 1, 2) p ON p.bill_id = x.bill_id AND p.credit = x.credit
WHERE (x.supplier_settled_fen, x.association_settled_fen)
      IS DISTINCT FROM (coalesce(p.supplier, 0), coalesce(p.association, 0))
   OR x.supplier_settled_fen > x.supplier_fen OR x.association_settled_fen > x.association_fen
UNION ALL
SELECT 'the parts of a payment are not the payment', id, fen, supplier_fen + association_fen
FROM water_bill_payments WHERE fen <> supplier_fen + association_fen
UNION ALL
SELECT 'a credit of another''s bill', p.id, b.participant_id, c.participant_id
FROM water_bill_payments p JOIN water_bills b ON b.id = p.bill_id JOIN water_bills c ON c.id = p.credit_bill_id
WHERE b.participant_id <> c.participant_id OR c.fen >= 0
UNION ALL
SELECT 'a consent has taken what it has not, or another''s', c.id, c.taken_fen, s.fen
FROM offset_consents c
LEFT JOIN LATERAL (
  SELECT coalesce(sum(p.fen), 0) AS fen, bool_and(b.participant_id = c.participant_id) AS own
  FROM water_bill_payments p JOIN water_bills b ON b.id = p.bill_id WHERE p.consent_id = c.id) s ON true
WHERE c.taken_fen <> s.fen OR c.taken_fen > c.cap_fen OR NOT coalesce(s.own, true)
UNION ALL
SELECT 'receipts of a year with a gap, or cash without one', s.year, s.last, s.receipts
FROM (SELECT year, max(number) AS last, count(*) AS receipts FROM water_receipts GROUP BY 1) s
WHERE s.last <> s.receipts
UNION ALL
SELECT 'receipts of a year with a gap, or cash without one', p.id, p.fen, NULL
FROM water_bill_payments p LEFT JOIN water_receipts r ON r.payment_id = p.id
WHERE (p.method = 'cash') <> (r.id IS NOT NULL)
UNION ALL
SELECT 'a remittance is not its list', m.id, m.fen, s.fen
FROM remittances m
LEFT JOIN LATERAL (
  SELECT coalesce(sum(i.fen), 0) AS fen, coalesce(sum(i.fen) FILTER (WHERE p.method = 'cash'), 0) AS cash,
         count(*) AS payments, bool_and(i.standing = (m.status <> 'refused')) AS standing,
         bool_and(p.method <> 'credit' AND i.side = m.side AND p.paid_on <= m.until_on
                  AND (m.association_id IS NULL OR b.association_id = m.association_id)
                  AND i.fen = CASE i.side WHEN 'supplier' THEN p.supplier_fen ELSE p.association_fen END) AS due
  FROM remittance_items i JOIN water_bill_payments p ON p.id = i.payment_id JOIN water_bills b ON b.id = p.bill_id
  WHERE i.remittance_id = m.id) s ON true
WHERE (m.fen, m.cash_fen, m.payments, true, true)
  IS DISTINCT FROM (s.fen, s.cash, s.payments, s.standing, s.due)
UNION ALL
SELECT 'a posting is not what was hashed', run_id, zone_id, NULL
FROM bill_postings WHERE sha256 <> sha256(convert_to(text, 'UTF8'))
"""

_LEDGER = {
    "fee": int(AccountCode.FEE_DUE), "collected": int(AccountCode.WATER_COLLECTED), "cash": int(AccountCode.CASH),
    "canals": int(AccountCode.END_CANAL_COLLECTED),
}  # fmt: skip

MONEY_SQL = f"""
SELECT 'what an account owes is not its fees and bills, less what was paid' AS reason, w.id,
       a.debits_posted - a.credits_posted AS a, coalesce(s.fen, 0) AS b
FROM water_accounts w JOIN accounts a ON a.id = w.fee_account_id
LEFT JOIN (
  SELECT account, sum(fen) AS fen FROM (
    SELECT r.water_account_id AS account, r.fee_fen AS fen FROM readings r JOIN meter_intervals i ON i.reading_id = r.id
    UNION ALL
    SELECT t.water_account_id, t.fee_fen FROM turn_uses t JOIN turn_sheets h ON h.id = t.turn_sheet_id
    WHERE h.status = 'signed'
    UNION ALL
    SELECT water_account_id, posted_fen FROM water_bills
    UNION ALL
    SELECT b.water_account_id, -p.fen FROM water_bill_payments p JOIN water_bills b ON b.id = p.bill_id
    UNION ALL
    SELECT c.water_account_id, p.fen FROM water_bill_payments p JOIN water_bills c ON c.id = p.credit_bill_id
  ) AS parts GROUP BY 1) s ON s.account = w.id
WHERE a.debits_posted - a.credits_posted <> coalesce(s.fen, 0)
UNION ALL
SELECT 'what was collected, less what was remitted, is not on its account', s.code, s.held, s.left_fen
FROM (
  SELECT a.code, a.credits_posted - a.debits_posted AS held,
         coalesce((SELECT sum(CASE a.code WHEN {_LEDGER["collected"]} THEN supplier_fen ELSE association_fen END)
                   FROM water_bill_payments WHERE method <> 'credit'), 0)
       - coalesce((SELECT sum(fen) FROM remittances WHERE status = 'confirmed'
                   AND side = CASE a.code WHEN {_LEDGER["collected"]} THEN 'supplier' ELSE 'association' END), 0)
           AS left_fen
  FROM accounts a WHERE a.code IN ({_LEDGER["collected"]}, {_LEDGER["canals"]})
) AS s WHERE s.held <> s.left_fen OR s.held < 0
UNION ALL
SELECT 'cash that was taken, less what was handed on, is not there', NULL, s.held, s.left_fen
FROM (
  SELECT a.debits_posted - a.credits_posted AS held,
         coalesce((SELECT sum(fen) FROM water_bill_payments WHERE method = 'cash'), 0)
       - coalesce((SELECT sum(cash_fen) FROM remittances WHERE status = 'confirmed'), 0) AS left_fen
  FROM accounts a WHERE a.code = {_LEDGER["cash"]}
) AS s WHERE s.held <> s.left_fen OR s.held < 0
UNION ALL
SELECT 'a payment of a bill that the ledger does not have as it says', p.id, p.fen, s.fen
FROM water_bill_payments p
LEFT JOIN (
  SELECT t.reference, t.code, sum(t.amount) AS fen,
         sum(t.amount) FILTER (WHERE c.code = {_LEDGER["collected"]}) AS supplier
  FROM transfers t JOIN accounts c ON c.id = t.credit_account_id
  WHERE t.code IN ({_PAID}, {_OFFSET}) GROUP BY 1, 2
) s ON s.reference = p.id AND s.code = CASE p.method WHEN 'offset' THEN {_OFFSET} ELSE {_PAID} END
WHERE p.method <> 'credit' AND (p.fen, p.supplier_fen) IS DISTINCT FROM (s.fen, coalesce(s.supplier, 0))
"""

CHECKS = (Check(10, BILLS_SQL), Check(12, MONEY_SQL))
