"""Delivery versus payment: the legs of an instruction as transfers. Pure.

Water goes seller → clearing → buyer, and what the route loses clearing → loss; money goes buyer → clearing → payees;
limits are charged and freed. All of it is one posting: it happens whole or not at all, and both clearing accounts are
nil after it. An instruction under review holds the same amounts instead, until it is settled or rejected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.units import split_exact
from market.core.chart import TransferCode

_WATER = int(TransferCode.TRADE_WATER)
_LOSS = int(TransferCode.TRADE_LOSS)
_MONEY = int(TransferCode.TRADE_MONEY)
_FEE = int(TransferCode.TRADE_FEE)
_CHARGE = int(TransferCode.LIMIT_CHARGE)
_FREE = int(TransferCode.LIMIT_FREE)
_HOLD = int(TransferCode.INSTRUCTION_HOLD)

SELLER = "seller"
FEE = "fee"
BENEFICIARY = "beneficiary"
TRUSTEE = "trustee"

_CODES = {SELLER: _MONEY, FEE: _FEE, BENEFICIARY: _MONEY, TRUSTEE: _MONEY}


class Posting(Protocol):
    """What takes the legs: a `ledger.posting.Posting`, which whoever sends it to the database brings along."""

    def transfer(self, debit: int, credit: int, amount: int, code: int, reference: int = 0) -> int:
        """Moves the amount at once."""

    def hold(self, debit: int, credit: int, amount: int, code: int, reference: int = 0) -> int:
        """Holds the amount on both sides."""

    def post(self, pending: int, debit: int, credit: int, amount: int, code: int, reference: int = 0) -> int:
        """Moves a held amount."""

    def void(self, pending: int, debit: int, credit: int, amount: int, code: int, reference: int = 0) -> int:
        """Gives a held amount back."""


@dataclass(frozen=True, slots=True)
class Books:
    """The system accounts that instructions in one product's water pass through."""

    water_clearing: int
    water_loss: int
    money_clearing: int
    trading_fees: int
    limit_use: int


@dataclass(frozen=True, slots=True)
class Payee:
    """Who receives how many fen of the buyer's amount, and as what."""

    account: int
    fen: int
    role: str


@dataclass(frozen=True, slots=True)
class Beneficiaries:
    """Whose the water of an account is, and so who is paid for it: money accounts with integer weights.

    `fee_per_mille` of what the seller's side receives, rounded down, goes to `fee_account` before the split.
    `owners` are the beneficial owners behind it: none of them buys from the account. No order asks less than
    `floor_price_e4` (1/10 000 yuan per m3); none is taken from `ends_at` (UNIX time; 0: no end) on.
    """

    accounts: tuple[int, ...]
    weights: tuple[int, ...]
    owners: frozenset[int]
    fee_account: int = 0
    fee_per_mille: int = 0
    floor_price_e4: int = 0
    ends_at: int = 0

    def payees(self, fen: int) -> list[Payee]:
        """The shares of what the seller's side receives, exact to the fen by the largest remainder."""
        fee = fen * self.fee_per_mille // 1000
        shares = split_exact(fen - fee, self.weights)
        found = [
            Payee(account, share, BENEFICIARY)
            for account, share in zip(self.accounts, shares, strict=True)
            if share
        ]
        if fee:
            found.append(Payee(self.fee_account, fee, TRUSTEE))
        return found


@dataclass(frozen=True, slots=True)
class Obligation:
    """Water against money: litres, fen and ledger accounts. `charges` and `frees`: (limit account, litres).

    The payees' fen sum to `amount_fen` exactly; else ValueError, for then the two sides would not balance.
    """

    id: int
    seller_account: int
    buyer_account: int
    buyer_money_account: int
    source_litres: int
    delivered_litres: int
    amount_fen: int
    payees: Sequence[Payee]
    charges: Sequence[tuple[int, int]]
    frees: Sequence[tuple[int, int]]

    def __post_init__(self) -> None:
        if sum(payee.fen for payee in self.payees) != self.amount_fen:
            raise ValueError("the payees' shares do not sum to what the buyer pays")
        if not 0 < self.delivered_litres <= self.source_litres:
            raise ValueError("what is delivered is more than what is given up, or nothing")


@dataclass(frozen=True, slots=True)
class Holds:
    """The pending transfers of an instruction under review; 0 where there was nothing to hold."""

    water: int
    money: int
    charges: Sequence[int]


def settle(
    posting: Posting, due: Obligation, books: Books, *, water_hold: int = 0, money_hold: int = 0,
    charge_holds: Sequence[int] = (),
) -> None:  # fmt: skip
    """Adds the legs that settle an obligation; a hold that is named is posted, else the amount moves at once."""
    water, money = books.water_clearing, books.money_clearing
    if water_hold:
        posting.post(water_hold, due.seller_account, water, due.source_litres, _WATER, due.id)
    else:
        posting.transfer(due.seller_account, water, due.source_litres, _WATER, due.id)
    posting.transfer(water, due.buyer_account, due.delivered_litres, _WATER, due.id)
    lost = due.source_litres - due.delivered_litres
    if lost:
        posting.transfer(water, books.water_loss, lost, _LOSS, due.id)
    if due.amount_fen:
        if money_hold:
            posting.post(money_hold, due.buyer_money_account, money, due.amount_fen, _MONEY, due.id)
        else:
            posting.transfer(due.buyer_money_account, money, due.amount_fen, _MONEY, due.id)
        for payee in due.payees:
            if payee.fen:
                posting.transfer(money, payee.account, payee.fen, _CODES[payee.role], due.id)
    for index, (limit, litres) in enumerate(due.charges):
        if charge_holds:
            posting.post(charge_holds[index], limit, books.limit_use, litres, _CHARGE, due.id)
        else:
            posting.transfer(limit, books.limit_use, litres, _CHARGE, due.id)
    for limit, litres in due.frees:
        posting.transfer(books.limit_use, limit, litres, _FREE, due.id)


def hold(posting: Posting, due: Obligation, books: Books) -> Holds:
    """Adds the holds of an obligation that awaits its review: water, money and headroom."""
    water = posting.hold(due.seller_account, books.water_clearing, due.source_litres, _HOLD, due.id)
    money = 0
    if due.amount_fen:
        money = posting.hold(due.buyer_money_account, books.money_clearing, due.amount_fen, _HOLD, due.id)
    charges = [posting.hold(limit, books.limit_use, litres, _HOLD, due.id) for limit, litres in due.charges]
    return Holds(water, money, charges)


def release(posting: Posting, due: Obligation, books: Books, holds: Holds) -> None:
    """Adds the voids that give everything back after a rejection."""
    posting.void(holds.water, due.seller_account, books.water_clearing, due.source_litres, _HOLD, due.id)
    if holds.money:
        posting.void(
            holds.money, due.buyer_money_account, books.money_clearing, due.amount_fen, _HOLD, due.id
        )
    for pending, (limit, litres) in zip(holds.charges, due.charges, strict=True):
        posting.void(pending, limit, books.limit_use, litres, _HOLD, due.id)
