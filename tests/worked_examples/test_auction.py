"""The call auction worked by hand: the seven examples of its specification (section 9) and three of our own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from market.trading import verify
from market.trading.auction import BUY, SELL, Arc, Clearing, Limit, Market, Node, Orders, clear, record
from market.trading.auction.accounts import TwoWay
from market.trading.auction.limits import conversion_terms
from market.trading.auction.model import AGRICULTURE, INDUSTRY, MINIMUM_FILL, WOULD_CROSS_ITSELF
from market.trading.auction.replay import replay

Row = tuple[int, int, int, int]
"""Side, node, limit in ticks, litres."""


def _clear(
    nodes: Sequence[Node], rows: Sequence[Row], *, arcs: Sequence[Arc] = (), limits: Sequence[Limit] = (),
    seed: str = "s", minimum: Sequence[int] | None = None, owner: Sequence[int] | None = None,
) -> Clearing:  # fmt: skip
    """Clears, checks the record without a solver, and repeats it."""
    side, node, limit, volume = zip(*rows, strict=True)
    orders = Orders.of(side=side, node=node, limit=limit, volume=volume, minimum=minimum, owner=owner)
    market = Market("1", "surface-2026", seed, tuple(nodes), tuple(arcs), tuple(limits), orders)
    found = clear(market)
    data = record(market, found)
    assert verify.verify(data) == []
    assert replay(data).same
    return found


def _facts(found: Clearing) -> tuple[tuple[int, ...], list[int], int, int, int]:
    litres = found.litres
    return litres.prices_e4, litres.fills.tolist(), litres.paid_fen, litres.received_fen, litres.fund_fen


def _farm(reference: int = 2_000, zone: str = "a") -> Node:
    return Node(zone, AGRICULTURE, reference)


def test_1_one_zone() -> None:
    found = _clear(
        [_farm(2_400)],
        [
            (SELL, 0, 2_000, 100_000),
            (SELL, 0, 3_000, 100_000),
            (BUY, 0, 4_000, 100_000),
            (BUY, 0, 2_500, 60_000),
        ],
    )
    assert _facts(found) == ((2_501,), [100_000, 0, 100_000, 0], 2_501, 2_501, 0)
    assert found.litres.welfare == 20 * 10**7
    assert found.witness.intervals == ((2_500_000, 3_000_000),)


def test_2_loss() -> None:
    found = _clear(
        [_farm(), _farm(zone="b")],
        [(SELL, 0, 1_800, 100_000), (BUY, 1, 3_000, 60_500)],
        arcs=[Arc("route", 0, 1, 900)],
    )
    assert _facts(found) == ((1_800, 2_000), [67_223, 60_500], 1_210, 1_210, 0)
    assert (found.litres.entering, found.litres.delivered, found.litres.losses) == (
        (67_223,),
        (60_500,),
        (6_723,),
    )


def test_3_cap() -> None:
    found = _clear(
        [_farm(), _farm(zone="b")],
        [(SELL, 0, 2_000, 100_000), (SELL, 1, 4_000, 20_000), (BUY, 1, 5_000, 80_000)],
        arcs=[Arc("route", 0, 1, 1000)],
        limits=[Limit("cap", "b", 30_000, ((0, 0, 1),))],
    )
    assert _facts(found) == ((2_000, 5_000), [30_000, 20_000, 50_000], 2_500, 1_600, 900)
    assert found.binding == ((0, 3_000 * 10**9),)
    assert found.litres.welfare == 11 * 10**7


def test_4_route() -> None:
    found = _clear(
        [_farm(), _farm(zone="b")],
        [
            (SELL, 0, 2_000, 100_000), (SELL, 0, 2_800, 50_000), (BUY, 0, 3_000, 70_000), (BUY, 1, 6_000, 30_000),
            (BUY, 1, 4_000, 50_000),
        ],
        arcs=[Arc("route", 0, 1, 950)],
        limits=[Limit("route", "a to b", 40_000, ((0, 1, 0),))],
    )  # fmt: skip
    assert _facts(found) == ((2_800, 4_000), [100_000, 10_000, 70_000, 30_000, 8_000], 3_480, 3_080, 400)
    assert found.binding == ((0, 1_000 * 10**9),)
    assert found.litres.welfare == 194 * 10**6


def test_5_sector() -> None:
    found = _clear(
        [_farm(), Node("a", INDUSTRY, 2_000)],
        [
            (SELL, 0, 1_000, 100_000),
            (BUY, 0, 2_500, 30_000),
            (SELL, 1, 7_000, 10_000),
            (BUY, 1, 9_000, 50_000),
        ],
        arcs=[Arc("conversion", 0, 1, 1000)],
        limits=[Limit("conversion", "farm to industry", 20_000, ((0, 1, 0),))],
    )
    assert _facts(found) == ((1_000, 9_000), [50_000, 30_000, 10_000, 30_000], 3_000, 1_400, 1_600)
    assert found.binding == ((0, 8_000 * 10**9),)
    assert found.litres.welfare == 225 * 10**6


def test_6_tie() -> None:
    rows = [(SELL, 0, 2_000, 10_000)] * 3 + [(BUY, 0, 3_000, 10_000)]
    found = _clear([_farm(2_500)], rows, seed="county-7")
    assert _facts(found) == ((2_000,), [3_334, 3_333, 3_333, 10_000], 200, 198, 2)


def test_7_no_cross() -> None:
    found = _clear([_farm(2_800)], [(SELL, 0, 3_000, 10_000), (BUY, 0, 2_500, 10_000)])
    assert _facts(found) == ((2_800,), [0, 0], 0, 0, 0)
    assert found.witness.intervals == ((2_500_000, 3_000_000),)


# --- our own -------------------------------------------------------------------------------------------------------


def test_8_a_two_way_account_shuts_when_full_and_opens_again_only_at_its_threshold() -> None:
    """At most 100 m3 may have left; 90 have, so 10 more may. The call takes them: outwards shuts. 10 come back: 90 is
    above 85, so it stays shut, and a buyer below gets nothing; when 5 more are back it opens, with 15.
    """
    account = TwoWay(balance=90_000, most=100_000, reopen_out=85_000, reopen_in=15_000)

    def outwards(room: int) -> Clearing:
        return _clear(
            [_farm(), _farm(zone="b")],
            [(SELL, 0, 2_000, 50_000), (BUY, 1, 3_000, 50_000)],
            arcs=[Arc("route", 0, 1, 1000)],
            limits=[Limit("export", "account out", room, ((0, 1, 0),), state=account.state)],
        )

    found = outwards(account.room_out)
    assert found.litres.entering == (10_000,)
    full = account.after(out=10_000, back=0)
    assert (full.balance, full.out_open, full.room_out, full.room_in) == (100_000, False, 0, 100_000)
    still = full.after(out=0, back=10_000)
    assert (still.balance, still.out_open, still.room_out) == (90_000, False, 0)
    assert outwards(still.room_out).litres.fills.tolist() == [0, 0]
    again = still.after(out=0, back=5_000)
    assert (again.out_open, again.room_out) == (True, 15_000)
    assert outwards(again.room_out).litres.entering == (15_000,)
    empty = again.after(out=0, back=85_000)
    assert (empty.in_open, empty.after(out=14_999, back=0).in_open, empty.after(out=15_000, back=0).in_open) == (
        False, False, True,
    )  # fmt: skip
    with pytest.raises(ValueError, match="more has moved"):
        account.after(out=10_001, back=0)


def test_9_in_a_farm_first_window_farms_buy_first_and_industry_bids_for_what_is_left() -> None:
    """100 m3 at 0.10. Farms want 60 at 0.20, a factory 80 at 0.90. Farm first: nothing is converted, the farms get 60;
    the interval is [0.10, 0.20], the seller is marginal: 0.10. Then the factory gets the 40 that are left, at its own
    price, because it wants more than there is: 0.90. Together, the factory would have got all it wanted.
    """
    nodes = [_farm(), Node("a", INDUSTRY, 2_000)]
    arcs = [Arc("conversion", 0, 1, 1000)]
    shut = [Limit("conversion", "window", 0, conversion_terms(arcs, {0, 1}))]
    farm = _clear(nodes, [(SELL, 0, 1_000, 100_000), (BUY, 0, 2_000, 60_000)], arcs=arcs, limits=shut)
    assert _facts(farm)[:4] == ((1_000, 2_000), [60_000, 60_000], 600, 600)
    left = 100_000 - int(farm.litres.fills[0])
    general = _clear(nodes, [(SELL, 0, 1_000, left), (BUY, 1, 9_000, 80_000)], arcs=arcs)
    assert _facts(general) == ((9_000, 9_000), [40_000, 40_000], 3_600, 3_600, 0)
    at_once = _clear(
        nodes, [(SELL, 0, 1_000, 100_000), (BUY, 0, 2_000, 60_000), (BUY, 1, 9_000, 80_000)], arcs=arcs
    )
    assert at_once.litres.fills.tolist() == [100_000, 20_000, 80_000]


def test_10_an_order_that_cannot_have_its_minimum_is_left_out_and_the_rest_cleared_again() -> None:
    """Offered 50 at 0.20. Bids: 30 at 0.40, and 40 at 0.35 that wants at least 30 of it. It could have 20: it is left
    out although its price was good; then 30 trade, and the seller is marginal: 0.20.
    """
    found = _clear(
        [_farm()],
        [(SELL, 0, 2_000, 50_000), (BUY, 0, 4_000, 30_000), (BUY, 0, 3_500, 40_000)],
        minimum=[0, 0, 30_000],
    )
    assert _facts(found) == ((2_000,), [30_000, 30_000, 0], 600, 600, 0)
    assert [(each.order, each.reason) for each in found.dropped] == [(2, MINIMUM_FILL)]


def test_nobody_buys_from_itself() -> None:
    """The owner of the first sale also bids, later: the bid is left out, and the other buyer gets what there is."""
    found = _clear(
        [_farm()],
        [(SELL, 0, 2_000, 10_000), (BUY, 0, 4_000, 10_000), (BUY, 0, 3_000, 10_000)],
        owner=[1, 1, 2],
    )
    assert found.litres.fills.tolist() == [10_000, 0, 10_000]
    assert [(each.order, each.reason) for each in found.dropped] == [(1, WOULD_CROSS_ITSELF)]
