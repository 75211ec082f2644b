"""Whose things a list or a body names: the actor's own on the participants' side, anyone's at the bureau."""

from __future__ import annotations

from market.api.http import own_only, require_own
from market.contracts.errors import NotAContractParty


def through(origin: str | None) -> dict[str, int | None]:
    """The sign-in or API key that an origin (`Actor.origin`) names, by row."""
    kind, _, number = (origin or "").partition(":")
    return {
        "sign_in_id": int(number) if kind == "sign_in" else None,
        "api_key_id": int(number) if kind == "api_key" else None,
    }


def narrowed(asked: int | None) -> int | None:
    """The participant to narrow a list to: the one asked for, if it may be, else the actor's own; None is all.

    Errors: NotFound (another's).
    """
    if asked is None:
        return own_only()
    require_own(asked, "/participant_id")
    return asked


def of_body(participant_id: int) -> int:
    """The participant that a body names, if the actor may act for it. Errors: NotFound (another's)."""
    require_own(participant_id, "/participant_id")
    return participant_id


def party() -> int:
    """The actor's own participant, which acts as a party of a contract. Errors: NotAContractParty (the bureau)."""
    participant = own_only()
    if participant is None:
        raise NotAContractParty("the bureau is no party")
    return participant
