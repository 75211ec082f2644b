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
}
