"""Unpublished announcements: one who knew traded, the way that pays, between the decision and its publication."""

from __future__ import annotations

from market.supervision.surveillance.evidence import BUY, SELL
from tests.surveillance.building import GROUND, Scenario, Story, expect

ABOUT = "unpublished_announcement"
UP_AFTER_FIVE = (1, 1, 1, 1, 1, 1, 1.12, 1.14)
DOWN_AFTER_FIVE = (1, 1, 1, 1, 1, 1, 0.88, 0.86)


def buys_before_the_cut() -> Scenario:
    story = Story(1101, days=8, path=UP_AFTER_FIVE)
    works = story.works()
    story.announce(story.at(2, "16:00"), story.at(5, "17:30"), "up", works)
    deals = [
        story.trade(3, "11:10", story.sellers[0], works, story.near(3, 1.005), 28_000),
        story.trade(4, "14:25", story.sellers[1], works, story.near(4, 1.01), 32_000),
    ]
    why = (
        "Its clerk sat in the meeting that cut the canal; it buys 60 000 m3 in the two days before "
        "anybody is told."
    )
    named = expect(ABOUT, (works,), deals)
    return story.scenario("news-before-the-cut", "Buys before the cut", why, ABOUT, named)


def sells_before_more_comes() -> Scenario:
    story = Story(1102, price=6400, days=8, others=13, path=DOWN_AFTER_FIVE)
    farm = story.farm()
    story.announce(story.at(1, "11:00"), story.at(5, "18:00"), "down", farm, story.buyers[3])
    story.trade(0, "10:45", farm, story.buyers[0], story.near(0, 1.0), 2_000)
    deals = [
        story.trade(day, time, farm, story.buyers[day % 3], story.near(day, 0.985), 13_000, taker=SELL)
        for day, time in ((2, "15:30"), (4, "10:20"), (5, "16:10"))
    ]
    why = (
        "More water will be allotted, and the farm knows it: it sells a season's worth in three days, at "
        "what is bid."
    )
    named = expect(ABOUT, (farm,), deals)
    title = "Sells before more comes"
    return story.scenario("news-before-more", title, why, ABOUT, named)


def a_small_buyer_becomes_large() -> Scenario:
    story = Story(1103, price=3100, days=12, others=10, path=(*(1,) * 9, 1.1, 1.12))
    farm = story.farm()
    for day in (0, 3, 5):
        story.trade(day, "11:40", story.sellers[day % 3], farm, story.near(day, 1.0), 1_000 + 100 * day)
    story.announce(story.at(6, "09:30"), story.at(8, "19:00"), "up", farm)
    bid = story.order(7, "10:15", farm, BUY, story.near(7, 0.997), 16_000)
    deals = [
        story.trade(
            7, "13:05", story.sellers[1], farm, story.near(7, 0.997), 5_500, buy_order=bid, taker=SELL
        ),
        story.trade(
            8, "15:45", story.sellers[2], farm, story.near(7, 0.997), 4_500, buy_order=bid, taker=SELL
        ),
    ]
    why = (
        "A farm that buys a thousand m3 now and then bids for sixteen the day after its owner was told, "
        "and gets ten."
    )
    named = expect(ABOUT, (farm,), deals, (bid,))
    return story.scenario("news-small-becomes-large", "A small buyer becomes large", why, ABOUT, named)


def the_programme_swells() -> Scenario:
    story = Story(1104, price=5000, days=12, others=14, path=(*(1,) * 9, 1.13, 1.14))
    works = story.works()
    deals = []
    for day in range(12):
        known = 6 <= day <= 8
        m3 = 14_000 + 500 * day if known else 4_500 + 100 * (day % 4)
        deal = story.trade(
            day, "14:00", story.sellers[day % len(story.sellers)], works, story.near(day, 1.004), m3
        )
        deals += [deal] if known else []
    story.announce(story.at(5, "15:00"), story.at(8, "18:30"), "up", works)
    why = (
        "It buys every day at two; on the three days on which it alone knows, four times as much as on "
        "any other."
    )
    named = expect(ABOUT, (works,), deals)
    return story.scenario("news-programme-swells", "The programme swells", why, ABOUT, named)


def the_programme_goes_on() -> Scenario:
    story = Story(1105, days=12, others=12, path=(*(1,) * 9, 1.12, 1.13))
    works = story.works()
    for day in range(12):
        m3 = 9_000 + 250 * (day * 7 % 5)
        story.trade(day, "14:00", story.sellers[day % len(story.sellers)], works, story.near(day, 1.003), m3)
    story.announce(story.at(5, "15:00"), story.at(8, "18:30"), "up", works)
    why = (
        "The works knew, and bought as it has bought every day before and after: a programme from before "
        "it knew."
    )
    return story.scenario("news-not-the-programme", "The programme goes on", why, ABOUT)


def one_who_did_not_know() -> Scenario:
    story = Story(1106, price=4000, days=8, others=10, path=UP_AFTER_FIVE)
    knew, lucky = story.works(), story.works()
    story.announce(story.at(2, "10:00"), story.at(5, "17:10"), "up", knew)
    story.trade(3, "10:50", story.sellers[0], lucky, story.near(3, 1.01), 35_000)
    story.trade(5, "15:55", story.sellers[1], lucky, story.near(5, 1.01), 25_000)
    story.trade(1, "11:30", story.sellers[2], knew, story.near(1, 1.0), 8_000)
    why = (
        "A works that nobody told buys a great deal in those days and gains; who knew did nothing. Luck "
        "is no offence."
    )
    return story.scenario("news-not-an-outsider", "One who did not know", why, ABOUT)


def against_his_own_knowledge() -> Scenario:
    story = Story(1107, price=5600, days=8, others=13, path=UP_AFTER_FIVE)
    farm, works = story.farm(), story.works()
    story.announce(story.at(2, "17:00"), story.at(5, "17:45"), "up", farm, works)
    story.trade(3, "11:20", farm, story.buyers[0], story.near(3, 1.0), 15_000)
    story.trade(4, "13:50", farm, story.buyers[1], story.near(4, 0.99), 18_000)
    story.trade(4, "15:15", story.sellers[1], works, story.near(4, 1.0, GROUND), 9_000, product=GROUND)
    why = (
        "Knows that prices will rise and sells, at a loss to itself; another who knows buys what the "
        "decision is not about."
    )
    return story.scenario("news-not-against", "Against its own knowledge", why, ABOUT)


def before_and_after() -> Scenario:
    story = Story(1108, price=3500, days=9, others=9, path=(1, 1, 1, 1, 1, 0.9, 0.87, 0.86))
    farm = story.farm()
    story.announce(story.at(3, "14:00"), story.at(4, "12:00"), "down", farm)
    story.trade(2, "15:10", farm, story.buyers[0], story.near(2, 1.0), 20_000)
    story.trade(3, "10:40", farm, story.buyers[1], story.near(3, 0.995), 14_000)
    old = story.order(3, "13:10", farm, SELL, story.near(3, 1.03), 12_000)
    story.trade(4, "13:20", farm, story.buyers[0], story.near(4, 0.96), 22_000, taker=SELL, rested_minutes=20)
    story.cancel(4, "13:25", old)
    why = (
        "It sells until some hours before the decision and again an hour after all could read it; "
        "between, it is still."
    )
    return story.scenario("news-not-before-and-after", "Before and after", why, ABOUT)


SCENARIOS: tuple[Scenario, ...] = (
    buys_before_the_cut(),
    sells_before_more_comes(),
    a_small_buyer_becomes_large(),
    the_programme_swells(),
    the_programme_goes_on(),
    one_who_did_not_know(),
    against_his_own_knowledge(),
    before_and_after(),
)
