"""Two-way accounts between zones, with hysteresis: an input of a call and what the call makes of it. Pure.

As the Murrumbidgee inter-valley account (WaterNSW): closed out at 100 GL and open again at 85, closed in at 0 and open
again at 15. A direction that is shut stays shut until the balance has come back far enough.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class TwoWay:
    """Litres: `balance` has left outwards beyond what came back, between 0 and `most`.

    Outwards shuts when the balance reaches `most` and opens at or below `reopen_out`; inwards shuts at 0 and opens at
    or above `reopen_in`.
    """

    balance: int
    most: int
    reopen_out: int
    reopen_in: int
    out_open: bool = True
    in_open: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.balance <= self.most or not 0 <= self.reopen_out < self.most or self.reopen_in <= 0:
            raise ValueError("a two-way account has its balance and its thresholds between 0 and its most")

    @property
    def room_out(self) -> int:
        """Litres that may leave in a call."""
        return self.most - self.balance if self.out_open else 0

    @property
    def room_in(self) -> int:
        """Litres that may come back in a call."""
        return self.balance if self.in_open else 0

    @property
    def state(self) -> tuple[tuple[str, int], ...]:
        """What is published with the limits: the balance and both flags."""
        return (("balance", self.balance), ("out_open", int(self.out_open)), ("in_open", int(self.in_open)))

    def after(self, *, out: int, back: int) -> TwoWay:
        """The account after a call: each direction counted gross in it, here they net. ValueError if they cannot."""
        if not 0 <= out <= self.room_out or not 0 <= back <= self.room_in:
            raise ValueError("more has moved than the account had room for")
        balance = self.balance + out - back
        out_open = balance < self.most if self.out_open else balance <= self.reopen_out
        in_open = balance > 0 if self.in_open else balance >= self.reopen_in
        return replace(self, balance=balance, out_open=out_open, in_open=in_open)
