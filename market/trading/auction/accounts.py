"""Two-way accounts with hysteresis: how much may go out and come in, and what a call leaves. Pure.

As an inter-valley account is run in practice: closed for one direction when the balance reaches an end of its range,
open again only when it has come some way back. Inside a call each direction counts gross; the account nets, and its
flags switch, between calls.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from market.trading.auction.limits import Terms
from market.trading.auction.model import BadMarket, Limit


@dataclass(frozen=True, slots=True)
class TwoWayAccount:
    """A balance of litres from 0 to `range_litres`: what went out less what came in, and which way is open.

    Out closes at the end of the range and opens again at `out_reopens_at` or below; in closes at 0 and opens again at
    `in_reopens_at` or above.
    """

    name: str
    balance_litres: int
    range_litres: int
    out_reopens_at: int
    in_reopens_at: int
    out_open: bool = True
    in_open: bool = True
    legal_source: str = ""

    def __post_init__(self) -> None:
        """Errors: BadMarket when the levels are out of order or the balance out of its range."""
        if not (0 < self.in_reopens_at <= self.range_litres and 0 <= self.out_reopens_at < self.range_litres):
            raise BadMarket(f"the levels of the account {self.name} are out of order")
        if not 0 <= self.balance_litres <= self.range_litres:
            raise BadMarket(f"the balance of the account {self.name} is out of its range")


def room(account: TwoWayAccount) -> tuple[int, int]:
    """Litres that may go out and come in in one call."""
    going_out = account.range_litres - account.balance_litres if account.out_open else 0
    coming_in = account.balance_litres if account.in_open else 0
    return going_out, coming_in


def limits_of(
    account: TwoWayAccount, out_terms: Terms, in_terms: Terms, *, waiting: tuple[int, int] = (0, 0)
) -> tuple[Limit, Limit]:
    """The account's two limits, out and in, for a call; its balance and flags are published with them.

    `waiting` are litres out and in of calls that are cleared and not settled: they keep their room.
    """
    state = (
        ("balance", account.balance_litres),
        ("range", account.range_litres),
        ("out_open", int(account.out_open)),
        ("in_open", int(account.in_open)),
    )
    going_out, coming_in = (max(0, each - held) for each, held in zip(room(account), waiting, strict=True))
    return (
        Limit("export", f"{account.name} out", going_out, out_terms, account.legal_source, state),
        Limit("import", f"{account.name} in", coming_in, in_terms, account.legal_source, state),
    )


def after(account: TwoWayAccount, *, out_litres: int, in_litres: int) -> TwoWayAccount:
    """The account after a call in which so much went out and came in. Errors: BadMarket when that passes its room."""
    going_out, coming_in = room(account)
    if not (0 <= out_litres <= going_out and 0 <= in_litres <= coming_in):
        raise BadMarket(f"the account {account.name} has no room for this")
    balance = account.balance_litres + out_litres - in_litres
    out_open = balance <= account.out_reopens_at or (account.out_open and balance < account.range_litres)
    in_open = balance >= account.in_reopens_at or (account.in_open and balance > 0)
    return replace(account, balance_litres=balance, out_open=out_open, in_open=in_open)
