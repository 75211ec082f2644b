"""Concentration of orders: one hand is nearly the whole of a side of the book for long enough to dictate the price."""

from __future__ import annotations

from market.supervision.surveillance.evidence import BUY, SELL
from tests.surveillance.building import GROUND, SURFACE, Scenario, Story, expect

ABOUT = "concentration_of_orders"


def the_only_buyer_all_week() -> Scenario:
    story = Story(801, days=6)
    works = story.works()
    orders = []
    for day in range(1, 6):
        for place, factor in enumerate((0.985, 0.975, 0.97)):
            price = story.near(day, factor)
            orders.append(story.order(day, f"10:0{place + 1}", works, BUY, price, 45_000 + 5_000 * place))
        story.cancel(day, "16:59", *orders[-2:])
        seller = story.sellers[day % len(story.sellers)]
        story.trade(
            day, "14:30", seller, works, story.near(day, 0.985), 20_000, buy_order=orders[-3], taker=SELL
        )
        story.cancel(day, "16:59:30", orders[-3])
    why = (
        "Day by day one works has four fifths of all that is bid, from the opening to the end; farms "
        "sell to it or not."
    )
    return story.scenario(
        "orders-only-buyer", "The only buyer", why, ABOUT, expect(ABOUT, (works,), (), orders)
    )


def three_farms_of_one_owner() -> Scenario:
    story = Story(802, price=3400, days=7, others=13)
    parent = story.party("firm")
    farms = [story.farm(owner=parent) for _ in range(3)]
    orders = []
    for place, farm in enumerate(farms):
        for day in (2, 3, 4, 5):
            price = story.near(day, 1.05 + 0.01 * place)
            orders.append(story.order(day, f"10:{12 + 7 * place}", farm, SELL, price, 42_000 - 3_000 * place))
    for place, order in enumerate(orders):
        story.cancel((2, 3, 4, 5)[place % 4], f"16:5{place % 4}", order)
    why = (
        "Three farms hold a quarter of the asks each, above the market, for four days; one firm owns "
        "them and waits."
    )
    title = "Three farms of one owner"
    return story.scenario("orders-one-owner", title, why, ABOUT, expect(ABOUT, farms, (), orders))


def cornered_before_the_irrigation() -> Scenario:
    story = Story(803, price=5800, days=9, others=10, path=(1, 1, 1.02, 1.03, 1.05, 1.06, 1.08, 1.1, 1.11))
    firm = story.party("firm")
    for day in (0, 1, 2):
        price = story.near(day, 1.015)
        story.trade(
            day, "15:15", story.sellers[day % len(story.sellers)], firm, price, 38_000, rested_minutes=90
        )
    orders = [story.order(4, "10:03", firm, SELL, story.near(4, 1.045), 110_000)]
    for day, time, factor in ((5, "10:20", 1.06), (6, "10:25", 1.07), (7, "10:40", 1.085)):
        story.amend(day, time, orders[0], story.near(day, factor))
    story.trade(8, "11:10", firm, story.buyers[0], story.near(7, 1.085), 40_000, sell_order=orders[0])
    why = (
        "Bought up for three days, then the week before irrigation two thirds of all asks are its one, "
        "dearer every day."
    )
    return story.scenario("orders-cornered", "Cornered", why, ABOUT, expect(ABOUT, (firm,), (), orders))


def well_water_for_two_days() -> Scenario:
    story = Story(804, price=4300, days=6, others=14, quiet=((2, GROUND), (3, GROUND)))
    works = story.works()
    orders = []
    for day in (2, 3):
        orders.append(story.order(day, "10:02", works, BUY, story.near(day, 0.985, GROUND), 60_000, GROUND))
        orders.append(story.order(day, "10:04", works, BUY, story.near(day, 0.97, GROUND), 90_000, GROUND))
        for place, buyer in enumerate(story.buyers[:4]):
            price = story.near(day, 0.96 - 0.01 * place, GROUND)
            other = story.order(day, f"10:{20 + 9 * place}", buyer, BUY, price, 5_000 + 1_500 * place, GROUND)
            story.cancel(day, "16:30", other)
        for place, farm in enumerate(story.sellers[:3]):
            price = story.near(day, 1.04 + 0.015 * place, GROUND)
            other = story.order(day, f"11:{10 + 9 * place}", farm, SELL, price, 7_000, GROUND)
            story.cancel(day, "16:40", other)
        price = story.near(day, 0.985, GROUND)
        deal = {"product": GROUND, "buy_order": orders[-2], "taker": SELL}
        story.trade(day, "13:20", story.sellers[0], works, price, 12_000, **deal)
        story.cancel(day, "16:58", *orders[-2:])
    why = (
        "In the well water's book a works stands for five sixths of the bids two days long, with four "
        "small ones behind."
    )
    return story.scenario("orders-well-water", "Well water", why, ABOUT, expect(ABOUT, (works,), (), orders))


def the_members_water() -> Scenario:
    story = Story(805, days=7, others=12)
    union = story.party("association", address="village 4")
    for day in (1, 2, 3, 4, 5):
        asks = [
            story.order(day, f"10:{15 + place}", union, SELL, story.near(day, 1.01 + 0.01 * place), 45_000)
            for place in range(2)
        ]
        buyer = story.buyers[day % len(story.buyers)]
        story.trade(day, "11:40", union, buyer, story.near(day, 1.01), 14_000, sell_order=asks[0])
        story.cancel(day, "16:57", *asks)
    why = (
        "An association offers for two hundred households in one order what else would be two hundred, "
        "near the price."
    )
    return story.scenario("orders-not-members", "The members' water", why, ABOUT)


def first_in_the_morning() -> Scenario:
    story = Story(806, price=6500, days=7, others=11)
    works = story.works()
    for day in range(7):
        bid = story.order(day, f"09:5{day}", works, BUY, story.near(day, 0.99), 9_000)
        seller = story.sellers[day % len(story.sellers)]
        story.trade(
            day, f"10:{20 + day}", seller, works, story.near(day, 0.99), 9_000, buy_order=bid, taker=SELL
        )
    why = (
        "Every morning its bid is the first, and so for some minutes the only one; it is small and soon "
        "filled."
    )
    return story.scenario("orders-not-first", "First in the morning", why, ABOUT)


def a_book_of_three_orders() -> Scenario:
    quiet = tuple((day, GROUND) for day in range(7))
    story = Story(807, price=3000, days=7, others=9, quiet=quiet)
    farm, other = story.farm(), story.farm()
    story.order(1, "11:05", farm, SELL, story.near(1, 1.02, GROUND), 7_000, GROUND)
    story.order(3, "14:45", other, SELL, story.near(3, 1.05, GROUND), 2_000, GROUND)
    bid = story.order(4, "10:35", story.buyers[0], BUY, story.near(4, 0.95, GROUND), 2_500, GROUND)
    story.cancel(5, "10:35", bid)
    story.order(2, "12:05", farm, BUY, story.near(2, 0.93, SURFACE), 3_000, SURFACE)
    why = (
        "In a book of three orders one farm's 7 000 m3 are most of the asks: too little to dictate "
        "anything to anybody."
    )
    return story.scenario("orders-not-a-thin-book", "A book of three orders", why, ABOUT)


def one_great_need() -> Scenario:
    story = Story(808, price=4800, days=7, others=14)
    works = story.works()
    bid = story.order(4, "13:02", works, BUY, story.near(4, 1.012), 180_000)
    for place, time in enumerate(("13:04", "13:11", "13:19", "13:26", "13:34")):
        m3 = (30_000, 42_000, 38_000, 45_000, 25_000)[place]
        seller = story.sellers[place % len(story.sellers)]
        story.trade(4, time, seller, works, story.near(4, 1.012), m3, buy_order=bid, taker=SELL)
    why = (
        "A works bids for its whole season at once, above the market, and has it all in half an hour: "
        "big, but gone."
    )
    return story.scenario("orders-not-a-need", "One great need", why, ABOUT)


SCENARIOS: tuple[Scenario, ...] = (
    the_only_buyer_all_week(),
    three_farms_of_one_owner(),
    cornered_before_the_irrigation(),
    well_water_for_two_days(),
    the_members_water(),
    first_in_the_morning(),
    a_book_of_three_orders(),
    one_great_need(),
)
