"""What a period of trusteeship costs, and by which mean price; the rule of late payment between two parties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.contracts.sharing import (
    BadTerms,
    Block,
    PriceBasis,
    Rate,
    Tariff,
    Trusteeship,
    bill,
    fee_call,
    late_rule,
    mean_price_e4,
    trusteeship_fee,
)

FEN = st.integers(0, 10**12)
TARIFF = Tariff((Block(0, 20_000), Block(100_000_000, 30_000)))


@given(FEN, FEN, FEN, FEN)
def test_every_fen_of_a_fee_is_set_off_paid_in_advance_or_due(
    full: int, owed: int, advance: int, missed: int
) -> None:
    found = fee_call(full, owed_fen=owed, advance_fen=advance, shortfall_fen=missed)
    assert found.set_off_fen + found.advance_fen + found.due_fen == found.full_fen == full
    assert found.fee_fen == full - found.set_off_fen
    assert found.owed_fen + found.set_off_fen == owed + missed
    assert min(found.set_off_fen, found.advance_fen, found.due_fen, found.owed_fen) >= 0
    assert not found.due_fen or found.advance_fen == advance
    assert not found.fee_fen or found.set_off_fen == owed


def test_a_negative_advance_or_shortfall_is_refused() -> None:
    for wrong in ({"advance_fen": -1}, {"shortfall_fen": -1}, {"owed_fen": -1}):
        with pytest.raises(BadTerms):
            fee_call(100, **({"owed_fen": 0, "advance_fen": 0, "shortfall_fen": 0} | wrong))


def test_the_mean_price_is_the_bill_by_its_litres() -> None:
    """100 000 m3 at 2.00 and 50 000 at 3.00 are 350 000.00, 2.3333 a m3."""
    assert bill(150_000_000, TARIFF).total_fen == 35_000_000
    assert mean_price_e4(PriceBasis("tariff"), TARIFF, 150_000_000) == 23_333
    assert mean_price_e4(PriceBasis("floor", 50_000), TARIFF, 150_000_000) == 23_333
    assert mean_price_e4(PriceBasis("tariff"), TARIFF, 50_000_000, before_litres=100_000_000) == 30_000
    assert mean_price_e4(PriceBasis("tariff"), TARIFF, 0) == 20_000
    assert mean_price_e4(PriceBasis("fixed", 31_915), TARIFF, 150_000_000) == 31_915
    with pytest.raises(BadTerms):
        mean_price_e4(PriceBasis("tariff"), None, 1)


def test_a_fee_follows_use_and_price() -> None:
    """T0 100 000.00 for 100 000 m3 at 2.00: at 150 000 m3 and 2.3333 a m3 it is 174 997.50."""
    terms = Trusteeship(10_000_000, 100_000_000, 20_000)
    assert trusteeship_fee(terms, 150_000_000, 23_333) == 17_499_750


@pytest.mark.parametrize(
    ("payer", "payee", "agreed", "days", "longest", "floor"),
    [
        ("public_body", "small", None, 30, 60, None),
        ("public_body", "small", 90, 60, 60, Rate(30_000, 365)),
        ("large", "small", None, 60, None, None),
        ("large", "small", 90, 90, None, Rate(30_000, 365)),
        ("public_body", "large", 90, 90, None, None),
        ("small", "public_body", None, 30, None, None),
    ],
)
def test_the_rule_says_by_when_and_at_what_least_rate(
    payer: str, payee: str, agreed: int | None, days: int, longest: int | None, floor: Rate | None
) -> None:
    rate = Rate(1, 1) if agreed is not None else None
    found = late_rule(payer, payee, agreed, rate, 30_000)
    assert (found.days, found.longest_days, found.floor) == (days, longest, floor)
    assert found.protected == ("802" in found.source)
    assert found.rate == (floor or rate or Rate(500))
