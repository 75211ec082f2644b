"""Payments through a provider: 6 holds, 12 captured − refunded − paid out = clearing account, 15 a key, one effect."""

from __future__ import annotations

from market.core.chart import AccountCode, TransferCode
from market.proofs import Check

_OUT = "('capture_fee', 'refund', 'payout', 'payout_fee')"
_CODE = f"""CASE m.kind WHEN 'capture' THEN {int(TransferCode.GATEWAY_DEPOSIT)}
 WHEN 'capture_fee' THEN {int(TransferCode.GATEWAY_FEE)} WHEN 'refund' THEN {int(TransferCode.GATEWAY_REFUND)}
 WHEN 'refund_return' THEN {int(TransferCode.GATEWAY_REFUND_RETURNED)}
 WHEN 'payout' THEN {int(TransferCode.GATEWAY_PAYOUT)} WHEN 'payout_fee' THEN {int(TransferCode.GATEWAY_PAYOUT_FEE)}
 ELSE {int(TransferCode.GATEWAY_PAYOUT_RETURNED)} END"""
_SUBJECT = "coalesce(m.payment_id, m.refund_id, m.payout_id)"
_FIRST, _LAST = int(TransferCode.GATEWAY_DEPOSIT), int(TransferCode.GATEWAY_PAYOUT_RETURNED)

# Kinds of transfers: 0 posted, 1 pending, 2 post, 3 void.
CLEARING_SQL = f"""
SELECT 'the clearing account is not what was captured, less fees, refunds and payouts' AS reason, NULL::bigint AS id,
       s.clearing AS a, s.moved AS b
FROM (
  SELECT coalesce((SELECT sum(debits_posted - credits_posted) FROM accounts
                   WHERE code = {int(AccountCode.GATEWAY)}), 0) AS clearing,
         coalesce((SELECT sum(CASE WHEN kind IN {_OUT} THEN -fen ELSE fen END) FROM gateway_movements), 0) AS moved
) AS s WHERE s.clearing <> s.moved
UNION ALL
SELECT 'what the provider kept is not its fees', NULL, s.fees, s.kept
FROM (
  SELECT coalesce((SELECT sum(debits_posted - credits_posted) FROM accounts
                   WHERE code = {int(AccountCode.GATEWAY_FEES)}), 0) AS fees,
         coalesce((SELECT sum(fen) FROM gateway_movements WHERE kind IN ('capture_fee', 'payout_fee')), 0) AS kept
) AS s WHERE s.fees <> s.kept
UNION ALL
SELECT 'a movement that the ledger does not have, or has twice', m.id, m.fen, count(t.id)
FROM gateway_movements m
LEFT JOIN transfers t ON t.code = {_CODE} AND t.reference = {_SUBJECT} AND t.amount = m.fen AND t.kind IN (0, 2)
GROUP BY m.id, m.fen HAVING count(t.id) <> 1
UNION ALL
SELECT 'a transfer of the provider''s account without its movement', t.id, t.amount, t.reference
FROM transfers t
WHERE t.code BETWEEN {_FIRST} AND {_LAST} AND t.kind IN (0, 2)
  AND NOT EXISTS (SELECT FROM gateway_movements m WHERE {_CODE} = t.code AND {_SUBJECT} = t.reference)
UNION ALL
SELECT 'a captured payment that was not credited as it says', p.id, p.captured_fen, m.fen
FROM gateway_payments p LEFT JOIN gateway_movements m ON m.payment_id = p.id AND m.kind = 'capture'
WHERE p.captured_fen <> coalesce(m.fen, 0)
UNION ALL
SELECT 'a fee that was not booked as it says', p.id, p.fee_fen, m.fen
FROM gateway_payments p LEFT JOIN gateway_movements m ON m.payment_id = p.id AND m.kind = 'capture_fee'
WHERE coalesce(p.fee_fen, 0) <> coalesce(m.fen, 0)
UNION ALL
SELECT 'more or less was refunded than a payment says', p.id, p.refunded_fen, s.fen
FROM gateway_payments p
LEFT JOIN LATERAL (SELECT coalesce(sum(r.amount_fen), 0) AS fen FROM gateway_refunds r
                   WHERE r.payment_id = p.id AND r.status NOT IN ('failed', 'returned')) AS s ON true
WHERE p.refunded_fen <> s.fen
UNION ALL
SELECT 'a refund whose movements are not those of its state', r.id, count(m.id), NULL
FROM gateway_refunds r LEFT JOIN gateway_movements m ON m.refund_id = r.id
GROUP BY r.id, r.status
HAVING count(m.id) <> CASE r.status WHEN 'succeeded' THEN 1 WHEN 'returned' THEN 2 ELSE 0 END
UNION ALL
SELECT 'a payout whose movements are not those of its state', o.id, count(m.id), NULL
FROM gateway_payouts o LEFT JOIN gateway_movements m ON m.payout_id = o.id AND m.kind <> 'payout_fee'
GROUP BY o.id, o.status
HAVING count(m.id) <> CASE o.status WHEN 'paid' THEN 1 WHEN 'returned' THEN 2 ELSE 0 END
"""

HOLDS_SQL = """
SELECT 'a payout or refund does not hold what it says' AS reason, h.id, h.held,
       coalesce(p.amount, 0) - coalesce(r.amount, 0) AS rest
FROM (
  SELECT id, hold_id, CASE WHEN status IN ('created', 'in_transit', 'mismatched') THEN amount_fen ELSE 0 END AS held
  FROM gateway_payouts
  UNION ALL
  SELECT id, hold_id, CASE WHEN status IN ('created', 'pending', 'mismatched') THEN amount_fen ELSE 0 END
  FROM gateway_refunds
) AS h
LEFT JOIN transfers p ON p.id = h.hold_id AND p.kind = 1
LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM transfers WHERE pending_id = h.hold_id) AS r ON true
WHERE h.held <> coalesce(p.amount, 0) - coalesce(r.amount, 0)
"""

CALLS_SQL = """
SELECT 'a thing at the provider without the call that made it' AS reason, p.id, p.provider_id
FROM gateway_payments p
WHERE p.provider_id IS NOT NULL
  AND (SELECT count(*) FROM gateway_calls c WHERE c.payment_id = p.id AND c.act = 'pay' AND c.status = 'done') <> 1
UNION ALL
SELECT 'a thing at the provider without the call that made it', r.id, r.provider_id
FROM gateway_refunds r
WHERE r.provider_id IS NOT NULL
  AND (SELECT count(*) FROM gateway_calls c WHERE c.refund_id = r.id AND c.status = 'done') <> 1
UNION ALL
SELECT 'a thing at the provider without the call that made it', o.id, o.provider_id
FROM gateway_payouts o
WHERE o.provider_id IS NOT NULL
  AND (SELECT count(*) FROM gateway_calls c WHERE c.payout_id = o.id AND c.status = 'done') <> 1
"""

CHECKS = (Check(6, HOLDS_SQL), Check(12, CLEARING_SQL), Check(15, CALLS_SQL))
