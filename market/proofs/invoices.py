"""Invoices of saving contracts: 10 numbers without gaps and what is invoiced of a due, 13 what was hashed."""

from __future__ import annotations

from market.proofs import Check

NUMBERS_SQL = """
SELECT 'a number of an invoice that is missing' AS reason, c.issuer_id, c.year, c.last
FROM invoice_counters c
LEFT JOIN (SELECT issuer_id, year, count(*) AS made, max(number) AS last FROM invoices GROUP BY 1, 2) AS i
  ON (i.issuer_id, i.year) = (c.issuer_id, c.year)
WHERE (coalesce(i.made, 0), coalesce(i.last, 0)) <> (c.last, c.last)
UNION ALL
SELECT 'an invoice without a counter', i.issuer_id, i.year, i.number
FROM invoices i LEFT JOIN invoice_counters c ON (c.issuer_id, c.year) = (i.issuer_id, i.year) WHERE c.last IS NULL
UNION ALL
SELECT 'more or less invoiced than is due', d.payee_id, d.id, sum(i.gross_fen)
FROM invoices i JOIN contract_dues d ON d.id = i.due_id
GROUP BY d.id HAVING sum(i.gross_fen) NOT BETWEEN 0 AND d.fen
UNION ALL
SELECT 'an invoice of somebody else', i.issuer_id, i.id, i.due_id
FROM invoices i JOIN contract_dues d ON d.id = i.due_id
WHERE (i.issuer_id, i.recipient_id, i.contract_id) <> (d.payee_id, d.payer_id, d.contract_id)
UNION ALL
SELECT 'an invoice whose tax is another', i.issuer_id, i.id, i.net_fen
FROM invoices i
WHERE i.corrects_id IS NULL AND abs(i.net_fen::numeric * (10000 + i.vat_bp) - i.gross_fen::numeric * 10000) * 2
      > 10000 + i.vat_bp
UNION ALL
SELECT 'an invoice of which more was taken back', b.issuer_id, b.id, sum(r.gross_fen)
FROM invoices b JOIN invoices r ON r.corrects_id = b.id
GROUP BY b.id HAVING b.gross_fen + sum(r.gross_fen) < 0
    OR (b.gross_fen + sum(r.gross_fen) = 0 AND b.net_fen + sum(r.net_fen) <> 0)
"""
HASHED_SQL = """
SELECT 'an invoice that is not what was hashed' AS reason, id, issuer_id FROM invoices
WHERE sha256(convert_to(text, 'UTF8')) <> sha256
UNION ALL
SELECT 'an invoice that says something else', id, issuer_id FROM invoices
WHERE ((text::jsonb ->> 'gross_fen')::bigint, (text::jsonb ->> 'net_fen')::bigint, (text::jsonb ->> 'due')::bigint)
   <> (gross_fen, net_fen, due_id)
"""

CHECKS = (Check(10, NUMBERS_SQL), Check(13, HASHED_SQL))
