"""Saving reports: 10 what was shared, 11 what was claimed, 13 what was hashed and verified (SAVINGS section 8)."""

from __future__ import annotations

from market.proofs import Check

SHARED_SQL = """
WITH shared AS (
  SELECT distribution_id, sum(fen + fee_fen) AS fen FROM distribution_shares GROUP BY 1
), owed AS (
  SELECT reference, payee_id, sum(fen) AS fen FROM contract_dues WHERE kind = 'share' GROUP BY 1, 2
)
SELECT 'shares and fees that are not the benefit' AS reason, d.id, d.benefit_fen, s.fen
FROM report_distributions d JOIN saving_contracts c ON c.id = d.contract_id AND c.mode = 'sharing'
LEFT JOIN shared s ON s.distribution_id = d.id
WHERE coalesce(s.fen, 0) <> d.benefit_fen
UNION ALL
SELECT 'a share that is not what is due for it', d.id, s.fen, u.fen
FROM report_distributions d JOIN saving_contracts c ON c.id = d.contract_id
JOIN distribution_shares s ON s.distribution_id = d.id AND s.participant_id <> c.user_id
LEFT JOIN owed u ON u.reference = d.id AND u.payee_id = s.participant_id
WHERE coalesce(u.fen, 0) <> s.fen
UNION ALL
SELECT 'a guarantee paid above its cap', NULL, sum(d.shortfall_fen),
       max((v.text::jsonb #>> '{guarantee,cap_fen}')::bigint)
FROM report_distributions d JOIN saving_reports r ON r.id = d.report_id JOIN contract_versions v ON v.id = r.version_id
GROUP BY d.contract_id HAVING sum(d.shortfall_fen) > max(coalesce((v.text::jsonb #>> '{guarantee,cap_fen}')::bigint, 0))
"""

CLAIMED_SQL = """
SELECT 'a report that claims nothing, or other days' AS reason, r.id, r.contract_id
FROM saving_reports r LEFT JOIN report_spans s ON s.report_id = r.id
GROUP BY r.id HAVING count(s.id) = 0 OR bool_or(s.days <> daterange(r.starts_on, r.ends_on))
UNION ALL
SELECT 'two claims of one interval', a.report_id, b.report_id
FROM report_spans a JOIN report_spans b ON b.id > a.id AND b.span && a.span AND b.days && a.days
UNION ALL
SELECT 'a report of days outside the operation', r.id, r.contract_id
FROM saving_reports r
LEFT JOIN contract_phases p ON p.contract_id = r.contract_id AND p.phase = 'operation'
LEFT JOIN contract_phases h ON h.contract_id = r.contract_id AND h.phase = 'handed_over'
WHERE p.starts_on IS NULL OR r.starts_on < p.starts_on OR r.ends_on > coalesce(h.starts_on, 'infinity'::date)
"""

HASHED_SQL = """
SELECT 'a report that is not what was hashed' AS reason, id, contract_id FROM saving_reports
WHERE sha256(convert_to(result_text, 'UTF8')) <> sha256
UNION ALL
SELECT 'a baseline that is not what was hashed', id, contract_id FROM contract_baselines
WHERE sha256(convert_to(result_text, 'UTF8')) <> sha256
UNION ALL
SELECT 'a distribution that is not what was hashed', id, contract_id FROM report_distributions
WHERE sha256(convert_to(text, 'UTF8')) <> sha256
UNION ALL
SELECT 'a consent to another baseline', b.id, b.contract_id
FROM baseline_consents x JOIN contract_baselines b ON b.id = x.baseline_id WHERE x.sha256 <> b.sha256
UNION ALL
SELECT 'money that was shared without a verified report, or not shared', r.id, r.contract_id
FROM saving_reports r LEFT JOIN report_distributions d ON d.report_id = r.id
WHERE (d.id IS NOT NULL) <> (r.status IN ('distributed', 'reopened', 'clawed_back'))
UNION ALL
SELECT 'a report under a baseline that was not agreed', r.id, r.contract_id
FROM saving_reports r JOIN contract_baselines b ON b.id = r.baseline_id
WHERE b.status NOT IN ('agreed', 'replaced') OR b.contract_id <> r.contract_id
UNION ALL
SELECT 'a report that a party verified', r.id, r.contract_id
FROM saving_reports r
JOIN contract_parties p ON p.version_id = r.version_id AND p.participant_id = r.verified_by AND p.role <> 'verifier'
"""

CHECKS = (Check(10, SHARED_SQL), Check(11, CLAIMED_SQL), Check(13, HASHED_SQL))
