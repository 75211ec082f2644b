"""Saving projects and what they measure with: 11, numbers and counters of points; 14, calls and proposals."""

from __future__ import annotations

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

CHECKS = (
    Check(11, SPANS_SQL),
    Check(11, COUNTERS_SQL),
    Check(14, STANDING_SQL),
)
