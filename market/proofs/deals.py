"""Invariants 6 to 8 of deals struck elsewhere than in the book: what they hold, who signed, what became of them."""

from __future__ import annotations

from market.proofs import Check

# What the mechanisms hold is held against the ledger by HOLDS_SQL; here, against their own rows.
NEGOTIATION_HOLDS_SQL = """
SELECT 'a negotiation holds what it should not' AS reason, h.reference AS id, h.kind, h.amount
FROM deal_holds h LEFT JOIN negotiations n ON n.id = h.reference
WHERE h.kind LIKE 'negotiation%' AND h.amount > 0 AND CASE n.tenure
  WHEN 'allocation' THEN n.status <> 'published'
  WHEN 'entitlement' THEN h.kind <> 'negotiation_money' OR n.status NOT IN ('accepted', 'published', 'under_review')
  ELSE true END
UNION ALL
SELECT 'a published deal does not hold its water and its money', n.id, k.kind, h.amount
FROM negotiations n CROSS JOIN (VALUES ('negotiation_water'), ('negotiation_money')) AS k (kind)
LEFT JOIN deal_holds h ON h.reference = n.id AND h.kind = k.kind
WHERE n.tenure = 'allocation' AND n.status = 'published' AND coalesce(h.amount, 0) = 0
UNION ALL
SELECT 'the price of a right is not held though its buyer has signed', n.id, n.status, h.amount
FROM negotiations n JOIN negotiation_signatures s ON s.negotiation_id = n.id AND s.side = 'buy'
LEFT JOIN deal_holds h ON h.reference = n.id AND h.kind = 'negotiation_money'
WHERE n.tenure = 'entitlement' AND n.status IN ('accepted', 'published', 'under_review')
  AND coalesce(h.amount, 0) = 0
"""

# The signed text is the kept text, byte by byte; what took a lane was signed by both.
CONTRACTS_SQL = """
SELECT 'a contract is not the text of its hash' AS reason, id, status, NULL::bigint AS signatures
FROM negotiations WHERE contract IS NOT NULL AND sha256(convert_to(contract, 'UTF8')) <> contract_sha256
UNION ALL
SELECT 'a contract was not signed by both', n.id, n.status, count(s.side)
FROM negotiations n
LEFT JOIN negotiation_signatures s ON s.negotiation_id = n.id AND s.sha256 = n.contract_sha256
WHERE n.status IN ('published', 'under_review', 'struck', 'registered', 'refused')
GROUP BY n.id HAVING count(s.side) <> 2
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

PROGRAMME_HOLDS_SQL = """
SELECT 'a subscription does not hold what it gives' AS reason, s.id, s.status, h.amount
FROM programme_subscriptions s LEFT JOIN deal_holds h ON h.kind = 'subscription' AND h.reference = s.id
WHERE coalesce(h.amount, 0) <> CASE s.status WHEN 'subscribed' THEN s.litres WHEN 'included' THEN s.allotted_litres
                               ELSE 0 END
UNION ALL
SELECT 'a programme does not hold its money', p.id, p.status, h.amount
FROM programmes p LEFT JOIN deal_holds h ON h.kind = 'programme' AND h.reference = p.id
LEFT JOIN LATERAL (SELECT coalesce(sum(amount_fen), 0) AS fen FROM programme_subscriptions
                   WHERE programme_id = p.id AND status = 'included') AS due ON true
WHERE CASE p.status WHEN 'open' THEN coalesce(h.amount, 0) < p.maximum_litres::numeric * p.price_e4 / 100000
                    WHEN 'under_review' THEN coalesce(h.amount, 0) <> due.fen ELSE coalesce(h.amount, 0) <> 0 END
"""

# What is taken lies within the maximum, and not under the minimum once it is decided on.
PROGRAMMES_SQL = """
SELECT 'a programme takes more than its maximum, or less than its minimum' AS reason, p.id, p.status, sum(litres) AS b
FROM programmes p JOIN LATERAL (
  SELECT coalesce(sum(allotted_litres), 0) AS litres FROM programme_subscriptions
  WHERE programme_id = p.id AND status IN ('included', 'struck')) AS taken ON true
WHERE p.status IN ('under_review', 'struck') AND litres NOT BETWEEN p.minimum_litres AND p.maximum_litres
GROUP BY p.id
UNION ALL
SELECT 'a subscription goes on whose programme is over', s.id, s.status, NULL
FROM programme_subscriptions s JOIN programmes p ON p.id = s.programme_id
WHERE (s.status = 'subscribed' AND p.status <> 'open') OR (s.status = 'included' AND p.status <> 'under_review')
   OR (s.status IN ('struck', 'struck_off') AND p.status <> 'struck')
UNION ALL
SELECT 'a contract or an annex is not the text of its hash', id, status, NULL
FROM programmes
WHERE sha256(convert_to(contract, 'UTF8')) <> contract_sha256 OR sha256(convert_to(annex, 'UTF8')) <> annex_sha256
"""

SUBSCRIBED_SQL = """
SELECT 'a deal is not what its programme approved' AS reason, d.id, s.id AS subscription_id
FROM deals d JOIN programme_subscriptions s ON s.id = d.reference JOIN programmes p ON p.id = s.programme_id
WHERE d.kind = 'programme' AND (
      s.status <> 'struck' OR NOT d.reviewed OR d.at <> 'sell' OR d.price_e4 <> p.price_e4
   OR d.volume_litres <> s.allotted_litres OR d.product_id <> p.product_id
   OR d.seller_water_account_id <> s.water_account_id OR d.buyer_water_account_id <> p.buyer_water_account_id)
UNION ALL
SELECT 'a subscription was struck once', NULL, s.id
FROM programme_subscriptions s LEFT JOIN deals d ON d.kind = 'programme' AND d.reference = s.id
WHERE s.status = 'struck' GROUP BY s.id HAVING count(d.id) <> 1
"""

CHECKS = (
    Check(6, NEGOTIATION_HOLDS_SQL),
    Check(7, CONTRACTS_SQL),
    Check(7, NEGOTIATED_SQL),
    Check(6, PROGRAMME_HOLDS_SQL),
    Check(7, PROGRAMMES_SQL),
    Check(7, SUBSCRIBED_SQL),
)
