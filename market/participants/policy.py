"""Who may have which roles. Pure."""

from __future__ import annotations

from collections.abc import Iterable

PARTICIPANT_ROLES = frozenset({"holder", "agent", "association", "firm", "verifier", "bank", "integrator"})
BUREAU_ROLES = frozenset({"registrar", "reviewer", "supervisor", "auditor", "treasurer", "administrator"})
OUTSIDE_ROLES = frozenset({"reader", "department"})
"""Of authorities beside the bureau: the prefecture, which reads reports, and departments, which enter figures."""

ROLES_OF_KIND: dict[str, frozenset[str]] = {
    "person": frozenset({"holder", "agent"}),
    "household": frozenset({"holder"}),
    "association": frozenset({"holder", "association", "agent"}),
    "enterprise": frozenset({"holder", "agent", "integrator"}),
    "service_firm": frozenset({"holder", "firm", "integrator"}),
    "verifier": frozenset({"verifier"}),
    "bank": frozenset({"bank", "integrator"}),
    "public_body": frozenset({"holder", "association", "integrator"}),
}

# Who decides on rights, money or people does not do the other of them as well; who checks does nothing else.
_APART = (
    ("administrator", "reviewer"),
    ("administrator", "treasurer"),
    ("administrator", "registrar"),
    ("reviewer", "treasurer"),
)


def needs_totp(roles: Iterable[str], setting: str) -> bool:
    """Whether one of these roles signs in with one-time codes only, by the installation's setting."""
    named = set(setting.replace(",", " ").split())
    if "bureau" in named:
        named |= BUREAU_ROLES
    return not named.isdisjoint(roles)


def wrong_participant_roles(kind: str, roles: Iterable[str]) -> str | None:
    """Why a participant of this kind cannot have these roles, or None."""
    wanted = set(roles)
    if not wanted:
        return "at least one role is needed"
    beyond = wanted - ROLES_OF_KIND[kind]
    return f"a participant of the kind {kind} cannot be {', '.join(sorted(beyond))}" if beyond else None


def wrong_bureau_roles(roles: Iterable[str]) -> str | None:
    """Why a user of the bureau cannot have these roles together, or None."""
    wanted = set(roles)
    if not wanted or wanted - BUREAU_ROLES - OUTSIDE_ROLES:
        return f"the bureau's roles are {', '.join(sorted(BUREAU_ROLES | OUTSIDE_ROLES))}"
    if wanted & OUTSIDE_ROLES and len(wanted) > 1:
        return "a reader or another department is no one of the bureau: no other role beside it"
    if "auditor" in wanted and len(wanted) > 1:
        return "an auditor reads all and writes nothing: no other role beside it"
    for one, other in _APART:
        if one in wanted and other in wanted:
            return f"{one} and {other} are kept apart"
    return None
