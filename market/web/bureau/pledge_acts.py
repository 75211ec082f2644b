"""Acts on pledges in force: holding what announcements brought, enforcement by an agent, and what a sale earned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import frame, subjects
from market.web.bureau.acts import Act, Ask, Told
from market.web.forms import Typed
from market.web.spoken import cubic, price, yuan

PLEDGE, SALE = "/pledges/<plg:pledge_id>", "/pledge-sales/<psl:pledge_sale_id>"
BACK, BACK_TO_SALE = "/desk/pledges/{pledge_id}", "/desk/pledge-sales/{pledge_sale_id}"


def _secure(numbers: Typed, _typed: Typed) -> Told:
    found = asking.get(f"/v1/pledges/{numbers['pledge_id']}")
    return Told(
        facts=subjects.pledge(found),
        figures=[
            (gettext("Pledged a year"), cubic(found["volume"]), ""),
            (gettext("Held now"), cubic(found["held"]), ""),
        ],
        says=[
            gettext("What announcements have brought since is held for the bank, up to the pledged volume."),
            gettext("The owner cannot sell what is held."),
        ],
    )


def _enforce(numbers: Typed, typed: Typed) -> Told:
    found = asking.get(f"/v1/pledges/{numbers['pledge_id']}")
    told = Told(facts=subjects.pledge(found))
    if not typed.get("agent_id"):  # beside the particulars, which are not typed yet
        return told
    agent = frame.parties([typed["agent_id"]])[typed["agent_id"]]
    told.facts += [(gettext("Who sells"), agent), (gettext("Document"), typed["document"])]
    told.figures += [
        (gettext("Held now"), cubic(found["held"]), ""),
        (gettext("Owed now"), yuan(typed["owed"]), ""),
        (gettext("Lowest price"), price(typed["floor_price"]), ""),
    ]
    told.says += [
        gettext(
            "What the pledge holds of one year, the most first, goes to an account of this agent at once."
        ),
        gettext("The agent sells it in the ordinary book, not below the lowest price; never to the bank."),
        gettext("What it earns waits until it is paid out: to the banks by rank, the rest to the owner."),
    ]
    if not Decimal(found["held"]):
        told.stops.append(gettext("The pledge holds no water now."))
    return told


def _sale(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/pledge-sales/{numbers['pledge_sale_id']}")
        return Told(
            facts=subjects.pledge_sale(found),
            figures=[
                (gettext("Waits to be paid out"), yuan(found["proceeds"]), ""),
                (gettext("Not sold"), cubic(found["unsold"]), ""),
            ],
            says=list(says),
        )

    return tells


def _paid(made: Mapping[str, Any]) -> str:
    """Who got how much."""
    payments = made["payments"]
    names = frame.parties(each["participant_id"] for each in payments)
    return " · ".join(f"{names[each['participant_id']]} {yuan(each['amount'])}" for each in payments)


ACTS = (
    Act(
        "pledges.secure", f"{PLEDGE}/secure", _l("Hold what is missing"), _l("It is held."), signs=(), tells=_secure,
        back=BACK,
    ),
    Act(
        "pledges.enforce", f"{PLEDGE}/enforce", _l("Enforce the pledge"), _l("The agent may sell."),
        asks=(
            Ask(
                "agent_id", _l("Who sells"), "find", _l("An agent or association, neither the bank nor the owner."),
                finds=frame.found_participants,
            ),
            Ask("owed", _l("Owed now"), "number", unit=_l("yuan")),
            Ask("floor_price", _l("Lowest price"), "number", unit=_l("yuan/m³")),
            Ask("document", _l("Document"), hint=_l("Of a court or a notary, with its number.")),
        ),
        signs=(), tells=_enforce, facts_first=True, back=BACK, then="/desk/pledge-sales/{id}", danger=True,
    ),
    Act(
        "pledge_sales.pay_out", f"{SALE}/pay-out", _l("Pay out what it earned"), _l("It is paid out."), signs=(),
        tells=_sale(_l("What it earned goes to the banks by rank up to what is owed, the rest to the owner.")),
        back=BACK_TO_SALE, shown=_paid,
    ),
    Act(
        "pledge_sales.take_back", f"{SALE}/take-back", _l("Take back what is not sold"), _l("It is taken back."),
        signs=(), back=BACK_TO_SALE,
        tells=_sale(
            _l("What is not sold goes back to the owner; what the pledges in force still secure is held again."),
            _l("Orders that stand in the book have to be cancelled by their agent first."),
        ),
    ),
)  # fmt: skip
