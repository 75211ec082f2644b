"""A line of a statement on the wire: what moved, what is held, and the id of what caused it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger.balances import Entry
from market.core import ids
from market.core.chart import TransferCode

# What a transfer's reference is the id of, by its code.
_SUBJECTS = {
    TransferCode.ALLOCATION: "ann",
    TransferCode.ALLOCATION_CHARGE: "ann",
    TransferCode.USE: "rdg",
    TransferCode.WATER_FEE: "rdg",
    TransferCode.ORDER_HOLD: "ord",
    TransferCode.INSTRUCTION_HOLD: "ins",
    TransferCode.TRADE_WATER: "ins",
    TransferCode.TRADE_LOSS: "ins",
    TransferCode.CALL_HOLD: "cal",
    TransferCode.CALL_WATER: "cal",
    TransferCode.CALL_LOSS: "cal",
    TransferCode.CALL_MONEY: "cal",
    TransferCode.CALL_FEE: "cal",
    TransferCode.CALL_FUND: "cal",
    TransferCode.CALL_LIMIT: "cal",
    TransferCode.TRADE_MONEY: "ins",
    TransferCode.TRADE_FEE: "ins",
    TransferCode.LIMIT_CHARGE: "ins",
    TransferCode.LIMIT_FREE: "ins",
    TransferCode.DEPOSIT: "dep",
    TransferCode.PAYOUT: "pay",
    TransferCode.BANK_PAYOUT_HOLD: "bpl",
    TransferCode.GATEWAY_DEPOSIT: "gpy",
    TransferCode.GATEWAY_REFUND: "grf",
    TransferCode.GATEWAY_REFUND_RETURNED: "grf",
    TransferCode.GATEWAY_PAYOUT: "gpo",
    TransferCode.GATEWAY_PAYOUT_RETURNED: "gpo",
    TransferCode.WATER_BILL: "wbl",
    TransferCode.WATER_BILL_PAID: "wbp",
    TransferCode.WATER_BILL_OFFSET: "wbp",
    TransferCode.WATER_BILL_SETTLED: "wbp",
    TransferCode.WATER_BILL_CREDIT: "wbp",
    TransferCode.WATER_REMITTED: "rmt",
    TransferCode.PLAN_SET: "wac",
    TransferCode.RETURN_WATER: "ins",
    TransferCode.RETURN_MONEY: "ins",
    TransferCode.REVERSED_WATER: "rvs",
    TransferCode.REVERSED_MONEY: "rvs",
    TransferCode.TRUST_MOVE: "tmb",
    TransferCode.PLEDGE_HOLD: "plg",
    TransferCode.PLEDGE_MOVE: "plg",
    TransferCode.PLEDGE_PAYMENT: "plg",
    TransferCode.LOT_MOVE: "svl",
    TransferCode.LOT_OWED: "clb",
    TransferCode.CLAW_BACK_DEPOSIT: "clb",
    TransferCode.OVER_USE: "rdg",
    TransferCode.USE_REVERSED: "rdg",
    TransferCode.OVER_USE_REVERSED: "rdg",
    TransferCode.FEE_REVERSED: "rdg",
    TransferCode.DEBT_PAID: "wac",
    TransferCode.DEBT_RETURNED: "wac",
    TransferCode.TURN_USE: "trn",
    TransferCode.TURN_REVERSED: "trn",
    TransferCode.TURN_FEE: "trn",
    TransferCode.TURN_FEE_REVERSED: "trn",
}
_POSTED_KINDS = (0, 2)


def subject_of(code: int, reference: int) -> str | None:
    """The public id of what caused a transfer, where it has one."""
    prefix = _SUBJECTS.get(TransferCode(code))
    return ids.public(prefix, reference) if prefix and reference else None


def line(entry: Entry, written: Callable[[int], str]) -> dict[str, Any]:
    """A ledger entry of a holder's account; `written` writes litres or fen with their sign."""
    sign = -1 if entry.is_debit else 1
    change = sign * entry.amount if entry.kind in _POSTED_KINDS else 0
    held_change = 0
    if entry.is_debit and entry.kind != 0:
        held_change = entry.amount if entry.kind == 1 else -entry.amount
    code = TransferCode(entry.code)
    return {
        "id": entry.transfer_id,
        "at": entry.created_at,
        "code": code.name.lower(),
        "subject_id": subject_of(code, entry.reference),
        "change": written(change),
        "held_change": written(held_change),
        "balance": written(entry.balance.posted),
        "held": written(entry.balance.pending),
    }
