"""One table of cases for two books, the product's and a naive one that was written from the rules; then chance."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.unit.trading.fast_book import FastBook
from tests.unit.trading.naive_book import NaiveBook
from tests.unit.trading.random_market import play_both
from tests.unit.trading.scene import Amend, Cancel, Clock, Command, Holder, Phase, Place, Scene, Way

RICH = 10**7
RANDOM_COMMANDS = 30_000


def scene(**headroom: int) -> Scene:
    """Two farms and a brother's on one canal, a works beside them and one at the end of a lossy way."""
    holders = {
        "ann": Holder("farm", water=10**7, money=RICH),
        "bob": Holder("farm", water=10**7, money=RICH),
        "bro": Holder("farm", water=10**7, money=RICH, owner="bob"),
        "pool": Holder("farm", water=10**7, behind=(("ann", 1), ("bob", 1)), floor_price=2_000),
        "mill": Holder("works", water=10**7, money=RICH),
        "park": Holder("park", money=RICH, plan="plan"),
        "poor": Holder("farm", water=1_000, money=1),
    }
    ways = {
        ("farm", "farm"): Way(),
        ("farm", "works"): Way(charges=(("industry", False),), frees=("farming",), fee_e6=5_000),
        ("farm", "park"): Way(930, (("canal", True),), ("farming",), review_from=50_000),
        ("works", "works"): Way(),
        ("works", "park"): Way(900),
    }
    limits = {"industry": 10**9, "farming": 0, "canal": 10**9, "plan": 10**9} | headroom
    return Scene(holders, ways, limits, closes_at=100.0)


def freeing() -> Scene:
    """Nothing is free under the industry's limit until the mill sells to the shed, which frees what the mill had."""
    holders = {name: Holder(place, 10**7, RICH) for name, place in
               (("ann", "farm"), ("mill", "works"), ("shed", "shed"))}  # fmt: skip
    ways = {
        ("farm", "works"): Way(charges=(("industry", False),)),
        ("works", "shed"): Way(frees=("industry",)),
    }
    return Scene(holders, ways, {"industry": 0})


def cascade() -> Scene:
    """The shop's sale frees the first limit; with that the inn buys from the hill, which frees the second."""
    names = ("low", "hill", "inn", "town", "dale", "shop", "far")
    ways = {
        ("shop", "far"): Way(frees=("first",)),
        ("hill", "inn"): Way(charges=(("first", False),), frees=("second",)),
        ("low", "town"): Way(charges=(("second", False),)),
        ("low", "dale"): Way(charges=(("first", False),)),
    }
    return Scene({name: Holder(name, 10**7, RICH) for name in names}, ways, {"first": 0, "second": 0})


def sell(key: str, holder: str, lots: int, price: int = 3_000, **terms: object) -> Place:
    return Place(key, holder, "sell", lots * 1_000, price, **terms)  # type: ignore[arg-type]


def buy(key: str, holder: str, lots: int, price: int = 3_000, **terms: object) -> Place:
    return Place(key, holder, "buy", lots * 1_000, price, **terms)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Case:
    """Commands and what comes of them: `codes` of those that are refused by place; `fills` as (buy, sell, litres that
    leave, litres that arrive, price); `rests` of what stays open.
    """

    name: str
    commands: list[Command]
    fills: list[tuple[str, str, int, int, int]] = field(default_factory=list)
    rests: dict[str, int] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)
    scene: Scene = field(default_factory=scene)


CASES = [
    Case("the best price goes first, then the older order, each at its own price",
         [sell("s1", "ann", 1), sell("s2", "bob", 1, 2_900), sell("s3", "ann", 1, 2_900), buy("b", "mill", 3, 3_100)],
         [("b", "s2", 1_000, 1_000, 2_900), ("b", "s3", 1_000, 1_000, 2_900), ("b", "s1", 1_000, 1_000, 3_000)]),
    Case("a bid that waits is paid its own price for what arrives",
         [buy("b", "park", 1, 4_000), sell("s", "ann", 5, 3_000)],
         [("b", "s", 1_076, 1_000, 4_000)], {"s": 3_924}),
    Case("a buyer compares asks at its own place",
         [sell("far", "mill", 1, 2_750), sell("near", "ann", 2, 2_800), buy("b", "park", 1, 4_000)],
         [("b", "near", 1_076, 1_000, 2_800)], {"far": 1_000}),
    Case("a seller compares bids at its own place, not by their face",
         [buy("near", "mill", 1, 3_000), buy("far", "park", 1, 3_200), sell("s", "ann", 1, 2_000)],
         [("near", "s", 1_000, 1_000, 3_000)], {"far": 1_000}),
    Case("equal at the buyer's place, the older goes first though it stands elsewhere",
         [sell("mill", "mill", 2, 2_790), sell("farm", "ann", 2, 2_883), buy("b", "park", 1, 3_100)],
         [("b", "mill", 1_110, 999, 2_790)], {"farm": 2_000}),
    Case("industry never sells to agriculture",
         [sell("s", "mill", 1, 1_000), buy("b", "ann", 1, 9_000)], [], {"s": 1_000, "b": 1_000}),
    Case("one owner's two accounts never meet; the next in the queue is taken",
         [sell("own", "bob", 1, 2_000), sell("s", "ann", 1), buy("b", "bro", 1, 3_500)],
         [("b", "s", 1_000, 1_000, 3_000)], {"own": 1_000}),
    Case("nobody buys from a pool whose water is partly his",
         [sell("s", "pool", 1, 2_000), buy("b1", "bro", 1), buy("b2", "mill", 1)],
         [("b2", "s", 1_000, 1_000, 2_000)], {"b1": 1_000}),
    Case("a pool asks no less than its owners agreed to",
         [sell("s", "pool", 1, 1_999)], codes={0: "below_agreed_price"}),
    Case("IOC takes what is there, and its rest ends",
         [sell("s", "ann", 2), buy("b", "mill", 3, tif="IOC")], [("b", "s", 2_000, 2_000, 3_000)]),
    Case("FOK takes all or nothing",
         [sell("s", "ann", 2), buy("b1", "mill", 3, tif="FOK"), buy("b2", "mill", 2, tif="FOK")],
         [("b2", "s", 2_000, 2_000, 3_000)], codes={1: "fok_not_filled"}),
    Case("a minimum fill counts on entry only",
         [sell("s1", "ann", 2), buy("b1", "mill", 5, min_fill=3_000), buy("b2", "mill", 5, min_fill=2_000),
          sell("s2", "bob", 1)],
         [("b2", "s1", 2_000, 2_000, 3_000), ("b2", "s2", 1_000, 1_000, 3_000)], {"b2": 2_000},
         {1: "minimum_fill_not_met"}),
    Case("post-only rests or is refused",
         [sell("s", "ann", 1), buy("b1", "mill", 1, post_only=True), buy("b2", "mill", 1, 2_999, post_only=True)],
         [], {"s": 1_000, "b2": 1_000}, {1: "post_only_would_fill"}),
    Case("post-only may cross what it can never meet",
         [sell("s", "bob", 1), buy("b", "bro", 1, 3_500, post_only=True)], [], {"s": 1_000, "b": 1_000}),
    Case("post-only contradicts what must fill at once",
         [buy("b1", "mill", 1, post_only=True, tif="IOC"), buy("b2", "mill", 1, post_only=True, min_fill=1_000)],
         codes={0: "post_only_contradicted", 1: "post_only_contradicted"}),
    Case("GTD, and only GTD, ends at its time",
         [sell("s1", "ann", 1, tif="GTD", expires_at=5.0), sell("s2", "ann", 1), Clock(5.0),
          sell("s3", "ann", 1, tif="GTD", expires_at=5.0), sell("s4", "ann", 1, expires_at=9.0), buy("b", "mill", 1)],
         [("b", "s2", 1_000, 1_000, 3_000)], codes={3: "expiry_past", 4: "expiry_and_validity"}),
    Case("orders end with the water year",
         [sell("s", "ann", 1), Clock(100.0), buy("b", "mill", 1)], codes={2: "product_expired"}),
    Case("a halt refuses orders and amendments and allows cancels",
         [sell("s", "ann", 2), Phase("halted"), buy("b", "mill", 1), Amend("s", 1_000, 3_000), Cancel("s"),
          Phase("open"), Cancel("s")],
         codes={2: "product_not_open", 3: "product_not_open", 6: "order_not_open"}),
    Case("less at the same price keeps the place in the queue",
         [sell("s1", "ann", 3), sell("s2", "bob", 1), Amend("s1", 1_000, 3_000), buy("b", "mill", 1)],
         [("b", "s1", 1_000, 1_000, 3_000)], {"s2": 1_000}),
    Case("more goes to the end of the queue",
         [sell("s1", "ann", 1), sell("s2", "bob", 1), Amend("s1", 2_000, 3_000), buy("b", "mill", 1)],
         [("b", "s2", 1_000, 1_000, 3_000)], {"s1": 2_000}),
    Case("another price may fill at once, as the younger order",
         [sell("s", "ann", 1, 3_500), buy("b", "mill", 1), Amend("s", 1_000, 2_500)],
         [("b", "s", 1_000, 1_000, 3_000)]),
    Case("an amendment leaves a lot beyond what is filled",
         [sell("s", "ann", 3), buy("b", "mill", 2), Amend("s", 2_000, 3_000)],
         [("b", "s", 2_000, 2_000, 3_000)], {"s": 1_000}, {2: "amend_below_filled"}),
    Case("an amendment that cannot be paid leaves the order as it was",
         [sell("s", "poor", 1), Amend("s", 2_000, 3_000), Amend("s", 1_000, 2_000)], [], {"s": 1_000},
         {1: "insufficient_water"}),
    Case("an order holds what it needs first",
         [sell("s", "poor", 2), buy("b", "poor", 1), buy("c", "poor", 1, 10)],
         [], {"c": 1_000}, {0: "insufficient_water", 1: "insufficient_money"}),
    Case("a limit cuts the fill, and the order waits",
         [sell("s", "ann", 5), buy("b", "mill", 5)],
         [("b", "s", 2_500, 2_500, 3_000)], {"s": 2_500, "b": 2_500}, scene=scene(industry=2_500)),
    Case("a limit on what leaves counts what leaves",
         [sell("s", "ann", 5, 2_000), buy("b", "park", 3)],
         [("b", "s", 2_000, 1_860, 2_000)], {"s": 3_000, "b": 1_140}, scene=scene(canal=2_000)),
    Case("a buyer's own plan binds it, and the seller goes on to the next",
         [buy("b1", "park", 3, 4_000), buy("b2", "mill", 1), sell("s", "ann", 5, 2_000)],
         [("b1", "s", 2_151, 2_000, 4_000), ("b2", "s", 1_000, 1_000, 3_000)], {"b1": 1_000, "s": 1_849},
         scene=scene(plan=2_000)),
    Case("what a sale frees lets the orders that waited for it meet, the oldest first",
         [sell("s1", "ann", 2), buy("b1", "mill", 2), sell("s2", "ann", 2), buy("b2", "mill", 2),
          sell("s3", "mill", 3), buy("b3", "shed", 3)],
         [("b3", "s3", 3_000, 3_000, 3_000), ("b1", "s1", 2_000, 2_000, 3_000), ("b2", "s2", 1_000, 1_000, 3_000)],
         {"s2": 1_000, "b2": 1_000}, scene=freeing()),
    Case("where that frees more, it is the oldest's turn again, before the younger that waited for the first",
         [sell("low", "low", 1), sell("hill", "hill", 1), buy("inn", "inn", 1), buy("town", "town", 1),
          buy("dale", "dale", 1), sell("shop", "shop", 2), buy("far", "far", 2)],
         [("far", "shop", 2_000, 2_000, 3_000), ("inn", "hill", 1_000, 1_000, 3_000),
          ("town", "low", 1_000, 1_000, 3_000)],
         {"dale": 1_000}, scene=cascade()),
    Case("rounding up what leaves never makes it dearer than the buyer's limit",
         [sell("s", "ann", 9, 9_300), buy("b", "park", 5, 10_000)],
         [("b", "s", 5_300, 4_929, 9_300)], {"s": 3_700}),
    Case("a rest below a lot ends",
         [buy("b", "park", 2, 4_000), sell("s", "ann", 2, 3_000)],
         [("b", "s", 2_000, 1_860, 4_000)]),
    Case("what is no whole lot, or out of range, is refused",
         [Place("a", "ann", "sell", 1_500, 3_000), Place("b", "ann", "sell", 0, 3_000), sell("c", "ann", 1, 0)],
         codes={0: "not_whole_lots", 1: "volume_out_of_range", 2: "price_out_of_range"}),
]  # fmt: skip


@pytest.mark.parametrize("make", [FastBook, NaiveBook])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_books_keep_the_rules(case: Case, make: type[FastBook | NaiveBook]) -> None:
    book = make(case.scene)
    results = book.play(case.commands)
    assert {place: code for place, (code, _) in enumerate(results) if code != "ok"} == case.codes
    assert [fill[:5] for _, fills in results for fill in fills] == case.fills
    assert {key: order[1] for key, order in book.picture()["open"].items()} == case.rests


def test_both_books_come_to_the_same_in_a_long_run_of_chance() -> None:
    seen = play_both(RANDOM_COMMANDS, seed=1)
    rules = {
        "ok", "fills", "fills of freed headroom", "amend_below_filled", "below_agreed_price", "expiry_and_validity",
        "expiry_past", "fok_not_filled", "insufficient_money", "insufficient_water", "minimum_fill_above_volume",
        "minimum_fill_not_met", "no_right_to_sell", "not_whole_lots", "order_not_open", "post_only_contradicted",
        "post_only_would_fill", "price_out_of_range", "product_expired", "product_not_open", "volume_out_of_range",
    }  # fmt: skip
    assert rules == seen.keys()
    assert seen["fills"] > RANDOM_COMMANDS // 20
