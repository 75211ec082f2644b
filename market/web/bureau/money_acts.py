"""Acts of the treasurer: deposits and payouts as the bank says, payments through a provider, differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import MOST_FOUND, REASON, Act, Ask, Told
from market.web.forms import Typed
from market.web.spoken import day, yuan
from market.web.words import word

BACK = "/desk/money"
PAYMENT, DIFFERENCE = (
    "/gateway-payments/<gpy:gateway_payment_id>",
    "/reconciliation-differences/<rcd:difference_id>",
)


def accounts(name: str, chosen: str) -> list[tuple[str, object]]:
    """Money accounts whose owners' names hold `name`; without a name, the one that was chosen."""
    if name:
        found = asking.get("/v1/money-accounts", name=name, limit=MOST_FOUND)["data"]
    else:
        found = [asking.get(f"/v1/money-accounts/{chosen}")]
    if not found:
        return []
    ids = ",".join(each["participant_id"] for each in found)
    owners = {each["id"]: each for each in asking.get("/v1/participants", ids=ids, limit=MOST_FOUND)["data"]}
    return sorted(
        ((each["id"], _named(owners[each["participant_id"]], each)) for each in found),
        key=lambda pair: str(pair[1]),
    )


def _named(owner: Any, account: Any) -> str:
    """An owner as one of several of the same name is told from the others, and what is free."""
    who = owner["name"] or frame.short(owner["id"])
    number = owner["identifier_masked"] or frame.short(owner["id"])
    return f"{who} · {number} · {gettext('free %(amount)s', amount=yuan(account['available']))}"


def _account(number: str) -> Any:
    found = asking.get(f"/v1/money-accounts/{number}")
    return found | {"name": frame.parties([found["participant_id"]])[found["participant_id"]]}


def _moved(typed: Typed) -> Told:
    found = _account(typed["money_account_id"])
    return Told(
        facts=[
            (gettext("Account of"), found["name"]),
            (gettext("Bank reference"), typed["bank_reference"]),
            (gettext("Value date"), day(typed["value_date"])),
        ],
        figures=[
            (gettext("Amount"), yuan(typed["amount"]), ""),
            (gettext("Free now"), yuan(found["available"]), ""),
        ],
    )


def _deposit(_numbers: Typed, typed: Typed) -> Told:
    told = _moved(typed)
    told.says += [
        gettext(
            "%(amount)s are credited to the account at once and may be spent.", amount=yuan(typed["amount"])
        ),
        gettext("A bank reference is taken once: the same money is not credited twice."),
    ]
    return told


def _payout(_numbers: Typed, typed: Typed) -> Told:
    told = _moved(typed)
    told.says.append(
        gettext("%(amount)s leave the account, as the bank has paid them out.", amount=yuan(typed["amount"]))
    )
    return told


def _pay_out(_numbers: Typed, typed: Typed) -> Told:
    found = _account(typed["money_account_id"])
    return Told(
        facts=[(gettext("Account of"), found["name"])],
        figures=[
            (gettext("Amount"), yuan(typed["amount"]), ""),
            (gettext("Free now"), yuan(found["available"]), ""),
        ],
        says=[
            gettext(
                "The amount is held at once, and the provider is told "
                "to pay it out; it leaves the account when it is paid."
            )
        ],
    )


def _payment(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/gateway-payments/{numbers['gateway_payment_id']}")
        return Told(figures=[(gettext("Amount"), yuan(found["amount"]), "")], says=list(says))

    return tells


ACCOUNT = Ask("money_account_id", _l("Whose account"), "find", finds=accounts)
_AMOUNT = Ask("amount", _l("Amount"), "number", unit=_l("yuan"))
_BANK = (
    Ask("bank_reference", _l("Bank reference"), hint=_l("As the bank's statement shows it.")),
    Ask("value_date", _l("Value date"), "day"),
    Ask("note", _l("Note"), required=False),
)
ACTS = (
    Act(
        "payments.record_deposit",
        "/deposits",
        _l("Record a deposit"),
        _l("The deposit is recorded."),
        asks=(ACCOUNT, _AMOUNT, *_BANK),
        signs=(),
        tells=_deposit,
        back=BACK,
    ),
    Act(
        "payments.record_payout",
        "/payouts",
        _l("Record a payout"),
        _l("The payout is recorded."),
        asks=(ACCOUNT, _AMOUNT, *_BANK),
        signs=(),
        tells=_payout,
        back=BACK,
        danger=True,
    ),
    Act(
        "gateway_payments.capture",
        f"{PAYMENT}/capture",
        _l("Capture the payment"),
        _l("The provider is told to capture it."),
        signs=(),
        tells=_payment(_l("The provider takes the authorised money; it is credited when it has come.")),
        back=BACK,
    ),
    Act(
        "gateway_payments.cancel",
        f"{PAYMENT}/cancel",
        _l("Cancel the payment"),
        _l("The provider is told to cancel it."),
        signs=(),
        tells=_payment(_l("Nothing is taken from the payer.")),
        back=BACK,
    ),
    Act(
        "gateway_payments.refund",
        f"{PAYMENT}/refunds",
        _l("Give the payment back"),
        _l("The refund is under way."),
        danger=True,
        signs=(Ask("amount", _l("Only a part"), "number", unit=_l("yuan"), required=False), REASON),
        tells=_payment(
            _l(
                "The amount is taken from the account at once "
                "and goes back to the payer through the provider."
            )
        ),
        back=BACK,
    ),
    Act(
        "gateway_payouts.pay_out",
        "/gateway-payouts",
        _l("Pay out through the provider"),
        _l("The payout is under way."),
        danger=True,
        asks=(
            ACCOUNT,
            _AMOUNT,
            Ask(
                "route",
                _l("Way"),
                "choice",
                choices=lambda: [(each, word(f"route_{each}")) for each in ("bank", "account")],
            ),
            Ask("destination", _l("Destination"), hint=_l("The provider's token of the bank account.")),
        ),
        signs=(),
        tells=_pay_out,
        back=BACK,
    ),
    Act(
        "reconciliation.explain",
        f"{DIFFERENCE}/explain",
        _l("Explain the difference"),
        _l("The difference is explained."),
        signs=(Ask("note", _l("Explanation"), "words"),),
        back=BACK,
        tells=lambda _n, _t: Told(says=[_l("A supervisor reads the explanation and closes the difference.")]),
    ),
    Act(
        "reconciliation.close",
        f"{DIFFERENCE}/close",
        _l("Close the difference"),
        _l("The difference is closed."),
        signs=(),
        back=BACK,
        tells=lambda _n, _t: Told(says=[_l("The difference is done with; its explanation stays on record.")]),
    ),
)
