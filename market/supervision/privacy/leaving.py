"""Leaving the market: possible once nothing is open; what was traded, posted and decided stays, under a number.

Source: 个人信息保护法 art. 13 (2) and (3): what a contract or a duty still needs is processed on.
"""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from market.core import acts, audit, clock, inbox
from market.core.db import bump_reference, raw
from market.participants.models import ApiKey, Mandate, Participant, User

# Each line says what there is, never how much. "proceedings" are of many kinds, so that nobody learns of a case by it.
_OPEN_SQL = """
SELECT 'application' AS what FROM participants WHERE id = %(id)s AND status = 'applied'
UNION SELECT 'orders' FROM orders WHERE participant_id = %(id)s AND status = 'open'
UNION SELECT 'trades' FROM instructions WHERE status = 'awaiting_review' AND %(id)s IN (buyer_id, seller_id)
UNION SELECT 'deliveries' FROM deliveries WHERE status IN ('ordered', 'dispatched', 'short')
   AND %(id)s IN (buyer_id, seller_id)
UNION SELECT 'money' FROM money_accounts m JOIN accounts a ON a.id = m.account_id WHERE m.participant_id = %(id)s
   AND (a.credits_posted <> a.debits_posted OR a.debits_pending + a.credits_pending > 0)
UNION SELECT 'water' FROM water_accounts w JOIN accounts a ON a.id = w.account_id WHERE w.participant_id = %(id)s
   AND (a.credits_posted <> a.debits_posted OR a.debits_pending + a.credits_pending > 0)
UNION SELECT 'rights' FROM entitlements WHERE participant_id = %(id)s
   AND status IN ('applied', 'accepted', 'published', 'confirmed', 'suspended')
UNION SELECT 'pledges' FROM pledges WHERE %(id)s IN (participant_id, bank_id)
   AND status NOT IN ('refused', 'released')
UNION SELECT 'leases' FROM leases WHERE %(id)s IN (lessor_id, lessee_id) AND status = 'in_force'
UNION SELECT 'trusts' FROM trusts WHERE trustee_id = %(id)s AND status = 'open'
UNION SELECT 'trusts' FROM trust_members WHERE participant_id = %(id)s AND status IN ('offered', 'accepted', 'leaving')
UNION SELECT 'contracts' FROM contract_parties p JOIN saving_contracts c ON c.id = p.contract_id
   WHERE p.participant_id = %(id)s AND c.status IN ('drafted', 'signed')
UNION SELECT 'dues' FROM contract_dues WHERE %(id)s IN (payer_id, payee_id) AND status = 'open'
UNION SELECT 'claims' FROM reversal_claims WHERE %(id)s IN (debtor_id, creditor_id) AND status = 'open'
UNION SELECT 'negotiations' FROM negotiations WHERE %(id)s IN (seller_id, buyer_id)
   AND status IN ('open', 'accepted', 'published', 'under_review')
UNION SELECT 'listings' FROM listings WHERE seller_id = %(id)s AND resolved_at IS NULL
UNION SELECT 'firm' FROM firms WHERE participant_id = %(id)s AND status IN ('submitted', 'listed', 'suspended')
UNION SELECT 'projects' FROM projects WHERE participant_id = %(id)s AND status = 'open'
UNION SELECT 'proposals' FROM proposals WHERE participant_id = %(id)s AND status = 'submitted'
UNION SELECT 'bids' FROM bidders WHERE participant_id = %(id)s AND status = 'registered'
UNION SELECT 'payments' FROM gateway_payments p JOIN money_accounts m ON m.id = p.money_account_id
   WHERE m.participant_id = %(id)s AND p.status IN ('created', 'awaiting_payer', 'processing', 'authorised')
UNION SELECT 'payments' FROM gateway_payouts p JOIN money_accounts m ON m.id = p.money_account_id
   WHERE m.participant_id = %(id)s AND p.status IN ('created', 'in_transit')
UNION SELECT 'water_bills' FROM water_bill_balances WHERE participant_id = %(id)s
   AND supplier_settled_fen + association_settled_fen < supplier_fen + association_fen
UNION SELECT 'remittances' FROM remittances WHERE association_id = %(id)s AND status = 'made'
UNION SELECT 'payments' FROM bank_payouts WHERE participant_id = %(id)s AND status IN ('asked', 'released')
UNION SELECT 'proceedings' FROM complaints WHERE participant_id = %(id)s AND status = 'filed'
UNION SELECT 'proceedings' FROM credit_appeals WHERE participant_id = %(id)s AND status = 'lodged'
UNION SELECT 'proceedings' FROM case_parties p JOIN supervision_cases c ON c.id = p.case_id
   WHERE p.participant_id = %(id)s AND c.status = 'open'
ORDER BY what
"""


def still_open(connection: psycopg.Connection[Any], participant_id: int) -> list[str]:
    """What of a participant is not at its end, as words; empty where it may leave."""
    return [row[0] for row in connection.execute(_OPEN_SQL, {"id": participant_id}).fetchall()]


def close(session: Session, *, actor: audit.Actor, participant: Participant) -> None:
    """A participant leaves: nobody signs in for it any more, its keys and mandates end. Nothing of it is open."""
    now = clock.now()
    participant.status, participant.decided_at, participant.decided_by = "closed", now, actor.user_id
    participant.version += 1
    users = select(User.id).where(User.participant_id == participant.id)
    session.execute(
        update(User)
        .where(User.participant_id == participant.id)
        .values(status="suspended", token_generation=User.token_generation + 1)
    )
    session.execute(
        update(ApiKey).where(ApiKey.user_id.in_(users), ApiKey.revoked_at.is_(None)).values(revoked_at=now)
    )
    session.execute(
        update(Mandate)
        .where(Mandate.participant_id == participant.id, Mandate.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    connection = raw(session)
    bump_reference(connection)
    inbox.put(  # an order that comes in at this moment: the engine has not seen yet that its owner left
        connection, kind="cancel_orders", actor=actor,
        payload={"participant_id": participant.id, "reason": "participant_left"},
    )  # fmt: skip
    acts.done(
        session, actor=actor, source="participants", kind="participant", number=participant.id, act="closed"
    )
