"""Whom events concern: for each kind of row the participants who may read it, set by set, and how it is named outside.

A query takes `ids` and gives (id, participant, number shown); the number shown is the row's own or its parent's, of
the kind in NAMED. What no query answers concerns nobody outside the bureau.
"""

from __future__ import annotations

from typing import LiteralString, NamedTuple


class Named(NamedTuple):
    """How `data` names a row: `field` is `kind_id`, `prefix` the type of its public id."""

    kind: str
    prefix: str


_ITSELF: LiteralString = "SELECT x.id, x.participant_id, x.id FROM "
_WHERE: LiteralString = " x WHERE x.id = ANY(%(ids)s::bigint[])"
_POINT: LiteralString = " x JOIN measuring_points p ON p.id = x.point_id WHERE x.id = ANY(%(ids)s::bigint[])"
_ACCOUNT: LiteralString = (
    " x JOIN water_accounts w ON w.id = x.water_account_id WHERE x.id = ANY(%(ids)s::bigint[])"
)
_MONEY: LiteralString = (
    " x JOIN money_accounts m ON m.id = x.money_account_id WHERE x.id = ANY(%(ids)s::bigint[])"
)
_PARTIES: LiteralString = (
    " x JOIN contract_parties p ON p.contract_id = x.contract_id WHERE x.id = ANY(%(ids)s::bigint[])"
)
_NO_VERIFIER: LiteralString = " AND p.role <> 'verifier'"
_REPORT: LiteralString = (
    " x JOIN saving_reports r ON r.id = x.report_id JOIN contract_parties p ON p.contract_id = r.contract_id"
    " WHERE x.id = ANY(%(ids)s::bigint[])"
)
# Contracts' accounts and periods are numbered by their contract and their distribution.
_TRUST_ACCOUNT: LiteralString = (
    "SELECT DISTINCT p.contract_id, p.participant_id, p.contract_id FROM contract_parties p"
    " WHERE p.contract_id = ANY(%(ids)s::bigint[])"
)

CONCERNED_SQL: dict[str, LiteralString] = {
    "participant": "SELECT x.id, x.id, x.id FROM participants" + _WHERE,
    "document": "SELECT x.id, e.participant_id, x.id FROM entitlement_documents x"
    " JOIN entitlements e ON e.id = x.entitlement_id WHERE x.id = ANY(%(ids)s::bigint[])",
    "credit_entry": _ITSELF + "credit_entries" + _WHERE,
    "credit_appeal": _ITSELF + "credit_appeals" + _WHERE,
    "erasure_request": _ITSELF + "erasure_requests" + _WHERE,
    "entitlement": _ITSELF + "entitlements" + _WHERE,
    "objection": _ITSELF + "objections" + _WHERE + " UNION SELECT x.id, e.participant_id, x.id FROM objections x"
    " JOIN entitlements e ON e.id = x.entitlement_id WHERE x.id = ANY(%(ids)s::bigint[])",
    "water_account": _ITSELF + "water_accounts" + _WHERE,
    "water_assessment": _ITSELF + "water_assessments" + _WHERE,
    "trust": "SELECT x.id, x.trustee_id, x.id FROM trusts" + _WHERE + " UNION SELECT m.trust_id, m.participant_id,"
    " m.trust_id FROM trust_members m WHERE m.trust_id = ANY(%(ids)s::bigint[])"
    " AND m.status IN ('accepted', 'leaving', 'left')",
    "pledge_consent": _ITSELF + "pledge_consents" + _WHERE
    + " UNION SELECT x.id, x.bank_id, x.id FROM pledge_consents" + _WHERE,
    "pledge": _ITSELF + "pledges" + _WHERE + " UNION SELECT x.id, x.bank_id, x.id FROM pledges" + _WHERE,
    "pledge_sale": _ITSELF + "pledge_sales" + _WHERE + " UNION SELECT x.id, w.participant_id, x.id FROM pledge_sales"
    + _ACCOUNT + " UNION SELECT x.sale_id, p.bank_id, x.sale_id FROM pledge_sale_parts x"
    " JOIN pledges p ON p.id = x.pledge_id WHERE x.sale_id = ANY(%(ids)s::bigint[])",
    "lease": "SELECT x.id, x.lessor_id, x.id FROM leases" + _WHERE
    + " UNION SELECT x.id, x.lessee_id, x.id FROM leases" + _WHERE,
    "meter": "SELECT x.id, w.participant_id, x.id FROM meters" + _ACCOUNT,
    "reading": "SELECT x.id, w.participant_id, x.id FROM readings" + _ACCOUNT,
    "finding": "SELECT x.id, w.participant_id, x.id FROM use_findings" + _ACCOUNT,
    "turn_sheet": "SELECT x.id, w.participant_id, x.id FROM turn_sheets x JOIN meters m ON m.id = x.meter_id"
    " JOIN water_accounts w ON w.id = m.water_account_id WHERE x.id = ANY(%(ids)s::bigint[])",
    "deposit": "SELECT x.id, m.participant_id, x.id FROM bank_transfers" + _MONEY,
    "payout": "SELECT x.id, m.participant_id, x.id FROM bank_transfers" + _MONEY,
    "gateway_payment": "SELECT x.id, m.participant_id, x.id FROM gateway_payments" + _MONEY,
    "gateway_payout": "SELECT x.id, m.participant_id, x.id FROM gateway_payouts" + _MONEY,
    "gateway_refund": "SELECT x.id, m.participant_id, x.id FROM gateway_refunds x JOIN gateway_payments g"
    " ON g.id = x.payment_id JOIN money_accounts m ON m.id = g.money_account_id WHERE x.id = ANY(%(ids)s::bigint[])",
    "water_bill": _ITSELF + "water_bills" + _WHERE,
    "water_bill_payment": "SELECT x.id, b.participant_id, b.id FROM water_bill_payments x"
    " JOIN water_bills b ON b.id = x.bill_id WHERE x.id = ANY(%(ids)s::bigint[])",
    "water_receipt": "SELECT x.id, b.participant_id, x.id FROM water_receipts x JOIN water_bill_payments p"
    " ON p.id = x.payment_id JOIN water_bills b ON b.id = p.bill_id WHERE x.id = ANY(%(ids)s::bigint[])",
    "offset_consent": _ITSELF + "offset_consents" + _WHERE,
    "remittance": "SELECT x.id, x.association_id, x.id FROM remittances" + _WHERE + " AND x.association_id IS NOT NULL",
    "tax_profile": "SELECT x.participant_id, x.participant_id, x.participant_id FROM tax_profiles x"
    " WHERE x.participant_id = ANY(%(ids)s::bigint[])",
    "fee_invoice": _ITSELF + "fee_invoices" + _WHERE,
    "bank_account": _ITSELF + "bank_accounts" + _WHERE,
    "bank_payout": _ITSELF + "bank_payouts" + _WHERE,
    "delivery": "SELECT x.id, v.participant_id, x.id FROM deliveries x,"
    " LATERAL (VALUES (x.buyer_id), (x.seller_id), (x.keeper_id)) AS v (participant_id)"
    " WHERE x.id = ANY(%(ids)s::bigint[]) AND v.participant_id IS NOT NULL",
    "instruction": "SELECT x.id, x.buyer_id, x.id FROM instructions" + _WHERE
    + " UNION SELECT x.id, x.seller_id, x.id FROM instructions" + _WHERE,
    # What a deal becomes is its trade; until then both sides know it by what they struck.
    "deal": "SELECT x.id, w.participant_id, x.trade_id FROM deals x JOIN water_accounts w"
    " ON w.id IN (x.seller_water_account_id, x.buyer_water_account_id) WHERE x.id = ANY(%(ids)s::bigint[])",
    "bidder": _ITSELF + "bidders" + _WHERE,
    "bid": "SELECT x.id, b.participant_id, x.id FROM bids x JOIN bidders b ON b.id = x.bidder_id"
    " WHERE x.id = ANY(%(ids)s::bigint[])",
    "negotiation": "SELECT x.id, x.seller_id, x.id FROM negotiations" + _WHERE
    + " UNION SELECT x.id, x.buyer_id, x.id FROM negotiations" + _WHERE,
    "programme": "SELECT x.id, x.buyer_id, x.id FROM programmes" + _WHERE,
    "buy_back_take": _ITSELF + "buy_back_takes" + _WHERE,
    "resale_bid": _ITSELF + "resale_bids" + _WHERE,
    "storage_need": "SELECT x.id, w.participant_id, w.id FROM storage_needs" + _ACCOUNT,
    "storage_assignment": "SELECT x.id, w.participant_id, x.id FROM storage_assignments x JOIN water_accounts w"
    " ON w.id IN (x.water_account_id, x.to_water_account_id) WHERE x.id = ANY(%(ids)s::bigint[])",
    "firm": _ITSELF + "firms" + _WHERE,
    "firm_qualification": "SELECT x.id, f.participant_id, x.id FROM firm_qualifications x"
    " JOIN firms f ON f.id = x.firm_id WHERE x.id = ANY(%(ids)s::bigint[])",
    "proposal": _ITSELF + "proposals" + _WHERE,
    "saving_contract": _TRUST_ACCOUNT,
    "contract_version": "SELECT x.id, p.participant_id, x.contract_id FROM contract_versions" + _PARTIES,
    "contract_baseline": "SELECT x.id, p.participant_id, x.id FROM contract_baselines" + _PARTIES,
    "contract_due": "SELECT x.id, x.payer_id, x.id FROM contract_dues" + _WHERE
    + " UNION SELECT x.id, x.payee_id, x.id FROM contract_dues" + _WHERE,
    "saving_report": "SELECT x.id, p.participant_id, x.id FROM saving_reports" + _PARTIES
    + " UNION SELECT d.report_id, d.verifier_id, d.report_id FROM report_disputes d"
    " WHERE d.report_id = ANY(%(ids)s::bigint[]) AND d.verifier_id IS NOT NULL",
    "report_adjustment": "SELECT x.id, p.participant_id, x.id FROM report_adjustments" + _REPORT,
    "report_dispute": "SELECT x.id, p.participant_id, r.id FROM report_disputes" + _REPORT
    + " UNION SELECT d.id, d.verifier_id, d.report_id FROM report_disputes d"
    " WHERE d.id = ANY(%(ids)s::bigint[]) AND d.verifier_id IS NOT NULL",
    "report_distribution": "SELECT x.id, p.participant_id, r.id FROM report_distributions" + _REPORT,
    "report_claw_back": "SELECT x.id, p.participant_id, x.id FROM report_claw_backs" + _REPORT
    + " UNION SELECT x.id, x.verifier_id, x.id FROM report_claw_backs" + _WHERE,
    "saving_clearance": "SELECT x.id, p.participant_id, x.id FROM saving_clearances" + _PARTIES + _NO_VERIFIER,
    "saving_lot": "SELECT x.id, p.participant_id, x.id FROM saving_lots" + _PARTIES + _NO_VERIFIER,
    "lot_offer": "SELECT x.id, p.participant_id, l.id FROM lot_offers x JOIN saving_lots l ON l.id = x.lot_id"
    " JOIN contract_parties p ON p.contract_id = l.contract_id WHERE x.id = ANY(%(ids)s::bigint[])" + _NO_VERIFIER,
    "invoice": "SELECT x.id, x.issuer_id, x.id FROM invoices" + _WHERE
    + " UNION SELECT x.id, x.recipient_id, x.id FROM invoices" + _WHERE,
    "household_payout": "SELECT x.id, x.user_id, x.id FROM household_payouts" + _WHERE,
    "measuring_point": _ITSELF + "measuring_points" + _WHERE,
    "point_reading": "SELECT x.id, p.participant_id, x.id FROM point_readings" + _POINT,
    "point_bill": "SELECT x.id, p.participant_id, x.id FROM point_bills" + _POINT,
    "point_night": "SELECT x.id, p.participant_id, x.id FROM point_nights" + _POINT,
    "trust_account": _TRUST_ACCOUNT,
    "trust_bill": "SELECT x.id, p.participant_id, x.id FROM trust_bills" + _PARTIES,
    "trust_movement": "SELECT x.id, p.participant_id, x.contract_id FROM trust_movements" + _PARTIES,
    "trust_period": "SELECT x.distribution_id, p.participant_id, x.contract_id FROM trust_periods x"
    " JOIN contract_parties p ON p.contract_id = x.contract_id WHERE x.distribution_id = ANY(%(ids)s::bigint[])",
    "notice": "SELECT x.notice_id, x.participant_id, x.notice_id FROM notice_addressees x"
    " WHERE x.notice_id = ANY(%(ids)s::bigint[])",
    "complaint": _ITSELF + "complaints" + _WHERE,
    "webhook_endpoint": _ITSELF + "webhook_endpoints" + _WHERE,
}  # fmt: skip

NAMED: dict[str, Named] = {
    "participant": Named("participant", "par"), "document": Named("document", "doc"),
    "credit_entry": Named("credit_entry", "cre"), "credit_appeal": Named("credit_appeal", "apl"),
    "erasure_request": Named("erasure_request", "ers"), "entitlement": Named("entitlement", "ent"),
    "objection": Named("objection", "obj"), "water_account": Named("water_account", "wac"),
    "water_assessment": Named("water_assessment", "asm"), "trust": Named("trust", "tru"),
    "pledge_consent": Named("pledge_consent", "pco"), "pledge": Named("pledge", "plg"),
    "pledge_sale": Named("pledge_sale", "psl"), "lease": Named("lease", "lea"), "meter": Named("meter", "mtr"),
    "reading": Named("reading", "rdg"), "finding": Named("finding", "fnd"), "turn_sheet": Named("turn_sheet", "trn"),
    "deposit": Named("deposit", "dep"), "payout": Named("payout", "pay"),
    "gateway_payment": Named("gateway_payment", "gpy"), "gateway_payout": Named("gateway_payout", "gpo"),
    "water_bill": Named("water_bill", "wbl"), "water_bill_payment": Named("water_bill", "wbl"),
    "water_receipt": Named("water_receipt", "rct"), "offset_consent": Named("offset_consent", "wbo"),
    "remittance": Named("remittance", "rmt"), "bank_account": Named("bank_account", "bac"),
    "bank_payout": Named("bank_payout", "bpl"), "tax_profile": Named("participant", "par"),
    "fee_invoice": Named("fee_invoice", "fin"),
    "gateway_refund": Named("gateway_refund", "grf"), "delivery": Named("delivery", "dlv"),
    "instruction": Named("instruction", "ins"), "deal": Named("trade", "trd"), "trade": Named("trade", "trd"),
    "order": Named("order", "ord"), "bidder": Named("bidder", "bdr"), "bid": Named("bid", "bid"),
    "negotiation": Named("negotiation", "neg"), "programme": Named("programme", "prg"),
    "buy_back_take": Named("buy_back_take", "bbt"), "resale_bid": Named("resale_bid", "rsb"),
    "storage_need": Named("water_account", "wac"), "storage_assignment": Named("storage_assignment", "sas"),
    "firm": Named("firm", "frm"), "firm_qualification": Named("firm_qualification", "fql"),
    "proposal": Named("proposal", "prp"), "saving_contract": Named("saving_contract", "sct"),
    "contract_version": Named("saving_contract", "sct"), "contract_baseline": Named("baseline", "bsl"),
    "contract_due": Named("contract_due", "due"), "saving_report": Named("saving_report", "srp"),
    "report_adjustment": Named("adjustment", "adj"), "report_dispute": Named("saving_report", "srp"),
    "report_distribution": Named("saving_report", "srp"), "report_claw_back": Named("claw_back", "clb"),
    "saving_clearance": Named("saving_clearance", "clr"), "saving_lot": Named("saving_lot", "svl"),
    "lot_offer": Named("saving_lot", "svl"), "invoice": Named("invoice", "inv"),
    "household_payout": Named("household_payout", "hhp"), "measuring_point": Named("point", "mpt"),
    "point_reading": Named("point_reading", "mpr"), "point_bill": Named("point_bill", "mpb"),
    "point_night": Named("point_night", "mpn"), "trust_account": Named("saving_contract", "sct"),
    "trust_bill": Named("bill", "tbl"), "trust_movement": Named("saving_contract", "sct"),
    "trust_period": Named("saving_contract", "sct"), "notice": Named("notice", "ntc"),
    "complaint": Named("complaint", "cpl"), "webhook_endpoint": Named("webhook_endpoint", "whe"),
    "announcement": Named("announcement", "ann"), "buy_back": Named("buy_back", "bbk"), "call": Named("call", "cal"),
    "carry_over": Named("carry_over", "cov"), "curtailment": Named("curtailment", "cur"),
    "limit": Named("limit", "cap"), "listing": Named("listing", "lst"), "product": Named("product", "prd"),
    "project": Named("project", "prj"), "project_mark": Named("project_mark", "mrk"),
    "reference_price": Named("reference_price", "rpr"), "resale_round": Named("resale_round", "rsr"),
}  # fmt: skip
"""How each kind is named in `data`; a kind that is not here (a county pack, a year) is not named at all."""
