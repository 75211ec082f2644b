"""Price outliers: a trade between strangers at a price that neither the market nor the manner of the sale explains."""

from __future__ import annotations

from market.supervision.surveillance.evidence import SELL
from tests.surveillance.building import GROUND, Scenario, Story, expect

ABOUT = "price_outlier"


def three_times_the_price() -> Scenario:
    story = Story(501, days=6)
    farm, works = story.farm(), story.works()
    story.trade(1, "10:40", farm, story.buyers[0], story.near(1), 4_000)
    deal = story.trade(3, "14:12", farm, works, story.near(3, 3.1), 9_000, rested_minutes=25)
    why = (
        "Everybody pays about 0.42 yuan, one works 1.30: a slip of the hand or something else is paid "
        "with it."
    )
    named = expect(ABOUT, (farm, works), (deal,))
    return story.scenario("price-three-times", "Three times the price", why, ABOUT, named)


def a_quarter_of_the_price() -> Scenario:
    story = Story(502, price=5600, days=7, others=13)
    farm, works = story.farm(), story.works()
    deal = story.trade(4, "11:50", farm, works, story.near(4, 0.26), 60_000, mechanism="negotiated")
    why = (
        "A farm gives sixty thousand m3 to a strange works by private deal for a quarter of what the "
        "book would pay."
    )
    named = expect(ABOUT, (farm, works), (deal,))
    return story.scenario("price-a-quarter", "A quarter of the price", why, ABOUT, named)


def half_as_much_again_in_a_calm_week() -> Scenario:
    story = Story(503, price=3200, days=8, others=10, spread=0.012)
    farm, firm = story.farm(), story.party("firm")
    deal = story.trade(5, "13:22", farm, firm, story.near(5, 1.38), 3_500, rested_minutes=15)
    story.trade(6, "10:40", story.sellers[0], firm, story.near(6, 0.995), 4_000)
    why = (
        "In a week when no two trades lie three in a hundred apart, one is nearly two fifths dearer; "
        "next day all is as before."
    )
    named = expect(ABOUT, (farm, firm), (deal,))
    return story.scenario("price-calm-week", "Two fifths more in a calm week", why, ABOUT, named)


def too_low_even_for_a_rough_week() -> Scenario:
    path = (1.0, 1.05, 1.02, 1.1, 1.16, 1.12, 1.2, 1.24)
    story = Story(504, price=4500, days=8, others=14, spread=0.05, path=path)
    farm, works = story.farm(), story.works()
    deal = story.trade(6, "15:05", farm, works, story.near(6, 0.52), 14_000, rested_minutes=3, taker=SELL)
    story.trade(7, "11:35", farm, story.buyers[1], story.near(7, 0.97), 6_000)
    why = "Prices rise and swing by a tenth all week; half of what others pay that day is outside even that."
    named = expect(ABOUT, (farm, works), (deal,))
    return story.scenario("price-rough-week", "Too low even for a rough week", why, ABOUT, named)


def drought() -> Scenario:
    path = (1.0, 1.0, 1.01, 1.16, 1.34, 1.47, 1.5, 1.52)
    story = Story(505, price=3900, days=8, others=12, start="2026-06-15", path=path, spread=0.03)
    farm, works = story.farm(), story.works()
    story.announce(story.at(2, "17:30"), story.at(2, "19:00"), "up")
    story.trade(3, "10:12", farm, works, story.near(3, 1.05), 12_000)
    story.trade(4, "10:20", farm, works, story.near(4, 1.04), 15_000)
    story.trade(5, "13:45", story.sellers[0], works, story.near(5, 1.03), 11_000)
    why = (
        "The canal is cut and everybody's price goes up by half in three days; the first dear trade was "
        "only the first."
    )
    return story.scenario("price-not-the-drought", "Drought moves the whole market", why, ABOUT)


def bought_back_by_the_county() -> Scenario:
    story = Story(506, price=2600, days=7, others=9)
    storage = story.party("supplier")
    for place, seller in enumerate((story.sellers[0], story.sellers[1], story.sellers[2])):
        story.trade(4, f"1{place}:30", seller, storage, 7_800, 6_000 + 2_000 * place, mechanism="buy_back")
    why = (
        "The county buys back at the published three times the water price, the same from each: a "
        "tariff, not a market."
    )
    return story.scenario("price-not-a-buy-back", "Bought back by the county", why, ABOUT)


def first_trades_of_a_new_product() -> Scenario:
    quiet = tuple((day, GROUND) for day in range(6))
    story = Story(507, price=4300, days=6, others=10, quiet=quiet)
    story.unreferenced.add(GROUND)
    farms, works = [story.farm() for _ in range(3)], story.works()
    for day, time, farm, factor in (
        (1, "11:10", 0, 1.0),
        (2, "14:30", 1, 1.33),
        (3, "10:50", 2, 0.86),
        (5, "15:15", 0, 1.12),
    ):
        price = story.near(0, factor, GROUND)
        story.trade(
            day, time, farms[farm], works, price, 5_000 + 1_000 * day, product=GROUND, rested_minutes=30
        )
    why = (
        "The first four trades of a product that nobody has traded before: there is no price yet to be "
        "out of."
    )
    return story.scenario("price-not-a-new-product", "First trades of a new product", why, ABOUT)


def bidding_for_a_great_lot() -> Scenario:
    story = Story(508, price=5000, days=8, others=14)
    union, winner = story.party("association"), story.works()
    price = story.near(5, 1.36)
    story.trade(5, "14:40", union, winner, price, 150_000, mechanism="bidding")
    story.trade(6, "11:20", union, story.buyers[0], story.near(6, 1.01), 6_000)
    why = (
        "Works outbid each other in public for one lot that the book could not give them: a third over "
        "the book, openly."
    )
    return story.scenario("price-not-a-bidding", "Public bidding for a great lot", why, ABOUT)


SCENARIOS: tuple[Scenario, ...] = (
    three_times_the_price(),
    a_quarter_of_the_price(),
    half_as_much_again_in_a_calm_week(),
    too_low_even_for_a_rough_week(),
    drought(),
    bought_back_by_the_county(),
    first_trades_of_a_new_product(),
    bidding_for_a_great_lot(),
)
