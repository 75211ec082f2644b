"""Cases of supervision: 13 what a case, its steps, its alerts and the credit record say is one thing."""

from __future__ import annotations

from market.proofs import Check

CASES_SQL = """
SELECT 'a case whose finding and status differ' AS reason, c.id, c.number
FROM supervision_cases c LEFT JOIN case_findings f ON f.case_id = c.id
WHERE (c.status = 'closed') <> (f.case_id IS NOT NULL)
UNION ALL
SELECT 'a case without its steps', c.id, c.number
FROM supervision_cases c
WHERE (SELECT count(*) FROM case_steps s WHERE s.case_id = c.id AND s.step = 'opened') <> 1
   OR (SELECT count(*) FROM case_steps s WHERE s.case_id = c.id AND s.step = 'closed') <> (c.status = 'closed')::int
UNION ALL
SELECT 'a number of a case that is missing', n.last, n.series
FROM number_series n
WHERE n.series ~ '^K-[0-9]{4}$' AND (n.last, n.last) <> (
  SELECT count(*), coalesce(max(split_part(c.number, '-', 3)::bigint), 0) FROM supervision_cases c
  WHERE c.number LIKE n.series || '-%')
UNION ALL
SELECT 'an alert in a case that does not know it', d.case_id, d.alert_id::text
FROM alert_dispositions d
WHERE d.kind = 'case' AND NOT EXISTS (
  SELECT FROM case_steps s WHERE s.case_id = d.case_id AND s.step = 'alert_added'
  AND (s.detail::jsonb ->> 'alert_id')::bigint = d.alert_id)
"""
ENTRIES_SQL = """
SELECT 'points for what no case found' AS reason, e.id, e.finding
FROM credit_entries e LEFT JOIN case_findings f ON f.case_id = e.case_id
WHERE e.case_id IS NOT NULL AND (f.finding IS DISTINCT FROM e.finding OR f.outcome <> 'founded' OR NOT EXISTS (
  SELECT FROM case_parties p WHERE p.case_id = e.case_id AND p.participant_id = e.participant_id))
UNION ALL
SELECT 'an appeal that was granted, and its entry stands', a.id, a.status
FROM credit_appeals a JOIN credit_entries e ON e.id = a.entry_id
WHERE a.status = 'granted' AND e.withdrawn_at IS NULL
"""

CHECKS = (Check(13, CASES_SQL), Check(13, ENTRIES_SQL))
