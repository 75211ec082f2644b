"""What a row of the table of routes says, and the groups of roles it says it of."""

from __future__ import annotations

from dataclasses import dataclass

HOLDERS = frozenset({"holder", "agent", "association", "firm"})
PARTICIPANTS = HOLDERS | {"verifier", "bank", "integrator"}
BUREAU = frozenset({"registrar", "reviewer", "supervisor", "auditor", "treasurer", "administrator"})
OUTSIDE = frozenset({"reader", "department"})
"""Authorities beside the bureau: who reads what is reported, and who enters figures."""
EVERYONE = PARTICIPANTS | BUREAU | OUTSIDE
PUBLIC: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rule:
    """`roles` empty: no sign-in needed. `idempotent`: "http" keys are kept here, "engine" ones by the engine.

    `scope` is what an API key or a mandate must allow. `page`: HTML for people, which openapi.yaml does not list.
    """

    roles: frozenset[str]
    owns: str | None = None
    idempotent: str | None = None
    scope: str = "read"
    page: bool = False
    body_bytes: int | None = None  # the largest body, where it is a file; elsewhere that of JSON


def read(*roles: str, owns: str | None = None, also: frozenset[str] = frozenset()) -> Rule:
    """A route that only reads; the auditor always may."""
    return Rule(frozenset(roles) | also | {"auditor"}, owns)


def write(
    *roles: str, owns: str | None = None, key: str | None = None, also: frozenset[str] = frozenset()
) -> Rule:
    """A route that changes something."""
    return Rule(frozenset(roles) | also, owns, key, "trade")


SHEET_BYTES = 16 * 1024 * 1024


def upload(*roles: str, owns: str | None = None) -> Rule:
    """A route that takes a sheet."""
    return Rule(frozenset(roles), owns, "http", "trade", body_bytes=SHEET_BYTES)
