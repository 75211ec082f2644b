"""Lots of saved water and claw-backs: SAVINGS section 8, invariants 8 to 11 and 14."""

from __future__ import annotations

from market.core.chart import TransferCode
from market.proofs import Check

MOVED = int(TransferCode.LOT_MOVE)

VOLUME_SQL = f"""
WITH offered AS (
  SELECT lot_id, sum(litres - returned_litres) AS litres, sum(litres) AS out, sum(returned_litres) AS back
  FROM lot_offers GROUP BY lot_id
), moved AS (
  SELECT t.reference AS lot_id, sum(t.amount) FILTER (WHERE w.origin = 'own') AS out,
         sum(t.amount) FILTER (WHERE w.origin = 'saving_lot') AS back
  FROM transfers t JOIN water_accounts w ON w.account_id = t.debit_account_id
  WHERE t.code = {MOVED} AND t.kind = 0 GROUP BY 1
), clawed AS (
  SELECT lot_id, sum(cancelled_litres) AS litres FROM report_claw_backs WHERE status = 'settled' GROUP BY 1
)
SELECT 'a lot that is not sold, on offer, given up, cancelled and unsold' AS reason, l.id, l.issued_litres,
       l.offered_litres + l.retired_litres + l.cancelled_litres
FROM saving_lots l
WHERE l.issued_litres < l.offered_litres + l.retired_litres + l.cancelled_litres
   OR least(l.offered_litres, l.retired_litres, l.cancelled_litres) < 0
UNION ALL
SELECT 'offers that are not what the lot says', l.id, l.offered_litres, coalesce(o.litres, 0)
FROM saving_lots l LEFT JOIN offered o ON o.lot_id = l.id WHERE l.offered_litres <> coalesce(o.litres, 0)
UNION ALL
SELECT 'offers that are not what the ledger moved', l.id, coalesce(m.out, 0) - coalesce(m.back, 0),
       coalesce(o.litres, 0)
FROM saving_lots l LEFT JOIN offered o ON o.lot_id = l.id LEFT JOIN moved m ON m.lot_id = l.id
WHERE (coalesce(m.out, 0), coalesce(m.back, 0)) IS DISTINCT FROM (coalesce(o.out, 0), coalesce(o.back, 0))
UNION ALL
SELECT 'a cancelled volume that no claw-back cancelled', l.id, l.cancelled_litres, coalesce(c.litres, 0)
FROM saving_lots l LEFT JOIN clawed c ON c.lot_id = l.id WHERE l.cancelled_litres <> coalesce(c.litres, 0)
UNION ALL
SELECT 'a closed offer that sold other litres than its trades', o.id, o.litres - o.returned_litres,
       coalesce(t.litres, 0)
FROM lot_offers o
LEFT JOIN LATERAL (SELECT sum(x.litres) AS litres FROM lot_trades x JOIN instructions i ON i.id = x.instruction_id
                   WHERE x.offer_id = o.id) AS t ON true
WHERE o.closed_at IS NOT NULL AND o.litres - o.returned_litres <> coalesce(t.litres, 0)
UNION ALL
SELECT 'an account that sells of a lot and holds other litres', o.id,
       o.litres - o.returned_litres - coalesce(s.litres, 0), a.credits_posted - a.debits_posted
FROM lot_offers o JOIN water_accounts w ON w.id = o.water_account_id JOIN accounts a ON a.id = w.account_id
LEFT JOIN LATERAL (SELECT sum(i.source_litres) AS litres FROM instructions i
                   WHERE i.seller_water_account_id = w.id AND i.status = 'settled'
                     AND NOT EXISTS (SELECT FROM lot_trades t WHERE t.instruction_id = i.id)) AS s ON true
WHERE o.closed_at IS NULL AND o.litres - o.returned_litres - coalesce(s.litres, 0) <> a.credits_posted - a.debits_posted
"""

BACKED_SQL = """
SELECT 'a lot above what was verified less its return flow' AS reason, l.id, l.issued_litres,
       r.water_litres * (1000000 - c.return_flow_e6) / 1000000
FROM saving_lots l JOIN saving_reports r ON r.id = l.report_id JOIN saving_clearances c ON c.id = l.clearance_id
WHERE l.issued_litres > r.water_litres * (1000000 - c.return_flow_e6) / 1000000
UNION ALL
SELECT 'a lot of a report that was not verified', l.id, l.issued_litres, 0
FROM saving_lots l JOIN saving_reports r ON r.id = l.report_id
WHERE r.status NOT IN ('verified', 'distributed', 'reopened', 'clawed_back')
UNION ALL
SELECT 'a lot that outlives its right', l.id, l.entitlement_id, 0
FROM saving_lots l JOIN entitlements e ON e.id = l.entitlement_id WHERE l.expires_on > e.valid_to
UNION ALL
SELECT 'a lot that is not what was hashed', id, 0, 0 FROM saving_lots
WHERE sha256(convert_to(text, 'UTF8')) <> sha256
UNION ALL
SELECT 'a sale after the lot was over', t.instruction_id, l.id, 0
FROM lot_trades t JOIN lot_offers o ON o.id = t.offer_id JOIN saving_lots l ON l.id = o.lot_id
JOIN instructions i ON i.id = t.instruction_id
WHERE (i.instructed_at AT TIME ZONE 'Asia/Shanghai')::date > l.expires_on
"""

PROCEEDS_SQL = """
WITH sold AS (
  SELECT i.id, (SELECT sum((p ->> 1)::bigint) FROM jsonb_array_elements(i.payees::jsonb) p
                WHERE p ->> 2 = 'beneficiary') AS fen, t.offer_id
  FROM lot_trades t JOIN instructions i ON i.id = t.instruction_id
)
SELECT 'proceeds that were not paid to the contract''s parties' AS reason, s.id, s.fen, paid.fen
FROM sold s CROSS JOIN LATERAL (
  SELECT sum((p ->> 1)::bigint) AS fen FROM instructions i CROSS JOIN LATERAL jsonb_array_elements(i.payees::jsonb) p
  JOIN money_accounts m ON m.account_id = (p ->> 0)::bigint
  JOIN lot_offer_shares x ON x.offer_id = s.offer_id AND x.participant_id = m.participant_id
  WHERE i.id = s.id AND p ->> 2 = 'beneficiary') AS paid
WHERE s.fen IS DISTINCT FROM paid.fen
UNION ALL
SELECT 'shares of an offer that do not make the whole', offer_id, sum(bp), 10000
FROM lot_offer_shares GROUP BY offer_id HAVING sum(bp) <> 10000
"""

CLAWED_SQL = f"""
SELECT 'a claw-back that is not what was hashed' AS reason, id, 0 AS a, 0 AS b FROM report_claw_backs
WHERE text IS NOT NULL AND sha256(convert_to(text, 'UTF8')) <> sha256
UNION ALL
SELECT 'a taking that is not its parts', claw_back_id, owed_fen,
       own_fen + undistributed_fen + deposit_fen + receivable_fen
FROM claw_back_takings WHERE owed_fen <> own_fen + undistributed_fen + deposit_fen + receivable_fen
UNION ALL
SELECT 'takings that are not old less new', b.id, coalesce(t.fen, 0),
       coalesce((b.text::jsonb #>> '{{fees,total_fen}}')::bigint, 0)
       + coalesce((b.text::jsonb #>> '{{proceeds,total_fen}}')::bigint, 0)
FROM report_claw_backs b
LEFT JOIN LATERAL (SELECT sum(owed_fen) AS fen FROM claw_back_takings WHERE claw_back_id = b.id) AS t ON true
WHERE b.status = 'settled' AND coalesce(t.fen, 0) <> coalesce((b.text::jsonb #>> '{{fees,total_fen}}')::bigint, 0)
      + coalesce((b.text::jsonb #>> '{{proceeds,total_fen}}')::bigint, 0)
UNION ALL
SELECT 'a receivable that nobody owes', t.claw_back_id, t.participant_id, t.receivable_fen
FROM (SELECT claw_back_id, participant_id, sum(abs(receivable_fen)) AS receivable_fen
      FROM claw_back_takings GROUP BY 1, 2) AS t
LEFT JOIN LATERAL (SELECT sum(fen) AS fen FROM contract_dues d
                   WHERE d.kind = 'clawback' AND d.reference = t.claw_back_id
                     AND t.participant_id IN (d.payer_id, d.payee_id)) AS d ON true
JOIN report_claw_backs b ON b.id = t.claw_back_id JOIN saving_reports r ON r.id = b.report_id
JOIN saving_contracts c ON c.id = r.contract_id AND c.user_id <> t.participant_id
WHERE coalesce(d.fen, 0) <> t.receivable_fen
UNION ALL
SELECT 'deposits taken other than was noted', b.id, coalesce(t.fen, 0), coalesce(x.fen, 0)
FROM report_claw_backs b
LEFT JOIN LATERAL (SELECT sum(deposit_fen) AS fen FROM claw_back_takings WHERE claw_back_id = b.id) AS t ON true
LEFT JOIN LATERAL (SELECT sum(amount) / 2 AS fen FROM transfers
                   WHERE code = {int(TransferCode.CLAW_BACK_DEPOSIT)} AND reference = b.id) AS x ON true
WHERE coalesce(t.fen, 0) <> coalesce(x.fen, 0)
UNION ALL
SELECT 'owed water other than was noted', b.id, b.owed_litres, coalesce(x.litres, 0)
FROM report_claw_backs b
LEFT JOIN LATERAL (SELECT sum(amount) AS litres FROM transfers
                   WHERE code = {int(TransferCode.LOT_OWED)} AND reference = b.id) AS x ON true
WHERE b.owed_litres <> coalesce(x.litres, 0)
UNION ALL
SELECT 'one person where two are needed', id, proposed_by, decided_by FROM report_claw_backs
WHERE opened_by = proposed_by OR seconded_by = decided_by
   OR (status IN ('settled', 'upheld') AND (seconded_by IS NULL OR decided_by IS NULL OR opened_by IS NULL))
"""

CHECKS = (Check(3, VOLUME_SQL), Check(3, BACKED_SQL), Check(10, PROCEEDS_SQL), Check(10, CLAWED_SQL))
