"""Acts on meters and what was found about readings."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau.acts import REASON, Act, Ask, Told
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
                (gettext("Finding"), word(f"meter_{found['kind']}")),
                (gettext("Read"), instant(found["read_at"])),
                (gettext("Counter"), cubic(found["counter"])),
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
                (gettext("Counter"), cubic(found["counter"])),
                (gettext("Read"), instant(found["read_at"])),
                (gettext("Calibration expires"), day(found["calibration_expires_on"])),
            ],
            says=list(says),
            version=found["version"],
        )

    return tells


ACTS = (
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
            Ask("counter", _l("Counter"), "number", unit=_l("m³"), required=False),
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
            Ask("counter", _l("Counter"), "number", unit=_l("m³"), required=False),
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
