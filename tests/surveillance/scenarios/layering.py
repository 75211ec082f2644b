"""Layering: orders that are not meant to trade, shown until the other side has done what its owner wanted."""

from __future__ import annotations

from market.supervision.surveillance.evidence import BUY, SELL
from tests.surveillance.building import Scenario, Story, expect

ABOUT = "layering"


def three_bids_for_one_sale() -> Scenario:
    story = Story(301, days=6)
    firm = story.party("firm")
    ask = story.order(3, "10:58", firm, SELL, story.near(3, 1.03), 12_000)
    layers = [
        story.order(
            3, f"11:0{place + 1}:15", firm, BUY, story.near(3, 0.99 - 0.01 * place), 25_000 + 5_000 * place
        )
        for place in range(3)
    ]
    deal = story.trade(3, "11:09:40", firm, story.buyers[0], story.near(3, 1.03), 12_000, sell_order=ask)
    story.cancel(3, "11:10:55", *layers)
    why = (
        "Three levels of bids make a crowd of buyers; a works lifts the firm's ask; a minute later the "
        "crowd is gone."
    )
    named = expect(ABOUT, (firm,), (deal,), layers)
    return story.scenario("layering-three-bids", "Three levels for one sale", why, ABOUT, named)


def asks_that_press_the_price() -> Scenario:
    story = Story(302, price=7400, days=7, others=12)
    works = story.works()
    layers = [
        story.order(4, time, works, SELL, story.near(4, factor), 15_000)
        for time, factor in (("13:30", 1.03), ("13:31:30", 1.024), ("13:33", 1.018), ("13:36", 1.012))
    ]
    bid = story.order(4, "13:34", works, BUY, story.near(4, 0.97), 18_000)
    deals = [
        story.trade(4, time, seller, works, story.near(4, 0.97), m3, buy_order=bid, taker=SELL)
        for time, seller, m3 in (
            ("13:39:10", story.sellers[0], 8_000),
            ("13:44:50", story.sellers[1], 10_000),
        )
    ]
    story.cancel(4, "13:46", layers[3], layers[2])
    story.cancel(4, "13:49:20", layers[1], layers[0])
    why = (
        "A works that wants to buy shows falling asks; two farms give way to its bid; the asks go within "
        "five minutes."
    )
    named = expect(ABOUT, (works,), deals, layers)
    return story.scenario("layering-pressing-asks", "Asks that press the price", why, ABOUT, named)


def one_great_bid() -> Scenario:
    story = Story(303, price=3000, days=5, others=8)
    farm = story.farm()
    ask = story.order(2, "14:02", farm, SELL, story.near(2, 1.025), 9_000)
    bait = story.order(2, "14:15:10", farm, BUY, story.near(2, 0.985), 140_000)
    deal = story.trade(2, "14:16:30", farm, story.buyers[1], story.near(2, 1.025), 9_000, sell_order=ask)
    story.cancel(2, "14:17:05", bait)
    why = (
        "One bid many times the size of anything else stands for two minutes, until the farm's own ask "
        "is taken."
    )
    return story.scenario(
        "layering-one-great-bid", "One great bid", why, ABOUT, expect(ABOUT, (farm,), (deal,), (bait,))
    )


def a_little_every_day() -> Scenario:
    story = Story(304, price=5100, days=8, others=14)
    firm = story.party("firm")
    deals, layers = [], []
    for day, wait in ((2, 9), (3, 12), (5, 11), (6, 14)):
        ask = story.order(day, "11:20", firm, SELL, story.near(day, 1.015), 5_000)
        pair = [
            story.order(
                day, f"11:3{place}", firm, BUY, story.near(day, 0.995 - 0.008 * place), 9_000 + 500 * day
            )
            for place in range(2)
        ]
        deals.append(
            story.trade(
                day, "11:41", firm, story.buyers[day % 2], story.near(day, 1.015), 5_000, sell_order=ask
            )
        )
        story.cancel(day, f"11:{41 + wait}", *pair)
        layers += pair
    why = (
        "Never much and never in haste, but on four days the same: two bids, a sale on the other side, "
        "both taken back."
    )
    named = expect(ABOUT, (firm,), deals, layers)
    return story.scenario("layering-every-day", "A little every day", why, ABOUT, named)


def quotes_on_both_sides() -> Scenario:
    story = Story(305, days=6, others=10)
    dealer = story.party("association")
    for day in range(6):
        middle = 1.0
        for place, time in enumerate(("10:05", "11:35", "13:05", "14:35")):
            hour, minute = time.split(":")
            bid = story.order(day, time, dealer, BUY, story.near(day, middle - 0.012), 8_000)
            ask = story.order(day, time, dealer, SELL, story.near(day, middle + 0.012), 8_000)
            if (day + place) % 3 == 0:
                buyer = story.buyers[day % len(story.buyers)]
                price = story.near(day, middle + 0.012)
                story.trade(day, f"{hour}:{int(minute) + 20}", dealer, buyer, price, 8_000, sell_order=ask)
                story.cancel(day, f"{hour}:{int(minute) + 22}", bid)
                middle += 0.004
            elif (day + place) % 3 == 1:
                price = story.near(day, middle - 0.012)
                seller = story.sellers[place % len(story.sellers)]
                story.trade(
                    day, f"{hour}:{int(minute) + 18}", seller, dealer, price, 8_000, buy_order=bid, taker=SELL
                )
                story.cancel(day, f"{hour}:{int(minute) + 19}", ask)
                middle -= 0.004
            else:
                story.cancel(day, f"{hour}:{int(minute) + 24}", bid, ask)
    why = (
        "A dealer quotes one price each way in like size, and quotes anew after each fill: its bids "
        "trade as its asks do."
    )
    return story.scenario("layering-not-a-dealer", "Quotes on both sides", why, ABOUT)


def rain_came() -> Scenario:
    story = Story(306, price=4400, days=6, others=11)
    farm, works = story.farm(), story.works()
    story.trade(1, "10:45", farm, works, story.near(1, 1.0), 5_000)
    bids = [
        story.order(3, f"10:{10 + 4 * place}", farm, BUY, story.near(3, 0.98 - 0.012 * place), 14_000)
        for place in range(3)
    ]
    story.cancel(3, "13:20", *bids)
    story.order(3, "13:26", farm, SELL, story.near(3, 1.01), 6_000)
    story.trade(4, "11:15", farm, works, story.near(4, 1.0), 6_000, rested_minutes=30)
    why = (
        "Bids at three levels, taken back when it rained; what it now has too much is offered after, and "
        "sold next day."
    )
    return story.scenario("layering-not-the-rain", "Rain came", why, ABOUT)


def following_the_price() -> Scenario:
    story = Story(307, price=3800, days=6, others=9)
    works = story.works()
    factors = (0.975, 0.982, 0.99, 0.997)
    for place, factor in enumerate(factors):
        bid = story.order(2, f"10:{30 + 3 * place}", works, BUY, story.near(2, factor), 30_000)
        if place < len(factors) - 1:
            story.cancel(2, f"10:{32 + 3 * place}:40", bid)
    story.trade(2, "10:52", story.sellers[0], works, story.near(2, 0.997), 12_000, buy_order=bid, taker=SELL)
    story.trade(2, "11:36", story.sellers[1], works, story.near(2, 0.997), 11_000, buy_order=bid, taker=SELL)
    story.cancel(2, "11:40", bid)
    why = (
        "A works puts its bid higher three times by cancelling and placing anew, until it is filled: it "
        "wants the water."
    )
    return story.scenario("layering-not-following", "Following the price upwards", why, ABOUT)


def steps_of_a_sale() -> Scenario:
    story = Story(308, price=6800, days=7, others=13)
    farm = story.farm()
    steps = [
        story.order(3, f"10:1{place}", farm, SELL, story.near(3, 1.0 + 0.012 * place), 10_000)
        for place in range(4)
    ]
    for place, time in enumerate(("11:02", "13:41")):
        price = story.near(3, 1.0 + 0.012 * place)
        story.trade(3, time, farm, story.buyers[place], price, 10_000, sell_order=steps[place])
    story.cancel(3, "13:45:30", *steps[2:])
    own = story.order(2, "15:10", farm, BUY, story.near(2, 0.97), 2_000)
    story.cancel(2, "15:40", own)
    why = (
        "A farm sells in steps upwards; with half sold it keeps the rest. What filled and what went are "
        "the same side."
    )
    return story.scenario("layering-not-steps", "A sale in four steps", why, ABOUT)


SCENARIOS: tuple[Scenario, ...] = (
    three_bids_for_one_sale(),
    asks_that_press_the_price(),
    one_great_bid(),
    a_little_every_day(),
    quotes_on_both_sides(),
    rain_came(),
    following_the_price(),
    steps_of_a_sale(),
)
