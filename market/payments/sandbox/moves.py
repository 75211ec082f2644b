"""Emulated refunds, transfers to connected accounts, payouts to banks, and the account's balance."""

from __future__ import annotations

from market.payments.sandbox import forms
from market.payments.sandbox.forms import ApiError, known_only, metadata, required
from market.payments.sandbox.world import Thing, World

REFUND = ("payment_intent", "charge", "amount", "reason", "metadata")
TRANSFER = ("amount", "currency", "destination", "metadata", "transfer_group", "description")
REVERSAL = ("amount", "metadata", "description")
PAYOUT = ("amount", "currency", "destination", "metadata", "description", "method", "statement_descriptor")
FAILS, FAILS_LATE = "fail", "late"
"""A payout whose destination contains one of these words fails, or is paid first and fails later."""


def refund(world: World, form: Thing) -> Thing:
    """POST /v1/refunds."""
    known_only(form, REFUND)
    charge = _charge_of(world, form)
    if not charge["captured"]:
        raise ApiError(400, "charge_not_refundable", "This charge was not captured.")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise ApiError(400, "charge_already_refunded", f"Charge {charge['id']} has already been refunded.")
    amount = forms.amount(form["amount"]) if "amount" in form else left
    if amount > left:
        raise ApiError(
            400, "amount_too_large", "Refund amount is greater than unrefunded amount.", param="amount"
        )
    made = world.keep(
        "re",
        {
            "amount": amount, "balance_transaction": None, "charge": charge["id"], "currency": "cny",
            "metadata": metadata(form), "payment_intent": charge["payment_intent"],
            "reason": form.get("reason"), "receipt_number": None, "status": "succeeded",
        },
    )  # fmt: skip
    made["balance_transaction"] = world.enter("refund", made["id"], -amount)["id"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    world.tell("refund.created", made)
    world.tell("charge.refunded", charge)
    if world.spoiled("late_failure", "refunds.create"):
        world.later(world.late_s, lambda: _refund_failed(world, made, charge))
    return made


def _charge_of(world: World, form: Thing) -> Thing:
    if "charge" in form:
        return world.get("charge", form["charge"])
    intent = world.get("payment_intent", required(form, "payment_intent"))
    if intent["latest_charge"] is None:
        raise ApiError(400, "charge_not_refundable", "This PaymentIntent has no successful charge.")
    return world.get("charge", intent["latest_charge"])


def _refund_failed(world: World, refund: Thing, charge: Thing) -> None:
    back = world.enter("refund_failure", refund["id"], refund["amount"])
    refund |= {
        "status": "failed", "failure_reason": "lost_or_stolen_card", "failure_balance_transaction": back["id"],
    }  # fmt: skip
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    world.tell("refund.failed", refund)


def transfer(world: World, form: Thing) -> Thing:
    """POST /v1/transfers."""
    known_only(form, TRANSFER)
    amount = _going_out(world, form)
    destination = str(required(form, "destination"))
    if not destination.startswith("acct_"):
        raise ApiError(404, "resource_missing", f"No such destination: '{destination}'", param="destination")
    made = world.keep(
        "tr",
        {
            "amount": amount, "amount_reversed": 0, "balance_transaction": None, "currency": "cny",
            "description": form.get("description"), "destination": destination, "destination_payment": None,
            "livemode": False, "metadata": metadata(form), "reversed": False, "source_transaction": None,
            "source_type": "card", "transfer_group": form.get("transfer_group"),
        },
    )  # fmt: skip
    made["reversals"] = {
        "object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{made['id']}/reversals",
    }  # fmt: skip
    made["balance_transaction"] = world.enter("transfer", made["id"], -amount)["id"]
    world.tell("transfer.created", made)
    if world.spoiled("late_failure", "transfers.create") or FAILS_LATE in destination:
        world.later(world.late_s, lambda: _came_back(world, made))
    return made


def _came_back(world: World, found: Thing) -> None:
    _reverse(world, found, found["amount"] - found["amount_reversed"], {})


def reverse(world: World, form: Thing, number: str) -> Thing:
    """POST /v1/transfers/{id}/reversals."""
    known_only(form, REVERSAL)
    found = world.get("transfer", number)
    left = found["amount"] - found["amount_reversed"]
    amount = forms.amount(form["amount"]) if "amount" in form else left
    if not 0 < amount <= left:
        raise ApiError(400, "amount_too_large", "More than is left to reverse.", param="amount")
    return _reverse(world, found, amount, metadata(form))


def _reverse(world: World, found: Thing, amount: int, named: dict[str, str]) -> Thing:
    made = world.keep(
        "trr",
        {
            "amount": amount, "balance_transaction": None, "currency": "cny", "destination_payment_refund": None,
            "metadata": named, "source_refund": None, "transfer": found["id"],
        },
    )  # fmt: skip
    made["balance_transaction"] = world.enter("transfer_refund", made["id"], amount)["id"]
    found["amount_reversed"] += amount
    found["reversed"] = found["amount_reversed"] == found["amount"]
    found["reversals"]["data"].insert(0, made)
    world.tell("transfer.reversed", found)
    return made


def payout(world: World, form: Thing) -> Thing:
    """POST /v1/payouts."""
    known_only(form, PAYOUT)
    amount = _going_out(world, form)
    destination = str(form.get("destination", "ba_default"))
    if not destination.startswith("ba_"):
        raise ApiError(
            404, "resource_missing", f"No such external account: '{destination}'", param="destination"
        )
    made = world.keep(
        "po",
        {
            "amount": amount, "application_fee": None, "application_fee_amount": None,
            "arrival_date": world.now() + world.payout_s, "automatic": False, "balance_transaction": None,
            "currency": "cny", "description": form.get("description"), "destination": destination,
            "failure_balance_transaction": None, "failure_code": None, "failure_message": None,
            "livemode": False, "metadata": metadata(form), "method": form.get("method", "standard"),
            "original_payout": None, "reconciliation_status": "not_applicable", "reversed_by": None,
            "source_type": "card", "statement_descriptor": form.get("statement_descriptor"), "status": "pending",
            "type": "bank_account",
        },
    )  # fmt: skip
    made["balance_transaction"] = world.enter("payout", made["id"], -amount)["id"]
    world.tell("payout.created", made)
    late = world.spoiled("late_failure", "payouts.create") or FAILS_LATE in destination
    world.later(world.payout_s, lambda: _arrive(world, made, late=late))
    return made


def _arrive(world: World, found: Thing, *, late: bool) -> None:
    if found["status"] != "pending":
        return
    if FAILS in found["destination"]:
        _fail(world, found)
        return
    found["status"] = "paid"
    world.tell("payout.paid", found)
    if late:
        world.later(world.late_s, lambda: _fail(world, found))


def _fail(world: World, found: Thing) -> None:
    back = world.enter("payout_failure", found["id"], found["amount"])
    found |= {
        "status": "failed", "failure_code": "account_closed", "failure_message": "The account is closed.",
        "failure_balance_transaction": back["id"],
    }  # fmt: skip
    world.tell("payout.failed", found)


def cancel_payout(world: World, form: Thing, number: str) -> Thing:
    """POST /v1/payouts/{id}/cancel."""
    known_only(form, ())
    found = world.get("payout", number)
    if found["status"] != "pending":
        raise ApiError(400, None, f"This payout is {found['status']}.")
    back = world.enter("payout_cancel", found["id"], found["amount"])
    found |= {"status": "canceled", "failure_balance_transaction": back["id"]}
    world.tell("payout.canceled", found)
    return found


def balance(world: World, form: Thing) -> Thing:
    """GET /v1/balance."""
    known_only(form, ())
    rest = {"amount": world.balance_fen(), "currency": "cny"}
    nothing = {"amount": 0, "currency": "cny"}
    return {"object": "balance", "available": [rest], "livemode": False, "pending": [nothing]}


def _going_out(world: World, form: Thing) -> int:
    if required(form, "currency") != "cny":
        raise ApiError(400, None, "This emulator knows cny only.", param="currency")
    amount = forms.amount(required(form, "amount"))
    if amount > world.balance_fen():
        raise ApiError(400, "balance_insufficient", "You have insufficient funds in your account.")
    return amount
