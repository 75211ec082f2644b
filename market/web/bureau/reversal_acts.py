"""Reversals of settlements: one proposes, another decides; each page says what will move."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import subjects
from market.web.bureau.acts import LEGAL_SOURCE, REASON, Act, Ask, Told
from market.web.forms import Typed
from market.web.spoken import cubic, price, yuan
from market.web.words import word

BACK = "/desk/interventions"
REVERSAL = "/interventions/reversals/<rvs:reversal_id>"


def _reversal(_numbers: Typed, typed: Typed) -> Told:
    found = asking.get(f"/v1/instructions/{typed['instruction_id']}")
    told = Told(
        facts=subjects.facts(typed["instruction_id"]),
        figures=[
            (gettext("Water to go back at most"), cubic(found["source_volume"]), ""),
            (gettext("Money to go back at most"), yuan(found["amount"]), ""),
        ],
    )
    if found["status"] != "settled":
        told.stops.append(
            gettext(
                "Only a settled trade can be reversed; this one is: %(state)s.", state=word(found["status"])
            )
        )
    told.says += [
        gettext("You propose: nothing moves until a reviewer, another person, has decided."),
        gettext(
            "Once approved: what is left of the water goes back to the "
            "seller, what is used is compensated in money, all at once."
        ),
        gettext("What cannot be paid at once stays owed, and is taken from what comes in."),
    ]
    if typed.get("value_price"):
        told.facts.append((gettext("Value of water that is used"), price(typed["value_price"])))
    return told


def _of_reversal(*says: object, moves: bool = False) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/interventions/reversals/{numbers['reversal_id']}")
        told = Told(
            facts=subjects.facts(found["instruction_id"]), says=list(says), sources=[found["legal_source"]]
        )
        told.facts.append((gettext("Why"), found["reason"]))
        if moves:
            told.figures += [
                (gettext("Water that goes back"), cubic(found["returned"]), ""),
                (gettext("Water that stays"), cubic(found["kept"]), ""),
                (gettext("Compensated in money"), yuan(found["value"]), ""),
            ]
        return told

    return tells


ACTS = (
    Act(
        "reversals.propose",
        "/interventions/reversals",
        _l("Propose a reversal"),
        _l("The reversal is proposed."),
        back=BACK,
        asks=(
            Ask(
                "instruction_id",
                _l("Settlement"),
                hint=_l("The number of the instruction of a settled trade (ins_…)."),
            ),
            Ask(
                "value_price",
                _l("Value of water that is used"),
                "number",
                _l("Empty: the price of the trade."),
                _l("yuan/m³"),
                required=False,
            ),
        ),
        signs=(REASON, LEGAL_SOURCE),
        tells=_reversal,
    ),
    Act(
        "reversals.approve",
        f"{REVERSAL}/approve",
        _l("Approve the reversal"),
        _l("The settlement is reversed."),
        danger=True,
        back=BACK,
        tells=_of_reversal(
            _l("You decide as the second person; who proposed cannot."),
            _l("Water and money go back at once and whole; this cannot be taken back."),
            moves=True,
        ),
    ),
    Act(
        "reversals.reject",
        f"{REVERSAL}/reject",
        _l("Reject the reversal"),
        _l("The reversal is rejected."),
        back=BACK,
        tells=_of_reversal(_l("The settlement stands; nothing moves.")),
    ),
    Act(
        "reversals.withdraw",
        f"{REVERSAL}/withdraw",
        _l("Drop the proposal"),
        _l("The proposal is dropped."),
        back=BACK,
        tells=_of_reversal(_l("The settlement stands; nothing moves.")),
    ),
)
