"""Bank accounts of participants, and payouts to them by bank file, over HTTP."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import banking as shapes
from market.api.whose import narrowed
from market.core.errors import NotAllowed
from market.payments import bank_accounts, bank_payouts, bank_queries
from market.payments.bank_models import BankAccount, BankPayout

accounts = blueprint("bank_accounts", "Where participants are paid at their banks (收款账户)")
payouts = blueprint("bank_payouts", "Payouts by bank file (银行批量付款)")


@accounts.route("/bank-accounts", methods=["GET"])
@accounts.arguments(shapes.BankAccountsQuery, location="query")
@accounts.response(200, shapes.BankAccountPage)
def list_accounts(query: dict[str, Any]) -> dict[str, Any]:
    """Bank accounts by id; a participant sees its own."""
    where = paging("bac")
    rows = bank_queries.accounts(
        session(), participant_id=narrowed(query.get("participant_id")), status=query.get("status"),
        after=where.after, limit=where.limit + 1,
    )  # fmt: skip
    return page([_account_out(each) for each in rows], where.limit)


@accounts.route("/bank-accounts", methods=["POST"])
@accounts.arguments(shapes.BankAccountIn)
@accounts.response(201, shapes.BankAccountOut)
def propose(body: dict[str, Any]) -> dict[str, Any]:
    """Name the account to which one's money goes; a treasurer checks it first, and a changed one waits."""
    made = bank_accounts.propose(
        session(), actor=actor().audit, participant_id=_own(), said=bank_accounts.NewAccount(**body)
    )
    return _account_out(made)


@accounts.route("/bank-accounts/<bac:bank_account_id>/confirm", methods=["POST"])
@accounts.arguments(shapes.BankAccountCheckIn)
@accounts.response(200, shapes.BankAccountOut)
def confirm(body: dict[str, Any], bank_account_id: int) -> dict[str, Any]:
    """Say that the account was checked to be the holder's; it takes the place of the one before."""
    return _account_out(
        bank_accounts.confirm(
            session(), actor=actor().audit, bank_account_id=bank_account_id, note=body["note"]
        )
    )


@accounts.route("/bank-accounts/<bac:bank_account_id>/end", methods=["POST"])
@accounts.arguments(shapes.BankAccountEndIn)
@accounts.response(200, shapes.BankAccountOut)
def end(body: dict[str, Any], bank_account_id: int) -> dict[str, Any]:
    """Take an account away, or refuse it: nothing is paid to it any more."""
    return _account_out(
        bank_accounts.end(
            session(), actor=actor().audit, bank_account_id=bank_account_id, reason=body["reason"]
        )
    )


@payouts.route("/bank-payouts", methods=["GET"])
@payouts.arguments(shapes.BankPayoutsQuery, location="query")
@payouts.response(200, shapes.BankPayoutPage)
def list_payouts(query: dict[str, Any]) -> dict[str, Any]:
    """Payouts by bank file, by id; a participant sees its own, and why one was rejected."""
    where = paging("bpl")
    rows = bank_queries.payouts(
        session(), participant_id=narrowed(query.get("participant_id")), status=query.get("status"),
        file_id=query.get("file_id"), after=where.after, limit=where.limit + 1,
    )  # fmt: skip
    return page([_payout_out(each) for each in rows], where.limit)


@payouts.route("/bank-payouts", methods=["POST"])
@payouts.arguments(shapes.BankPayoutIn)
@payouts.response(201, shapes.BankPayoutOut)
def ask(body: dict[str, Any]) -> dict[str, Any]:
    """Ask for one's free money at one's confirmed bank account: it is held until the bank has paid or rejected it."""
    made = bank_payouts.ask(
        session(), actor=actor().audit, participant_id=_own(), amount_fen=body["amount"], note=body["note"]
    )
    return _payout_out(made)


@payouts.route("/bank-payouts/<bpl:bank_payout_id>/withdraw", methods=["POST"])
@payouts.response(200, shapes.BankPayoutOut)
def withdraw(bank_payout_id: int) -> dict[str, Any]:
    """Take a payout back that is in no file yet."""
    return _payout_out(bank_payouts.withdraw(session(), actor=actor().audit, payout_id=bank_payout_id))


def _own() -> int:
    """The participant who asks for itself. Errors: NotAllowed."""
    participant = actor().participant_id
    if participant is None:
        raise NotAllowed("a holder asks for its own money")
    return participant


def _account_out(each: BankAccount) -> dict[str, Any]:
    names = (
        "id", "participant_id", "holder_name", "kind", "number", "bank_name", "branch", "cnaps", "status", "asked_at",
        "confirmed_at", "payable_from", "ended_at", "end_reason",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names}


def _payout_out(each: BankPayout) -> dict[str, Any]:
    names = (
        "id", "participant_id", "money_account_id", "bank_account_id", "note", "status", "file_id", "line", "reason",
        "asked_at", "closed_at",
    )  # fmt: skip
    found = {name: getattr(each, name) for name in names}
    return found | {"amount": each.amount_fen, "payout_id": each.bank_transfer_id}
