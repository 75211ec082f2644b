"""The matters that wait for a decision of the bureau: where they stand, whom they concern, and how each is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from market.contracts import firms
from market.core import audit
from market.county.parts import COMPLAINT as COMPLAINT_RULE
from market.county.parts import FIRM as FIRM_RULE
from market.county.parts import PROGRAMME as PROGRAMME_RULE
from market.county.parts import RIGHT as RIGHT_RULE
from market.county.parts import TRADE, TRANSFER
from market.registry import entitlements
from market.supervision import reviews
from market.supervision.desks import answering
from market.supervision.desks.models import CALL, COMPLAINT, DEAL, FIRM, INSTRUCTION, PROGRAMME, RIGHT
from market.trading import call_settling, programmes, registrations

RULE_OF = {
    INSTRUCTION: TRADE, CALL: TRADE, PROGRAMME: PROGRAMME_RULE, RIGHT: RIGHT_RULE, DEAL: TRANSFER, FIRM: FIRM_RULE,
    COMPLAINT: COMPLAINT_RULE,
}  # fmt: skip
"""What a rule of the county calls each kind of matter."""
PREFIX_OF = {
    INSTRUCTION: "ins", CALL: "cal", PROGRAMME: "prg", RIGHT: "ent", DEAL: "neg", FIRM: "frm", COMPLAINT: "cpl",
}  # fmt: skip
WORDS = {
    INSTRUCTION: ("用水权交易", "trade of water"),
    CALL: ("集合竞价", "call auction"),
    PROGRAMME: ("收购计划", "purchase programme"),
    RIGHT: ("水权申请", "application for a right"),
    DEAL: ("水权转让或租赁", "transfer or lease of a right"),
    FIRM: ("节水服务机构入库", "entry of a service firm in the directory"),
    COMPLAINT: ("投诉", "complaint"),
}
"""What each kind is called, zh and en."""

# Every matter that waits, against the files that are open: which file is missing, and whose matter is gone.
COMPARED_SQL = """
WITH waiting AS MATERIALIZED (
  SELECT 'instruction' AS kind, id AS reference FROM instructions WHERE status = 'awaiting_review'
  UNION ALL SELECT 'call', id FROM calls WHERE status = 'held' AND review_rule IS NOT NULL
  UNION ALL SELECT 'programme', id FROM programmes WHERE status = 'under_review'
  UNION ALL SELECT 'entitlement', id FROM entitlements WHERE status IN ('applied', 'accepted', 'published')
  UNION ALL SELECT 'negotiation', id FROM negotiations WHERE status = 'under_review'
  UNION ALL SELECT 'firm', id FROM firms WHERE status = 'submitted'
  UNION ALL SELECT 'complaint', id FROM complaints WHERE status = 'filed')
(SELECT true, w.kind, w.reference FROM waiting w
  WHERE NOT EXISTS (SELECT FROM desk_reviews r
                     WHERE r.kind = w.kind AND r.reference = w.reference AND r.status = 'open')
  ORDER BY w.kind, w.reference LIMIT %(most)s)
UNION ALL
(SELECT false, r.kind, r.id FROM desk_reviews r
  WHERE r.status = 'open' AND NOT EXISTS (SELECT FROM waiting w
                                           WHERE w.kind = r.kind AND w.reference = r.reference)
  ORDER BY r.id LIMIT %(most)s)
"""
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
}
CarryOut = Callable[..., Any]


def carry_out(
    session: Session, *, actor: audit.Actor, kind: str, reference: int, approved: bool, reason: str,
    legal_source: str, more: Mapping[str, Any],
) -> Any:  # fmt: skip
    """Does what was decided; `more` is what only one kind knows (exceptions of a programme, an expected version).

    Errors: those of the use case behind it.
    """
    wanted: dict[str, Any] = {"actor": actor, "reason": reason, **more}
    if kind == INSTRUCTION:
        one = reviews.approve if approved else reviews.reject
        return one(session, instruction_id=reference, legal_source=legal_source, **wanted)
    if kind == CALL and approved:
        return call_settling.settle(session, call_id=reference, reviewed=True, **wanted)
    if kind == CALL:
        return call_settling.reject(session, call_id=reference, **wanted)
    if kind == PROGRAMME:
        decide: CarryOut = programmes.approve if approved else programmes.reject
        return decide(session, programme_id=reference, legal_source=legal_source, **wanted)
    if kind == RIGHT:
        decide = entitlements.confirm if approved else entitlements.refuse
        return decide(session, entitlement_id=reference, **wanted)
    if kind == DEAL:
        decide = registrations.approve if approved else registrations.reject
        return decide(session, negotiation_id=reference, **wanted)
    if kind == FIRM:
        return firms.decide(session, firm_id=reference, act="list" if approved else "refuse", **wanted)
    return answering.answer(session, complaint_id=reference, upheld=approved, **wanted)
