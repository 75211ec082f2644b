"""Whose things are whose: the owner of an id in a path, one query a kind. Another's thing is answered as unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from market.core import db
from market.core.errors import NotFound
from market.core.kept import kept
from market.participants.access import AccessActor

# kind -> (argument of the path, prefix of its id, query of the participants (or users) who own it)
OWNERS: dict[str, tuple[str, str]] = {
    "participant": ("participant_id", "SELECT id FROM participants WHERE id = :id"),
    "mandate": ("mandate_id", "SELECT participant_id FROM mandates WHERE id = :id"),
    "api_key": (
        "api_key_id",
        "SELECT u.participant_id FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.id = :id AND u.id = :user",
    ),
    "session": (
        "session_id",
        "SELECT u.participant_id FROM sign_ins s JOIN users u ON u.id = s.user_id WHERE s.id = :id AND u.id = :user",
    ),
    "notice": ("notice_id", "SELECT participant_id FROM notice_addressees WHERE notice_id = :id"),
    "complaint": ("complaint_id", "SELECT participant_id FROM complaints WHERE id = :id"),
    "order": ("order_id", "SELECT participant_id FROM orders WHERE id = :id"),
    "trade": (
        "trade_id",
        "SELECT buyer_id FROM trades WHERE id = :id UNION ALL SELECT seller_id FROM trades WHERE id = :id",
    ),
    "instruction": (
        "instruction_id",
        "SELECT buyer_id FROM instructions WHERE id = :id UNION ALL SELECT seller_id FROM instructions WHERE id = :id",
    ),
    "water_account": ("water_account_id", "SELECT participant_id FROM water_accounts WHERE id = :id"),
    "money_account": ("money_account_id", "SELECT participant_id FROM money_accounts WHERE id = :id"),
    "gateway_payment": (
        "gateway_payment_id",
        "SELECT m.participant_id FROM gateway_payments g JOIN money_accounts m ON m.id = g.money_account_id"
        " WHERE g.id = :id",
    ),
    "gateway_payout": (
        "gateway_payout_id",
        "SELECT m.participant_id FROM gateway_payouts g JOIN money_accounts m ON m.id = g.money_account_id"
        " WHERE g.id = :id",
    ),
    "water_bill": ("water_bill_id", "SELECT participant_id FROM water_bills WHERE id = :id"),
    "water_receipt": (
        "water_receipt_id",
        "SELECT b.participant_id FROM water_receipts r JOIN water_bill_payments p ON p.id = r.payment_id"
        " JOIN water_bills b ON b.id = p.bill_id WHERE r.id = :id",
    ),
    "offset_consent": ("offset_consent_id", "SELECT participant_id FROM offset_consents WHERE id = :id"),
    "fee_invoice": ("fee_invoice_id", "SELECT participant_id FROM fee_invoices WHERE id = :id"),
    "bank_account": ("bank_account_id", "SELECT participant_id FROM bank_accounts WHERE id = :id"),
    "bank_payout": ("bank_payout_id", "SELECT participant_id FROM bank_payouts WHERE id = :id"),
    "entitlement": ("entitlement_id", "SELECT participant_id FROM entitlements WHERE id = :id"),
    "document": (
        "document_id",
        "SELECT e.participant_id FROM entitlement_documents d JOIN entitlements e ON e.id = d.entitlement_id"
        " WHERE d.id = :id",
    ),
    "assessment": ("assessment_id", "SELECT participant_id FROM water_assessments WHERE id = :id"),
    "trust": (
        "trust_id",
        "SELECT trustee_id FROM trusts WHERE id = :id UNION ALL SELECT participant_id FROM trust_members"
        " WHERE trust_id = :id AND status IN ('accepted', 'leaving', 'left')",
    ),
    "trust_member": (
        "trust_member_id",
        "SELECT participant_id FROM trust_members WHERE id = :id UNION ALL SELECT t.trustee_id FROM trust_members m"
        " JOIN trusts t ON t.id = m.trust_id WHERE m.id = :id",
    ),
    "pledge_consent": (
        "pledge_consent_id",
        "SELECT participant_id FROM pledge_consents WHERE id = :id"
        " UNION ALL SELECT bank_id FROM pledge_consents WHERE id = :id",
    ),
    "pledge": (
        "pledge_id",
        "SELECT participant_id FROM pledges WHERE id = :id UNION ALL SELECT bank_id FROM pledges WHERE id = :id",
    ),
    "pledge_sale": (
        "pledge_sale_id",
        "SELECT s.participant_id FROM pledge_sales s WHERE s.id = :id UNION ALL SELECT w.participant_id"
        " FROM pledge_sales s JOIN water_accounts w ON w.id = s.water_account_id WHERE s.id = :id UNION ALL"
        " SELECT p.bank_id FROM pledge_sale_parts x JOIN pledges p ON p.id = x.pledge_id WHERE x.sale_id = :id",
    ),
    "buy_back_take": ("buy_back_take_id", "SELECT participant_id FROM buy_back_takes WHERE id = :id"),
    "resale_bid": ("resale_bid_id", "SELECT participant_id FROM resale_bids WHERE id = :id"),
    "buy_back_list": (
        "buy_back_list_id",
        "SELECT coalesce(participant_id, 0) FROM buy_back_lists WHERE id = :id",
    ),
    "delivery": (
        "delivery_id",
        "SELECT buyer_id FROM deliveries WHERE id = :id UNION ALL SELECT seller_id FROM deliveries"
        " WHERE id = :id AND seller_id IS NOT NULL"
        " UNION ALL SELECT keeper_id FROM deliveries WHERE id = :id AND keeper_id IS NOT NULL",
    ),
    "listing": ("listing_id", "SELECT seller_id FROM listings WHERE id = :id"),
    "bidder": ("bidder_id", "SELECT participant_id FROM bidders WHERE id = :id"),
    "negotiation": (
        "negotiation_id",
        "SELECT seller_id FROM negotiations WHERE id = :id UNION ALL SELECT buyer_id FROM negotiations WHERE id = :id",
    ),
    "lease": (
        "lease_id",
        "SELECT lessor_id FROM leases WHERE id = :id UNION ALL SELECT lessee_id FROM leases WHERE id = :id",
    ),
    "subscription": ("subscription_id", "SELECT seller_id FROM programme_subscriptions WHERE id = :id"),
    "credit_entry": ("credit_entry_id", "SELECT participant_id FROM credit_entries WHERE id = :id"),
    "firm": ("firm_id", "SELECT participant_id FROM firms WHERE id = :id"),
    "project": ("project_id", "SELECT participant_id FROM projects WHERE id = :id"),
    "saving_contract": ("contract_id", "SELECT participant_id FROM contract_parties WHERE contract_id = :id"),
    "baseline": (
        "baseline_id",
        "SELECT p.participant_id FROM contract_parties p JOIN contract_baselines b ON b.contract_id = p.contract_id"
        " WHERE b.id = :id",
    ),
    "saving_report": (
        "report_id",
        "SELECT p.participant_id FROM contract_parties p JOIN saving_reports r ON r.contract_id = p.contract_id"
        " WHERE r.id = :id UNION ALL SELECT verifier_id FROM report_disputes WHERE report_id = :id"
        " AND verifier_id IS NOT NULL UNION ALL SELECT verifier_id FROM report_claw_backs WHERE report_id = :id",
    ),
    "saving_lot": (
        "saving_lot_id",
        "SELECT p.participant_id FROM contract_parties p JOIN saving_lots l ON l.contract_id = p.contract_id"
        " WHERE l.id = :id AND p.role <> 'verifier'",
    ),
    "claw_back": (
        "claw_back_id",
        "SELECT p.participant_id FROM contract_parties p JOIN saving_reports r ON r.contract_id = p.contract_id"
        " JOIN report_claw_backs b ON b.report_id = r.id WHERE b.id = :id"
        " UNION ALL SELECT verifier_id FROM report_claw_backs WHERE id = :id",
    ),
    "adjustment": (
        "adjustment_id",
        "SELECT p.participant_id FROM contract_parties p JOIN saving_reports r ON r.contract_id = p.contract_id"
        " JOIN report_adjustments a ON a.report_id = r.id WHERE a.id = :id",
    ),
    "contract_due": (
        "contract_due_id",
        "SELECT payer_id FROM contract_dues WHERE id = :id UNION ALL SELECT payee_id FROM contract_dues WHERE id = :id",
    ),
    "supplier_bill": (
        "bill_id",
        "SELECT p.participant_id FROM contract_parties p JOIN trust_bills b ON b.contract_id = p.contract_id"
        " WHERE b.id = :id",
    ),
    "household_payout": ("household_payout_id", "SELECT user_id FROM household_payouts WHERE id = :id"),
    "invoice": (
        "invoice_id",
        "SELECT issuer_id FROM invoices WHERE id = :id UNION ALL SELECT recipient_id FROM invoices WHERE id = :id",
    ),
    "point": ("point_id", "SELECT participant_id FROM measuring_points WHERE id = :id"),
    "point_reading": (
        "point_reading_id",
        "SELECT p.participant_id FROM point_readings r JOIN measuring_points p ON p.id = r.point_id WHERE r.id = :id",
    ),
    "point_night": (
        "point_night_id",
        "SELECT p.participant_id FROM point_nights n JOIN measuring_points p ON p.id = n.point_id WHERE n.id = :id",
    ),
    "proposal": ("proposal_id", "SELECT participant_id FROM proposals WHERE id = :id"),
    "meter": (
        "meter_id",
        "SELECT w.participant_id FROM meters m JOIN water_accounts w ON w.id = m.water_account_id WHERE m.id = :id",
    ),
    "reading": (
        "reading_id",
        "SELECT w.participant_id FROM readings r JOIN water_accounts w ON w.id = r.water_account_id WHERE r.id = :id",
    ),
    "settlement_reversal": (
        "reversal_id",
        "SELECT p.participant_id FROM interventions v JOIN intervention_parties p ON p.intervention_id = v.id"
        " WHERE v.kind = 'reversal' AND v.subject_id = :id UNION ALL SELECT 0 FROM settlement_reversals WHERE id = :id",
    ),
    "finding": (
        "finding_id",
        "SELECT w.participant_id FROM use_findings f JOIN water_accounts w ON w.id = f.water_account_id"
        " WHERE f.id = :id",
    ),
    "turn_sheet": (
        "turn_sheet_id",
        "SELECT w.participant_id FROM turn_sheets s JOIN meters m ON m.id = s.meter_id"
        " JOIN water_accounts w ON w.id = m.water_account_id WHERE s.id = :id",
    ),
    # A public event is everybody's, also of whoever asks.
    "event": (
        "event_id",
        "SELECT participant_id FROM event_addressees WHERE event_id = :id"
        " UNION ALL SELECT coalesce(CAST(:participant AS bigint), 0) FROM events WHERE id = :id AND public",
    ),
    "webhook_endpoint": (
        "webhook_endpoint_id",
        "SELECT participant_id FROM webhook_endpoints WHERE id = :id",
    ),
    "webhook_delivery": (
        "webhook_delivery_id",
        "SELECT w.participant_id FROM webhook_deliveries d JOIN webhook_endpoints w ON w.id = d.endpoint_id"
        " WHERE d.id = :id",
    ),
    "external_id": ("external_id_id", "SELECT participant_id FROM external_ids WHERE id = :id"),
}


_QUERIES = {kind: text(query) for kind, (_, query) in OWNERS.items()}
_MOST_KNOWN = 100_000
_known_orders: dict[tuple[str, int], int] = kept()


def remember_order(url: str, order_id: int, participant_id: int) -> None:
    """Whose an order is never changes: who has just placed one need not be looked up to amend or cancel it."""
    if len(_known_orders) >= _MOST_KNOWN:
        _known_orders.clear()
    _known_orders[url, order_id] = participant_id


def knows_order(url: str, order_id: int, who: AccessActor) -> bool:
    """Whether an order is known here, without a look into the database, to be the actor's own."""
    return who.participant_id is not None and _known_orders.get((url, order_id)) == who.participant_id


def check_order(url: str, order_id: int, who: AccessActor) -> None:
    """The same as `check` for a route of the engine, which needs no transaction here. Errors: NotFound."""
    if knows_order(url, order_id, who):
        return
    with db.engine(url).connect() as connection:
        at_once = connection.execution_options(isolation_level="AUTOCOMMIT")
        owner = at_once.execute(_QUERIES["order"], {"id": order_id}).scalar()
    if owner is None or (who.participant_id is not None and owner != who.participant_id):
        raise NotFound("there is no such thing")


def check(session: Session, kind: str, arguments: Mapping[str, Any], who: AccessActor) -> None:
    """Refuses an id that does not exist or, on the participants' side, belongs to another. Errors: NotFound."""
    asked = {"id": arguments[OWNERS[kind][0]], "user": who.user_id, "participant": who.participant_id}
    owners = [row[0] for row in session.execute(_QUERIES[kind], asked)]
    if not owners:
        raise NotFound("there is no such thing")
    if kind != "api_key" and who.participant_id is not None and who.participant_id not in owners:
        raise NotFound("there is no such thing")
