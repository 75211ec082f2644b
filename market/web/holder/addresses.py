"""Addresses out of ids of a path, here and at the API, and who acts."""

from __future__ import annotations

from market.core import ids
from market.core.errors import NotFound
from market.web import sitting


def public(prefix: str, number: int) -> str:
    """The public id of a row. Errors: NotFound for one that this installation never gave out."""
    if not number:
        raise NotFound("there is nothing of this number")
    return ids.public(prefix, number)


def me() -> str:
    """The public id of the participant that the reader acts for."""
    who = sitting.reader()
    return ids.public("par", who.participant_id) if who is not None and who.participant_id else ""
