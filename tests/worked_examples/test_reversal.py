"""A settlement reversed after its water was partly used and partly sold on, worked by hand (docs/decisions/0030).

**The trade.** Farmer d on canal C2 gives up 10 000 l at 0.3000 yuan a m3, 3.00 yuan in all; of 1 000 l to canal C1 970
arrive, so farmer a receives 9 700 l and 300 l are lost on the way. The exchange takes 3 per mille of the 300 fen from
the seller, rounded down: 0 fen, so d gets 300.

**What became of it.** a had 200 000 l of its own and now has 209 700. It uses 150 000 and sells 55 000 to b: 4 700 are
left.

    goes back (l)        least(free 4 700, received 9 700 - through the gate 0)           4 700
    cannot go back (l)   9 700 - 4 700                                                    5 000
    d gets back (l)      10 000 x 4 700 / 9 700 = 4 845.36, rounded down                  4 845
    the way gives back   4 845 - 4 700: these litres never flowed, and were not lost        145
    paid for 4 700 l     300 x 4 700 / 9 700 = 145.36 and 154.64 by largest remainder  145 fen
    value of 5 000 l     what was paid for them: 300 - 145                             155 fen
    d owes a             300 - 155                                                     145 fen
    cap of C1, that the trade charged 9 700, is freed of                                  4 700
    cap of C2, that it freed of 10 000, is charged again                                  4 845

With a value of 0.5000 yuan a m3 set for what cannot go back, a is charged 5 000 l x 0.5 = 250 fen for them, and d owes
it 300 - 250 = 50 fen. With 0.8000 it is 400 fen, 100 more than a paid at all: a owes d 100 fen. Where d has 60 fen free
of the 145 that it owes, it pays 60 at once and 85 are a claim.

**A pool.** Three members with 5 000, 3 000 and 2 000 l sell 10 000 l without a loss for 1 000 fen, of which the trustee
has 50 per mille (50 fen) and the members 475, 285 and 190. The buyer has 4 000 l left: 400 fen go back, 20 from the
trustee and 190, 114 and 76 from the members, each the same part of what it got.
"""

from __future__ import annotations

import pytest

from market.settlement.clearing import BENEFICIARY, FEE, SELLER, TRUSTEE, Obligation, Payee
from market.settlement.reversing import covered, undo

SELLS, BUYS, PAYS, EARNS, FEES, CAP_1, CAP_2 = range(1, 8)
TRADE = Obligation(
    9, SELLS, BUYS, PAYS, 10_000, 9_700, 300, [Payee(EARNS, 300, SELLER)], [(CAP_1, 9_700)], [(CAP_2, 10_000)]
)


def test_what_is_left_goes_back_and_the_rest_is_compensated_at_its_price() -> None:
    done = undo(TRADE, free_litres=4_700, flowed_litres=0)
    assert (done.returned_litres, done.kept_litres, done.source_litres) == (4_700, 5_000, 4_845)
    assert (done.value_fen, done.back, done.onward) == (155, [(EARNS, 145)], ())
    assert (list(done.frees), list(done.charges)) == ([(CAP_1, 4_700)], [(CAP_2, 4_845)])


@pytest.mark.parametrize(
    ("price", "value", "back", "onward"),
    [(5_000, 250, [(EARNS, 50)], ()), (8_000, 400, (), [(EARNS, 100)]), (6_000, 300, (), ())],
)
def test_a_value_that_the_bureau_sets_is_charged_instead(
    price: int, value: int, back: object, onward: object
) -> None:
    done = undo(TRADE, free_litres=4_700, flowed_litres=0, value_price_e4=price)
    assert (done.value_fen, done.back, done.onward) == (value, back, onward)


@pytest.mark.parametrize(
    ("free", "flowed", "returned"),
    [
        (50_000, 0, 9_700),
        (0, 0, 0),
        (50_000, 9_700, 0),
        (5_000, 6_000, 3_700),
        (3_000, 6_000, 3_000),
        (-1, 0, 0),
    ],
)
def test_no_more_goes_back_than_is_free_and_has_not_flowed(free: int, flowed: int, returned: int) -> None:
    done = undo(TRADE, free_litres=free, flowed_litres=flowed)
    assert (done.returned_litres, done.kept_litres) == (returned, 9_700 - returned)
    assert done.value_fen + sum(fen for _, fen in done.back) == 300
    assert returned or (not done.back and not done.frees and not done.charges)


def test_who_has_not_the_money_owes_the_rest_and_no_account_goes_below_nil() -> None:
    assert covered([(EARNS, 145)], {EARNS: 60}) == [60]
    assert covered([(EARNS, 145), (EARNS, 20)], {EARNS: 150}) == [145, 5]
    assert covered([(EARNS, 145)], {EARNS: -3}) == [0]


def test_everybody_who_was_paid_gives_the_same_part_of_it_back() -> None:
    shares = [Payee(11, 475, BENEFICIARY), Payee(12, 285, BENEFICIARY), Payee(13, 190, BENEFICIARY)]
    sold = Obligation(9, SELLS, BUYS, PAYS, 10_000, 10_000, 1_000, [*shares, Payee(14, 50, TRUSTEE)], [], [])
    assert undo(sold, free_litres=4_000, flowed_litres=0).back == [(11, 190), (12, 114), (13, 76), (14, 20)]


def test_the_exchange_returns_its_fee_of_what_goes_back_and_takes_none_of_what_is_added() -> None:
    paid = Obligation(
        9, SELLS, BUYS, PAYS, 10_000, 10_000, 1_000, [Payee(EARNS, 990, SELLER), Payee(FEES, 10, FEE)], [], []
    )
    assert undo(paid, free_litres=5_000, flowed_litres=0).back == [(EARNS, 495), (FEES, 5)]
    assert undo(paid, free_litres=0, flowed_litres=0, value_price_e4=20_000).onward == [(EARNS, 1_000)]
    given = Obligation(9, SELLS, BUYS, PAYS, 10_000, 10_000, 0, [Payee(EARNS, 0, SELLER)], [], [])
    assert undo(given, free_litres=0, flowed_litres=0, value_price_e4=1_000).onward == [(EARNS, 100)]
