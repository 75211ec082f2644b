"""Acts of early warning: reduction plans of overloaded limits, and what other departments enter."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.core import clock
from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import Act, Ask, Told
from market.web.forms import Typed
from market.web.spoken import cubic, day
from market.web.words import word

FIGURES = (
    "output",
    "value_added",
    "gdp",
    "sown_area",
    "population",
    "irrigation_efficiency",
    "reclaimed_use",
    "unconventional_share",
)


def caps() -> list[tuple[str, object]]:
    """The caps of the present water year."""
    found = asking.pages("/v1/limits", water_year=clock.this_year(), kind="cap")
    return [(each["id"], f"{each['code']} · {cubic(each['volume'])}") for each in found]


def _plan(_numbers: Typed, typed: Typed) -> Told:
    cap = asking.get(f"/v1/limits/{typed['limit_id']}")
    node = next(
        (each for each in asking.get("/v1/early-warning")["data"] if each["limit_id"] == typed["limit_id"]),
        None,
    )
    told = Told(
        facts=[
            (gettext("Limit"), cap["code"]),
            (gettext("Volume"), cubic(cap["volume"])),
            (gettext("To reduce"), cubic(typed["reduce"])),
            (gettext("Due"), day(typed["due_on"])),
            (gettext("Responsible"), typed["responsible"]),
            (gettext("Measures"), typed["measures"]),
            (gettext("Document"), typed["document"]),
        ],
        sources=[cap["legal_source"]],
    )
    if node is not None:
        told.facts.append((gettext("Colour now"), word(node["colour"])))
        told.figures.append((gettext("Used so far"), cubic(node["used"]), ""))
    told.says.append(gettext("The plan is on record, with who is responsible and until when."))
    told.says.append(
        gettext(
            "Where the colour says so, tighter rules apply from "
            "now on: no new water comes into the zone by trade."
        )
    )
    return told


def _end(numbers: Typed, _typed: Typed) -> Told:
    plan = asking.get(f"/v1/reduction-plans/{numbers['reduction_plan_id']}")
    return Told(
        facts=[
            (gettext("To reduce"), cubic(plan["reduce"])),
            (gettext("Responsible"), plan["responsible"]),
            (gettext("Measures"), plan["measures"]),
            (gettext("Due"), day(plan["due_on"])),
        ],
        says=[
            gettext("The plan ends, and the tighter rules that came with it end too."),
            gettext("As fulfilled it ends only where the colour no longer calls for restriction."),
        ],
        sources=[plan["legal_source"]],
    )


def _figure_kinds() -> list[tuple[str, object]]:
    return [(each, word(f"figure_kind_{each}")) for each in FIGURES]


def _sectors() -> list[tuple[str, object]]:
    return [(each, word(each)) for each in ("agriculture", "industry", "domestic", "ecology", "services")]


YEAR = Ask("water_year", _l("Water year"), "count", value=lambda: clock.this_year())
ACTS = (
    Act(
        "reduction_plans.record",
        "/reduction-plans",
        _l("Record a reduction plan"),
        _l("The plan is recorded."),
        asks=(
            Ask("limit_id", _l("Limit"), "choice", choices=caps),
            Ask("reduce", _l("To reduce"), "number", unit=_l("m³")),
            Ask("due_on", _l("Until when"), "day"),
            Ask("responsible", _l("Responsible")),
            Ask("measures", _l("Measures"), "words"),
            Ask("document", _l("Document"), hint=_l("Its number and day.")),
        ),
        signs=(),
        tells=_plan,
        back="/desk/warning",
    ),
    Act(
        "reduction_plans.end",
        "/reduction-plans/<rdp:reduction_plan_id>/end",
        _l("End the reduction plan"),
        _l("The plan has ended."),
        signs=(Ask("fulfilled", _l("The plan is fulfilled"), "tick"), Ask("result", _l("Result"), "words")),
        tells=_end,
        back="/desk/warning",
    ),
    Act(
        "entries.enter_figure",
        "/department-figures",
        _l("Enter a figure"),
        _l("The figure is entered."),
        signs=(
            Ask("kind", _l("Figure"), "choice", choices=_figure_kinds),
            YEAR,
            Ask("zone", _l("Zone"), "choice", choices=lambda: frame.zone_choices(("county", "township"))),
            Ask("sector", _l("Sector"), "choice", choices=_sectors, required=False),
            Ask("value", _l("Value"), "number"),
            Ask("document", _l("Document"), hint=_l("Its number and day.")),
        ),
        tells=lambda _n, _t: Told(
            says=[
                _l(
                    "The figure goes into early warning and the reports; "
                    "a later one replaces it, the earlier stays on record."
                )
            ]
        ),
        back="/desk/figures",
    ),
    Act(
        "entries.enter_result",
        "/plan-results",
        _l("Enter a result of the plan"),
        _l("The result is entered."),
        signs=(
            Ask("task", _l("Task of the plan")),
            Ask("target", _l("Target's number"), "count"),
            Ask("year", _l("Year"), "count", value=lambda: clock.this_year()),
            Ask(
                "result",
                _l("Result"),
                "choice",
                choices=lambda: [(each, word(f"result_{each}")) for each in ("met", "partly", "not_met")],
            ),
            Ask("document", _l("Document"), hint=_l("Its number and day.")),
            Ask("text", _l("In words"), "words"),
        ),
        back="/desk/figures",
    ),
)
