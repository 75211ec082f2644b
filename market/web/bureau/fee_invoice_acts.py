"""Acts of the treasurer on fee invoices: issuing those of a month, recording the tax authority's numbers."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.core import clock
from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import Act, Ask, Told, Values, plain
from market.web.forms import Typed
from market.web.spoken import day, yuan
from market.web.words import word

BACK = "/desk/fee-invoices"


def _last_month() -> object:
    at = clock.today().year * 12 + clock.today().month - 2
    return f"{at // 12}-{at % 12 + 1:02d}"


def _preview(_numbers: Typed, typed: Typed) -> Told:
    found = asking.send("/v1/fee-invoice-runs/preview", {"month": typed["month"]})
    names = frame.parties(each["participant_id"] for each in found["sample"])
    vat = found["vat"]
    told = Told(
        facts=[
            (gettext("Period"), f"{found['first_day']} – {found['last_day']}"),
            (gettext("Tax rate"), f"{vat['rate']} %"),
        ],
        figures=[
            (gettext("Invoices"), str(found["invoices"]), ""),
            (gettext("Credits"), str(found["credits"]), ""),
            (gettext("With tax"), yuan(found["gross"]), ""),
            (gettext("Without tax"), yuan(found["net"]), ""),
            (gettext("Tax"), yuan(found["tax"]), ""),
        ],
        heads=[gettext("Recipient"), gettext("Kind"), gettext("Form"), gettext("With tax"), gettext("Tax")],
        rows=[
            [
                names[each["participant_id"]],
                word(f"fee_invoice_kind_{each['kind']}"),
                word(f"fee_invoice_form_{each['form']}"),
                yuan(each["gross"]),
                yuan(each["tax"]),
            ]
            for each in found["sample"]
        ],
        sources=[vat["legal_source"]],
        says=[
            gettext("Exactly these invoices are issued, and none is ever changed: a credit takes back."),
            gettext("Each fee is on one invoice at most; what is given back later is credited then."),
        ],
        keeps={"digest": found["digest"]},
    )
    if found["without_tax_number"]:
        told.says.append(
            gettext(
                "%(count)s of them are for bodies without a tax profile: in their registered name alone.",
                count=found["without_tax_number"],
            )
        )
    if not found["invoices"] + found["credits"]:
        told.stops.append(gettext("There is nothing to invoice in this month."))
    return told


def _with_digest(act: Act, typed: Typed) -> Values:
    return {**plain(act, typed), "digest": typed.get("digest", "")}


def _of_invoice(numbers: Typed, _typed: Typed) -> Told:
    found = asking.get(f"/v1/fee-invoices/{numbers['fee_invoice_id']}")
    told = Told(
        facts=[
            (gettext("Number"), found["number"]),
            (gettext("Recipient"), found["title"] or frame.short(found["participant_id"])),
            (gettext("Taxpayer number"), found["tax_number"] or "–"),
            (gettext("Form"), word(f"fee_invoice_form_{found['form']}")),
            (gettext("Issued on"), day(found["issued_at"])),
        ],
        figures=[
            (gettext("With tax"), yuan(found["gross"]), ""),
            (gettext("Without tax"), yuan(found["net"]), ""),
            (gettext("Tax"), yuan(found["tax"]), ""),
        ],
        says=[gettext("The number is recorded once and is not changed afterwards.")],
    )
    if found["fapiao_number"]:
        told.stops.append(gettext("This invoice has its number already."))
    return told


def _today() -> object:
    return clock.today().isoformat()


ACTS: tuple[Act, ...] = (
    Act(
        "fee_invoice_runs.issue", "/fee-invoice-runs", _l("Issue fee invoices"), _l("The invoices are issued."),
        asks=(Ask("month", _l("Month"), "text", _l("One that is over, such as 2026-04."), value=_last_month),),
        signs=(), tells=_preview, body=_with_digest, back=BACK, then="/desk/fee-invoices/runs/{id}",
    ),
    Act(
        "fee_invoices.record_number", "/fee-invoices/<fin:fee_invoice_id>/number",
        _l("Record the fapiao number"), _l("The number is recorded."),
        signs=(
            Ask("number", _l("Fapiao number"), "text", _l("Twenty digits, or eight with a code.")),
            Ask("code", _l("Fapiao code"), hint=_l("Only beside a number of eight digits."), required=False),
            Ask("issued_on", _l("Issued there on"), "day", value=_today),
        ),
        tells=_of_invoice, back=BACK,
    ),
)  # fmt: skip
