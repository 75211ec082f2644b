"""Acts on water accounts: opened for somebody who will buy at a place, closed when nothing is on them."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.core import clock
from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import Act, Ask, Told
from market.web.bureau.announcing_acts import SECTORS, sources
from market.web.forms import Typed
from market.web.spoken import cubic, either
from market.web.words import word

HOLDER = "/desk/participants/{participant_id}"


def _canals() -> list[tuple[str, object]]:
    """Canals and what branches off them."""
    return [
        (each["code"], f"{either(each)} · {each['code']}")
        for each in asking.get("/v1/zones", tree="river")["data"]
        if each["level"] not in ("river", "district")
    ]


def _open(_numbers: Typed, typed: Typed) -> Told:
    zones = frame.zones()
    return Told(
        facts=[
            (gettext("Whose"), frame.parties([typed["participant_id"]])[typed["participant_id"]]),
            (gettext("Place"), f"{zones.get(typed['township'], '')} · {zones.get(typed['canal'], '')}"),
            (gettext("Water"), f"{word(typed['source'])} {typed['water_year']} · {word(typed['sector'])}"),
        ],
        says=[
            gettext(
                "What it buys for this place and use goes into it; a right gets its own by its announcement."
            )
        ],
    )


def _close(numbers: Typed, _typed: Typed) -> Told:
    found = asking.get(f"/v1/water-accounts/{numbers['water_account_id']}")
    return Told(
        facts=[
            (gettext("Whose"), frame.parties([found["participant_id"]])[found["participant_id"]]),
            (gettext("Water"), f"{word(found['source'])} {found['water_year']} · {word(found['sector'])}"),
        ],
        figures=[(gettext("Balance"), cubic(found["balance"]), "")],
        says=[gettext("After that nothing comes into it any more; what has moved stays to be read.")],
        version=found["version"],
    )


ACTS = (
    Act(
        "water_accounts.open_water_account", "/water-accounts", _l("Open a water account"), _l("The account is open."),
        asks=(
            Ask("participant_id", _l("Whose"), "find", frame.WHO, finds=frame.found_participants),
            Ask("township", _l("Township"), "choice", choices=lambda: frame.zone_choices(("township",))),
            Ask("canal", _l("Canal"), "choice", choices=_canals),
            Ask("sector", _l("Sector"), "choice", choices=lambda: [(each, word(each)) for each in SECTORS]),
            Ask("source", _l("Source of water"), "choice", choices=sources),
            Ask("water_year", _l("Water year"), "count", value=lambda: clock.this_year()),
        ),
        signs=(), tells=_open, back="/desk/participants", then=HOLDER,
    ),
    Act(
        "water_accounts.close", "/water-accounts/<wac:water_account_id>/close", _l("Close the account"),
        _l("The account is closed."), signs=(), tells=_close, back="/desk/participants", then=HOLDER,
    ),
)  # fmt: skip
