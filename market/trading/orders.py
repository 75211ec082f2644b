"""From a holder's wish to the engine's commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from market.core.errors import InvalidInput
from market.trading.commands import Amend, Cancel, Command, Place, Request
from market.trading.errors import NothingToAmend


def place_request(wish: Mapping[str, Any]) -> Place:
    """A new order from its validated wish (litres, 1/10 000 yuan, row ids)."""
    expires_at = wish["expires_at"]
    return Place(
        water_account=wish["water_account_id"],
        product=wish["product_id"],
        side=wish["side"],
        volume=wish["volume"],
        price=wish["price"],
        tif=wish["time_in_force"],
        post_only=wish["post_only"],
        min_fill=wish["minimum_fill"],
        expires_at=expires_at.timestamp() if expires_at is not None else None,
        client_order_id=wish["client_order_id"],
    )


def amend_request(order_id: int, wish: Mapping[str, Any]) -> Amend:
    """An amendment. Errors: NothingToAmend."""
    if wish["volume"] is None and wish["price"] is None:
        raise NothingToAmend(pointer="/volume")
    return Amend(order_id, wish["volume"], wish["price"])


def batch_requests(members: Sequence[Mapping[str, Any]]) -> list[Request]:
    """The requests of a batch. Errors: InvalidInput for a member that is not exactly one of the three."""
    requests: list[Request] = []
    for index, member in enumerate(members):
        if len(member) != 1:
            raise InvalidInput("name exactly one of place, amend, cancel", pointer=f"/commands/{index}")
        ((kind, wish),) = member.items()
        if kind == "place":
            requests.append(place_request(wish))
        elif kind == "amend":
            requests.append(amend_request(wish["order_id"], wish))
        else:
            requests.append(Cancel(wish["order_id"]))
    return requests


def commands(
    requests: Sequence[Request], *, participant: int, user: int, mandate: int | None, key: str, body_hash: bytes,
    request_id: str, origin: str | None,
) -> list[Command]:  # fmt: skip
    """The commands of one HTTP request, all under its idempotency key."""
    return [
        Command(participant, user, mandate, key, position, body_hash, request, request_id, origin)
        for position, request in enumerate(requests)
    ]
