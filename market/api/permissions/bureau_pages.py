"""The pages of the bureau: each is open to whom what it asks the API for is open."""

from __future__ import annotations

from market.api.permissions import contracts, people, registry, supervision, trading
from market.api.permissions.pages import pages
from market.api.permissions.people import LOOKERS
from market.api.permissions.rules import BUREAU, OUTSIDE, SHEET_BYTES, Rule

FORM_BYTES = 64 * 1024
"""What a form has around the file that it sends."""

_API: dict[str, Rule] = {
    **people.ROUTES, **registry.ROUTES, **trading.ROUTES, **contracts.ROUTES, **supervision.ROUTES,
}  # fmt: skip
_INSIDE = BUREAU | OUTSIDE


def _who_may(*endpoints: str) -> frozenset[str]:
    """The bureau's roles to which one of these routes of the API is open."""
    return _INSIDE & frozenset().union(*(_API[each].roles for each in endpoints))


def acts(*endpoints: str) -> dict[str, Rule]:
    """Two pages for each act: one that says what will happen, one that does it."""
    return {
        f"desk_acts.{step}_{each.replace('.', '_')}": Rule(_who_may(each), page=True)
        for each in endpoints
        for step in ("show", "do")
    }


ROUTES: dict[str, Rule] = {
    **pages(_INSIDE, "bureau_desk.home"),
    **pages(_who_may("desk_reviews.get"), "desk_matters.show", "desk_matters.people"),
    **acts(
        "desk_reviews.decide", "desk_reviews.give_back", "desk_reviews.recuse", "desk_reviews.open_hearing",
        "desk_reviews.close_hearing", "desk_reviews.answer_objection", "desk_interests.declare",
        "desk_interests.strike_off", "desk_deputies.appoint", "desk_deputies.revoke", "notices.serve",
        "pledges.register", "pledges.refuse", "saving_reports.name_verifier", "claw_backs.decide",
        "deliveries.approve_refund", "deliveries.decline_refund",
    ),
    # pledges
    **pages(_who_may("pledges.list_pledges"), "desk_pledges.index", "desk_pledges.show", "desk_pledges.sale"),
    **acts("pledges.secure", "pledges.enforce", "pledge_sales.pay_out", "pledge_sales.take_back"),
    # savings
    **pages(
        _who_may("saving_reports.list_reports"), "desk_savings.reports", "desk_savings.report",
        "desk_savings.contracts", "desk_savings.contract", "desk_savings.calls",
    ),
    **acts(
        "saving_reports.object_to", "saving_reports.void", "saving_reports.distribute", "claw_backs.propose",
        "claw_backs.open_one", "claw_backs.withdraw", "saving_clearances.record", "saving_clearances.withdraw",
        "saving_lots.take_back", "projects.mark", "projects.unmark",
    ),
    # rights
    **pages(_who_may("entitlements.get_entitlement"), "desk_rights.index", "desk_rights.show"),
    **acts(
        "life.accept", "life.publish", "entitlements.confirm", "entitlements.refuse", "life.withdraw",
        "life.open_hearing", "life.close_hearing", "life.open_dispute", "life.close_dispute", "entitlements.suspend",
        "entitlements.reinstate", "life.ask_renewal", "life.renew", "life.refuse_renewal", "life.excuse",
        "life.cancel", "life.amend", "life.transfer", "life.uphold_objection", "life.dismiss_objection",
        "life.expire", "life.split", "life.merge", "life.inherit", "assessments.record",
    ),
    **pages(_who_may("assessments.list_assessments"), "desk_rights.assessments"),
    # early warning, and what departments enter
    **pages(_who_may("early_warning.get_tree"), "desk_warning.tree", "desk_warning.history"),
    **pages(_who_may("entries.list_figures"), "desk_warning.figures"),
    **acts("reduction_plans.record", "reduction_plans.end", "entries.enter_figure", "entries.enter_result"),
    # surveillance and cases
    **pages(
        _who_may("alerts.get"), "desk_watching.alerts", "desk_watching.alert", "desk_watching.cases",
        "desk_watching.case",
    ),
    **acts(
        "alerts.dismiss", "cases.open_case", "cases.assign", "cases.note", "cases.add_alerts", "cases.name",
        "cases.add_evidence", "cases.close", "appeals.grant", "appeals.reject", "credit.record", "credit.withdraw",
        "surveillance.record_decision", "surveillance.publish_decision",
    ),
    # interventions
    **pages(_who_may("reversals.get"), "desk_interventions.index"),
    **pages(_who_may("interventions.get_cancellation"), "desk_interventions.cancellation"),
    **acts(
        "interventions.order_halt", "interventions.lift_halt", "interventions.cancel_orders", "kill_switches.throw",
        "kill_switches.lift", "reversals.propose", "reversals.approve", "reversals.reject", "reversals.withdraw",
    ),
    # the water year
    **pages(_who_may("announcements.preview"), "desk_announcing.index"),
    **acts(
        "announcements.announce", "season.reverse", "season.release", "season.order_curtailment",
        "season.advance_curtailment", "season.begin_year_end", "season.carry_over", "season.release_spillable",
        "season.spill",
    ),
    # the auction room
    **pages(
        _who_may("calls.open_call", "calls.approve", "buy_backs.publish", "calls.record"), "desk_auctions.index",
        "desk_auctions.product", "desk_auctions.call",
    ),
    **acts(
        "calls.open_call", "calls.close", "calls.cancel", "calls.approve", "calls.reject",
        "sessions.set_reference_price", "listings.stop", "programmes.approve", "programmes.reject",
        "buy_backs.publish", "buy_backs.close", "resales.open_round", "resales.close", "storage.state_need",
        "storage.assign",
    ),
    # who takes part
    **pages(LOOKERS, "desk_participants.index", "desk_participants.show"),
    **pages(_who_may("firm_registrations.list_registrations"), "desk_participants.firms", "desk_participants.firm"),
    **pages(_who_may("users.list_users"), "desk_participants.users"),
    **acts(
        "participants.admit", "participants.refuse", "participants.suspend", "participants.reinstate",
        "participants.set_owner_group", "participants.record_mandate", "participants.revoke_mandate",
        "firm_registrations.enlist", "firm_registrations.refuse", "firm_registrations.suspend",
        "firm_registrations.confirm_qualification", "firm_registrations.refuse_qualification",
        "users.create", "users.set_roles", "users.suspend", "users.reinstate", "sign_in.hand_over_to_user",
        "sign_in.take_totp_away", "sign_in.hand_over_at_counter", "unmaskings.unmask", "surveillance.record_mark",
    ),
    # limits, meters, sheets
    **pages(_INSIDE - {"administrator", "department"}, "desk_limits.index", "desk_limits.show"),
    **acts("limits.create_limit", "limits.change_limit"),
    **pages(_who_may("meters.list_overdue"), "desk_meters.index", "desk_meters.show", "desk_meters.turn_sheet"),
    **acts(
        "findings.confirm", "findings.dismiss", "meters.calibrate", "meters.record_reading", "meters.correct",
        "meters.close_meter", "meters.register_meter", "meters.replace_counter", "meters.record_conversion",
        "meters.assign", "turn_sheets.serve",
        "water_accounts.set_use_plan", "water_accounts.open_water_account", "water_accounts.close",
    ),
    **pages(_who_may("imports.meters_template"), "desk_excel.index", "desk_excel.file"),
    "desk_excel.send": Rule(_who_may("imports.import_meters"), page=True, body_bytes=SHEET_BYTES + FORM_BYTES),
    # deliveries
    **pages(_who_may("deliveries.list_deliveries"), "desk_deliveries.index", "desk_deliveries.show"),
    **acts(
        "deliveries.dispatch", "deliveries.confirm", "deliveries.close_short", "deliveries.make_good",
        "deliveries.propose_refund",
    ),
    # what is owed to others
    **pages(_who_may("filings.list_filings"), "desk_duties.filings", "desk_duties.filing"),
    **pages(_who_may("inspections.list_inspections"), "desk_duties.inspections", "desk_duties.inspection"),
    **pages(_who_may("national_exports.list_exports"), "desk_duties.exports", "desk_duties.export"),
    "desk_duties.take_answer": Rule(
        _who_may("national_exports.take_answer_file"), page=True, body_bytes=SHEET_BYTES + FORM_BYTES
    ),
    **acts(
        "filings.file", "filings.explain", "filings.correct", "inspections.plan", "inspections.complete",
        "inspections.cancel", "national_exports.make",
    ),
    # money
    **pages(_who_may("reconciliation.list_differences"), "desk_money.index"),
    **acts(
        "payments.record_deposit", "payments.record_payout", "gateway_payments.capture", "gateway_payments.cancel",
        "gateway_payments.refund", "gateway_payouts.pay_out", "reconciliation.explain", "reconciliation.close",
    ),
    # water bills and the bank
    **pages(_who_may("billing_runs.list_runs"), "desk_bills.index", "desk_bills.run"),
    **acts(
        "billing_runs.issue", "billing_runs.post_village", "water_bills.take_cash", "canal_associations.record",
        "remittances.make", "remittances.confirm", "remittances.refuse",
    ),
    **pages(_who_may("bank_payout_files.list_files"), "desk_bank.index", "desk_bank.file"),
    "desk_bank.take_answer": Rule(
        _who_may("bank_payout_files.take_answer"), page=True, body_bytes=SHEET_BYTES + FORM_BYTES
    ),
    "desk_bank.take_statement": Rule(
        _who_may("bank_statements.take_statement"), page=True, body_bytes=SHEET_BYTES + FORM_BYTES
    ),
    **acts(
        "bank_accounts.confirm", "bank_accounts.end", "bank_payout_files.gather", "bank_payout_files.release",
        "bank_payout_files.cancel", "bank_statements.assign", "bank_statements.send_back", "bank_statements.charge",
    ),
    # invoices of the exchange
    **pages(_who_may("fee_invoice_runs.list_runs"), "desk_fee_invoices.index", "desk_fee_invoices.run"),
    **acts("fee_invoice_runs.issue", "fee_invoices.record_number"),
    # the audit trail
    **pages(_who_may("trail.list_entries"), "desk_trail.search", "desk_trail.export"),
}  # fmt: skip
