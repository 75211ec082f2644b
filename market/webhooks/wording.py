"""Events as programs read them: the same words in the list, in a single answer and in what is sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from market.core import ids
from market.core.links import instant
from market.webhooks.concerned import NAMED

PREFIX = "evn"


def said(*, type: str, at: dt.datetime, kind: str, number: int | None) -> dict[str, Any]:
    """An event of a type about a row of a kind: its ids and no more; what became of it is asked for, by who may."""
    named = NAMED.get(kind)
    data = {f"{named.kind}_id": ids.public(named.prefix, number)} if named is not None and number else {}
    return {"type": type, "timestamp": instant(at), "data": data}


def body(*, type: str, at: dt.datetime, kind: str, number: int | None) -> bytes:
    """What is sent and signed: the same bytes at every try."""
    return msgspec.json.encode(said(type=type, at=at, kind=kind, number=number))
