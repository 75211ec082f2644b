"""Acts of the treasury with the bank: accounts to check, payout files by four eyes, lines of statements."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import frame, money_acts
from market.web.bureau.acts import REASON, Act, Ask, Told
from market.web.forms import Typed
from market.web.spoken import day, yuan
from market.web.words import word

BACK = "/desk/bank"
ACCOUNT, FILE, LINE = (
    "/bank-accounts/<bac:bank_account_id>",
    "/bank-payout-files/<bpf:payout_file_id>",
    "/bank-statement-lines/<bsn:bank_line_id>",
)
LINES = "/v1/bank-statement-lines"
FILE_PAGE = "/desk/bank/files/{payout_file_id}"


def _of_account(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        wanted = numbers["bank_account_id"]
        found = next((each for each in asking.pages("/v1/bank-accounts") if each["id"] == wanted), None)
        if found is None:
            return Told(says=list(says))
        owner = found["participant_id"]
        return Told(
            facts=[
                (gettext("Holder"), frame.parties([owner])[owner]),
                (gettext("Account holder"), found["holder_name"]),
                (gettext("Number"), found["number"]),
                (gettext("Bank"), f"{found['bank_name']} {found['branch'] or ''}"),
            ],
            says=list(says),
        )

    return tells


def _of_file(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/bank-payout-files/{numbers['payout_file_id']}")
        return Told(
            facts=[(gettext("Reference"), found["reference"])],
            figures=[
                (gettext("Payouts"), str(found["lines"]), ""),
                (gettext("Sum"), yuan(found["sum"]), ""),
            ],
            says=list(says),
        )

    return tells


def _gather(_numbers: Typed, _typed: Typed) -> Told:
    waiting = [each for each in asking.pages("/v1/bank-payouts", status="asked") if not each["file_id"]]
    told = Told(
        figures=[(gettext("Payouts that wait"), str(len(waiting)), "")],
        says=[
            gettext("What waits and may be paid now is gathered into a file with control totals."),
            gettext("Somebody else releases it to the bank; until then it can be given up."),
        ],
    )
    if not waiting:
        told.stops.append(gettext("No payout waits."))
    return told


def _of_line(*says: object) -> Callable[[Typed, Typed], Told]:
    """What is known of a line of a statement, and whose it may be."""

    def tells(numbers: Typed, _typed: Typed) -> Told:
        wanted = numbers["bank_line_id"]
        lines = asking.pages(LINES, suspense="open") + asking.pages(LINES, kind="unknown")
        found = next((each for each in lines if each["id"] == wanted), None)
        if found is None:
            return Told(says=list(says))
        names = frame.parties(each["participant_id"] for each in found["candidates"])
        told = Told(
            facts=[
                (gettext("Booked on"), day(found["booked_on"])),
                (gettext("Other side"), f"{found['other_name'] or '–'} {found['other_number'] or ''}"),
                (gettext("Purpose of the payment"), found["remark"] or "–"),
                (gettext("Bank reference"), found["bank_reference"]),
            ],
            figures=[(gettext("Amount"), yuan(found["change"]), "")],
            says=list(says),
        )
        for each in found["candidates"]:
            why = ", ".join(word(f"candidate_{reason}") for reason in each["why"])
            told.facts.append((gettext("May be of"), f"{names[each['participant_id']]} ({why})"))
        return told

    return tells


_HOW = Ask("note", _l("How it is known"), "words", _l("It stands in the record."))
ACTS: tuple[Act, ...] = (
    Act(
        "bank_accounts.confirm", f"{ACCOUNT}/confirm", _l("Confirm the bank account"), _l("The account is confirmed."),
        signs=(Ask("note", _l("How it was checked"), "words", _l("It stands in the record.")),),
        tells=_of_account(
            _l("Payouts of this holder go to it; it takes the place of the one before."),
            _l("An account that takes another's place waits before it is paid to."),
        ),
        back=BACK,
    ),
    Act(
        "bank_accounts.end", f"{ACCOUNT}/end", _l("Refuse or end the bank account"), _l("The account has ended."),
        signs=(REASON,), tells=_of_account(_l("Nothing is paid to it any more.")), back=BACK, danger=True,
    ),
    Act(
        "bank_payout_files.gather", "/bank-payout-files", _l("Gather a payout file"), _l("The file is gathered."),
        signs=(), tells=_gather, back=BACK, then="/desk/bank/files/{id}",
    ),
    Act(
        "bank_payout_files.release", f"{FILE}/release", _l("Release the file"), _l("The file is released."),
        signs=(), back=FILE_PAGE, danger=True,
        tells=_of_file(
            _l("The file stays as it is from now on and may go to the bank."),
            _l("Who gathered it cannot release it."),
        ),
    ),
    Act(
        "bank_payout_files.cancel", f"{FILE}/cancel", _l("Give the file up"), _l("The file is given up."),
        signs=(), tells=_of_file(_l("Its payouts wait for another file.")), back=FILE_PAGE,
    ),
    Act(
        "bank_statements.assign", f"{LINE}/assign", _l("Assign the money"), _l("The money is deposited."),
        asks=(money_acts.ACCOUNT,), signs=(_HOW,), facts_first=True,
        tells=_of_line(_l("The money is deposited in the account you name and may be spent at once.")), back=BACK,
    ),
    Act(
        "bank_statements.send_back", f"{LINE}/send-back", _l("Sent back at the bank"), _l("The return is recorded."),
        signs=(
            Ask("bank_reference", _l("Bank reference"), hint=_l("As the bank's statement shows it.")),
            Ask("value_date", _l("Value date"), "day"),
            _HOW,
        ),
        tells=_of_line(_l("The books say that the money went back to who sent it.")), back=BACK,
    ),
    Act(
        "bank_statements.charge", f"{LINE}/charge", _l("A charge of the bank"), _l("The charge is booked."),
        signs=(Ask("note", _l("What the bank charged for"), "words"),),
        tells=_of_line(_l("The debit is booked as a cost of the exchange; no holder pays it.")), back=BACK,
    ),
)  # fmt: skip
