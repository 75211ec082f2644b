"""The desks of the bureau: 7 decisions that their matters show, 13 notices without gaps, two persons where two do."""

from __future__ import annotations

from market.proofs import Check

NUMBERS_SQL = """
SELECT 'a number that is missing' AS reason, s.series, s.last, n.made
FROM number_series s
LEFT JOIN (
  SELECT 'notice-' || desk || '-' || year AS series, count(*) AS made, max(seq) AS last FROM notices GROUP BY 1
  UNION ALL SELECT 'complaint-' || year, count(*), max(seq) FROM complaints GROUP BY 1) AS n ON n.series = s.series
WHERE (s.series LIKE 'notice-%%' OR s.series LIKE 'complaint-%%')
  AND (coalesce(n.made, 0), coalesce(n.last, 0)) <> (s.last, s.last)
"""
DECIDED_SQL = """
SELECT 'a decision that its matter does not show' AS reason, r.id, r.kind, r.reference
FROM desk_reviews r
LEFT JOIN instructions i ON r.kind = 'instruction' AND i.id = r.reference
LEFT JOIN calls c ON r.kind = 'call' AND c.id = r.reference
LEFT JOIN programmes p ON r.kind = 'programme' AND p.id = r.reference
LEFT JOIN negotiations n ON r.kind = 'negotiation' AND n.id = r.reference
LEFT JOIN entitlements e ON r.kind = 'entitlement' AND e.id = r.reference
LEFT JOIN complaints m ON r.kind = 'complaint' AND m.id = r.reference
WHERE r.outcome = 'approved' AND NOT coalesce(i.status IN ('settled', 'reversed'), c.status = 'settled',
        p.status = 'struck', n.status = 'registered',
        CASE WHEN e.id IS NOT NULL THEN e.certificate_number IS NOT NULL END,
        m.status = 'upheld', true)
   OR r.outcome = 'refused' AND NOT coalesce(i.status = 'rejected', c.status = 'rejected', p.status = 'rejected',
        n.status = 'refused', e.status = 'refused', m.status = 'dismissed', true)
"""
IN_WRITING_SQL = """
SELECT 'a decision without its notice' AS reason, r.id, r.kind, r.reference
FROM desk_reviews r LEFT JOIN notices n ON n.review_id = r.id
WHERE r.outcome IN ('approved', 'refused') AND n.decision IS DISTINCT FROM r.outcome
UNION ALL
SELECT 'one person decided where the rule asks two', r.id, r.kind, r.reference
FROM desk_reviews r
WHERE r.four_eyes AND r.decided_by IS NOT NULL
  AND NOT EXISTS (SELECT FROM desk_review_steps s
                   WHERE s.review_id = r.id AND s.step = 'proposed' AND s.by_user <> r.decided_by)
UNION ALL
SELECT 'who stood aside decided', r.id, r.kind, r.reference
FROM desk_reviews r JOIN desk_review_steps s ON s.review_id = r.id AND s.step = 'recused' AND s.by_user = r.decided_by
UNION ALL
SELECT 'a notice that is not what was hashed', n.review_id, n.number, n.id
FROM notices n WHERE sha256(convert_to(n.text_zh || E'\\n' || n.text_en, 'UTF8')) <> n.sha256
"""

CHECKS = (Check(7, DECIDED_SQL), Check(13, NUMBERS_SQL), Check(13, IN_WRITING_SQL))
