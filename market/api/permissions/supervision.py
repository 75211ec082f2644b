"""Who may call what: supervision."""

from __future__ import annotations

from market.api.permissions.rules import BUREAU, PARTICIPANTS, PUBLIC, Rule, read, write

ROUTES: dict[str, Rule] = {
    # the audit trail
    "trail.list_heads": Rule(PUBLIC),
    "trail.list_entries": read("supervisor"),
    "trail.export": read("supervisor"),
    "trail.get_sign_in": read("supervisor"),
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
}
