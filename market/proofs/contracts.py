"""Invariant 14 of saving projects: what has ended leaves no proposal standing, and a choice is of one proposal."""

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

CHECKS = (Check(14, STANDING_SQL),)
