"""The bank's files: 6 holds of payouts, 12 files, statements and suspense against the ledger."""

from __future__ import annotations

from market.core.chart import AccountCode, TransferCode
from market.proofs import Check

# Kinds of transfers: 0 posted, 1 pending, 2 post, 3 void.
HOLDS_SQL = """
SELECT 'a payout by bank file does not hold what it says' AS reason, p.id, p.amount_fen,
       coalesce(h.amount, 0) - coalesce(r.amount, 0) AS rest
FROM bank_payouts p
LEFT JOIN transfers h ON h.id = p.hold_id AND h.kind = 1
LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM transfers WHERE pending_id = p.hold_id) AS r ON true
WHERE coalesce(h.amount, 0) <> p.amount_fen
   OR coalesce(h.amount, 0) - coalesce(r.amount, 0)
      <> CASE WHEN p.status IN ('asked', 'released') THEN p.amount_fen ELSE 0 END
"""

FILES_SQL = f"""
SELECT 'a payout that was paid otherwise than it says' AS reason, p.id, p.amount_fen AS a, b.amount_fen AS b
FROM bank_payouts p JOIN bank_transfers b ON b.id = p.bank_transfer_id
WHERE (b.direction, b.amount_fen, b.money_account_id) <> ('out', p.amount_fen, p.money_account_id)
UNION ALL
SELECT 'a payout that was not posted from its hold', p.id, p.amount_fen, count(t.id)
FROM bank_payouts p
LEFT JOIN transfers t ON t.pending_id = p.hold_id AND t.kind = 2 AND t.amount = p.amount_fen
 AND t.code = {int(TransferCode.PAYOUT)} AND t.reference = p.bank_transfer_id
WHERE p.status = 'paid' GROUP BY p.id HAVING count(t.id) <> 1
UNION ALL
SELECT 'a payout to somebody else''s account', p.id, p.participant_id, m.participant_id
FROM bank_payouts p JOIN money_accounts m ON m.id = p.money_account_id WHERE m.participant_id <> p.participant_id
UNION ALL
SELECT 'a released file that does not say what its payouts are', f.id, f.sum_fen, s.fen
FROM bank_payout_files f
LEFT JOIN LATERAL (SELECT count(*) AS lines, coalesce(sum(amount_fen), 0) AS fen, max(line) AS last,
                          bool_and(status IN ('released', 'paid', 'rejected')) AS gone
                   FROM bank_payouts WHERE file_id = f.id) AS s ON true
WHERE f.status = 'released'
  AND ((f.lines, f.sum_fen, f.lines) IS DISTINCT FROM (s.lines, s.fen, s.last) OR s.gone IS NOT TRUE)
UNION ALL
SELECT 'a released file that is not what was hashed', f.id, NULL, NULL
FROM bank_payout_files f WHERE f.status = 'released' AND sha256(convert_to(f.text, 'UTF8')) <> f.sha256
UNION ALL
SELECT 'a payout that left without a released file', p.id, p.file_id, NULL
FROM bank_payouts p LEFT JOIN bank_payout_files f ON f.id = p.file_id
WHERE p.status IN ('released', 'paid', 'rejected') AND f.status IS DISTINCT FROM 'released'
"""

STATEMENTS_SQL = """
SELECT 'a statement whose lines do not lead from its opening to its closing' AS reason, s.id, s.closing_fen AS a,
       s.opening_fen + coalesce(l.fen, 0) AS b
FROM bank_statements s
LEFT JOIN LATERAL (SELECT sum(change_fen) AS fen, count(*) AS lines FROM bank_statement_lines
                   WHERE statement_id = s.id) AS l ON true
WHERE s.opening_fen + coalesce(l.fen, 0) <> s.closing_fen OR l.lines <> s.lines
UNION ALL
SELECT 'a statement that does not begin where the one before it ended', s.id, s.opening_fen, b.closing_fen
FROM bank_statements s LEFT JOIN bank_statements b ON b.id = s.previous_id
WHERE (s.previous_id IS NOT NULL AND b.closing_fen IS DISTINCT FROM s.opening_fen)
   OR s.previous_id IS DISTINCT FROM (SELECT max(id) FROM bank_statements WHERE id < s.id)
UNION ALL
SELECT 'a line that does not leave the balance that it says', l.id, l.balance_fen, l.due
FROM (SELECT l.id, l.balance_fen, s.opening_fen + sum(l.change_fen) OVER (PARTITION BY s.id ORDER BY l.number) AS due
      FROM bank_statement_lines l JOIN bank_statements s ON s.id = l.statement_id) AS l
WHERE l.balance_fen <> l.due
"""

_IN, _ASSIGNED = int(TransferCode.SUSPENSE_IN), int(TransferCode.SUSPENSE_ASSIGNED)
_BACK, _CHARGE = int(TransferCode.SUSPENSE_SENT_BACK), int(TransferCode.BANK_CHARGE)
LINES_SQL = f"""
SELECT 'a line that is matched with another amount' AS reason, m.line_id AS id, l.change_fen AS a, m.fen AS b
FROM bank_line_matches m JOIN bank_statement_lines l ON l.id = m.line_id
WHERE m.fen <> abs(l.change_fen) OR (l.change_fen > 0) <> (m.kind IN ('deposit', 'suspense'))
UNION ALL
SELECT 'a line whose bank transfer is another', m.line_id, m.fen, b.amount_fen
FROM bank_line_matches m JOIN bank_statement_lines l ON l.id = m.line_id
JOIN bank_transfers b ON b.id = m.bank_transfer_id
WHERE (b.amount_fen, b.bank_reference, b.direction)
   <> (m.fen, l.bank_reference, CASE WHEN l.change_fen > 0 THEN 'in' ELSE 'out' END)
UNION ALL
SELECT 'a debit of a file that is not what was paid of it', m.line_id, m.fen, s.fen
FROM bank_line_matches m
LEFT JOIN LATERAL (SELECT sum(amount_fen) AS fen FROM bank_payouts WHERE file_id = m.file_id AND status = 'paid') AS s
  ON true
WHERE m.file_id IS NOT NULL AND m.fen IS DISTINCT FROM s.fen
UNION ALL
SELECT 'money that went back otherwise than it came', m.line_id, m.fen, s.fen
FROM bank_line_matches m JOIN bank_line_matches s ON s.line_id = m.returned_line_id
WHERE s.suspense IS DISTINCT FROM 'sent_back' OR s.fen <> m.fen
UNION ALL
SELECT 'the suspense account is not what waits in suspense', NULL, s.held, s.waits
FROM (SELECT coalesce((SELECT sum(credits_posted - debits_posted) FROM accounts
                       WHERE code = {int(AccountCode.SUSPENSE)}), 0) AS held,
             coalesce((SELECT sum(fen) FROM bank_line_matches WHERE suspense = 'open'), 0) AS waits) AS s
WHERE s.held <> s.waits
UNION ALL
SELECT 'what the bank charged is not its charges', NULL, s.held, s.charged
FROM (SELECT coalesce((SELECT sum(debits_posted - credits_posted) FROM accounts
                       WHERE code = {int(AccountCode.BANK_CHARGES)}), 0) AS held,
             coalesce((SELECT sum(fen) FROM bank_line_matches WHERE kind = 'charge'), 0) AS charged) AS s
WHERE s.held <> s.charged
UNION ALL
SELECT 'a line that the ledger moved otherwise than its match says', coalesce(m.line_id, t.reference), t.amount, m.fen
FROM (SELECT line_id, fen, unnest(CASE WHEN kind = 'charge' THEN ARRAY[{_CHARGE}]
             WHEN suspense = 'open' THEN ARRAY[{_IN}] WHEN suspense = 'assigned' THEN ARRAY[{_IN}, {_ASSIGNED}]
             WHEN suspense = 'sent_back' THEN ARRAY[{_IN}, {_BACK}] END) AS code FROM bank_line_matches) AS m
FULL JOIN (SELECT reference, code, sum(amount) AS amount FROM transfers
           WHERE code BETWEEN {_IN} AND {_CHARGE} GROUP BY 1, 2) AS t ON (t.reference, t.code) = (m.line_id, m.code)
WHERE t.amount IS DISTINCT FROM m.fen
"""

CHECKS = (Check(6, HOLDS_SQL), Check(12, FILES_SQL), Check(12, STATEMENTS_SQL), Check(12, LINES_SQL))
