"""Invariants 13 and 15: the audit trail, idempotency keys."""

from __future__ import annotations

from market.proofs import Check

_UNAUDITED_BATCH_SQL = """
SELECT 'a batch without its audit link' AS reason, '{table}' AS relation, x.id AS id, x.batch_id FROM {table} x
WHERE NOT EXISTS (SELECT FROM audit a WHERE a.chain = 'engine' AND a.batch_id = x.batch_id)
"""
_BATCHES = ("commands", "orders", "trades", "instructions", "price_stops")
UNAUDITED_BATCHES_SQL = "UNION ALL".join(_UNAUDITED_BATCH_SQL.format(table=table) for table in _BATCHES)

_UNAUDITED_ROW_SQL = """
SELECT 'a row without its audit link' AS reason, '{table}' AS relation, x.id AS id, NULL::bigint AS batch_id
FROM {table} x
WHERE NOT EXISTS (SELECT FROM audit a WHERE a.subject_type = '{subject}' AND a.subject_id = x.id)
"""
_SUBJECTS = {
    "participants": "participant",
    "billing_runs": "billing_run",
    "water_bills": "water_bill",
    "water_bill_payments": "water_bill_payment",
    "water_receipts": "water_receipt",
    "offset_consents": "offset_consent",
    "remittances": "remittance",
    "canal_associations": "canal_association",
    "fee_invoice_runs": "fee_invoice_run",
    "fee_invoices": "fee_invoice",
    "unmaskings": "unmasking",
    "erasure_requests": "erasure_request",
    "entitlements": "entitlement",
    "limits": "limit",
    "announcements": "announcement",
    "mandates": "mandate",
    "reversals": "reversal",
    "curtailments": "curtailment",
    "carry_overs": "carry_over",
    "trusts": "trust",
    "pledge_consents": "pledge_consent",
    "pledges": "pledge",
    "leases": "lease",
    "deliveries": "delivery",
    "buy_backs": "buy_back",
    "buy_back_takes": "buy_back_take",
    "resale_rounds": "resale_round",
    "resale_bids": "resale_bid",
    "storage_needs": "storage_need",
    "storage_assignments": "storage_assignment",
    "api_keys": "api_key",
    "objections": "objection",
    "water_assessments": "water_assessment",
    "meters": "meter",
    "readings": "reading",
    "turn_sheets": "turn_sheet",
    "listings": "listing",
    "bidders": "bidder",
    "bids": "bid",
    "negotiations": "negotiation",
    "programmes": "programme",
    "reference_prices": "reference_price",
    "kill_switches": "kill_switch",
    "credit_entries": "credit_entry",
    "firms": "firm",
    "firm_qualifications": "firm_qualification",
    "projects": "project",
    "proposals": "proposal",
    "project_marks": "project_mark",
    "saving_contracts": "saving_contract",
    "contract_versions": "contract_version",
    "contract_dues": "contract_due",
    "restrictions": "restriction",
    "reduction_plans": "reduction_plan",
    "filings": "filing",
    "department_figures": "department_figure",
    "plan_results": "plan_result",
    "inspections": "inspection",
    "national_exports": "national_export",
    "national_answers": "national_answer",
    "contract_baselines": "contract_baseline",
    "saving_reports": "saving_report",
    "report_adjustments": "report_adjustment",
    "report_disputes": "report_dispute",
    "report_distributions": "report_distribution",
    "invoices": "invoice",
    "household_payouts": "household_payout",
    "trust_bills": "trust_bill",
    "trust_movements": "trust_movement",
    "measuring_points": "measuring_point",
    "point_readings": "point_reading",
    "point_bills": "point_bill",
    "saving_clearances": "saving_clearance",
    "saving_lots": "saving_lot",
    "lot_offers": "lot_offer",
    "report_claw_backs": "report_claw_back",
    "point_nights": "point_night",
    "desk_reviews": "desk_review",
    "desk_interests": "desk_interest",
    "desk_deputies": "desk_deputy",
    "notices": "notice",
    "complaints": "complaint",
    "surveillance_runs": "surveillance_run",
    "surveillance_alerts": "surveillance_alert",
    "party_marks": "party_mark",
    "price_decisions": "price_decision",
    "supervision_cases": "supervision_case",
    "credit_appeals": "credit_appeal",
    "halts": "halt",
    "order_cancellations": "order_cancellation",
    "settlement_reversals": "settlement_reversal",
    "gateway_payments": "gateway_payment",
    "gateway_refunds": "gateway_refund",
    "gateway_payouts": "gateway_payout",
    "reconciliation_differences": "reconciliation_difference",
    "clock_advances": "clock_advance",
    "webhook_endpoints": "webhook_endpoint",
    "external_ids": "external_id",
    "bank_accounts": "bank_account",
    "bank_payouts": "bank_payout",
    "bank_payout_files": "bank_payout_file",
    "bank_statements": "bank_statement",
}
UNAUDITED_ROWS_SQL = "UNION ALL".join(
    _UNAUDITED_ROW_SQL.format(table=table, subject=subject) for table, subject in _SUBJECTS.items()
)

DECISIONS_SQL = """
SELECT 'a decision without its audit link' AS reason, r.instruction_id
FROM review_decisions r
WHERE NOT EXISTS (SELECT FROM audit a WHERE a.subject_type = 'instruction' AND a.subject_id = r.instruction_id
                  AND a.action = 'review.' || r.decision)
"""

KEYS_SQL = """
SELECT 'a key was used twice' AS reason, participant_id AS scope, key
FROM commands GROUP BY participant_id, key, position HAVING count(*) > 1
UNION ALL
SELECT 'a key was used twice', scope, key FROM idempotency_keys GROUP BY scope, key HAVING count(*) > 1
UNION ALL
SELECT 'an order that no single command placed', o.id, o.client_order_id
FROM orders o
LEFT JOIN (
  SELECT placed.id AS order_id, count(*) AS placed
  FROM commands c CROSS JOIN LATERAL (
    SELECT (c.outcome::jsonb ->> 'order')::bigint AS id
    UNION ALL
    SELECT (c.outcome::jsonb ->> 'counterpart')::bigint WHERE c.request LIKE '{"type":"deal"%%'
  ) AS placed
  WHERE (c.request LIKE '{"type":"place"%%' OR c.request LIKE '{"type":"deal"%%')
    AND c.outcome LIKE '{"type":"accepted"%%' GROUP BY 1
) AS c ON c.order_id = o.id
WHERE coalesce(c.placed, 0) <> 1
"""

HEADS_SQL = """
SELECT 'the chain is not what was published of it' AS reason, h.id, h.chain, h.seq FROM audit_heads h
LEFT JOIN audit a ON a.chain = h.chain AND a.seq = h.seq WHERE a.hash IS DISTINCT FROM h.hash
"""

CHECKS = (
    Check(13, UNAUDITED_BATCHES_SQL),
    Check(13, UNAUDITED_ROWS_SQL),
    Check(13, DECISIONS_SQL),
    Check(13, HEADS_SQL),
    Check(15, KEYS_SQL),
)
