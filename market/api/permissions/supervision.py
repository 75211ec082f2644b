"""Who may call what: supervision."""

from __future__ import annotations

from market.api.permissions.rules import BUREAU, HOLDERS, PARTICIPANTS, PUBLIC, Rule, read, upload, write

DESKS = ("registrar", "reviewer", "supervisor")
"""Whose members decide at a desk; which desk is whose, and who stands in there, the use case checks."""
WATCHING = frozenset({"registrar", "reviewer", "supervisor", "reader"})
"""Who reads warnings and reports, beside the auditor: the bureau's desks and the prefecture."""
REPORTS = Rule(WATCHING | {"auditor"}, page=True)

ROUTES: dict[str, Rule] = {
    # the audit trail
    "trail.list_heads": Rule(PUBLIC),
    "trail.list_entries": read("supervisor"),
    "trail.export": read("supervisor"),
    "trail.get_sign_in": read("supervisor"),
    # the desks
    "desk_reviews.queue": read(*DESKS),
    "desk_reviews.get": read(*DESKS),
    "desk_reviews.decide": write(*DESKS, key="http"),
    "desk_reviews.give_back": write(*DESKS),
    "desk_reviews.recuse": write(*DESKS),
    "desk_reviews.open_hearing": write(*DESKS),
    "desk_reviews.close_hearing": write(*DESKS),
    "desk_reviews.archived": read(*DESKS),
    "desk_reviews.answer_objection": write(*DESKS),
    "published_reviews.list_published": Rule(PUBLIC),
    "published_reviews.object_to": write(also=HOLDERS),
    "desk_interests.list_interests": read(*DESKS, owns="self"),
    "desk_interests.declare": write(*DESKS),
    "desk_interests.strike_off": write("supervisor"),
    "desk_deputies.list_deputies": read(*DESKS),
    "desk_deputies.appoint": write("supervisor"),
    "desk_deputies.revoke": write("supervisor"),
    # notices, complaints
    "notices.list_notices": read(*DESKS, also=PARTICIPANTS, owns="self"),
    "notices.get": read(*DESKS, also=PARTICIPANTS, owns="notice"),
    "notices.serve": write(*DESKS),
    "notice_pages.notice": Rule(PARTICIPANTS | {*DESKS, "auditor"}, "notice", page=True),
    "notice_pages.notice_pdf": Rule(PARTICIPANTS | {*DESKS, "auditor"}, "notice", page=True),
    "complaints.list_complaints": read("supervisor", also=PARTICIPANTS, owns="self"),
    "complaints.file": write(also=PARTICIPANTS, owns="self"),
    "complaints.get_complaint": read("supervisor", also=PARTICIPANTS, owns="complaint"),
    "complaints.withdraw": write(also=PARTICIPANTS, owns="complaint"),
    # where something stands
    "standing.of_trade": read("supervisor", "reviewer", also=HOLDERS, owns="trade"),
    "standing.of_right": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="entitlement"),
    "standing.of_deal": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="negotiation"),
    "standing.of_contract": read("registrar", "supervisor", also=PARTICIPANTS, owns="saving_contract"),
    # surveillance
    "alerts.list_alerts": read("supervisor"),
    "alerts.get": read("supervisor"),
    "alerts.dismiss": write("supervisor"),
    "surveillance.list_runs": read("supervisor"),
    "surveillance.list_marks": read("supervisor", "registrar"),
    "surveillance.record_mark": write("supervisor", "registrar"),
    "surveillance.list_decisions": read("supervisor"),
    "surveillance.record_decision": write("supervisor"),
    "surveillance.publish_decision": write("supervisor"),
    # cases
    "cases.list_cases": read("supervisor"),
    "cases.open_case": write("supervisor", key="http"),
    "cases.get": read("supervisor"),
    "cases.timeline": read("supervisor"),
    "cases.assign": write("supervisor"),
    "cases.note": write("supervisor"),
    "cases.add_alerts": write("supervisor"),
    "cases.name": write("supervisor"),
    "cases.add_evidence": write("supervisor"),
    "cases.close": write("supervisor"),
    # the credit record: appeals, and what the public sees
    "appeals.lodge": write(also=PARTICIPANTS, owns="credit_entry"),
    "appeals.list_appeals": read(also=BUREAU | PARTICIPANTS, owns="self"),
    "appeals.grant": write("supervisor"),
    "appeals.reject": write("supervisor"),
    "credit_extract.extract": Rule(PUBLIC),
    # interventions
    "interventions.list_interventions": read("supervisor"),
    "interventions.list_mine": read(also=PARTICIPANTS, owns="self"),
    "interventions.list_public_halts": Rule(PUBLIC),
    "interventions.list_halts": read("supervisor"),
    "interventions.order_halt": write("supervisor", key="http"),
    "interventions.lift_halt": write("supervisor", key="http"),
    "interventions.preview_cancellation": write("supervisor"),
    "interventions.cancel_orders": write("supervisor", key="http"),
    "interventions.get_cancellation": read("supervisor"),
    "reversals.list_reversals": read("supervisor", "reviewer"),
    "reversals.propose": write("supervisor", key="http"),
    "reversals.get": read("supervisor", "reviewer", also=PARTICIPANTS, owns="settlement_reversal"),
    "reversals.approve": write("reviewer", key="http"),
    "reversals.reject": write("reviewer", key="http"),
    "reversals.withdraw": write("supervisor", key="http"),
    # early warning
    "early_warning.get_tree": read(also=WATCHING),
    "early_warning.list_history": read(also=WATCHING),
    "reduction_plans.list_plans": read(also=WATCHING),
    "reduction_plans.get_plan": read(also=WATCHING),
    "reduction_plans.record": write("supervisor"),
    "reduction_plans.end": write("supervisor"),
    # reports and filings
    "supervision_reports.list_kinds": read(also=WATCHING),
    "supervision_reports.get_report": read(also=WATCHING),
    "report_pages.index": REPORTS,
    "report_pages.show": REPORTS,
    "report_pages.bulletin": REPORTS,
    "report_pages.bulletin_pdf": REPORTS,
    "filings.list_duties": read(also=WATCHING),
    "filings.list_filings": read(also=WATCHING),
    "filings.get_filing": read(also=WATCHING),
    "filings.content": read(also=WATCHING),
    "filings.differences": read(also=WATCHING),
    "filings.file": write("supervisor"),
    "filings.explain": write("supervisor"),
    "filings.correct": write("supervisor"),
    # what other departments enter
    "entries.list_figures": read("department", also=WATCHING),
    "entries.enter_figure": write("department"),
    "entries.list_results": read("department", also=WATCHING),
    "entries.enter_result": write("department", "supervisor"),
    # special inspections
    "inspections.list_inspections": read(also=WATCHING),
    "inspections.get": read(also=WATCHING),
    "inspections.plan": write("supervisor"),
    "inspections.complete": write("supervisor"),
    "inspections.cancel": write("supervisor"),
    # exports for a national system
    "national_exports.list_exports": read("supervisor", "reader"),
    "national_exports.get": read("supervisor", "reader"),
    "national_exports.content": read("supervisor", "reader"),
    "national_exports.reconciliation": read("supervisor", "reader"),
    "national_exports.make": write("supervisor"),
    "national_exports.take_answer": write("supervisor"),
    "national_exports.take_answer_file": upload("supervisor"),
}
