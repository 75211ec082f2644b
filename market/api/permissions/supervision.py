"""Who may call what: supervision."""

from __future__ import annotations

from market.api.permissions.rules import PUBLIC, Rule, read

ROUTES: dict[str, Rule] = {
    # the audit trail
    "trail.list_heads": Rule(PUBLIC),
    "trail.list_entries": read("supervisor"),
    "trail.export": read("supervisor"),
    "trail.get_sign_in": read("supervisor"),
}
