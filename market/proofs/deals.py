"""Invariants 6 to 8 of deals struck elsewhere than in the book: what they hold, who signed, what became of them."""

from __future__ import annotations

from market.proofs import Check

# What the mechanisms hold is held against the ledger by HOLDS_SQL; here, against their own rows.
NEGOTIATION_HOLDS_SQL = """
SELECT 'a negotiation holds what it should not' AS reason, h.reference AS id, h.kind, h.amount
FROM deal_holds h LEFT JOIN negotiations n ON n.id = h.reference
WHERE h.kind LIKE 'negotiation%' AND h.amount > 0 AND n.status IS DISTINCT FROM 'published'
UNION ALL
SELECT 'a published deal does not hold its water and its money', n.id, k.kind, h.amount
FROM negotiations n CROSS JOIN (VALUES ('negotiation_water'), ('negotiation_money')) AS k (kind)
LEFT JOIN deal_holds h ON h.reference = n.id AND h.kind = k.kind
WHERE n.status = 'published' AND coalesce(h.amount, 0) = 0
"""

# The signed text is the kept text, byte by byte; what took a lane was signed by both.
CONTRACTS_SQL = """
SELECT 'a contract is not the text of its hash' AS reason, id, status, NULL::bigint AS signatures
FROM negotiations WHERE contract IS NOT NULL AND sha256(convert_to(contract, 'UTF8')) <> contract_sha256
UNION ALL
SELECT 'a contract was not signed by both', n.id, n.status, count(s.side)
FROM negotiations n
LEFT JOIN negotiation_signatures s ON s.negotiation_id = n.id AND s.sha256 = n.contract_sha256
WHERE n.status IN ('published', 'struck') GROUP BY n.id HAVING count(s.side) <> 2
"""

NEGOTIATED_SQL = """
SELECT 'a negotiated deal is not what was agreed' AS reason, d.id, d.reference AS negotiation_id
FROM deals d JOIN negotiations n ON n.id = d.reference
LEFT JOIN negotiation_offers o ON o.negotiation_id = n.id AND o.number = n.accepted_number
WHERE d.kind = 'negotiated' AND (
      n.status <> 'struck'
   OR (d.product_id, d.seller_water_account_id, d.buyer_water_account_id)
      <> (n.product_id, n.seller_water_account_id, n.buyer_water_account_id)
   OR (d.at, d.volume_litres, d.price_e4) IS DISTINCT FROM (o.at, o.volume_litres, o.price_e4)
   OR (d.review_rule IS NULL) <> (n.lane = 'filing') OR d.reviewed)
UNION ALL
SELECT 'a negotiation was struck once', NULL, n.id
FROM negotiations n LEFT JOIN deals d ON d.kind = 'negotiated' AND d.reference = n.id
WHERE n.status = 'struck' GROUP BY n.id HAVING count(d.id) <> 1
"""

CHECKS = (
    Check(6, NEGOTIATION_HOLDS_SQL),
    Check(7, CONTRACTS_SQL),
    Check(7, NEGOTIATED_SQL),
)
