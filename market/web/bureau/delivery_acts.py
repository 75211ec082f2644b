"""Acts on deliveries: handed to a gate keeper, confirmed, given up in part, made good or refunded."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import REASON, Act, Ask, Told
from market.web.forms import Typed
from market.web.spoken import cubic, day

PLACE = "/deliveries/<dlv:delivery_id>"
BACK = "/desk/deliveries/{delivery_id}"


def _of(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/deliveries/{numbers['delivery_id']}")
        names = frame.parties((found["buyer_id"], found["keeper_id"]))
        missing = Decimal(found["volume"]) - Decimal(found["confirmed"])
        return Told(
            facts=[
                (gettext("Buyer"), names[found["buyer_id"]]),
                (gettext("Canal"), frame.zones().get(found["canal"], found["canal"])),
                (gettext("From"), day(found["starts_on"])),
                (gettext("Until"), day(found["ends_on"])),
                (gettext("Gate keeper"), names.get(found["keeper_id"], gettext("the registrar"))),
            ],
            figures=[
                (gettext("Ordered"), cubic(found["volume"]), ""),
                (gettext("Water arrived"), cubic(found["confirmed"]), ""),
                (gettext("Missing"), cubic(f"{missing:f}"), ""),
            ],
            says=list(says),
        )

    return tells


def keepers() -> list[tuple[str, object]]:
    """Associations, which keep gates."""
    found = asking.pages("/v1/participants", kind="association", status="admitted")
    return [("", gettext("the registrar")), *((each["id"], each["name"]) for each in found)]


ACTS = (
    Act(
        "deliveries.dispatch", f"{PLACE}/dispatch", _l("Hand to the gate keeper"), _l("The order is handed over."),
        asks=(Ask("keeper_id", _l("Gate keeper"), "choice", choices=keepers, required=False),), signs=(), back=BACK,
        facts_first=True, tells=_of(_l("Who keeps the gate sees the order, and says what arrived.")),
    ),
    Act(
        "deliveries.confirm", f"{PLACE}/confirm", _l("Confirm what arrived"), _l("The water is confirmed."),
        asks=(
            Ask("volume", _l("Arrived at the gate"), "number", unit=_l("m³")),
            Ask("note", _l("Note"), required=False),
        ),
        signs=(), back=BACK, facts_first=True,
        tells=_of(_l("Once all of it has arrived the delivery is done; it may arrive in parts.")),
    ),
    Act(
        "deliveries.close_short", f"{PLACE}/close-short", _l("No more will arrive"),
        _l("The delivery is closed short."),
        signs=(REASON,), back=BACK, danger=True,
        tells=_of(_l("What is missing is made good by a further delivery, or refunded: the registrar says which.")),
    ),
    Act(
        "deliveries.make_good", f"{PLACE}/make-good", _l("Make good what is missing"),
        _l("A further delivery is ordered."),
        asks=(
            Ask("starts_on", _l("From"), "day", required=False),
            Ask("ends_on", _l("Until"), "day", _l("Empty: to the end of the water year."), required=False),
        ),
        signs=(), back=BACK, then="/desk/deliveries/{id}", facts_first=True,
        tells=_of(_l("What is missing is ordered once more, by the canal's open months.")),
    ),
    Act(
        "deliveries.propose_refund", f"{PLACE}/propose-refund", _l("Propose a refund"), _l("The refund is proposed."),
        signs=(REASON,), back=BACK,
        tells=_of(_l("Somebody else decides. Then money, water and headroom go back for what is missing, and whole.")),
    ),
)  # fmt: skip
