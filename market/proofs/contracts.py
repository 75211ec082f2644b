"""Saving projects and contracts: 6 deposits, 8 dues, 11 measuring points, 13 signed texts, 14 calls and proposals."""

from __future__ import annotations

from market.core.chart import TransferCode
from market.proofs import Check

STANDING_SQL = """
SELECT 'a proposal that stands although its call has ended' AS reason, p.id, p.project_id
FROM proposals p JOIN projects c ON c.id = p.project_id WHERE p.status = 'submitted' AND c.status <> 'open'
UNION ALL
SELECT 'a choice that is not of one proposal', NULL, c.id
FROM projects c LEFT JOIN proposals p ON p.project_id = c.id AND p.status = 'chosen'
GROUP BY c.id HAVING count(p.id) <> (c.status = 'chosen')::int
"""

SPANS_SQL = """
SELECT 'a point whose numbers do not lie within its parent''s' AS reason, p.id, p.parent_id
FROM measuring_points p JOIN measuring_points a ON a.id = p.parent_id
WHERE NOT a.span @> p.span OR lower(a.span) = lower(p.span) OR a.participant_id <> p.participant_id
UNION ALL
SELECT 'two points side by side with the same numbers', p.id, o.id
FROM measuring_points p
JOIN measuring_points o ON o.span && p.span AND o.id > p.id AND o.parent_id IS NOT DISTINCT FROM p.parent_id
"""
COUNTERS_SQL = """
SELECT 'a counter that ran backwards' AS reason, c.id, c.point_id
FROM (SELECT r.id, r.point_id, r.counter_litres,
             lag(r.counter_litres, 1, p.start_litres) OVER (PARTITION BY r.point_id ORDER BY r.read_on) AS before
      FROM point_readings r JOIN measuring_points p ON p.id = r.point_id
      WHERE NOT EXISTS (SELECT FROM point_readings x WHERE x.corrects_id = r.id)) AS c
WHERE c.counter_litres < c.before
"""

VERSIONS_SQL = """
SELECT 'a version whose text is not the one that was hashed' AS reason, v.id, v.contract_id
FROM contract_versions v WHERE sha256(convert_to(v.text, 'UTF8')) <> v.sha256
UNION ALL
SELECT 'a signature for another text', v.id, s.participant_id
FROM contract_signatures s JOIN contract_versions v ON v.id = s.version_id WHERE s.sha256 <> v.sha256
UNION ALL
SELECT 'an agreed version that not every party has signed', v.id, p.participant_id
FROM contract_versions v JOIN contract_parties p ON p.version_id = v.id AND p.role <> 'verifier'
WHERE v.status = 'signed'
  AND NOT EXISTS (SELECT FROM contract_signatures s WHERE (s.version_id, s.participant_id) = (v.id, p.participant_id))
UNION ALL
SELECT 'a contract on paper that is not what was hashed and signed', p.version_id, v.contract_id
FROM contract_prints p JOIN contract_versions v ON v.id = p.version_id
WHERE sha256(convert_to(p.zh, 'UTF8') || '\\x00'::bytea || convert_to(p.en, 'UTF8')) <> p.sha256
   OR (v.text::jsonb ->> 'printed_sha256', v.text::jsonb ->> 'template_sha256')
      IS DISTINCT FROM (encode(p.sha256, 'hex'), encode(p.template_sha256, 'hex'))
UNION ALL
SELECT 'a signed paper that is lost', v.id, v.contract_id
FROM contract_versions v LEFT JOIN contract_prints p ON p.version_id = v.id
WHERE v.text::jsonb ->> 'printed_sha256' IS NOT NULL AND p.version_id IS NULL
UNION ALL
SELECT 'a contract that is signed in no version, or not signed in one', NULL, c.id
FROM saving_contracts c LEFT JOIN contract_versions v ON v.contract_id = c.id AND v.status = 'signed'
GROUP BY c.id HAVING (count(v.id) > 0) <> (c.status IN ('signed', 'ended'))
"""
DEPOSITS_SQL = f"""
SELECT 'a deposit is not what rests under its pending transfer' AS reason, c.id, c.deposit_fen,
       coalesce(p.amount - r.amount, 0) AS rest
FROM saving_contracts c
LEFT JOIN transfers p ON p.id = c.deposit_id AND p.kind = 1 AND p.code = {int(TransferCode.CONTRACT_DEPOSIT)}
LEFT JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM transfers
                   WHERE pending_id = c.deposit_id) AS r ON true
WHERE c.deposit_fen <> coalesce(p.amount - r.amount, 0)
"""
DUES_SQL = f"""
SELECT 'a due was paid otherwise than it says' AS reason, d.id, d.fen, m.fen AS paid, m.interest
FROM contract_dues d
LEFT JOIN money_accounts a ON a.participant_id = d.payer_id
LEFT JOIN LATERAL (
  SELECT coalesce(sum(t.amount) FILTER (WHERE t.code = {int(TransferCode.CONTRACT_DUE)}), 0) AS fen,
         coalesce(sum(t.amount) FILTER (WHERE t.code = {int(TransferCode.CONTRACT_INTEREST)}), 0) AS interest
  FROM transfers t WHERE t.reference = d.id AND t.debit_account_id = a.account_id
   AND t.code IN ({int(TransferCode.CONTRACT_DUE)}, {int(TransferCode.CONTRACT_INTEREST)})) AS m ON true
WHERE (m.fen, m.interest) <> (CASE d.status WHEN 'paid' THEN d.fen - d.offset_fen ELSE 0 END,
                              CASE d.status WHEN 'paid' THEN d.interest_fen ELSE 0 END)
"""

CHECKS = (
    Check(6, DEPOSITS_SQL),
    Check(8, DUES_SQL),
    Check(13, VERSIONS_SQL),
    Check(11, SPANS_SQL),
    Check(11, COUNTERS_SQL),
    Check(14, STANDING_SQL),
)
