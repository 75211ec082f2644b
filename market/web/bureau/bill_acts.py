"""Acts of the treasurer on water bills: issuing a run, cash, posting, associations of canals, remittances."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.core import clock
from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import REASON, Act, Ask, Choices, Told, Values, plain
from market.web.forms import Typed
from market.web.spoken import cubic, day, yuan
from market.web.words import word

BACK = "/desk/bills"
RUN, BILL, REMITTANCE = (
    "/billing-runs/<wbr:billing_run_id>",
    "/water-bills/<wbl:water_bill_id>",
    "/remittances/<rmt:remittance_id>",
)


def associations() -> Choices:
    """The admitted associations by name."""
    found = asking.pages("/v1/participants", kind="association", status="admitted")
    return [(each["id"], each["name"] or frame.short(each["id"])) for each in found]


def _preview(_numbers: Typed, typed: Typed) -> Told:
    year = typed["water_year"]
    body = {"water_year": int(year) if year.isdecimal() else year, "until": typed["until"]}
    found = asking.send("/v1/billing-runs/preview", body)
    names = frame.parties(each["participant_id"] for each in found["sample"])
    told = Told(
        facts=[
            (gettext("Water year"), found["water_year"]),
            (gettext("Period"), f"{found['from']} – {found['until']}"),
            (gettext("Due on"), day(found["due"])),
        ],
        figures=[
            (gettext("Bills"), str(found["bills"]), ""),
            (gettext("Used"), cubic(found["volume"]), ""),
            (gettext("Billed"), yuan(found["amount"]), ""),
            (gettext("Of it for end canals"), yuan(found["end_canal_part"]), ""),
        ],
        heads=[gettext("Holder"), gettext("Kind"), gettext("Used"), gettext("Amount")],
        rows=[
            [
                names[each["participant_id"]],
                word(f"water_bill_kind_{each['kind']}"),
                cubic(each["volume"]),
                yuan(each["amount"]),
            ]
            for each in found["sample"]
        ],
        sources=sorted({line["legal_source"] for each in found["sample"] for line in each["lines"]}),
        says=[
            gettext(
                "Exactly these bills are issued; what is read or corrected later comes with the next run."
            ),
            gettext(
                "Every holder is told, and a bill is never changed: a mistake is mended by a correction."
            ),
        ],
        keeps={"digest": found["digest"]},
    )
    if found["corrections"]:
        told.figures.append((gettext("Corrections"), str(found["corrections"]), ""))
    if not found["bills"]:
        told.stops.append(gettext("There is nothing to bill in this period."))
    return told


def _with_digest(act: Act, typed: Typed) -> Values:
    return {**plain(act, typed), "digest": typed.get("digest", "")}


def _of_bill(numbers: Typed, _typed: Typed) -> Told:
    found = asking.get(f"/v1/water-bills/{numbers['water_bill_id']}")
    return Told(
        facts=[(gettext("Holder"), found["holder"]), (gettext("Due on"), day(found["due"]))],
        figures=[
            (gettext("Amount"), yuan(found["amount"]), ""),
            (gettext("Paid"), yuan(found["settled"]), ""),
            (gettext("Left to pay"), yuan(found["left"]), ""),
        ],
        says=[
            gettext("The cash is booked to the bill, and a numbered receipt is drawn to print and hand over.")
        ],
    )


def _of_remittance(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/remittances/{numbers['remittance_id']}")
        to = found["association_id"]
        return Told(
            facts=[
                (gettext("Paid over to"), frame.parties([to])[to] if to else word("remittance_supplier")),
                (gettext("Paid until"), day(found["until"])),
            ],
            figures=[
                (gettext("Amount"), yuan(found["amount"]), ""),
                (gettext("Of it cash"), yuan(found["cash"]), ""),
                (gettext("Payments"), str(found["payments"]), ""),
            ],
            says=list(says),
        )

    return tells


def _today() -> object:
    return clock.today().isoformat()


def _says(*says: object) -> Callable[[Typed, Typed], Told]:
    return lambda _numbers, _typed: Told(says=list(says))


def _village() -> Choices:
    return frame.zone_choices(("township", "village"))


def _canals() -> Choices:
    return frame.zone_choices(("canal",))


ACTS: tuple[Act, ...] = (
    Act(
        "billing_runs.issue", "/billing-runs", _l("Issue water bills"), _l("The bills are issued."),
        asks=(
            Ask("water_year", _l("Water year"), "count", value=clock.this_year),
            Ask("until", _l("Last day of the period"), "day", value=_today),
        ),
        signs=(), tells=_preview, body=_with_digest, back=BACK, then="/desk/bills/runs/{id}",
    ),
    Act(
        "billing_runs.post_village", f"{RUN}/postings", _l("Post a village's bills"), _l("The bills are posted."),
        asks=(Ask("zone", _l("Village"), "choice", choices=_village),), signs=(),
        tells=_says(
            _l("The village's bills stand in public as they are now, with masked names, to print and put up."),
        ),
        back="/desk/bills/runs/{billing_run_id}", then="/posted-bills/{billing_run_id}/{zone}",
    ),
    Act(
        "water_bills.take_cash", f"{BILL}/cash", _l("Take cash for a bill"), _l("The cash is booked."),
        signs=(Ask("amount", _l("Only a part"), "number", unit=_l("yuan"), required=False),),
        tells=_of_bill, back=BACK, then="/water-receipts/{id}",
    ),
    Act(
        "canal_associations.record", "/canal-associations", _l("Record a canal's association"),
        _l("The association is recorded."),
        asks=(
            Ask("canal", _l("Canal"), "choice", choices=_canals),
            Ask("association_id", _l("Association"), "choice", choices=associations),
            Ask("from", _l("From"), "day", value=_today),
        ),
        signs=(), back=BACK,
        tells=_says(
            _l("From this day on the end canals' part of the bills below this canal goes to the association."),
        ),
    ),
    Act(
        "remittances.make", "/remittances", _l("Make a remittance"), _l("The remittance waits for a second person."),
        asks=(
            Ask("until", _l("Paid until"), "day", value=_today),
            Ask(
                "association_id", _l("Association"), "choice", _l("Nobody named: to the supplier."),
                required=False, choices=associations,
            ),
        ),
        signs=(), back=BACK,
        tells=_says(
            _l("All payments up to that day that are in no remittance are gathered. No money moves yet."),
            _l("Somebody else confirms it; who makes it cannot."),
        ),
    ),
    Act(
        "remittances.confirm", f"{REMITTANCE}/confirm", _l("Confirm the remittance"),
        _l("The remittance is confirmed."),
        signs=(
            Ask(
                "bank_reference", _l("Bank reference"), hint=_l("Where the supplier's money leaves by the bank."),
                required=False,
            ),
        ),
        tells=_of_remittance(_l("The money moves now.")), back=BACK, danger=True,
    ),
    Act(
        "remittances.refuse", f"{REMITTANCE}/refuse", _l("Refuse the remittance"), _l("The remittance is refused."),
        signs=(REASON,), tells=_of_remittance(_l("Its payments wait for another remittance.")), back=BACK,
    ),
)  # fmt: skip
