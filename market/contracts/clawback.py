"""A failed re-verification: who owes what, and from what it is taken (SAVINGS section 6). Pure; litres and fen.

In this order: unsold lot volume is cancelled; what was sold stays with its buyer and the owner owes that water; each
party owes its old less its new share, taken from undistributed benefit, then the firm's deposit, then as a receivable
that is offset against later shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.units import split_exact
from market.contracts.lots import Lot
from market.contracts.sharing.exact import half_even


@dataclass(frozen=True, slots=True)
class WaterOwed:
    """A lot after V became V'. Owed water comes from free allocation, then from the next.

    cancelled + owed = V - V', but for what was given up and is not backed either: that is owed to nobody.
    """

    lot: Lot
    cancelled_litres: int
    owed_litres: int
    from_allocation_litres: int
    from_next_litres: int


def claw_back_water(
    lot: Lot, verified_litres: int, new_litres: int, free_allocation_litres: int
) -> WaterOwed:
    """`verified_litres`: what the last verification held (what was issued, at first); `new_litres` what this one does.

    Errors: ValueError where the new volume is negative or larger.
    """
    if not 0 <= new_litres <= verified_litres:
        raise ValueError("a claw-back lowers the volume")
    excess = verified_litres - new_litres
    cancelled = min(excess, lot.unsold_litres)
    owed = max(0, lot.sold_litres - new_litres) - max(0, lot.sold_litres - verified_litres)
    from_allocation = min(owed, max(0, free_allocation_litres))
    return WaterOwed(lot.cancelled(cancelled), cancelled, owed, from_allocation, owed - from_allocation)


def proceeds_of(proceeds_fen: int, sold_litres: int, backed_litres: int) -> int:
    """What of a sale's proceeds is still backed by verified volume, half-even to the fen."""
    if not 0 <= backed_litres <= sold_litres or sold_litres == 0:
        raise ValueError("what is backed lies between nil and what was sold")
    return half_even(proceeds_fen * backed_litres, sold_litres)


def backing(sales_litres: Sequence[int], owed_litres: int) -> list[int]:
    """What of each sale is still backed, when so much sold water is not: all sales alike, by largest remainder.

    Errors: ValueError where more is owed than was sold.
    """
    backed = sum(sales_litres) - owed_litres
    if backed < 0:
        raise ValueError("no more is owed than was sold")
    return split_exact(backed, sales_litres)


@dataclass(frozen=True, slots=True)
class Shares:
    """What one period or sale gave each party, and what it should have given, fen, in party order."""

    what: str
    old_fen: tuple[int, ...]
    new_fen: tuple[int, ...]


def of_proceeds(what: str, old_fen: int, new_fen: int, shares_bp: Sequence[int]) -> Shares:
    """A sale's proceeds, old and new, by the same basis points. Errors: InexactSplit."""
    return Shares(what, tuple(split_exact(old_fen, shares_bp)), tuple(split_exact(new_fen, shares_bp)))


@dataclass(frozen=True, slots=True)
class Taking:
    """What one party owes (old less new; less than nil: it is owed), and from what it is taken, fen.

    `own_fen`: the creditor's own part, which needs no cash. The four parts add up to `owed_fen`.
    """

    party: str
    owed_fen: int
    own_fen: int
    undistributed_fen: int
    deposit_fen: int
    receivable_fen: int


@dataclass(frozen=True, slots=True)
class MoneyOwed:
    """All takings, in party order; together `total_fen` = old - new of all. `creditor_fen` is due to the creditor."""

    creditor: str
    takings: tuple[Taking, ...]
    total_fen: int

    @property
    def creditor_fen(self) -> int:
        """What the others owe the creditor in the end: the owner's claim for the water, or the user's for fees."""
        return sum(each.owed_fen for each in self.takings if each.party != self.creditor)


def claw_back_money(
    parties: Sequence[str], affected: Sequence[Shares], *, creditor: str, undistributed_fen: Mapping[str, int],
    deposits_fen: Mapping[str, int],
) -> MoneyOwed:  # fmt: skip
    """Old less new share of every affected period or sale, a party at a time.

    `creditor`: the owner where proceeds of a lot come back, the user where fees do. `undistributed_fen`: each party's
    share that is not paid out yet; `deposits_fen`: what the firm deposited. A party whose share grows is owed that by
    the creditor (a negative receivable). Errors: ValueError.
    """
    if creditor not in parties:
        raise ValueError("the creditor is one of the parties")
    if any(not len(each.old_fen) == len(each.new_fen) == len(parties) for each in affected):
        raise ValueError("a share a party is needed, old and new")
    takings = []
    for place, party in enumerate(parties):
        owed = sum(each.old_fen[place] - each.new_fen[place] for each in affected)
        if party == creditor:
            takings.append(Taking(party, owed, owed, 0, 0, 0))
            continue
        left = max(0, owed)
        undistributed = min(left, max(0, undistributed_fen.get(party, 0)))
        left -= undistributed
        deposit = min(left, max(0, deposits_fen.get(party, 0)))
        takings.append(Taking(party, owed, 0, undistributed, deposit, owed - undistributed - deposit))
    return MoneyOwed(creditor, tuple(takings), sum(each.owed_fen for each in takings))
