"""Acts on public storage: stored water given, without a price, to where it is needed."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import REASON, Act, Ask, Told
from market.web.forms import Typed
from market.web.spoken import cubic
from market.web.words import word

MOST_OWNERS = 10
"""So many owners of one name are looked at: each has accounts of its own."""


def takers(name: str, chosen: str) -> list[tuple[str, object]]:
    """Accounts of the same water whose owners' names hold `name`; without a name, the one that was chosen."""
    if not name:
        found = [asking.get(f"/v1/water-accounts/{chosen}")]
    else:
        stored = asking.get(f"/v1/water-accounts/{_storage()}")
        owners = asking.get("/v1/participants", name=name, status="admitted", limit=MOST_OWNERS)["data"]
        found = [
            account
            for owner in owners
            for account in asking.pages(
                "/v1/water-accounts", participant_id=owner["id"], water_year=stored["water_year"], most=50
            )
            if _may_take(account, stored)
        ]
    names, zones = frame.parties(each["participant_id"] for each in found), frame.zones()
    return [(each["id"], _named(each, names, zones)) for each in found]


def _storage() -> str:
    """The storage account that the page is about."""
    return frame.public("wac", (request.view_args or {})["water_account_id"])


def _may_take(account: Any, stored: Any) -> bool:
    return bool(
        account["status"] == "open"
        and account["origin"] == "own"
        and account["source"] == stored["source"]
        and account["id"] != stored["id"]
    )


def _named(account: Any, names: dict[str, str], zones: dict[str, str]) -> str:
    return (
        f"{names[account['participant_id']]} · {word(account['sector'])}"
        f" · {zones.get(account['township'], '')} · {zones.get(account['canal'], '')}"
    )


def _assign(numbers: Typed, typed: Typed) -> Told:
    stock = asking.get(f"/v1/storage-accounts/{numbers['water_account_id']}")
    told = Told(
        facts=[
            (gettext("In storage, free"), cubic(stock["free"])),
            (gettext("Public need"), cubic(stock["need"])),
            (gettext("Given so far"), cubic(stock["assigned"])),
        ],
    )
    if typed.get("to_water_account_id"):
        told.facts.append((gettext("Who gets it"), takers("", typed["to_water_account_id"])[0][1]))
        told.figures.append((gettext("Leaves the storage"), cubic(typed["volume"]), ""))
        told.says += [
            gettext(
                "The water goes to this account at once, without a price; the canal may lose some on the way."
            ),
            gettext("It counts under the limits of both places, as a trade would."),
        ]
    return told


ACTS = (
    Act(
        "storage.assign", "/storage-accounts/<wac:water_account_id>/assignments", _l("Give stored water"),
        _l("The water is given."),
        asks=(
            Ask(
                "to_water_account_id", _l("Who gets it"), "find",
                _l("A part of the owner's name; an account of domestic or ecological use."), finds=takers,
            ),
            Ask("volume", _l("Leaves the storage"), "number", unit=_l("m³")),
        ),
        signs=(REASON,), tells=_assign, facts_first=True, back="/desk/auctions",
    ),
)  # fmt: skip
