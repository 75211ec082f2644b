"""Events as programs read them: the same words in the list, in a single answer and in what is sent."""

from __future__ import annotations

from typing import Any

import msgspec

from market.core import ids
from market.core.links import instant
from market.webhooks.concerned import NAMED
from market.webhooks.models import Event

PREFIX = "evn"


def data(event: Event) -> dict[str, str]:
    """The ids of what an event is about; what became of it is asked for, by whoever may."""
    named = NAMED.get(event.object_kind)
    if named is None or event.object_id is None:
        return {}
    return {f"{named.kind}_id": ids.public(named.prefix, event.object_id)}


def body(event: Event) -> bytes:
    """What is sent and signed: the same bytes at every try."""
    said: dict[str, Any] = {"type": event.type, "timestamp": instant(event.at), "data": data(event)}
    return msgspec.json.encode(said)
