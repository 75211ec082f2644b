"""What goes back when a settlement is reversed after its water was partly used or sold on: exact. Pure.

民法典 art. 157: what was acquired is returned; what cannot be returned is compensated by its value. So of the litres
that the buyer received those go back that are free on its account and have not flowed through its gate; for the others
it is charged their value: what it paid for them, or a price that the bureau sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.units import fen_half_even, split_exact
from market.settlement.clearing import FEE, Obligation
from market.settlement.schedule import restitution

Parts = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Undoing:
    """What a reversal moves. Litres: `returned` leave the buyer and `source` reach the seller, of which the way gives
    back what it had lost; `kept` cannot go back. Fen: the buyer is charged `value` for those; `back` is what each payee
    gives the buyer, `onward` what the buyer gives each payee beyond what it paid (ledger account, fen): one of them is
    empty. Limits: `frees` by litres of what stays no longer, `charges` again (ledger account, litres).
    """

    returned_litres: int
    kept_litres: int
    source_litres: int
    value_fen: int
    back: Parts
    onward: Parts
    frees: Parts
    charges: Parts


def undo(
    due: Obligation, *, free_litres: int, flowed_litres: int, value_price_e4: int | None = None
) -> Undoing:
    """Reverses a settled obligation, whole.

    `free_litres`: what nothing binds of the buyer's account; `flowed_litres`: what its gate has let through of this;
    `value_price_e4`: 1/10 000 yuan a cubic metre at the buyer's place for what is kept (None: as it was paid).
    """
    returned = max(0, min(free_litres, due.delivered_litres - flowed_litres))
    kept = due.delivered_litres - returned
    back = restitution(due, returned) if returned else None
    paid_for_kept = due.amount_fen - (back.fen if back is not None else 0)
    value = paid_for_kept if value_price_e4 is None else fen_half_even(value_price_e4 * kept)
    rest = due.amount_fen - value
    return Undoing(
        returned_litres=returned,
        kept_litres=kept,
        source_litres=back.source_litres if back is not None else 0,
        value_fen=value,
        back=_split(due, rest, with_fee=True) if rest > 0 else (),
        onward=_split(due, -rest, with_fee=False) if rest < 0 else (),
        frees=back.charges if back is not None else (),
        charges=back.frees if back is not None else (),
    )


def _split(due: Obligation, fen: int, *, with_fee: bool) -> Parts:
    """Fen by what each payee got of the price; the exchange's fee is of what was paid, not of what is added."""
    payees = [payee for payee in due.payees if with_fee or payee.role != FEE]
    weights = [payee.fen for payee in payees]
    shares = split_exact(fen, weights if any(weights) else [1] * len(payees))
    return [(payee.account, share) for payee, share in zip(payees, shares, strict=True) if share]


def covered(owed: Parts, free: dict[int, int]) -> list[int]:
    """How much of each part its account can give at once, of what is free there (fen); none goes below nil."""
    left = dict(free)
    found = []
    for account, fen in owed:
        part = max(0, min(fen, left[account]))
        left[account] -= part
        found.append(part)
    return found
