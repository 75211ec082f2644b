"""Fee invoices: 10 lines, legs, numbers and credits sum to what was charged, 13 what was hashed."""

from __future__ import annotations

from market.core.chart import AccountCode, TransferCode
from market.fees.models import BACK_CODES, FEE_CODES
from market.proofs import Check

_TRADE, _RETURNED = int(TransferCode.TRADE_FEE), int(TransferCode.RETURN_MONEY)
_FEES = int(AccountCode.TRADING_FEES)

SUMS_SQL = """
SELECT 'the lines of a fee invoice are not the invoice' AS reason, b.id, b.gross_fen AS a, l.gross AS b
FROM fee_invoices b
LEFT JOIN (SELECT invoice_id, sum(gross_fen) AS gross, sum(net_fen) AS net, sum(tax_fen) AS tax
           FROM fee_invoice_lines GROUP BY 1) l ON l.invoice_id = b.id
WHERE (b.gross_fen, b.net_fen, b.tax_fen) IS DISTINCT FROM (l.gross, l.net, l.tax)
UNION ALL
SELECT 'the fees of a line are not the line', l.invoice_id, l.gross_fen, g.fen
FROM fee_invoice_lines l
LEFT JOIN (SELECT invoice_id, code, sum(fen) AS fen, count(*) AS legs FROM fee_invoice_legs GROUP BY 1, 2) g
  ON (g.invoice_id, g.code) = (l.invoice_id, l.code)
WHERE (l.gross_fen, l.legs) IS DISTINCT FROM (g.fen, g.legs)
UNION ALL
SELECT 'the tax of a line, less its credits, is another', b.id, s.gross, s.net
FROM fee_invoices b
CROSS JOIN LATERAL (
  SELECT l.code, l.vat_e4, l.gross_fen + coalesce(sum(x.gross_fen), 0) AS gross,
         l.net_fen + coalesce(sum(x.net_fen), 0) AS net
  FROM fee_invoice_lines l
  LEFT JOIN fee_invoices c ON c.corrects_id = b.id
  LEFT JOIN fee_invoice_lines x ON x.invoice_id = c.id AND x.code = l.code
  WHERE l.invoice_id = b.id GROUP BY l.code, l.vat_e4, l.gross_fen, l.net_fen
) AS s
WHERE b.kind = 'invoice'
  AND (s.gross < 0 OR abs(s.net * (10000 + s.vat_e4) - s.gross * 10000) * 2 > 10000 + s.vat_e4)
UNION ALL
SELECT 'a credit of another''s invoice, or of a credit', c.id, c.participant_id, b.participant_id
FROM fee_invoices c JOIN fee_invoices b ON b.id = c.corrects_id
WHERE c.participant_id <> b.participant_id OR b.kind <> 'invoice'
   OR EXISTS (SELECT FROM fee_invoice_lines x LEFT JOIN fee_invoice_lines l
                ON l.invoice_id = b.id AND (l.code, l.vat_e4) = (x.code, x.vat_e4)
              WHERE x.invoice_id = c.id AND l.code IS NULL)
UNION ALL
SELECT 'a run of fee invoices is not its invoices', r.id, r.gross_fen, s.gross
FROM fee_invoice_runs r
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE kind = 'invoice') AS invoices, count(*) FILTER (WHERE kind = 'credit') AS credits,
         sum(gross_fen) AS gross, sum(net_fen) AS net FROM fee_invoices WHERE run_id = r.id) s ON true
WHERE (r.invoices, r.credits, r.gross_fen, r.net_fen) IS DISTINCT FROM (s.invoices, s.credits, s.gross, s.net)
UNION ALL
SELECT 'numbers of fee invoices of a year with a gap', c.year, c.last, count(b.id)
FROM fee_invoice_counters c LEFT JOIN fee_invoices b ON b.year = c.year
GROUP BY c.year, c.last HAVING (count(b.id), coalesce(max(b.number), 0)) <> (c.last, c.last)
"""

JOURNAL_SQL = f"""
WITH fees AS (
  SELECT t.id, t.code, t.amount, t.created_at, t.reference, t.credit_account_id = a.id AS earned,
         (t.created_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
         CASE WHEN t.credit_account_id = a.id THEN t.reference WHEN t.code = {_RETURNED} THEN t.reference
              ELSE (SELECT instruction_id FROM settlement_reversals v WHERE v.id = t.reference) END AS subject
  FROM accounts a JOIN transfers t ON a.id IN (t.credit_account_id, t.debit_account_id) AND t.kind IN (0, 2)
  WHERE a.code = {_FEES}
)
SELECT 'a fee of the exchange of a kind that no invoice knows' AS reason, f.id, f.code AS a, f.amount AS b
FROM fees f WHERE CASE WHEN f.earned THEN f.code NOT IN {FEE_CODES} ELSE f.code NOT IN {BACK_CODES} END
UNION ALL
SELECT 'a fee on an invoice that the journal has not so', g.transfer_id, g.fen, f.amount
FROM fee_invoice_legs g LEFT JOIN fees f ON f.id = g.transfer_id
WHERE f.id IS NULL OR g.fen <> CASE WHEN f.earned THEN f.amount ELSE -f.amount END OR g.reference <> f.subject
   OR g.code <> CASE WHEN f.earned THEN f.code ELSE {_TRADE} END
UNION ALL
SELECT 'a fee on an invoice of another month', g.transfer_id, g.invoice_id, r.id
FROM fee_invoice_legs g JOIN fees f ON f.id = g.transfer_id JOIN fee_invoices b ON b.id = g.invoice_id
JOIN fee_invoice_runs r ON r.id = b.run_id WHERE f.day NOT BETWEEN r.first_on AND r.last_on
UNION ALL
SELECT 'a fee on the invoice of somebody who did not bear it', g.transfer_id, b.participant_id, i.seller_id
FROM fee_invoice_legs g JOIN fee_invoices b ON b.id = g.invoice_id JOIN instructions i ON i.id = g.reference
WHERE g.code = {_TRADE} AND i.seller_id <> b.participant_id
UNION ALL
SELECT 'a fee of an invoiced month that is on no invoice', s.id, s.earned, s.back
FROM (
  SELECT min(f.id) AS id, coalesce(sum(f.amount) FILTER (WHERE f.earned), 0) AS earned,
         coalesce(sum(f.amount) FILTER (WHERE NOT f.earned), 0) AS back
  FROM fees f JOIN (SELECT DISTINCT first_on, last_on FROM fee_invoice_runs) r ON f.day BETWEEN r.first_on AND r.last_on
  LEFT JOIN fee_invoice_legs g ON g.transfer_id = f.id WHERE g.transfer_id IS NULL
  GROUP BY r.first_on, CASE WHEN f.earned THEN f.code ELSE {_TRADE} END, f.subject
) AS s WHERE s.earned <> s.back
"""

HASHED_SQL = """
SELECT 'a fee invoice that is not what was hashed' AS reason, id, participant_id FROM fee_invoices
WHERE sha256(convert_to(text, 'UTF8')) <> sha256
UNION ALL
SELECT 'a fee invoice that says something else', id, participant_id FROM fee_invoices
WHERE ((text::jsonb ->> 'participant')::bigint, (text::jsonb -> 'amount' ->> 0)::bigint,
       (text::jsonb -> 'amount' ->> 1)::bigint, text::jsonb ->> 'kind', text::jsonb -> 'buyer' ->> 'tax_number')
   IS DISTINCT FROM (participant_id, gross_fen, net_fen, kind, tax_number)
"""

CHECKS = (Check(10, SUMS_SQL), Check(10, JOURNAL_SQL), Check(13, HASHED_SQL))
