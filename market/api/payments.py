"""Money accounts, deposits and payouts over HTTP."""

from __future__ import annotations

from typing import Any

from ledger import balances
from ledger.units import format_fen
from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import payments as shapes
from market.api.schemas.personal import sees_names
from market.api.schemas.statement import line
from market.api.whose import narrowed
from market.core.db import raw
from market.payments import bank_numbers, queries, transfers
from market.payments.models import BankTransfer

accounts = blueprint("money_accounts", "Participants' money in the market")
moves = blueprint("payments", "Money in and out at the bank, as a treasurer records it")


@accounts.route("/money-accounts", methods=["GET"])
@accounts.arguments(shapes.MoneyAccountsQuery, location="query")
@accounts.response(200, shapes.MoneyAccountPage)
def list_money_accounts(query: dict[str, Any]) -> dict[str, Any]:
    """Money accounts with their balances, by id; a participant sees its own."""
    where = paging("mac")
    rows = queries.money_accounts(
        raw(session()),
        participant_id=narrowed(query.get("participant_id")),
        name=query.get("name"),
        persons=sees_names(),
        ids=query.get("ids"),
        after=where.after,
        limit=where.limit + 1,
    )
    return page([_account_out(each) for each in rows], where.limit)


@accounts.route("/money-accounts/<mac:money_account_id>", methods=["GET"])
@accounts.response(200, shapes.MoneyAccountOut)
def get_money_account(money_account_id: int) -> dict[str, Any]:
    """One money account with its balance."""
    return _account_out(_found(money_account_id))


@accounts.route("/money-accounts/<mac:money_account_id>/statement", methods=["GET"])
@accounts.response(200, shapes.MoneyStatement)
def statement(money_account_id: int) -> dict[str, Any]:
    """Every movement and hold of the account, oldest first, with the balance after it."""
    where = paging("tfr")
    entries = balances.statement(
        raw(session()), _found(money_account_id).account_id, after_id=where.after or 0, limit=where.limit + 1
    )
    return page([line(each, format_fen) for each in entries], where.limit)


@moves.route("/deposits", methods=["GET"])
@moves.arguments(shapes.BankTransfersQuery, location="query")
@moves.response(200, shapes.DepositPage)
def list_deposits(query: dict[str, Any]) -> dict[str, Any]:
    """Recorded deposits, by id, or the newest first."""
    return _list("in", "dep", query)


@moves.route("/deposits", methods=["POST"])
@moves.arguments(shapes.BankTransferIn)
@moves.response(201, shapes.DepositOut)
def record_deposit(body: dict[str, Any]) -> dict[str, Any]:
    """Record money that came in at the bank for a participant."""
    body["amount_fen"] = body.pop("amount")
    return _transfer_out(transfers.record_deposit(session(), actor=actor().audit, **body))


@moves.route("/payouts", methods=["GET"])
@moves.arguments(shapes.BankTransfersQuery, location="query")
@moves.response(200, shapes.PayoutPage)
def list_payouts(query: dict[str, Any]) -> dict[str, Any]:
    """Recorded payouts, by id, or the newest first."""
    return _list("out", "pay", query)


@moves.route("/payouts", methods=["POST"])
@moves.arguments(shapes.BankTransferIn)
@moves.response(201, shapes.PayoutOut)
def record_payout(body: dict[str, Any]) -> dict[str, Any]:
    """Record money that went out at the bank to a participant; never more than is free."""
    body["amount_fen"] = body.pop("amount")
    return _transfer_out(transfers.record_payout(session(), actor=actor().audit, **body))


def _list(direction: str, prefix: str, query: dict[str, Any]) -> dict[str, Any]:
    where = paging(prefix)
    rows = queries.bank_transfers(
        session(),
        direction=direction,
        participant_id=narrowed(None),
        money_account_id=query.get("money_account_id"),
        newest_first=query["newest_first"],
        after=where.after,
        limit=where.limit + 1,
    )
    return page([_transfer_out(each) for each in rows], where.limit)


def _found(money_account_id: int) -> queries.MoneyAccountView:
    return queries.money_account(raw(session()), money_account_id=money_account_id)


def _account_out(each: queries.MoneyAccountView) -> dict[str, Any]:
    return {
        "id": each.id,
        "participant_id": each.participant_id,
        "balance": each.balance_fen,
        "held": each.held_fen,
        "available": each.available_fen,
        "deposit_code": bank_numbers.deposit_code(each.id),
    }


def _transfer_out(each: BankTransfer) -> dict[str, Any]:
    return {
        "id": each.id,
        "money_account_id": each.money_account_id,
        "amount": each.amount_fen,
        "bank_reference": each.bank_reference,
        "value_date": each.value_date,
        "note": each.note,
        "recorded_at": each.recorded_at,
    }
