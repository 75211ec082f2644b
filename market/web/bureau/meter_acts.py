"""Acts on meters and what was found about readings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.metering.models import METER_KINDS, QUANTITIES
from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import LEGAL_SOURCE, REASON, Act, Ask, Told
from market.web.forms import Typed
from market.web.spoken import cubic, day, instant
from market.web.words import word

METER, FINDING = "/meters/<mtr:meter_id>", "/findings/<fnd:finding_id>"
BACK = "/desk/meters/{meter_id}"


def _finding(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/findings/{numbers['finding_id']}")
        return Told(
            facts=[
                (gettext("What was found"), word(f"meter_{found['kind']}")),
                (gettext("Read"), instant(found["read_at"])),
                (gettext("Counter reading"), cubic(found["counter"])),
                (gettext("Volume"), cubic(found["volume"])),
                (gettext("Limit"), cubic(found["limit"])),
            ],
            says=list(says),
        )

    return tells


def _of_meter(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/meters/{numbers['meter_id']}")
        return Told(
            facts=[
                (gettext("Meter"), found["serial"]),
                (gettext("Counter reading"), cubic(found["counter"])),
                (gettext("Read"), instant(found["read_at"])),
                (gettext("Calibration expires"), day(found["calibration_expires_on"])),
            ],
            says=list(says),
            version=found["version"],
        )

    return tells


def _account(number: str) -> Any:
    """A water account with its owner's name."""
    found = asking.get(f"/v1/water-accounts/{number}")
    return found | {"name": frame.parties([found["participant_id"]])[found["participant_id"]]}


def _facts(account: Any) -> list[tuple[object, object]]:
    zones = frame.zones()
    return [
        (gettext("Holder"), account["name"]),
        (gettext("Place"), f"{zones.get(account['township'], '')} · {zones.get(account['canal'], '')}"),
        (gettext("Water"), f"{word(account['source'])} {account['water_year']} · {word(account['sector'])}"),
    ]


def _register(_numbers: Typed, typed: Typed) -> Told:
    return Told(
        facts=[*_facts(_account(typed["water_account_id"])), (gettext("Meter"), typed["serial"])],
        says=[gettext("From now on what this meter shows is booked as use of this account, with its fee.")],
    )


def _plan(numbers: Typed, typed: Typed) -> Told:
    account = _account(numbers["water_account_id"])
    return Told(
        facts=_facts(account),
        figures=[
            (gettext("Now"), cubic(account["use_plan"]), ""),
            (gettext("From now on"), cubic(typed["volume"]), ""),
        ],
        says=[gettext("What the account may buy is bounded by it; what was bought already stays.")],
        version=account["version"],
    )


def following() -> list[tuple[str, object]]:
    """Other open accounts of the holder of the meter that the page is about, at the same place, of the same source."""
    meter = asking.get(f"/v1/meters/{frame.public('mtr', (request.view_args or {})['meter_id'])}")
    now = asking.get(f"/v1/water-accounts/{meter['water_account_id']}")
    same = ("township", "canal", "source", "origin")
    return [
        (each["id"], f"{word(each['source'])} {each['water_year']} · {word(each['sector'])}")
        for each in asking.pages("/v1/water-accounts", participant_id=now["participant_id"])
        if each["status"] == "open"
        and each["id"] != now["id"]
        and all(each[name] == now[name] for name in same)
    ]


def _assign(numbers: Typed, typed: Typed) -> Told:
    told: Told = _of_meter(
        gettext("From the next reading on, what the meter shows is booked to this account."),
        gettext("What was read before stays with the account that it was booked to."),
    )(numbers, typed)
    account = _account(typed["water_account_id"])
    told.facts += _facts(account)
    return told


ACTS = (
    Act(
        "meters.register_meter",
        "/meters",
        _l("Register a meter"),
        _l("The meter is registered."),
        asks=(
            Ask("water_account_id", _l("Water account"), hint=_l("Its number, from the holder's page.")),
            Ask("serial", _l("Number on the meter")),
            Ask(
                "kind",
                _l("Kind"),
                "choice",
                choices=lambda: [(each, word(f"meter_is_{each}")) for each in METER_KINDS],
            ),
            Ask(
                "measures",
                _l("What it measures"),
                "choice",
                choices=lambda: [(each, word(f"measures_{each}")) for each in QUANTITIES],
            ),
            Ask("start", _l("It shows at first"), "number", unit=_l("m³"), required=False),
            Ask("start_kwh", _l("It shows at first"), "number", unit=_l("kWh"), required=False),
            Ask("digits", _l("Whole digits of its dial"), "count", required=False),
            Ask("calibrated_on", _l("Calibrated"), "day", required=False),
            Ask("calibration_expires_on", _l("Expires"), "day", required=False),
            Ask("read_every_days", _l("Read every so many days"), "count", required=False),
            Ask("apportioned", _l("It is a gate whose water an association shares out"), "tick"),
        ),
        signs=(),
        tells=_register,
        back="/desk/meters",
        then="/desk/meters/{id}",
    ),
    Act(
        "meters.replace_counter",
        f"{METER}/replace",
        _l("Put a new counter in"),
        _l("The counter is replaced."),
        back=BACK,
        signs=(
            Ask("at", _l("When"), "instant"),
            Ask("final", _l("The old one showed at the end"), "number", unit=_l("m³"), required=False),
            Ask("serial", _l("Number on the new one")),
            Ask("start", _l("It shows at first"), "number", unit=_l("m³"), required=False),
            REASON,
        ),
        tells=_of_meter(
            _l("What the old counter showed at the end is booked; the new one goes on from what it shows.")
        ),
    ),
    Act(
        "meters.record_conversion",
        f"{METER}/conversions",
        _l("Record how much water a kWh lifts"),
        _l("The coefficient is recorded."),
        back=BACK,
        signs=(
            Ask("coefficient", _l("Water by a kWh"), "number", unit=_l("m³/kWh")),
            Ask("calibrated_on", _l("Calibrated"), "day"),
            Ask("valid_from", _l("Holds from"), "day"),
            Ask("source", _l("Where it is laid down")),
        ),
        tells=_of_meter(_l("Electricity read from that day on is turned into water by it.")),
    ),
    Act(
        "water_accounts.set_use_plan",
        "/water-accounts/<wac:water_account_id>/use-plan",
        _l("Record the use plan"),
        _l("The use plan is recorded."),
        asks=(Ask("volume", _l("Use plan of the year"), "number", unit=_l("m³")),),
        signs=(LEGAL_SOURCE,),
        tells=_plan,
        back="/desk/participants",
        then="/desk/participants/{participant_id}",
    ),
    Act(
        "findings.confirm",
        f"{FINDING}/confirm",
        _l("Confirm the finding"),
        _l("The finding is confirmed."),
        back="/desk/meters",
        tells=_finding(_l("The reading is booked as it was read; over-use is charged as the tariff says.")),
    ),
    Act(
        "findings.dismiss",
        f"{FINDING}/dismiss",
        _l("Dismiss the finding"),
        _l("The finding is dismissed."),
        back="/desk/meters",
        tells=_finding(_l("A reading that was held is not booked; it has to be read again.")),
    ),
    Act(
        "meters.assign",
        f"{METER}/assign",
        _l("Move the meter to another account"),
        _l("The meter measures for the other account."),
        asks=(
            Ask(
                "water_account_id",
                _l("To which account"),
                "choice",
                _l("Of the same holder, at the same place: that of the next water year, as a rule."),
                choices=following,
            ),
        ),
        signs=(),
        tells=_assign,
        back=BACK,
    ),
    Act(
        "turn_sheets.serve",
        f"{METER}/serve",
        _l("Say whom the gate serves"),
        _l("The gate serves them."),
        signs=(
            Ask(
                "water_account_ids",
                _l("Water accounts"),
                "words",
                _l("Their numbers, blanks between them; those that it serves already stay."),
            ),
        ),
        body=lambda _act, typed: {"water_account_ids": typed.get("water_account_ids", "").split()},
        tells=_of_meter(_l("The association that keeps the gate may share its water out among them.")),
        back=BACK,
    ),
    Act(
        "meters.calibrate",
        f"{METER}/calibrate",
        _l("Record a calibration"),
        _l("The calibration is recorded."),
        back=BACK,
        signs=(Ask("calibrated_on", _l("Calibrated"), "day"), Ask("expires_on", _l("Expires"), "day")),
        tells=_of_meter(_l("Readings until that day count as of a calibrated meter.")),
    ),
    Act(
        "meters.record_reading",
        f"{METER}/readings",
        _l("Enter a reading"),
        _l("The reading is entered, or held for a decision."),
        back=BACK,
        signs=(
            Ask("read_at", _l("Read"), "instant"),
            Ask("counter", _l("Counter reading"), "number", unit=_l("m³"), required=False),
            Ask("kwh", _l("Electricity"), "number", unit=_l("kWh"), required=False),
            Ask("estimated", _l("It is estimated"), "tick"),
        ),
        tells=_of_meter(
            _l(
                "The water since the last reading is booked as used, "
                "with its fee. A jump or a gap is held for a decision."
            )
        ),
    ),
    Act(
        "meters.correct",
        "/readings/<rdg:reading_id>/correct",
        _l("Correct the reading"),
        _l("The reading is corrected."),
        signs=(
            Ask("counter", _l("Counter reading"), "number", unit=_l("m³"), required=False),
            Ask("kwh", _l("Electricity"), "number", unit=_l("kWh"), required=False),
            REASON,
        ),
        then="/desk/meters/{meter_id}",
        back="/desk/meters",
        tells=lambda _n, _t: Told(
            says=[_l("The old reading stays on record and is booked back; the right one is booked instead.")]
        ),
    ),
    Act(
        "meters.close_meter",
        f"{METER}/close",
        _l("Close the meter"),
        _l("The meter is closed."),
        back=BACK,
        danger=True,
        signs=(
            Ask("read_at", _l("Last read"), "instant", required=False),
            Ask("final", _l("Last counter"), "number", unit=_l("m³"), required=False),
            REASON,
        ),
        tells=_of_meter(_l("No reading is taken any more; the last one is booked.")),
    ),
)
