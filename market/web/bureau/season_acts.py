"""Acts of the water year: releases, curtailments, the year's end, what was carried and may spill."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.core import clock
from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import LEGAL_SOURCE, REASON, Act, Ask, Told, Values
from market.web.bureau.announcing_acts import SECTOR, SOURCE, YEAR, ZONE, body, caps, of_class
from market.web.forms import Typed
from market.web.spoken import cubic, number, percent

BACK = "/desk/announce"
MOST_CUTS = 3


def limits() -> list[tuple[str, object]]:
    """The caps of this year and the next."""
    found = [
        each
        for year in (clock.this_year(), clock.this_year() + 1)
        for each in asking.pages("/v1/limits", water_year=year, kind="cap")
    ]
    return [
        (each["id"], f"{each['water_year']} · {each['code']} · {cubic(each['volume'])}") for each in found
    ]


def _release(_numbers: Typed, typed: Typed) -> Told:
    wanted = {name: value for name, value in body(_RELEASE, typed).items() if name != "reason"}
    found = asking.send("/v1/releases/preview", wanted)
    told = Told(
        facts=[*of_class(typed), (gettext("Share of what is held back"), percent(typed.get("share") or "1"))],
        figures=[
            (
                gettext("Released"),
                cubic(found["total"]),
                gettext("to %(n)s rights", n=number(found["entitlements"])),
            )
        ],
        says=[
            gettext(
                "What announcements held back in reserve goes to the "
                "rights it was held back for, exact to the litre."
            )
        ],
    )
    if not found["entitlements"]:
        told.stops.append(gettext("Nothing is held back for this class."))
    return told


def _cuts(typed: Typed) -> list[Values]:
    pairs = [
        (typed.get(f"limit_{each}", ""), typed.get(f"volume_{each}", "")) for each in range(1, MOST_CUTS + 1)
    ]
    return [{"limit_id": limit, "volume": volume} for limit, volume in pairs if limit]


def _year(typed: Typed) -> object:
    value = typed.get("water_year", "")
    return int(value) if value.isdecimal() else value


def _curtail(_numbers: Typed, typed: Typed) -> Told:
    found = asking.send("/v1/curtailments/preview", {"water_year": _year(typed), "cuts": _cuts(typed)})
    codes = dict(limits())
    told = Told(
        facts=[(gettext("Water year"), typed["water_year"])],
        figures=[
            (
                gettext("Taken back"),
                cubic(found["taken"]),
                gettext("from %(n)s accounts", n=number(found["accounts"])),
            )
        ],
        says=[
            gettext(
                "Trading halts, open orders that stand on this water are cancelled, "
                "and cut and takings are posted together; then trading goes on."
            ),
            gettext(
                "Taken first is what the published order of priority "
                "puts last; within it, every account in proportion."
            ),
            gettext(
                "What is already used cannot be taken back: it stays as excess over the limit, on record."
            ),
        ],
        heads=[
            gettext("Water account"),
            gettext("Priority"),
            gettext("Taken back"),
            gettext("of it held by orders"),
            gettext("of it under review"),
            gettext("of it pledged"),
        ],
        rows=[
            [
                frame.short(each["water_account_id"]),
                each["priority"],
                cubic(each["volume"]),
                cubic(each["from_orders"]),
                cubic(each["from_reviews"]),
                cubic(each["from_pledges"]),
            ]
            for each in found["lines"][:50]
        ],
    )
    for each in found["cuts"]:
        told.facts.append(
            (
                codes.get(each["limit_id"], each["limit_id"]),
                f"{cubic(each['before'])} → {cubic(each['after'])}",
            )
        )
        told.facts.append((gettext("of it cannot be taken back"), cubic(each["excess"])))
    return told


def _curtailing(_act: Act, typed: Typed) -> Values:
    return {
        "water_year": _year(typed),
        "cuts": _cuts(typed),
        "reason": typed.get("reason", ""),
        "legal_source": typed.get("legal_source", ""),
    }


def _year_end(close: bool) -> Callable[[Typed, Typed], Told]:
    def tells(_numbers: Typed, typed: Typed) -> Told:
        found = asking.send("/v1/year-ends/preview", {"water_year": _year(typed)})
        told = Told(
            facts=[(gettext("Water year"), typed["water_year"])],
            figures=[
                (gettext("Water accounts"), number(found["accounts"]), ""),
                (gettext("Left on them"), cubic(found["remained"]), ""),
                (gettext("Carried over"), cubic(found["carried"]), ""),
                (gettext("Evaporated"), cubic(found["evaporated"]), ""),
                (gettext("Expires"), cubic(found["expired"]), ""),
                (gettext("Debts paid in water"), cubic(found["repaid"]), ""),
            ],
        )
        if close:
            told.says += [
                gettext(
                    "Open reviews of the year are rejected, debts are paid, water is "
                    "carried over by rule, the rest expires. This cannot be taken back."
                ),
                gettext("What is carried over is charged to the limits of the next year."),
            ]
            caps(told, found)
        else:
            told.says += [
                gettext(
                    "Trading in the year ends: its open orders expire. "
                    "Late readings are still taken until it is closed."
                ),
                gettext("The figures say what closing would make of it now."),
            ]
        return told

    return tells


_RELEASE = Act(
    "season.release",
    "/releases",
    _l("Release a reserve"),
    _l("The reserve is released."),
    asks=(
        YEAR,
        SOURCE,
        SECTOR,
        ZONE,
        Ask("share", _l("Share of what is held back"), "number", _l("1 is all of it."), value=lambda: "1"),
    ),
    signs=(REASON,),
    tells=_release,
    body=body,
    back=BACK,
    button=_l("Release"),
)
_CUTS = tuple(
    ask
    for each in range(1, MOST_CUTS + 1)
    for ask in (
        Ask(f"limit_{each}", _l("Limit to cut"), "choice", required=each == 1, choices=limits),
        Ask(f"volume_{each}", _l("Its volume from then on"), "number", unit=_l("m³"), required=each == 1),
    )
)
_CARRIED = "/carry-overs/<cov:carry_over_id>"
ACTS = (
    _RELEASE,
    Act(
        "season.order_curtailment",
        "/curtailments",
        _l("Order a curtailment"),
        _l("The curtailment is ordered."),
        asks=(YEAR, *_CUTS),
        signs=(REASON, LEGAL_SOURCE),
        tells=_curtail,
        body=_curtailing,
        danger=True,
        back=BACK,
    ),
    Act(
        "season.advance_curtailment",
        "/curtailments/<cur:curtailment_id>/advance",
        _l("Carry the curtailment on"),
        _l("The curtailment is a step further."),
        signs=(),
        tells=lambda _n, _t: Told(
            says=[_l("The next step is taken as soon as trading stands still and the orders are cancelled.")]
        ),
        back=BACK,
    ),
    Act(
        "season.begin_year_end",
        "/year-ends",
        _l("End trading in a year"),
        _l("The year is closing."),
        asks=(YEAR,),
        signs=(),
        tells=_year_end(False),
        danger=True,
        back=BACK,
    ),
    Act(
        "season.carry_over",
        "/carry-overs",
        _l("Close a year and carry over"),
        _l("The year is closed."),
        asks=(YEAR,),
        signs=(),
        tells=_year_end(True),
        danger=True,
        back=BACK,
    ),
    Act(
        "season.release_spillable",
        f"{_CARRIED}/release-spillable",
        _l("Release carried water"),
        _l("The water is released."),
        signs=(
            SOURCE,
            Ask("risk", _l("Risk of a spill"), "number", _l("0.05 is five in a hundred.")),
            REASON,
        ),
        back=BACK,
        tells=lambda _n, _t: Told(
            says=[
                _l(
                    "What is held as water that may spill is free from now "
                    "on; only where the risk is under the county's bound."
                )
            ]
        ),
    ),
    Act(
        "season.spill",
        f"{_CARRIED}/spill",
        _l("Declare a spill"),
        _l("The spill is declared."),
        danger=True,
        signs=(SOURCE, Ask("share", _l("Share that has spilt"), "number", _l("1 is all of it.")), REASON),
        back=BACK,
        tells=lambda _n, _t: Told(
            says=[_l("That share of what every holder carried over is lost, in proportion.")]
        ),
    ),
)
