"""What of a person whom is shown: one table of kinds of personal data and roles. Pure.

Source: 个人信息保护法 art. 6 (only what the purpose needs), arts 28 and 29 (sensitive personal information: a stated
purpose, strict protection), art. 51 (whoever handles it sets who may see what). Which role needs what for its task
is the choice of this market: demonstration.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum

MASK = "**"
BODIES = frozenset({"association", "enterprise", "service_firm", "verifier", "bank", "public_body"})
"""Kinds of participants that are no natural persons: their names and credit codes are public."""
PUBLIC = "public"
OTHERS = "participant"
"""Whoever is not signed in, and a participant who looks at what is another's."""


class Kind(StrEnum):
    """A kind of personal data."""

    NAME = "name"  # of a natural person
    IDENTITY = "identity"  # what is kept of an identity number: its ends
    CONTACT = "contact"  # telephone, address
    BANK = "bank"  # references of transfers, notes on them
    LAND = "land"  # of a household
    PAPER = "paper"  # documents handed in, powers of attorney
    PLACE = "place"  # from where, with which program somebody signed in
    STAFF = "staff"  # names and logins of the bureau's users
    COLLEAGUE = "colleague"  # names alone, among those who decide together


class Grade(IntEnum):
    """How much is shown. What is masked may be unmasked for a stated purpose, and that is recorded."""

    NONE = 0
    MASKED = 1
    FULL = 2


NONE, MASKED, FULL = Grade.NONE, Grade.MASKED, Grade.FULL

GRADES: dict[Kind, dict[str, Grade]] = {
    Kind.NAME: {
        "registrar": FULL, "reviewer": FULL, "treasurer": FULL, "supervisor": MASKED, "auditor": MASKED,
        OTHERS: MASKED, PUBLIC: MASKED,
    },
    Kind.IDENTITY: {
        "registrar": FULL, "reviewer": MASKED, "treasurer": MASKED, "supervisor": MASKED, "auditor": MASKED,
    },
    Kind.CONTACT: {
        "registrar": FULL, "reviewer": MASKED, "treasurer": MASKED, "supervisor": MASKED, "auditor": MASKED,
    },
    Kind.BANK: {"treasurer": FULL, "auditor": FULL},
    Kind.LAND: {"registrar": FULL, "reviewer": FULL, "supervisor": FULL, "auditor": FULL},
    Kind.PAPER: {"registrar": FULL, "reviewer": FULL, "supervisor": FULL, "auditor": FULL},
    Kind.PLACE: {"supervisor": FULL, "auditor": FULL},
    Kind.STAFF: {"administrator": FULL, "auditor": FULL},
    Kind.COLLEAGUE: dict.fromkeys(
        ("registrar", "reviewer", "supervisor", "treasurer", "administrator", "auditor"), FULL
    ),
}  # fmt: skip
"""What is not named is NONE. One's own is always FULL."""

UNMASKABLE = (Kind.NAME, Kind.IDENTITY, Kind.CONTACT)
"""What can be asked for with a purpose, by a role to which it is shown masked."""


def grade(kind: Kind, roles: Iterable[str], *, own: bool) -> Grade:
    """How much of this kind somebody with these roles is shown: the most that one of them is."""
    if own:
        return FULL
    row = GRADES[kind]
    return max((row.get(role, NONE) for role in roles), default=NONE)


def may_unmask(kind: Kind, roles: Iterable[str]) -> bool:
    """Whether one of these roles may see this kind in full once a purpose is stated."""
    return kind in UNMASKABLE and grade(kind, set(roles) - {OTHERS, PUBLIC}, own=False) > NONE


def masked(kind: Kind, value: str) -> str:
    """A value as it stands where it is masked: of a name the first character, of a number the last two."""
    text = value.strip()
    if kind is Kind.NAME:
        return text[:1] + MASK
    return MASK + text[-2:] if len(text) > 4 else MASK


def shown(kind: Kind, value: str, roles: Iterable[str], *, own: bool) -> str | None:
    """A value as somebody with these roles sees it; None where nothing is shown. What is empty stays empty."""
    if not value:
        return value
    found = grade(kind, roles, own=own)
    if found is FULL:
        return value
    return masked(kind, value) if found is MASKED else None
