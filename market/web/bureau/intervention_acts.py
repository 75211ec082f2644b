"""What the bureau does to the market: halts, cancellations, the kill switch. Each says first what it will do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import LEGAL_SOURCE, REASON, Act, Ask, Told, Values, instant, plain
from market.web.forms import Typed
from market.web.spoken import cubic, number, yuan
from market.web.words import word

BACK = "/desk/interventions"
HALT = "/interventions/halts/<hlt:halt_id>"
KINDS = (
    "person",
    "household",
    "association",
    "enterprise",
    "service_firm",
    "verifier",
    "bank",
    "public_body",
)


def products() -> list[tuple[str, object]]:
    """Products to choose from."""
    return [(each["id"], each["code"]) for each in frame.products()]


_PRODUCT = Ask("product_id", _l("Product"), "choice", required=False, choices=products)
_ZONE = Ask(
    "zone",
    _l("Zone"),
    "choice",
    required=False,
    choices=lambda: frame.zone_choices(("county", "township", "district", "canal")),
)
_WHO = Ask("participant_id", _l("Participant"), "find", frame.WHO, finds=frame.found_anybody, required=False)
_FILTER = (
    _PRODUCT,
    _ZONE,
    _WHO,
    Ask(
        "owner_of",
        _l("Or with all who belong with it"),
        "find",
        frame.WHO,
        finds=frame.found_anybody,
        required=False,
    ),
    Ask(
        "participant_kind",
        _l("Kind of participant"),
        "choice",
        required=False,
        choices=lambda: [(each, word(f"party_{each}")) for each in KINDS],
    ),
    Ask(
        "side",
        _l("Side"),
        "choice",
        required=False,
        choices=lambda: [("buy", word("buy")), ("sell", word("sell"))],
    ),
    Ask("price_from", _l("Price from"), "number", unit=_l("yuan/m³"), required=False),
    Ask("price_to", _l("Price to"), "number", unit=_l("yuan/m³"), required=False),
    Ask("placed_from", _l("Placed from"), "instant", required=False),
    Ask("placed_before", _l("Placed before"), "instant", required=False),
    Ask(
        "order_ids",
        _l("Only these orders"),
        "many",
        _l("Their numbers, blanks between them."),
        required=False,
    ),
)


def _filter(typed: Typed) -> Values:
    """What the fields choose, as the API's filter."""
    found: Values = {each.name: typed[each.name] for each in _FILTER if typed.get(each.name)}
    for name in ("placed_from", "placed_before"):
        if name in found:
            found[name] = instant(found[name])
    if "order_ids" in found:
        found["order_ids"] = found["order_ids"].replace(",", " ").split()
    return found


def _chosen(wanted: Values) -> Any:
    return asking.send("/v1/interventions/cancellations/preview", {"filter": wanted})


def _figures(found: Any) -> list[tuple[object, object, object]]:
    return [
        (
            gettext("Open orders"),
            number(found["orders"]),
            gettext("of %(n)s participants", n=found["participants"]),
        ),
        (gettext("Water offered"), cubic(found["sell_volume"]), ""),
        (gettext("Water wanted"), cubic(found["buy_volume"]), ""),
        (gettext("Money held"), yuan(found["held"]), ""),
    ]


def _facts(typed: Typed) -> list[tuple[object, object]]:
    """What was chosen, in words."""
    shown: list[tuple[object, object]] = []
    names = {each["id"]: each["code"] for each in frame.products()} if typed.get("product_id") else {}
    zones = frame.zones() if typed.get("zone") else {}
    parties = frame.parties([typed.get("participant_id"), typed.get("owner_of")])
    for each in _FILTER:
        value = typed.get(each.name)
        if value:
            said: object = names.get(value) or zones.get(value) or parties.get(value) or value
            if each.name in ("side", "participant_kind"):
                said = word(value if each.name == "side" else f"party_{value}")
            shown.append((each.label, said))
    return shown


def _halt(_numbers: Typed, typed: Typed) -> Told:
    scope, cancels = typed["scope"], typed.get("orders") == "cancel"
    wanted = (
        {}
        if scope == "market"
        else {
            f"{scope}_id" if scope != "zone" else "zone": typed.get(
                f"{scope}_id" if scope != "zone" else "zone", ""
            )
        }
    )
    if scope != "market" and not all(wanted.values()):
        return Told(stops=[gettext("Say which product, zone or participant stands still.")])
    found = _chosen(wanted)
    told = Told(
        facts=[(gettext("What stands still"), word(f"scope_{scope}")), *_facts(typed)],
        figures=_figures(found),
    )
    told.says.append(
        gettext("From the answer on nothing of it trades: new orders are refused, no order is matched.")
    )
    told.says.append(
        gettext(
            "%(n)s open orders are cancelled; their water and money are free again. They do not come back.",
            n=number(found["orders"]),
        )
        if cancels
        else gettext(
            "%(n)s open orders stay in the book and are matched again when the halt is lifted.",
            n=number(found["orders"]),
        )
    )
    told.says.append(
        gettext("It ends by itself at %(at)s.", at=typed["until"].replace("T", " "))
        if typed.get("until")
        else gettext("It lasts until it is lifted.")
    )
    if scope != "participant":
        told.says.append(gettext("The halt stands on the public board with its reason and legal source."))
    return told


def _cancel(_numbers: Typed, typed: Typed) -> Told:
    found = _chosen(_filter(typed))
    told = Told(
        facts=_facts(typed) or [(gettext("Chosen"), gettext("every open order of the market"))],
        figures=_figures(found),
    )
    if not found["orders"]:
        return Told(facts=told.facts, figures=told.figures, stops=[gettext("No open order fits.")])
    told.says += [
        gettext(
            "%(n)s open orders of %(m)s participants end. From the answer on none of them fills.",
            n=number(found["orders"]),
            m=found["participants"],
        ),
        gettext(
            "%(water)s offered and %(money)s held are free again for their owners.",
            water=cubic(found["sell_volume"]),
            money=yuan(found["held"]),
        ),
        gettext(
            "Exactly these orders are cancelled: if others have "
            "come or gone since, it is refused and you look again."
        ),
    ]
    told.keeps["digest"] = found["digest"]
    return told


def _cancelling(act: Act, typed: Typed) -> Values:
    body: Values = {
        "filter": _filter(typed),
        "reason": typed.get("reason", ""),
        "legal_source": typed.get("legal_source", ""),
    }
    return body | ({"digest": typed["digest"]} if typed.get("digest") else {})


def _kill(_numbers: Typed, typed: Typed) -> Told:
    wanted = {name: typed[name] for name in ("participant_id", "product_id") if typed.get(name)}
    found = _chosen(wanted)
    told = Told(facts=_facts(typed) or [(gettext("Whom"), gettext("everybody"))], figures=_figures(found))
    told.says += [
        gettext("New orders are refused at once, and deals struck elsewhere too."),
        gettext(
            "Every open order (%(n)s now) is ended; its water "
            "and money are free again. It does not come back.",
            n=number(found["orders"]),
        ),
        gettext("It lasts until it is lifted."),
    ]
    return told


def _plain(*says: object) -> Callable[[Typed, Typed], Told]:
    return lambda _numbers, _typed: Told(says=list(says))


def _halting(act: Act, typed: Typed) -> Values:
    """Only what the scope is about goes along."""
    scope = typed.get("scope", "")
    about = {"product": "product_id", "zone": "zone", "participant": "participant_id"}
    unwanted = {name for key, name in about.items() if key != scope} | (
        set() if scope == "participant" else {"with_owners"}
    )
    return {name: value for name, value in plain(act, typed).items() if name not in unwanted}


ACTS = (
    Act(
        "interventions.order_halt",
        "/interventions/halts",
        _l("Order a halt"),
        _l("It stands still."),
        danger=True,
        back=BACK,
        asks=(
            Ask(
                "scope",
                _l("What stands still"),
                "choice",
                choices=lambda: [
                    (each, word(f"scope_{each}")) for each in ("market", "product", "zone", "participant")
                ],
            ),
            _PRODUCT,
            _ZONE,
            _WHO,
            Ask("with_owners", _l("With all who belong with the participant"), "tick"),
            Ask(
                "orders",
                _l("Open orders"),
                "choice",
                choices=lambda: [("stay", _l("stay in the book")), ("cancel", _l("are cancelled"))],
            ),
            Ask("until", _l("Until"), "instant", _l("Empty: until it is lifted."), required=False),
        ),
        signs=(REASON, LEGAL_SOURCE),
        tells=_halt,
        body=_halting,
    ),
    Act(
        "interventions.lift_halt",
        f"{HALT}/lift",
        _l("Lift the halt"),
        _l("The halt is lifted."),
        back=BACK,
        tells=_plain(_l("Orders come in again, and those that stayed in the book are matched at once.")),
    ),
    Act(
        "interventions.cancel_orders",
        "/interventions/cancellations",
        _l("Cancel orders by a filter"),
        _l("The orders are being cancelled."),
        asks=_FILTER,
        signs=(REASON, LEGAL_SOURCE),
        tells=_cancel,
        body=_cancelling,
        danger=True,
        back=BACK,
        then="/desk/interventions/cancellations/{id}",
    ),
    Act(
        "kill_switches.throw",
        "/kill-switch",
        _l("Throw the kill switch"),
        _l("The kill switch is thrown."),
        danger=True,
        back=BACK,
        asks=(
            Ask(
                "participant_id",
                _l("Participant"),
                "find",
                _l("A part of the name, or the number; then choose. Empty: everybody."),
                finds=frame.found_anybody,
                required=False,
            ),
            _PRODUCT,
        ),
        signs=(REASON, LEGAL_SOURCE),
        tells=_kill,
    ),
    Act(
        "kill_switches.lift",
        "/kill-switch/<kil:kill_switch_id>/lift",
        _l("Lift the kill switch"),
        _l("The kill switch is lifted."),
        back=BACK,
        tells=_plain(_l("Orders come in again; those that were ended stay ended.")),
    ),
)
