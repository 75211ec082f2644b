"""The invariants of the market, each as a query of its violations. A sound market returns none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One query of what breaks an invariant; its first column says what is wrong."""

    number: int
    sql: str


NAMES = {
    1: "every transfer balances",
    2: "the columns of every account equal the sums of its transfers",
    3: "water is conserved per source and year",
    4: "no holder's balance was ever negative, replayed in id order",
    5: "no announcement or trade ever raised use above the limit then in force",
    6: "holds equal open orders, open instructions, pledges, leases and budgets",
    7: "an instruction posted all its legs or none",
    8: "fills never exceed an order, and money follows them exactly",
    9: "no two mutually eligible orders cross while open, no self-trade",
    10: "shares sum to the proceeds and to what was announced",
    11: "one meter interval, one reading",
    12: "money in minus money out equals the money in the market",
    13: "audit chains are whole, and no business row lacks its audit row",
    14: "nothing is open past its expiry, nor where it was stopped",
    15: "every idempotency key has one effect",
}
