"""When traded water flows, and what goes back for water that did not: exact to the litre and the fen. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ledger.units import split_exact
from market.settlement.clearing import Obligation

EVERY_MONTH = tuple(range(1, 13))


def profile(
    litres: int, starts_on: dt.date, ends_on: dt.date, open_months: Collection[int]
) -> list[tuple[dt.date, int]]:
    """(first day, litres) a month of the season in which the canal is open, by its days in the season.

    Both days are included. ValueError where the canal is open on no day of it.
    """
    days: dict[dt.date, int] = {}
    first = starts_on
    while first <= ends_on:
        after = (first.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        if first.month in open_months:
            days[first] = (min(after, ends_on + dt.timedelta(days=1)) - first).days
        first = after
    if not days:
        raise ValueError("the canal is open on no day of the season")
    parts = split_exact(litres, list(days.values()))
    return [(day, part) for day, part in zip(days, parts, strict=True) if part]


@dataclass(frozen=True, slots=True)
class Restitution:
    """What goes back for `missing_litres` that were paid for and did not arrive.

    The seller gets `source_litres` back, of which the route had lost what is above the missing ones; the payees give
    back (ledger account, fen) in proportion to what they got; limits are freed and charged again by litres.
    """

    missing_litres: int
    source_litres: int
    fen: int
    payees: Sequence[tuple[int, int]]
    charges: Sequence[tuple[int, int]]
    frees: Sequence[tuple[int, int]]


def restitution(due: Obligation, missing_litres: int) -> Restitution:
    """What goes back of a settled obligation. ValueError for more litres than it delivered, or none."""
    if not 0 < missing_litres <= due.delivered_litres:
        raise ValueError("what is missing is part of what was delivered")

    def part(litres: int) -> int:
        return litres * missing_litres // due.delivered_litres

    fen = split_exact(due.amount_fen, [due.delivered_litres - missing_litres, missing_litres])[1]
    shares = split_exact(fen, [payee.fen for payee in due.payees]) if fen else [0] * len(due.payees)
    return Restitution(
        missing_litres=missing_litres,
        source_litres=part(due.source_litres),
        fen=fen,
        payees=[(payee.account, share) for payee, share in zip(due.payees, shares, strict=True) if share],
        charges=[(limit, part(litres)) for limit, litres in due.charges if part(litres)],
        frees=[(limit, part(litres)) for limit, litres in due.frees if part(litres)],
    )
