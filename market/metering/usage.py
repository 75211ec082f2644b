"""Use and fee of a reading. Pure; litres, fen, price_e4 (1/10 000 yuan per m3), tick-litres (1e-5 fen)."""

from __future__ import annotations

from ledger.units import fen_half_even


def difference(previous_litres: int, counter_litres: int) -> int | None:
    """The litres used between two states of a counter; None when the counter went back."""
    used = counter_litres - previous_litres
    return used if used >= 0 else None


def split(use_litres: int, available_litres: int) -> tuple[int, int]:
    """(posted, over-use): the water account pays what it has, the rest is over-use. Nothing is lost."""
    posted = min(use_litres, max(0, available_litres))
    return posted, use_litres - posted


def fee(value_before_tick_litres: int, charged_before_fen: int, use_litres: int, price_e4: int) -> int:
    """The fee (fen) of one reading: the year's value so far, rounded half-even once, less what was charged.

    `value_before_tick_litres` is the exact value of all use of the account before this reading, at the
    prices of their days, and `charged_before_fen` the fees charged for it. Never negative: values only grow.
    """
    return fen_half_even(value_before_tick_litres + use_litres * price_e4) - charged_before_fen
