"""Invariants 6, 7, 10 and 14 of leases and sales of rights: holds, one delivery a year, what the register says."""

from __future__ import annotations

from market.core.chart import TransferCode
from market.proofs import Check

TURN_HOLDS_SQL = f"""
SELECT 'what a lease''s turn holds is not what rests under its pending transfer' AS reason, t.id AS id,
       t.held_litres AS a,
       coalesce(p.amount - r.amount, 0) AS b
FROM lease_turns t
LEFT JOIN transfers p ON p.id = t.hold_id AND p.kind = 1 AND p.code = {int(TransferCode.LEASE_HOLD)}
LEFT JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM transfers WHERE pending_id = t.hold_id) AS r ON true
WHERE t.held_litres <> coalesce(p.amount - r.amount, 0)
UNION ALL
SELECT 'a lease that is over holds water', t.id, t.held_litres, NULL
FROM lease_turns t JOIN leases l ON l.id = t.lease_id WHERE l.status <> 'in_force' AND t.held_litres > 0
"""

# A turn that is struck or traded has one deal that is not refused; every other none. And the deal is the contract's.
TURNS_SQL = """
SELECT 'a year of a lease is not its one delivery' AS reason, t.id AS id, t.status, d.deals AS a, t.water_year AS b
FROM lease_turns t
JOIN LATERAL (SELECT count(*) AS deals, max(id) AS last FROM deals
              WHERE kind = 'lease' AND reference = t.id AND status <> 'refused') AS d ON true
LEFT JOIN deals x ON x.id = t.deal_id
WHERE CASE t.status WHEN 'traded' THEN d.deals <> 1 OR x.status <> 'traded' OR d.last <> t.deal_id
                    WHEN 'struck' THEN t.deal_id IS NULL OR d.deals > 1
                    ELSE d.deals <> 0 END
UNION ALL
SELECT 'a year of a lease was delivered otherwise than agreed', t.id, d.status, d.price_e4, d.volume_litres
FROM deals d JOIN lease_turns t ON t.id = d.reference JOIN leases l ON l.id = t.lease_id
LEFT JOIN water_accounts w ON w.id = d.buyer_water_account_id
WHERE d.kind = 'lease' AND d.status <> 'refused' AND (
      d.price_e4 <> l.rent_e4 OR d.at <> 'sell' OR d.volume_litres > t.due_litres
   OR d.seller_water_account_id <> t.water_account_id OR d.buyer_water_account_id <> t.to_water_account_id
   OR (w.participant_id, w.water_year, w.canal_zone_id, w.township_zone_id, w.sector)
      <> (l.lessee_id, t.water_year, l.canal_zone_id, l.township_zone_id, l.sector)
   OR t.water_year NOT BETWEEN l.first_year AND l.last_year)
UNION ALL
SELECT 'a delivery of a lease that nobody owed', d.id, d.status, d.reference, NULL
FROM deals d WHERE d.kind = 'lease' AND NOT EXISTS (SELECT FROM lease_turns t WHERE t.id = d.reference)
"""

REGISTERED_SQL = """
SELECT 'a lease is not what was signed' AS reason, n.id AS id, n.status, l.id AS a, o.volume_litres AS b
FROM negotiations n LEFT JOIN leases l ON l.negotiation_id = n.id
LEFT JOIN negotiation_offers o ON o.negotiation_id = n.id AND o.number = n.accepted_number
WHERE n.tenure = 'lease' AND n.status = 'registered' AND (
      l.id IS NULL
   OR (l.litres, l.rent_e4, l.last_year - l.first_year + 1, l.short_year, l.turn_month, l.grace_days)
      IS DISTINCT FROM (o.volume_litres, o.price_e4, o.years, o.short_year, o.turn_month, o.grace_days))
UNION ALL
SELECT 'a lease that was not registered', l.id, n.status, NULL, NULL
FROM leases l JOIN negotiations n ON n.id = l.negotiation_id WHERE (n.tenure, n.status) <> ('lease', 'registered')
UNION ALL
SELECT 'what goes to the register was registered without a decision', n.id, n.status, NULL, NULL
FROM negotiations n WHERE n.tenure <> 'allocation' AND n.status = 'registered' AND n.lane <> 'filing'
  AND n.decided_at IS NULL
"""

# The money of a sale is what was agreed and went to the seller and the exchange; the right went to the buyer.
SALES_SQL = f"""
WITH moved AS (
  SELECT t.reference AS id,
         sum(t.amount) FILTER (WHERE t.debit_account_id = m.account_id) AS paid,
         sum(t.amount) FILTER (WHERE t.credit_account_id = s.account_id) AS received,
         sum(t.amount) FILTER (WHERE t.code = {int(TransferCode.RIGHT_FEE)}) AS fee
  FROM transfers t JOIN negotiations n ON n.id = t.reference
  JOIN money_accounts m ON m.participant_id = n.buyer_id JOIN money_accounts s ON s.participant_id = n.seller_id
  WHERE t.code IN ({int(TransferCode.RIGHT_MONEY)}, {int(TransferCode.RIGHT_FEE)}) AND t.kind IN (0, 2) GROUP BY 1
)
SELECT 'the sale of a right did not pay what was agreed' AS reason, n.id AS id, n.status, r.amount_fen AS a,
       m.paid AS b
FROM negotiations n LEFT JOIN right_sales r ON r.negotiation_id = n.id LEFT JOIN moved m ON m.id = n.id
LEFT JOIN negotiation_offers o ON o.negotiation_id = n.id AND o.number = n.accepted_number
WHERE n.tenure = 'entitlement' AND n.status = 'registered' AND (
      r.negotiation_id IS NULL OR r.litres <> o.volume_litres
   OR abs(r.amount_fen * 100000::numeric - o.volume_litres::numeric * o.price_e4) > 50000
   OR r.amount_fen <> coalesce(m.paid, 0) OR r.fee_fen <> coalesce(m.fee, 0)
   OR r.amount_fen - r.fee_fen <> coalesce(m.received, 0))
UNION ALL
SELECT 'money moved for a right that was not sold', m.id, n.status, NULL, m.paid
FROM moved m JOIN negotiations n ON n.id = m.id WHERE (n.tenure, n.status) <> ('entitlement', 'registered')
UNION ALL
SELECT 'a right that was sold is not the buyer''s', n.id, e.status, r.litres, c.volume_litres
FROM right_sales r JOIN negotiations n ON n.id = r.negotiation_id
JOIN entitlements e ON e.id = r.entitlement_id LEFT JOIN entitlements k ON k.id = r.rest_entitlement_id
LEFT JOIN entitlement_lineage g ON g.parent_id = e.id AND g.child_id = r.new_entitlement_id
LEFT JOIN entitlements c ON c.id = g.child_id
WHERE r.entitlement_id <> n.entitlement_id OR g.litres IS DISTINCT FROM r.litres
   OR c.participant_id IS DISTINCT FROM n.buyer_id OR k.participant_id <> n.seller_id
   OR e.volume_litres - r.litres <> coalesce((
        SELECT litres FROM entitlement_lineage WHERE parent_id = e.id AND child_id = k.id), 0)
"""

ROOM_SQL = """
SELECT 'a right lets and pledges more than it is' AS reason, e.id AS id, e.volume_litres AS a, l.litres + p.litres AS b
FROM entitlements e
JOIN LATERAL (SELECT coalesce(sum(litres), 0) AS litres FROM leases
              WHERE entitlement_id = e.id AND status = 'in_force') AS l ON true
JOIN LATERAL (SELECT coalesce(sum(litres), 0) AS litres FROM pledges
              WHERE entitlement_id = e.id AND status IN ('registered', 'enforcing')) AS p ON true
WHERE l.litres > 0 AND l.litres + p.litres > e.volume_litres
UNION ALL
SELECT 'a lease is of a right that is not in force, or not its lessor''s', l.id, e.id, l.lessor_id
FROM leases l JOIN entitlements e ON e.id = l.entitlement_id
WHERE l.status = 'in_force' AND (e.status NOT IN ('confirmed', 'suspended') OR e.participant_id <> l.lessor_id)
UNION ALL
SELECT 'a year of a lease gives more than the lease', t.id, l.litres, t.due_litres
FROM lease_turns t JOIN leases l ON l.id = t.lease_id WHERE t.due_litres > l.litres
"""

OVER_SQL = """
SELECT 'a year of a lease is open in a year that is closed' AS reason, t.id AS id, t.water_year AS since
FROM lease_turns t JOIN water_years y ON y.year = t.water_year WHERE y.status = 'closed' AND t.status = 'due'
UNION ALL
SELECT 'a year of a lease is open though the lease is over', t.id, t.water_year
FROM lease_turns t JOIN leases l ON l.id = t.lease_id WHERE l.status <> 'in_force' AND t.status = 'due'
"""

CHECKS = (
    Check(6, TURN_HOLDS_SQL),
    Check(7, TURNS_SQL),
    Check(7, REGISTERED_SQL),
    Check(7, SALES_SQL),
    Check(10, ROOM_SQL),
    Check(14, OVER_SQL),
)
