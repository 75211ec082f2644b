"""What waits for a decision of the bureau, as queries: where each kind of matter shows that it waits, and its facts."""

from __future__ import annotations

from collections.abc import Mapping

from market.supervision.desks.models import (
    ADMISSION,
    CALL,
    CLAW_BACK,
    COMPLAINT,
    DEAL,
    DISPUTE,
    FIRM,
    INSTRUCTION,
    PLEDGE,
    PROGRAMME,
    QUALIFICATION,
    REFUND,
    RENEWAL,
    RIGHT,
)

# Every matter that waits (or one), against the files that are open: which is missing, and whose matter is gone.
COMPARED_SQL = """
WITH waiting AS MATERIALIZED (
  SELECT 'instruction' AS kind, id AS reference FROM instructions WHERE status = 'awaiting_review'
  UNION ALL SELECT 'call', id FROM calls WHERE status = 'held' AND review_rule IS NOT NULL
  UNION ALL SELECT 'programme', id FROM programmes WHERE status = 'under_review'
  UNION ALL SELECT 'entitlement', id FROM entitlements WHERE status IN ('applied', 'accepted', 'published')
  UNION ALL SELECT 'negotiation', id FROM negotiations WHERE status = 'under_review'
  UNION ALL SELECT 'firm', id FROM firms WHERE status = 'submitted'
  UNION ALL SELECT 'complaint', id FROM complaints WHERE status = 'filed'
  UNION ALL SELECT 'renewal', s.entitlement_id FROM (
    SELECT DISTINCT ON (entitlement_id) entitlement_id, step FROM entitlement_steps
     WHERE step IN ('ask_renewal', 'renew', 'refuse_renewal') ORDER BY entitlement_id, id DESC) s
    JOIN entitlements e ON e.id = s.entitlement_id AND e.status = 'confirmed' WHERE s.step = 'ask_renewal'
  UNION ALL SELECT 'participant', id FROM participants WHERE status = 'applied'
  UNION ALL SELECT 'pledge', id FROM pledges WHERE status = 'agreed'
  UNION ALL SELECT 'firm_qualification', id FROM firm_qualifications WHERE status = 'submitted'
  UNION ALL SELECT 'saving_report', report_id FROM report_disputes WHERE status = 'open'
  UNION ALL SELECT 'claw_back', id FROM report_claw_backs WHERE status IN ('proposed', 'verified')
  UNION ALL SELECT 'refund', delivery_id FROM delivery_refunds WHERE status = 'proposed')
(SELECT true, w.kind, w.reference FROM waiting w
  WHERE NOT EXISTS (SELECT FROM desk_reviews r
                     WHERE r.kind = w.kind AND r.reference = w.reference AND r.status = 'open')
    AND (%(kind)s::text IS NULL OR (w.kind, w.reference) = (%(kind)s, %(reference)s))
  ORDER BY w.kind, w.reference LIMIT %(most)s)
UNION ALL
(SELECT false, r.kind, r.id FROM desk_reviews r
  WHERE r.status = 'open' AND NOT EXISTS (SELECT FROM waiting w
                                           WHERE w.kind = r.kind AND w.reference = r.reference)
    AND (%(kind)s::text IS NULL OR (r.kind, r.reference) = (%(kind)s, %(reference)s))
  ORDER BY r.id LIMIT %(most)s)
"""
# Of one matter: its own table is looked at by its id, and no other.
ONE_COMPARED_SQL = COMPARED_SQL.replace("AS MATERIALIZED", "AS NOT MATERIALIZED")
# reference, began_at, code of the rule, last day where the matter itself has one, parties, litres, fen, kind of right
FACTS_SQL: Mapping[str, str] = {
    INSTRUCTION: """
SELECT i.id, i.instructed_at, i.review_rule, i.review_due_on,
       ARRAY(SELECT DISTINCT p.id FROM (
         SELECT i.seller_id UNION ALL SELECT i.buyer_id UNION ALL
         SELECT m.participant_id FROM jsonb_array_elements(i.payees::jsonb) x
           JOIN money_accounts m ON m.account_id = (x ->> 0)::bigint) AS p (id) ORDER BY p.id),
       i.source_litres, i.amount_fen, NULL
  FROM instructions i WHERE i.id = ANY (%(ids)s::bigint[])
""",
    CALL: """
SELECT c.id, c.cleared_at, c.review_rule, c.review_due_on,
       ARRAY(SELECT DISTINCT f.participant_id FROM call_fills f WHERE f.call_id = c.id ORDER BY 1),
       c.sold_litres, c.paid_fen, NULL
  FROM calls c WHERE c.id = ANY (%(ids)s::bigint[])
""",
    PROGRAMME: """
SELECT p.id, p.closed_at, NULL, p.review_due_on,
       ARRAY(SELECT p.buyer_id UNION SELECT s.seller_id FROM programme_subscriptions s
              WHERE s.programme_id = p.id AND s.status = 'included' ORDER BY 1),
       (SELECT sum(s.allotted_litres)::bigint FROM programme_subscriptions s
         WHERE s.programme_id = p.id AND s.status = 'included'),
       (SELECT sum(s.amount_fen)::bigint FROM programme_subscriptions s
         WHERE s.programme_id = p.id AND s.status = 'included'), NULL
  FROM programmes p WHERE p.id = ANY (%(ids)s::bigint[])
""",
    RIGHT: """
SELECT e.id, e.applied_at, NULL, NULL::date, ARRAY[e.participant_id], e.volume_litres, NULL::bigint, e.kind
  FROM entitlements e WHERE e.id = ANY (%(ids)s::bigint[])
""",
    DEAL: """
SELECT n.id, coalesce((n.published_until + 1)::timestamp AT TIME ZONE 'Asia/Shanghai', n.reported_at), NULL,
       n.review_due_on, ARRAY[n.seller_id, n.buyer_id], o.volume_litres, NULL::bigint, NULL
  FROM negotiations n
  LEFT JOIN negotiation_offers o ON o.negotiation_id = n.id AND o.number = n.accepted_number
 WHERE n.id = ANY (%(ids)s::bigint[])
""",
    FIRM: """
SELECT f.id, f.submitted_at, NULL, NULL::date, ARRAY[f.participant_id], NULL::bigint, NULL::bigint, NULL
  FROM firms f WHERE f.id = ANY (%(ids)s::bigint[])
""",
    COMPLAINT: """
SELECT c.id, c.filed_at, NULL, NULL::date, ARRAY[c.participant_id], NULL::bigint, NULL::bigint, NULL
  FROM complaints c WHERE c.id = ANY (%(ids)s::bigint[])
""",
    RENEWAL: """
SELECT e.id, s.at, NULL, e.valid_to, ARRAY[e.participant_id], e.volume_litres, NULL::bigint, e.kind
  FROM entitlements e CROSS JOIN LATERAL (
    SELECT at FROM entitlement_steps WHERE entitlement_id = e.id AND step = 'ask_renewal' ORDER BY id DESC LIMIT 1) s
 WHERE e.id = ANY (%(ids)s::bigint[])
""",
    ADMISSION: """
SELECT p.id, p.applied_at, NULL, NULL::date, ARRAY[p.id], NULL::bigint, NULL::bigint, NULL
  FROM participants p WHERE p.id = ANY (%(ids)s::bigint[])
""",
    PLEDGE: """
SELECT p.id, coalesce((SELECT max(s.made_at) FROM pledge_steps s WHERE s.pledge_id = p.id), p.applied_at), NULL,
       NULL::date, ARRAY[p.participant_id, p.bank_id], p.litres, p.secured_fen, NULL
  FROM pledges p WHERE p.id = ANY (%(ids)s::bigint[])
""",
    QUALIFICATION: """
SELECT q.id, q.submitted_at, NULL, NULL::date, ARRAY[f.participant_id], NULL::bigint, NULL::bigint, NULL
  FROM firm_qualifications q JOIN firms f ON f.id = q.firm_id WHERE q.id = ANY (%(ids)s::bigint[])
""",
    DISPUTE: """
SELECT r.id, d.raised_at, NULL, r.due_on,
       ARRAY(SELECT DISTINCT p.participant_id FROM contract_parties p WHERE p.contract_id = r.contract_id ORDER BY 1),
       NULL::bigint, NULL::bigint, NULL
  FROM saving_reports r JOIN report_disputes d ON d.report_id = r.id AND d.status = 'open'
 WHERE r.id = ANY (%(ids)s::bigint[])
""",
    CLAW_BACK: """
SELECT c.id, coalesce(c.verified_at, c.proposed_at), NULL, r.due_on,
       ARRAY(SELECT DISTINCT p.participant_id FROM contract_parties p WHERE p.contract_id = r.contract_id ORDER BY 1),
       NULL::bigint, NULL::bigint, NULL
  FROM report_claw_backs c JOIN saving_reports r ON r.id = c.report_id WHERE c.id = ANY (%(ids)s::bigint[])
""",
    REFUND: """
SELECT d.id, f.proposed_at, NULL, NULL::date,
       array_remove(ARRAY[d.buyer_id, d.seller_id], NULL), f.source_litres, f.fen, NULL
  FROM deliveries d JOIN delivery_refunds f ON f.delivery_id = d.id AND f.status = 'proposed'
 WHERE d.id = ANY (%(ids)s::bigint[])
""",
}
