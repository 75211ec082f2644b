"""Invariants of rights: 10, what successors got and what rights received; 13, a state that the steps explain."""

from __future__ import annotations

from market.proofs import Check

# In a water year that is closed a right may have received more than its volume is now: it was amended since.
RECEIVED_SQL = """
WITH received AS (
  SELECT entitlement_id, water_year, litres FROM entitlement_received
), passed AS (
  SELECT parent_id, water_year, sum(litres) AS litres FROM entitlement_carried GROUP BY 1, 2
)
SELECT 'a right received more than its volume in a year' AS reason, e.id AS entitlement_id, e.volume_litres AS a,
       r.litres AS b
FROM received r JOIN entitlements e ON e.id = r.entitlement_id JOIN water_years y ON y.year = r.water_year
WHERE y.status <> 'closed' AND r.litres > e.volume_litres
UNION ALL
SELECT 'what a replaced right had received was not carried on whole', e.id, r.litres, p.litres
FROM received r JOIN entitlements e ON e.id = r.entitlement_id AND e.status = 'replaced'
LEFT JOIN passed p ON p.parent_id = r.entitlement_id AND p.water_year = r.water_year
WHERE r.litres <> coalesce(p.litres, 0)
UNION ALL
SELECT 'a right carries what nobody received', p.parent_id, coalesce(r.litres, 0), p.litres
FROM passed p LEFT JOIN received r ON r.entitlement_id = p.parent_id AND r.water_year = p.water_year
WHERE p.litres <> coalesce(r.litres, 0)
"""

LINEAGE_SQL = """
SELECT 'a replaced right did not pass on its volume' AS reason, e.id AS entitlement_id, e.volume_litres AS a,
       coalesce(l.litres, 0) AS b
FROM entitlements e
LEFT JOIN (SELECT parent_id, sum(litres) AS litres FROM entitlement_lineage GROUP BY 1) l ON l.parent_id = e.id
WHERE e.status = 'replaced' AND e.volume_litres <> coalesce(l.litres, 0)
UNION ALL
SELECT 'a right that is in force has successors', e.id, e.volume_litres, l.litres
FROM entitlements e JOIN entitlement_lineage l ON l.parent_id = e.id
WHERE e.status <> 'replaced'
UNION ALL
SELECT 'a right is larger than its predecessors gave', e.id, e.volume_litres, l.litres
FROM entitlements e
JOIN (SELECT child_id, sum(litres) AS litres FROM entitlement_lineage GROUP BY 1) l ON l.child_id = e.id
WHERE e.volume_litres > l.litres
"""

STEPS_SQL = """
WITH steps AS (
  SELECT entitlement_id, from_status, to_status,
         lag(to_status) OVER (PARTITION BY entitlement_id ORDER BY id) AS before,
         lead(id) OVER (PARTITION BY entitlement_id ORDER BY id) IS NULL AS last
  FROM entitlement_steps
)
SELECT 'a step does not begin where the one before it ended' AS reason, entitlement_id, from_status, before
FROM steps WHERE from_status IS DISTINCT FROM before
UNION ALL
SELECT 'a right''s state is not that of its last step', e.id, e.status, s.to_status
FROM entitlements e LEFT JOIN steps s ON s.entitlement_id = e.id AND s.last
WHERE e.status IS DISTINCT FROM s.to_status
"""

CHECKS = (Check(10, RECEIVED_SQL), Check(10, LINEAGE_SQL), Check(13, STEPS_SQL))
