"""When traded water flows, and what goes back for what did not arrive."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from market.settlement.clearing import FEE, SELLER, Obligation, Payee
from market.settlement.schedule import EVERY_MONTH, profile, restitution


def test_the_profile_goes_by_the_days_on_which_the_canal_is_open() -> None:
    """20 to 30 April are 11 days, May 31, June closed, July to the 9th 9: 51 days."""
    found = profile(51_000, dt.date(2026, 4, 20), dt.date(2026, 7, 9), (4, 5, 7))
    assert found == [
        (dt.date(2026, 4, 20), 11_000), (dt.date(2026, 5, 1), 31_000), (dt.date(2026, 7, 1), 9_000),
    ]  # fmt: skip


def test_a_leap_day_counts_and_one_day_is_a_season() -> None:
    assert profile(29, dt.date(2028, 2, 1), dt.date(2028, 2, 29), (2,)) == [(dt.date(2028, 2, 1), 29)]
    assert profile(7, dt.date(2026, 12, 31), dt.date(2026, 12, 31), EVERY_MONTH) == [
        (dt.date(2026, 12, 31), 7)
    ]


def test_a_closed_canal_leads_nothing() -> None:
    with pytest.raises(ValueError, match="open on no day"):
        profile(1, dt.date(2026, 11, 25), dt.date(2026, 12, 31), (3, 4))


@pytest.mark.parametrize("seed", range(50))
def test_the_profile_is_exact_to_the_litre(seed: int) -> None:
    draw = random.Random(seed)
    first = dt.date(2026, 1, 1) + dt.timedelta(days=draw.randrange(300))
    litres = draw.randrange(1, 10**12)
    found = profile(litres, first, first + dt.timedelta(days=draw.randrange(400)), EVERY_MONTH)
    assert sum(part for _, part in found) == litres


def _due(amount: int = 9_300) -> Obligation:
    payees = [Payee(11, amount - 93, SELLER), Payee(12, 93, FEE)]
    return Obligation(
        1, 21, 22, 23, 100_000, 93_000, amount, payees, [(31, 93_000), (32, 100_000)], [(33, 100_000)]
    )


def test_a_refund_takes_back_water_money_and_headroom_in_proportion() -> None:
    """33 000 of 93 000 litres: 35 483 at the source; 33.00 of 93.00 yuan, of which 0.33 of the fee of 0.93."""
    back = restitution(_due(), 33_000)
    assert (back.source_litres, back.fen) == (35_483, 3_300)
    assert back.payees == [(11, 3_267), (12, 33)]
    assert (back.charges, back.frees) == ([(31, 33_000), (32, 35_483)], [(33, 35_483)])


def test_a_refund_of_everything_is_everything_and_one_of_nothing_is_refused() -> None:
    back = restitution(_due(), 93_000)
    assert (back.source_litres, back.fen, back.payees) == (100_000, 9_300, [(11, 9_207), (12, 93)])
    for wrong in (0, 93_001):
        with pytest.raises(ValueError, match="part of what was delivered"):
            restitution(_due(), wrong)


@pytest.mark.parametrize("seed", range(100))
def test_no_payee_gives_back_more_than_it_got(seed: int) -> None:
    draw = random.Random(seed)
    delivered = draw.randrange(1, 10**9)
    fens = [draw.randrange(0, 10**6) for _ in range(draw.randint(1, 6))]
    payees = [Payee(number, fen, SELLER) for number, fen in enumerate(fens)]
    due = Obligation(1, 2, 3, 4, delivered + draw.randrange(10**6), delivered, sum(fens), payees, [], [])
    back = restitution(due, draw.randint(1, delivered))
    assert sum(fen for _, fen in back.payees) == back.fen <= due.amount_fen
    assert all(fen <= fens[account] for account, fen in back.payees)
    assert back.missing_litres <= back.source_litres <= due.source_litres
