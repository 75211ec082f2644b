"""How the county's bank calls the columns of its statements."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from market.county.document import Item
from market.county.parts import Basis

BasisOf = Callable[[Item, dict[str, Item]], Basis]
COLUMNS = (
    "booked_on",
    "bank_reference",
    "paid_out",
    "received",
    "balance",
    "other_name",
    "other_number",
    "remark",
)
"""What a line of a statement is read from; `paid_out`, `received` and `balance` are yuan of two decimals."""
_BASIS = ("source", "status", "demonstration")


class BankColumns(msgspec.Struct, frozen=True):
    """The bank's name of each of COLUMNS, in their order, and columns of its files that are passed over."""

    names: tuple[str, ...]
    ignored: tuple[str, ...]
    basis: Basis


def columns(item: Item, basis_of: BasisOf) -> BankColumns:
    """The columns of the bank's statements. Errors: PackError."""
    found = item.table((*COLUMNS, "ignored"), _BASIS)
    names = tuple(found[each].text(40) for each in COLUMNS)
    ignored = tuple(each.text(40) for each in found["ignored"].items())
    if len({*names, *ignored}) != len(names) + len(ignored):
        raise item.wrong("one column has one name")
    return BankColumns(names, ignored, basis_of(item, found))
