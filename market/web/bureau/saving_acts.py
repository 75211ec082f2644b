"""Acts on savings: voided and objected to, shared out, clawed back by two persons, cleared for sale, calls marked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.contracts.project_models import MARK_LEVELS, MARKS
from market.web import asking
from market.web.bureau import frame, subjects
from market.web.bureau.acts import Act, Ask, Told, Values, plain
from market.web.bureau.matter_acts import verifiers
from market.web.forms import Typed
from market.web.spoken import cubic, day, percent, yuan
from market.web.words import word

REPORT, CONTRACT = "/saving-reports/<srp:report_id>", "/saving-contracts/<sct:contract_id>"
CLAW_BACK, LOT = "/claw-backs/<clb:claw_back_id>", "/saving-lots/<svl:saving_lot_id>"
REPORT_PAGE, CONTRACT_PAGE = "/desk/savings/reports/{report_id}", "/desk/savings/contracts/{contract_id}"
CALLS = "/desk/savings/calls"


def _report(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        return Told(facts=subjects.facts(numbers["report_id"]), says=list(says))

    return tells


def _distribute(numbers: Typed, _typed: Typed) -> Told:
    found = asking.get(f"/v1/saving-reports/{numbers['report_id']}")
    return Told(
        facts=subjects.saving_report(found),
        figures=[
            (gettext("Credited in money"), cubic(found["credited_money"]), ""),
            (gettext("May become water"), cubic(found["credited_water"]), ""),
        ],
        says=[gettext("Once nobody may object any more, the saving is shared out, exactly to the fen.")],
    )


def _propose(numbers: Typed, typed: Typed) -> Told:
    found = asking.get(f"/v1/saving-reports/{numbers['report_id']}")
    shared = found["distribution"]
    return Told(
        facts=[
            *subjects.saving_report(found),
            (gettext("Verified anew by"), dict(verifiers()).get(typed.get("verifier_id", ""), "–")),
        ],
        figures=[(gettext("Shared out"), yuan(shared["benefit"] if shared else None), "")],
        says=[
            gettext("Nothing changes before a second person of the bureau agrees."),
            gettext(
                "Then the report is open again, its lot sells no more, and this verifier looks at it anew."
            ),
        ],
    )


def _claw_back(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        return Told(facts=subjects.facts(numbers["claw_back_id"]), says=list(says))

    return tells


def rights() -> list[tuple[str, object]]:
    """The rights in force of the user of the contract that the page is about."""
    number = frame.public("sct", (request.view_args or {})["contract_id"])
    user = asking.get(f"/v1/saving-contracts/{number}")["user_id"]
    found = asking.pages("/v1/entitlements", participant_id=user, status="confirmed")
    return [
        (each["id"], f"{each['certificate_number']} · {word(each['source'])} · {cubic(each['volume'])}")
        for each in found
    ]


def _clear(numbers: Typed, typed: Typed) -> Told:
    contract = asking.get(f"/v1/saving-contracts/{numbers['contract_id']}")
    return Told(
        facts=[
            (gettext("Contract"), contract["title"]),
            (gettext("Right"), dict(rights()).get(typed["entitlement_id"], "–")),
            (gettext("Consent of the authority"), typed.get("consent") or gettext("not yet")),
            (gettext("Return flow"), _share(typed.get("return_flow", ""))),
            (gettext("Basis of the return flow"), typed.get("return_flow_basis") or "–"),
            (gettext("Quota of the year"), cubic(typed.get("quota"))),
            (gettext("Farmers first until"), _day(typed.get("farm_first_until", ""))),
        ],
        says=[
            gettext("What is recorded before is replaced; lots keep what they were issued under."),
            gettext("What the contract saves on this right may become lots as far as this allows."),
        ],
    )


def _share(typed: str) -> str:
    """A part of one as per cent; what is no figure as it was typed, for the refusal to say so."""
    return percent(typed) if typed.replace(".", "", 1).isdecimal() else typed or gettext("not yet")


def _day(typed: str) -> object:
    try:
        return day(typed or None)
    except ValueError:
        return typed


def _cleared(act: Act, typed: Typed) -> Values:
    """The right is an express one unless it was said not to be."""
    values = plain(act, typed)
    return values | {"express_right": not values.pop("implied", False)}


def _withdraw(numbers: Typed, _typed: Typed) -> Told:
    contract = asking.get(f"/v1/saving-contracts/{numbers['contract_id']}")
    return Told(
        facts=[(gettext("Contract"), contract["title"])],
        says=[gettext("No lot is issued any more until it is cleared anew; those that were issued stay.")],
    )


def _lot(numbers: Typed, _typed: Typed) -> Told:
    found = asking.get(f"/v1/saving-lots/{numbers['saving_lot_id']}")
    return Told(
        facts=[
            (gettext("Owner"), frame.parties([found["owner_id"]])[found["owner_id"]]),
            (gettext("Water year"), found["water_year"]),
            (gettext("Issued"), cubic(found["issued"])),
            (gettext("Sold"), cubic(found["sold"])),
        ],
        figures=[(gettext("On offer"), cubic(found["on_offer"]), "")],
        says=[
            gettext(
                "What is on offer and not sold goes back to its owner. Orders have to be cancelled first."
            )
        ],
    )


def _call(numbers: Typed) -> list[tuple[object, object]]:
    found = asking.get(f"/v1/projects/{numbers['project_id']}")
    return [(gettext("Call"), found["title"]), (gettext("Whose"), found["name"])]


def _mark(numbers: Typed, typed: Typed) -> Told:
    return Told(
        facts=[
            *_call(numbers),
            (gettext("Mark"), f"{word('mark_' + typed['mark'])} · {word('mark_level_' + typed['level'])}"),
            (gettext("Document"), typed["document"]),
        ],
        says=[gettext("Everybody sees the mark beside the call.")],
    )


def _named(prefix: str, keys: tuple[str, ...]) -> Callable[[], list[tuple[str, Any]]]:
    return lambda: [(each, word(f"{prefix}_{each}")) for each in keys]


_CLEARANCE = (
    Ask("entitlement_id", _l("Right"), "choice", choices=rights),
    Ask("consent", _l("Consent of the authority"), hint=_l("The document that gives it."), required=False),
    Ask("return_flow", _l("Return flow"), "number", _l("A part of one, such as 0.3."), required=False),
    Ask("return_flow_basis", _l("Basis of the return flow"), hint=_l("Where it is set."), required=False),
    Ask("quota", _l("Quota of the year"), "number", unit=_l("m³"), required=False),
    Ask("farm_first_until", _l("Farmers first until"), "day", required=False),
    Ask("public_supplier", _l("The user is a public supplier of water"), "tick"),
    Ask("implied", _l("The user is on a network, without an express right of its own"), "tick"),
)
ACTS = (
    Act(
        "saving_reports.object_to", f"{REPORT}/object", _l("Object for the bureau"), _l("The objection is recorded."),
        tells=_report(_l("Nothing is shared out until another verifier, whom the bureau names, has decided.")),
        back=REPORT_PAGE, danger=True,
    ),
    Act(
        "saving_reports.void", f"{REPORT}/void", _l("Void the period"), _l("The period is void."),
        tells=_report(
            _l("For a period in which a meter was interfered with: it earns nobody anything, for good."),
            _l("An open objection to it ends with your reason."),
        ),
        back=REPORT_PAGE, danger=True,
    ),
    Act(
        "saving_reports.distribute", f"{REPORT}/distribute", _l("Share the saving out"),
        _l("The saving is shared out."), signs=(), tells=_distribute, back=REPORT_PAGE,
    ),
    Act(
        "claw_backs.propose", f"{REPORT}/claw-backs", _l("Propose a claw-back"), _l("The claw-back is proposed."),
        asks=(Ask("verifier_id", _l("Verified anew by"), "choice", _l("Not who verified it."), choices=verifiers),),
        tells=_propose, back=REPORT_PAGE, then=REPORT_PAGE,
    ),
    Act(
        "claw_backs.open_one", f"{CLAW_BACK}/open", _l("Agree to the claw-back"), _l("The report is open again."),
        signs=(),
        tells=_claw_back(
            _l("You agree as the second person: the report is open again, and its lot sells no more."),
            _l("The verifier named looks at it anew; what stands is decided after that, by two persons again."),
        ),
        back="/desk/savings", then=REPORT_PAGE, danger=True,
    ),
    Act(
        "claw_backs.withdraw", f"{CLAW_BACK}/withdraw", _l("Drop the claw-back"), _l("The proposal is dropped."),
        tells=_claw_back(_l("The report stands as it was shared out.")), back="/desk/savings", then=REPORT_PAGE,
    ),
    Act(
        "saving_clearances.record", f"{CONTRACT}/clearances", _l("Record what is cleared"), _l("It is recorded."),
        asks=_CLEARANCE, signs=(), tells=_clear, body=_cleared, back=CONTRACT_PAGE,
    ),
    Act(
        "saving_clearances.withdraw", f"{CONTRACT}/clearances/withdraw", _l("Take the clearance back"),
        _l("The clearance is taken back."), tells=_withdraw, back=CONTRACT_PAGE, danger=True,
    ),
    Act(
        "saving_lots.take_back", f"{LOT}/take-back", _l("Take the offer back"), _l("The offer is taken back."),
        signs=(), tells=_lot, back="/desk/savings/contracts", then=CONTRACT_PAGE,
    ),
    Act(
        "projects.mark", "/projects/<prj:project_id>/marks", _l("Give a mark"), _l("The mark is given."),
        asks=(
            Ask("mark", _l("Mark"), "choice", choices=_named("mark", MARKS)),
            Ask("level", _l("Level"), "choice", choices=_named("mark_level", MARK_LEVELS)),
            Ask("document", _l("Document"), hint=_l("That gives the mark.")),
        ),
        signs=(), tells=_mark, back=CALLS,
    ),
    Act(
        "projects.unmark", "/project-marks/<mrk:project_mark_id>/remove", _l("Take the mark away"),
        _l("The mark is taken away."), back=CALLS,
        tells=lambda _n, _t: Told(says=[_l("It stays in the record that the call bore it, until when and why.")]),
    ),
)  # fmt: skip
