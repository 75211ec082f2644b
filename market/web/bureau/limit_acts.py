"""Acts on limits: creating one, and changing its volume."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.core import clock
from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import LEGAL_SOURCE, REASON, REMARK, Act, Ask, Told, Values, plain
from market.web.bureau.announcing_acts import SECTORS, sources
from market.web.forms import Typed
from market.web.spoken import cubic
from market.web.words import word

KINDS = ("cap", "route", "import", "export", "conversion")
YEAR = Ask("water_year", _l("Water year"), "count", value=lambda: clock.this_year())


def _create(_numbers: Typed, typed: Typed) -> Told:
    zones = frame.zones()
    return Told(
        facts=[
            (gettext("Code"), typed["code"]),
            (gettext("Kind"), word(f"limit_{typed['kind']}")),
            (gettext("Water year"), typed["water_year"]),
            (gettext("Zone"), zones.get(typed.get("zone", ""), gettext("none"))),
            (gettext("To zone"), zones.get(typed.get("to_zone", ""), gettext("none"))),
            (
                gettext("Source of water"),
                word(typed["source"]) if typed.get("source") else gettext("every source"),
            ),
            (gettext("Sector"), word(typed["sector"]) if typed.get("sector") else gettext("every sector")),
            (gettext("Volume"), cubic(typed["volume"])),
        ],
        says=[
            gettext(
                "From now on no announcement and no trade may take more "
                "than this; what is already allotted under it counts."
            ),
            gettext("Where more is already allotted than this, it is refused: that takes a curtailment."),
        ],
    )


def _change(numbers: Typed, typed: Typed) -> Told:
    found = asking.get(f"/v1/limits/{numbers['limit_id']}")
    told = Told(
        facts=[
            (gettext("Limit"), found["code"]),
            (gettext("Kind"), word(f"limit_{found['kind']}")),
            (gettext("Water year"), found["water_year"]),
            (gettext("Legal source now"), found["legal_source"]),
        ],
        figures=[
            (gettext("Now"), cubic(found["volume"]), ""),
            (gettext("From now on"), cubic(typed["volume"]), ""),
            (gettext("Free now"), cubic(found["available"]), ""),
        ],
        version=found["version"],
    )
    try:
        left = Decimal(found["available"]) + Decimal(typed["volume"]) - Decimal(found["volume"])
    except InvalidOperation:
        return told  # the API says what is wrong with the figure
    told.figures.append((gettext("Free after it"), cubic(f"{left:f}"), ""))
    if left < 0:
        told.stops.append(
            gettext(
                "%(volume)s more than that are already allotted. "
                "A cut below what is allotted is a curtailment.",
                volume=cubic(f"{-left:f}"),
            )
        )
    told.says.append(
        gettext(
            "From now on announcements and trades are held to "
            "the new volume. The old one stays in its history."
        )
    )
    return told


def _body(act: Act, typed: Typed) -> Values:
    return {name: value for name, value in plain(act, typed).items() if value is not False}


ACTS = (
    Act(
        "limits.create_limit",
        "/limits",
        _l("Create a limit"),
        _l("The limit is created."),
        back="/desk/limits",
        asks=(
            Ask("code", _l("Code")),
            Ask(
                "kind",
                _l("Kind"),
                "choice",
                choices=lambda: [(each, word(f"limit_{each}")) for each in KINDS],
            ),
            YEAR,
            Ask("zone", _l("Zone"), "choice", required=False, choices=frame.zone_choices),
            Ask(
                "to_zone",
                _l("To zone"),
                "choice",
                _l("Of a route."),
                required=False,
                choices=frame.zone_choices,
            ),
            Ask(
                "source",
                _l("Source of water"),
                "choice",
                _l("Empty: every source."),
                required=False,
                choices=sources,
            ),
            Ask(
                "sector",
                _l("Sector"),
                "choice",
                _l("Empty: every sector."),
                required=False,
                choices=lambda: [(each, word(each)) for each in SECTORS],
            ),
            Ask("volume", _l("Volume"), "number", unit=_l("m³")),
            Ask("demonstration", _l("It is a demonstration figure"), "tick"),
        ),
        signs=(REMARK, LEGAL_SOURCE),
        tells=_create,
        body=_body,
    ),
    Act(
        "limits.change_limit",
        "/limits/<cap:limit_id>/change",
        _l("Change the limit"),
        _l("The limit is changed."),
        back="/desk/limits/{limit_id}",
        asks=(Ask("volume", _l("New volume"), "number", unit=_l("m³")),),
        signs=(REASON, LEGAL_SOURCE),
        tells=_change,
        danger=True,
    ),
)
