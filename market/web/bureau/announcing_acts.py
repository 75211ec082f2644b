"""Announcements of water and their reversal: how much each class gets, and what is free under every limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.core import clock
from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import LEGAL_SOURCE, REASON, Act, Ask, Told, Values, plain
from market.web.forms import Typed
from market.web.spoken import cubic, number, percent
from market.web.words import word

BACK = "/desk/announce"
RIGHTS = ("abstraction_permit", "irrigation_certificate", "network_certificate", "regional")
SECTORS = ("agriculture", "industry", "domestic", "ecology", "services")


def sources() -> list[tuple[str, object]]:
    """The county's sources of water."""
    return [(each["code"], word(each["code"])) for each in asking.get("/v1/sources")["data"]]


YEAR = Ask("water_year", _l("Water year"), "count", value=lambda: clock.this_year())
SOURCE = Ask("source", _l("Source of water"), "choice", choices=sources)
SECTOR = Ask(
    "sector",
    _l("Sector"),
    "choice",
    _l("Empty: every sector."),
    required=False,
    choices=lambda: [(each, word(each)) for each in SECTORS],
)
KIND = Ask(
    "kind",
    _l("Kind of right"),
    "choice",
    _l("Empty: every kind."),
    required=False,
    choices=lambda: [(each, word(each)) for each in RIGHTS],
)
ZONE = Ask(
    "zone",
    _l("Zone"),
    "choice",
    _l("Empty: the whole county."),
    required=False,
    choices=lambda: frame.zone_choices(("county", "township", "district", "canal")),
)


def of_class(typed: Typed) -> list[tuple[object, object]]:
    """A class of rights in words."""
    zones = frame.zones()
    return [
        (gettext("Water year"), typed.get("water_year", "–")),
        (gettext("Source of water"), word(typed.get("source", ""))),
        (gettext("Sector"), word(typed["sector"]) if typed.get("sector") else gettext("every sector")),
        (gettext("Kind of right"), word(typed["kind"]) if typed.get("kind") else gettext("every kind")),
        (
            gettext("Zone"),
            zones.get(typed["zone"], typed["zone"]) if typed.get("zone") else gettext("the whole county"),
        ),
    ]


def caps(told: Told, found: Any) -> None:
    """What an act takes of every limit, and which it passes."""
    told.heads = [
        gettext("Limit"),
        gettext("Needed"),
        gettext("Free now"),
        gettext("Free after it"),
        gettext("Suffices"),
    ]
    for each in found["caps"]:
        left = Decimal(each["available"]) - Decimal(each["needed"])
        told.rows.append(
            [
                each["code"],
                cubic(each["needed"]),
                cubic(each["available"]),
                cubic(f"{left:f}"),
                gettext("yes") if each["suffices"] else gettext("no"),
            ]
        )
        if not each["suffices"]:
            told.stops.append(
                gettext(
                    "Limit %(code)s has %(free)s free, %(needed)s are needed. Source: %(source)s",
                    code=each["code"],
                    free=cubic(each["available"]),
                    needed=cubic(each["needed"]),
                    source=each["legal_source"],
                )
            )
    told.sources = sorted({each["legal_source"] for each in found["caps"]})


def body(act: Act, typed: Typed) -> Values:
    """The class and the share; a tick that is off is left out."""
    return {name: value for name, value in plain(act, typed).items() if value is not False}


def _announce(_numbers: Typed, typed: Typed) -> Told:
    wanted = {name: value for name, value in body(_ANNOUNCE, typed).items() if name != "reason"}
    found = asking.send("/v1/announcements/preview", wanted)
    told = Told(
        facts=[*of_class(typed), (gettext("Share"), percent(typed["share"]))],
        figures=[
            (
                gettext("Credited"),
                cubic(found["total"]),
                gettext("to %(n)s rights", n=number(found["entitlements"])),
            ),
            (gettext("Held back in reserve"), cubic(found["reserved"]), ""),
        ],
    )
    told.says += [
        gettext(
            "%(n)s rights get together %(volume)s on their water accounts, exact to the litre.",
            n=number(found["entitlements"]),
            volume=cubic(found["total"]),
        ),
        gettext(
            "Every limit above them is charged with it. Holders are told, and it stands on the public board."
        ),
    ]
    caps(told, found)
    if not found["entitlements"]:
        told.stops.append(gettext("No right in force belongs to this class, or all have had their share."))
    return told


def _reverse(numbers: Typed, _typed: Typed) -> Told:
    number_ = numbers["announcement_id"]
    made = asking.get(f"/v1/announcements/{number_}")
    found = asking.send(f"/v1/announcements/{number_}/preview-reversal")
    return Told(
        facts=[
            *of_class({name: str(value) for name, value in made.items() if value}),
            (gettext("Share"), percent(made["share"])),
            (gettext("Credited"), cubic(made["total"])),
            (gettext("Reason"), made["reason"]),
        ],
        figures=[
            (gettext("Taken back"), cubic(found["taken"]), ""),
            (gettext("Owed in water"), cubic(found["owed"]), gettext("already used or sold")),
            (gettext("Back from reserves"), cubic(found["reserve"]), ""),
        ],
        says=[
            gettext(
                "What is still on the accounts is taken back; whoever "
                "has used or sold it already owes it in water."
            ),
            gettext("The limits above are free again for it. Holders are told why."),
        ],
        heads=[gettext("Water account"), gettext("Taken back"), gettext("Owed in water")],
        rows=[
            [frame.short(each["water_account_id"]), cubic(each["taken"]), cubic(each["owed"])]
            for each in found["lines"][:50]
        ],
    )


_ANNOUNCE = Act(
    "announcements.announce",
    "/announcements",
    _l("Announce water"),
    _l("The announcement is made."),
    asks=(
        YEAR,
        SOURCE,
        SECTOR,
        KIND,
        ZONE,
        Ask("share", _l("Share of the yearly volume"), "number", _l("1 is all of it, 0.6 is six tenths.")),
        Ask("reserve", _l("Share held back in reserve"), "number", required=False),
        Ask("only_new", _l("Only rights that have had nothing yet"), "tick"),
    ),
    signs=(REASON,),
    tells=_announce,
    body=body,
    back=BACK,
    button=_l("Announce"),
)
ACTS = (
    _ANNOUNCE,
    Act(
        "season.reverse",
        "/announcements/<ann:announcement_id>/reverse",
        _l("Take the announcement back"),
        _l("The announcement is taken back."),
        signs=(REASON, LEGAL_SOURCE),
        tells=_reverse,
        danger=True,
        back=BACK,
    ),
)
