"""Who may call what: service firms, saving projects and contracts, and the credit record."""

from __future__ import annotations

from market.api.permissions.rules import BUREAU, HOLDERS, PARTICIPANTS, PUBLIC, Rule, read, write

DESKS = frozenset({"registrar", "supervisor", "treasurer", "auditor"})
"""The bureau's desks that see contracts and their money."""

ROUTES: dict[str, Rule] = {
    # the directory of service firms
    "firms.list_firms": Rule(PUBLIC),
    "firms.get": Rule(PUBLIC),
    "firm_registrations.list_registrations": read("registrar", "supervisor", "firm", owns="self"),
    "firm_registrations.register": write("firm", owns="self"),
    "firm_registrations.get_registration": read("registrar", "supervisor", "firm", owns="firm"),
    "firm_registrations.amend": write("firm", owns="firm"),
    "firm_registrations.enlist": write("registrar"),
    "firm_registrations.refuse": write("registrar"),
    "firm_registrations.suspend": write("registrar", "supervisor"),
    "firm_registrations.leave": write("firm", owns="firm"),
    "firm_registrations.show": write("firm", owns="firm"),
    "firm_registrations.confirm_qualification": write("registrar"),
    "firm_registrations.refuse_qualification": write("registrar"),
    # the credit record
    "credit.list_entries": read(also=BUREAU | PARTICIPANTS, owns="self"),
    "credit.record": write("supervisor", key="http"),
    "credit.withdraw": write("supervisor"),
    # saving projects and proposals
    "projects.list_projects": Rule(PUBLIC),
    "projects.publish": write(also=HOLDERS, owns="body", key="http"),
    "projects.get": Rule(PUBLIC),
    "projects.withdraw": write(also=HOLDERS, owns="project"),
    "projects.list_proposals": read("registrar", "supervisor", also=HOLDERS, owns="project"),
    "projects.choose": write(also=HOLDERS, owns="project"),
    "projects.mark": write("registrar", "supervisor"),
    "projects.unmark": write("registrar", "supervisor"),
    "proposals.propose": write("firm", owns="self", key="http"),
    "proposals.list_own": read("registrar", "supervisor", "firm", owns="self"),
    "proposals.take_back": write("firm", owns="proposal"),
    # saving contracts
    "saving_contracts.list_contracts": read("registrar", "supervisor", also=PARTICIPANTS, owns="self"),
    "saving_contracts.draft": write(also=PARTICIPANTS, owns="self", key="http"),
    "saving_contracts.get": read("registrar", "supervisor", also=PARTICIPANTS, owns="saving_contract"),
    "saving_contracts.text": read("registrar", "supervisor", also=PARTICIPANTS, owns="saving_contract"),
    "saving_contracts.list_parties": read(
        "registrar", "supervisor", also=PARTICIPANTS, owns="saving_contract"
    ),
    "saving_contracts.get_printed": read(
        "registrar", "supervisor", also=PARTICIPANTS, owns="saving_contract"
    ),
    "contract_pages.contract": Rule(PARTICIPANTS | DESKS, "saving_contract", page=True),
    "contract_pages.contract_pdf": Rule(PARTICIPANTS | DESKS, "saving_contract", page=True),
    "saving_contracts.amend": write(also=PARTICIPANTS, owns="saving_contract", key="http"),
    "saving_contracts.sign": write(also=PARTICIPANTS, owns="saving_contract", key="http"),
    "saving_contracts.withdraw": write(also=PARTICIPANTS, owns="saving_contract"),
    "saving_contracts.enter_phase": write(also=HOLDERS, owns="saving_contract"),
    "saving_contracts.end": write(also=HOLDERS, owns="saving_contract", key="http"),
    "contract_dues.list_dues": read("registrar", "supervisor", "treasurer", also=PARTICIPANTS, owns="self"),
    "contract_dues.get_due": read(
        "registrar", "supervisor", "treasurer", also=PARTICIPANTS, owns="contract_due"
    ),
    "contract_dues.pay": write(also=PARTICIPANTS, owns="contract_due", key="http"),
    # baselines and reports
    "baselines.list_baselines": read("registrar", "supervisor", also=PARTICIPANTS, owns="saving_contract"),
    "baselines.propose": write(also=HOLDERS, owns="saving_contract", key="http"),
    "nights.propose": write(also=HOLDERS, owns="saving_contract", key="http"),
    "contract_periods.list_periods": read(
        "registrar", "supervisor", also=PARTICIPANTS, owns="saving_contract"
    ),
    "contract_periods.give_up": write(also=HOLDERS, owns="saving_contract", key="http"),
    "baselines.consent": write(also=HOLDERS, owns="baseline", key="http"),
    "saving_reports.list_reports": read("registrar", "supervisor", also=PARTICIPANTS, owns="self"),
    "saving_reports.draft": write(also=HOLDERS, owns="saving_contract", key="http"),
    "saving_reports.get": read("registrar", "supervisor", also=PARTICIPANTS, owns="saving_report"),
    "saving_reports.derive": read("registrar", "supervisor", also=PARTICIPANTS, owns="saving_report"),
    "saving_reports.revise": write(also=HOLDERS, owns="saving_report", key="http"),
    "saving_reports.propose_adjustment": write(also=HOLDERS, owns="saving_report", key="http"),
    "saving_reports.accept_adjustment": write("verifier", also=HOLDERS, owns="adjustment", key="http"),
    "saving_reports.accept": write(also=HOLDERS, owns="saving_report", key="http"),
    "saving_reports.certify": write("verifier", owns="saving_report", key="http"),
    "saving_reports.give_back": write("verifier", owns="saving_report"),
    "saving_reports.object_to": write("registrar", "supervisor", also=PARTICIPANTS, owns="saving_report"),
    "saving_reports.name_verifier": write("registrar", "supervisor"),
    "saving_reports.re_verify": write("verifier", owns="saving_report", key="http"),
    "saving_reports.void": write("supervisor"),
    "saving_reports.distribute": write("registrar", also=HOLDERS, owns="saving_report", key="http"),
    # lots of saved water, claw-backs
    "saving_clearances.list_clearances": read(
        "registrar", "supervisor", also=PARTICIPANTS, owns="saving_contract"
    ),
    "saving_clearances.record": write("registrar", key="http"),
    "saving_clearances.withdraw": write("registrar"),
    "saving_lots.issue": write(also=HOLDERS, owns="saving_report", key="http"),
    "saving_lots.list_lots": read("registrar", "supervisor", also=HOLDERS, owns="self"),
    "saving_lots.get": read("registrar", "supervisor", also=PARTICIPANTS, owns="saving_lot"),
    "saving_lots.offer": write(also=HOLDERS, owns="saving_lot", key="http"),
    "saving_lots.take_back": write("registrar", "supervisor", also=HOLDERS, owns="saving_lot", key="http"),
    "saving_lots.retire": write(also=HOLDERS, owns="saving_lot", key="http"),
    "saving_lots.of_trade": read("supervisor", "reviewer", also=HOLDERS, owns="trade"),
    "claw_backs.list_claw_backs": read("registrar", "supervisor", also=PARTICIPANTS, owns="saving_report"),
    "claw_backs.propose": write("supervisor", key="http"),
    "claw_backs.get": read("registrar", "supervisor", also=PARTICIPANTS, owns="claw_back"),
    "claw_backs.open_one": write("supervisor"),
    "claw_backs.withdraw": write("supervisor"),
    "claw_backs.re_verify": write("verifier", owns="claw_back", key="http"),
    "claw_backs.decide": write("supervisor", key="http"),
    # trust accounts
    "trust_accounts.get": read(
        "registrar", "supervisor", "treasurer", also=PARTICIPANTS, owns="saving_contract"
    ),
    "trust_accounts.list_movements": read(
        "registrar", "supervisor", "treasurer", also=PARTICIPANTS, owns="saving_contract"
    ),
    "trust_accounts.pay_in": write(also=HOLDERS, owns="saving_contract", key="http"),
    "trust_accounts.close": write(also=HOLDERS, owns="saving_contract", key="http"),
    "trust_accounts.settle": write(also=HOLDERS, owns="saving_report", key="http"),
    "supplier_bills.list_bills": read(
        "registrar", "supervisor", "treasurer", also=PARTICIPANTS, owns="saving_contract"
    ),
    "supplier_bills.present": write(also=HOLDERS, owns="saving_contract", key="http"),
    "supplier_bills.pay": write(also=HOLDERS, owns="supplier_bill", key="http"),
    "supplier_bills.withdraw": write(also=HOLDERS, owns="supplier_bill"),
    # statements and invoices
    "statements.get": read("registrar", "supervisor", "treasurer", also=PARTICIPANTS, owns="saving_report"),
    "invoices.issue": write(also=PARTICIPANTS, owns="contract_due", key="http"),
    "invoices.list_invoices": read("registrar", "supervisor", "treasurer", also=PARTICIPANTS, owns="self"),
    "invoices.get_invoice": read("registrar", "supervisor", "treasurer", also=PARTICIPANTS, owns="invoice"),
    "invoices.take_back": write(also=PARTICIPANTS, owns="invoice", key="http"),
    "contract_pages.whole": Rule(PUBLIC, page=True),
    "contract_pages.statement": Rule(PARTICIPANTS | DESKS, "saving_report", page=True),
    "contract_pages.statement_pdf": Rule(PARTICIPANTS | DESKS, "saving_report", page=True),
    "contract_pages.invoice": Rule(PARTICIPANTS | DESKS, "invoice", page=True),
    "contract_pages.invoice_pdf": Rule(PARTICIPANTS | DESKS, "invoice", page=True),
    # households of a district
    "households.list_payouts": read("registrar", "supervisor", also=PARTICIPANTS, owns="saving_contract"),
    "households.pay_out": write(also=HOLDERS, owns="saving_report", key="http"),
    "households.list_of_payout": read("registrar", "supervisor", also=HOLDERS, owns="household_payout"),
    "households.list_shares": read("registrar", "supervisor", also=PARTICIPANTS, owns="self"),
    "appraisals.appraise": read(also=PARTICIPANTS | BUREAU),
    "forecasts.look_ahead": read("registrar", "supervisor", also=HOLDERS, owns="body"),
    "appraisals.list_portfolio": Rule(PUBLIC),
    # measuring points
    "points.list_points": read("registrar", "supervisor", also=HOLDERS, owns="self"),
    "points.register": write("registrar", also=HOLDERS, owns="body"),
    "points.get": read("registrar", "supervisor", also=HOLDERS, owns="point"),
    "points.retire": write("registrar", also=HOLDERS, owns="point"),
    "points.read": write("registrar", also=HOLDERS, owns="point"),
    "points.correct": write("registrar", also=HOLDERS, owns="point_reading"),
    "points.bill": write("registrar", also=HOLDERS, owns="point"),
    "points.series": read("registrar", "supervisor", also=HOLDERS, owns="point"),
    "nights.record": write("registrar", also=HOLDERS, owns="point"),
    "nights.list_nights": read("registrar", "supervisor", also=HOLDERS, owns="point"),
    "nights.correct": write("registrar", also=HOLDERS, owns="point_night"),
}
