"""Use and fee of a reading. Pure; litres, fen, price_e4 (1/10 000 yuan per m3), tick-litres (1e-5 fen),
kWh in hundredths, coefficients in thousandths of a litre per kWh.
"""

from __future__ import annotations

import datetime as dt

from ledger.units import fen_half_even

SECONDS_A_DAY = 86_400
_KWH_TIMES_COEFFICIENT = 100_000  # hundredths of a kWh x thousandths of a litre per kWh


def difference(previous: int, counter: int, modulus: int | None = None) -> int | None:
    """What passed between two states of a counter (litres or hundredths of kWh); None when it went back.

    A counter with a `modulus` begins again at 0 when it reaches that. One that shows less than before has rolled
    over if it then went through less than half of its range, and went back otherwise.
    """
    used = counter - previous
    if used >= 0:
        return used
    if modulus is not None and 2 * (used + modulus) < modulus:
        return used + modulus
    return None


def modulus_of(digits: int | None, *, scale: int) -> int | None:
    """What a counter of so many whole digits counts up to, in 10**-scale of its unit; None: it never rolls over."""
    return None if digits is None else 10 ** (digits + scale)


def litres_of_kwh(kwh_e2: int, litres_per_kwh_e3: int) -> int:
    """The water (litres, rounded half-even) that a pump lifted with some electricity."""
    litres, rest = divmod(kwh_e2 * litres_per_kwh_e3, _KWH_TIMES_COEFFICIENT)
    twice = 2 * rest
    odd_half = twice == _KWH_TIMES_COEFFICIENT and litres % 2 == 1
    return litres + 1 if twice > _KWH_TIMES_COEFFICIENT or odd_half else litres


def most_between(most_litres_a_day: int, since: dt.datetime, until: dt.datetime) -> int:
    """The most (litres, rounded down) that can have passed; a time below a day counts as one."""
    seconds = max(SECONDS_A_DAY, int((until - since).total_seconds()))
    return most_litres_a_day * seconds // SECONDS_A_DAY


def is_gap(since: dt.datetime, until: dt.datetime, read_every_days: int | None) -> bool:
    """Whether more time than agreed lies between two readings."""
    return read_every_days is not None and until - since > dt.timedelta(days=read_every_days)


def split(use_litres: int, available_litres: int) -> tuple[int, int]:
    """(posted, over-use): the water account pays what it has, the rest is over-use. Nothing is lost."""
    posted = min(use_litres, max(0, available_litres))
    return posted, use_litres - posted


def fee(value_before_tick_litres: int, charged_before_fen: int, use_litres: int, price_e4: int) -> int:
    """The fee (fen) of one reading: the year's value so far, rounded half-even once, less what was charged.

    `value_before_tick_litres` is the exact value of all use of the account before this reading, at the
    prices of their days, and `charged_before_fen` the fees charged for it. Never negative while values only
    grow; after a correction that took use back it may be a fen below nil, so that the sum stays exact.
    """
    return fen_half_even(value_before_tick_litres + use_litres * price_e4) - charged_before_fen
