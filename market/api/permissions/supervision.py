"""Who may call what: supervision."""

from __future__ import annotations

from market.api.permissions.rules import PARTICIPANTS, PUBLIC, Rule, read, write

ROUTES: dict[str, Rule] = {
    # the audit trail
    "trail.list_heads": Rule(PUBLIC),
    "trail.list_entries": read("supervisor"),
    "trail.export": read("supervisor"),
    "trail.get_sign_in": read("supervisor"),
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
