"""What waits for the reader: everything that somebody else cannot go on with, or that has a last day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from market.web import asking
from market.web.holder.addresses import me
from market.web.holder.turns import turn_of


@dataclass(frozen=True)
class Waiting:
    """One thing to do: what, where, and until when if there is a last day."""

    words: str
    address: str
    until: str | None = None


def everything(own: list[Any]) -> list[Waiting]:
    """All that waits; what has a last day first."""
    found = [*_of_water(own), *_of_deals(), *_of_papers()]
    return sorted(found, key=lambda each: each.until or "9999")


def _of_water(own: list[Any]) -> Iterator[Waiting]:
    for each in own:
        if each["water_debt"] != "0.000" and each["status"] == "open":
            words = gettext("%(volume)s m³ were used beyond the balance", volume=each["water_debt"])
            yield Waiting(words, f"/my/water/{each['id']}")
    for each in asking.get("/v1/meters/overdue", limit=20)["data"]:
        yield Waiting(
            gettext("Meter %(serial)s was not read in time", serial=each["serial"]),
            f"/my/meters/{each['id']}",
        )
    for each in asking.get("/v1/findings", status="open", limit=20)["data"]:
        if each["meter_id"]:
            yield Waiting(gettext("A reading is being looked into"), f"/my/meters/{each['meter_id']}")


def _of_deals() -> Iterator[Waiting]:
    for each in asking.pages("/v1/bidders", most=200):
        if each["to_take"] == "confirm":
            yield Waiting(
                gettext("You won a bidding: confirm it"),
                f"/my/join/listings/{each['listing_id']}",
                each["due_at"],
            )
        elif each["to_take"] == "accept":
            yield Waiting(
                gettext("A lot is offered to you: take it or not"),
                f"/my/join/listings/{each['listing_id']}",
                each["due_at"],
            )
    mine = me()
    for each in asking.pages("/v1/negotiations", most=200):
        turn = turn_of(each, mine)
        if turn == "answer":
            yield Waiting(
                gettext("An offer waits for your answer"), f"/my/join/deals/{each['id']}", each["expires_at"]
            )
        elif turn == "sign":
            yield Waiting(gettext("A contract waits for your signature"), f"/my/join/deals/{each['id']}")
    if asking.get("/v1/pledges", status="applied", limit=1)["data"]:
        yield Waiting(gettext("A bank asks for a pledge: agree or not"), "/my/pledges")


def _of_papers() -> Iterator[Waiting]:
    for each in asking.pages("/v1/notices", most=200):
        if not each["text_zh"]:  # what one has not read has no text yet
            words = gettext("A decision for you to read: %(number)s", number=each["number"])
            yield Waiting(words, f"/my/messages/notices/{each['id']}")
    mine = me()
    for each in asking.get("/v1/contract-dues", status="open", limit=100)["data"]:
        if each["payer_id"] == mine:
            yield Waiting(
                gettext("%(amount)s yuan are due under a saving contract", amount=each["amount"]), "/my/money#dues",
                each["due_on"],
            )  # fmt: skip
