"""Marking the close: little trades in the last minutes, made for the price of the day and not for their water."""

from __future__ import annotations

from market.supervision.surveillance.evidence import SELL
from tests.surveillance.building import Scenario, Story, expect

ABOUT = "marking_the_close"


def before_a_deal_at_the_close() -> Scenario:
    story = Story(401, days=6, late=False)
    firm, works = story.party("firm"), story.works()
    pushes = [
        story.trade(3, time, story.sellers[0], firm, story.near(3, factor), 600, rested_minutes=200)
        for time, factor in (("16:55:30", 1.035), ("16:57:40", 1.05), ("16:59:20", 1.07))
    ]
    deal = story.trade(3, "17:20", firm, works, story.near(3, 1.07), 120_000, mechanism="negotiated")
    why = (
        "Three tiny buys lift the close by a fourteenth, twenty minutes before the firm sells a great "
        "lot at that close."
    )
    named = expect(ABOUT, (firm,), pushes)
    also = (expect("price_outlier", (firm, works), (deal,)),)
    return story.scenario(
        "close-deal-at-close", "Before a deal at the close", why, ABOUT, named, tolerated=also
    )


def down_before_buying() -> Scenario:
    story = Story(402, price=6600, days=7, others=12, late=False)
    union = story.party("association")
    story.trade(1, "11:00", story.sellers[1], union, story.near(1), 4_000)
    pushes = [
        story.trade(
            4, time, union, story.buyers[0], story.near(4, factor), 400, taker=SELL, rested_minutes=150
        )
        for time, factor in (("16:54:10", 0.97), ("16:58:45", 0.95))
    ]
    story.trade(5, "10:15", story.sellers[0], union, story.near(4, 0.95), 55_000, mechanism="negotiated")
    why = (
        "Two small sales press the close by a twentieth; next morning the seller buys a great lot at "
        "just that price."
    )
    named = expect(ABOUT, (union,), pushes)
    return story.scenario("close-down-before-buying", "Down before buying", why, ABOUT, named)


def four_evenings() -> Scenario:
    story = Story(403, price=3500, days=8, others=10, late=False)
    farm = story.farm()
    pushes = []
    for day, factor in ((2, 1.025), (3, 1.032), (4, 1.03), (5, 1.038)):
        price = story.near(day, factor)
        time = f"16:5{6 + day % 3}:{10 + day}"
        pushes.append(
            story.trade(day, time, story.sellers[day % 3], farm, price, 300 + 50 * day, rested_minutes=180)
        )
    big = story.order(2, "10:20", farm, SELL, story.near(6, 1.03), 80_000)
    story.trade(6, "11:10", farm, story.buyers[0], story.near(6, 1.03), 35_000, sell_order=big)
    story.trade(6, "14:40", farm, story.buyers[1], story.near(6, 1.03), 45_000, sell_order=big)
    why = (
        "Four evenings a few hundred m3 bought high in the last minutes, by the farm whose large ask "
        "stands there all week."
    )
    named = expect(ABOUT, (farm,), pushes)
    also = (expect("concentration_of_orders", (farm,), (), (big,)),)
    return story.scenario("close-four-evenings", "Four evenings", why, ABOUT, named, tolerated=also)


def one_minute_to_five() -> Scenario:
    story = Story(404, price=8200, days=6, others=14, late=False)
    works = story.works()
    push = story.trade(2, "16:59:05", story.sellers[2], works, story.near(2, 1.06), 200, rested_minutes=90)
    story.trade(3, "10:05", works, story.buyers[0], story.near(2, 1.06), 40_000, mechanism="negotiated")
    why = (
        "One buy of 200 m3 in the last minute makes the close; the next morning's large sale takes it as "
        "its price."
    )
    named = expect(ABOUT, (works,), (push,))
    return story.scenario("close-last-minute", "One minute to five", why, ABOUT, named)


def late_but_near() -> Scenario:
    story = Story(405, days=7, others=9)
    works, farm = story.works(), story.farm()
    story.trade(2, "16:52", farm, works, story.near(2, 1.006), 7_000)
    story.trade(4, "16:56:20", farm, works, story.near(4, 0.995), 9_000, taker=SELL)
    story.trade(4, "16:58:30", story.sellers[0], works, story.near(4, 1.008), 4_000)
    story.trade(5, "10:30", works, story.buyers[0], story.near(5, 1.0), 3_000)
    why = (
        "Late trades of ordinary size at the price of the day; people come home from the fields in the "
        "evening."
    )
    return story.scenario("close-not-late-but-near", "Late, but near the price", why, ABOUT)


def needs_it_tomorrow() -> Scenario:
    story = Story(406, price=4900, days=6, others=11, late=False)
    works = story.works()
    for time, seller, factor, m3 in (
        ("16:44", 0, 1.015, 22_000),
        ("16:50:30", 1, 1.03, 26_000),
        ("16:55:10", 2, 1.045, 31_000),
        ("16:58:00", 0, 1.055, 18_000),
    ):
        story.trade(3, time, story.sellers[seller], works, story.near(3, factor), m3, rested_minutes=200)
    story.trade(4, "10:20", story.sellers[1], works, story.near(4, 1.03), 20_000)
    why = (
        "A works whose well failed takes all there is before five and goes on in the morning: it pays "
        "for what it moves."
    )
    return story.scenario("close-not-a-need", "Needs it tomorrow", why, ABOUT)


def after_the_news() -> Scenario:
    story = Story(407, price=4000, days=7, others=10, late=False, path=(1, 1, 1, 1, 1.06))
    firm = story.party("firm")
    story.announce(story.at(3, "09:00"), story.at(3, "16:20"), "up")
    story.trade(3, "16:31", story.sellers[0], story.buyers[0], story.near(3, 1.03), 5_000)
    story.trade(3, "16:42", story.sellers[1], story.buyers[1], story.near(3, 1.045), 8_000)
    story.trade(3, "16:54", story.sellers[0], firm, story.near(3, 1.055), 2_000)
    story.trade(3, "16:57", story.sellers[2], story.buyers[0], story.near(3, 1.06), 6_000)
    story.trade(3, "16:58:30", story.sellers[1], firm, story.near(3, 1.065), 1_500)
    story.trade(4, "11:00", firm, story.buyers[1], story.near(4, 1.005), 9_000)
    why = (
        "The cut was published at 16:20 and everybody buys till the close; the next day the price stays "
        "where it went."
    )
    return story.scenario("close-not-the-news", "After the news", why, ABOUT)


def every_evening_at_a_quarter_to_five() -> Scenario:
    story = Story(408, price=5400, days=9, others=13)
    works = story.works()
    for day in range(9):
        factor = (1.006, 0.998, 1.012, 1.004, 1.018, 0.996, 1.01, 1.022, 1.003)[day]
        time = f"16:5{day % 4}:30"
        story.trade(
            day, time, story.sellers[day % 4], works, story.near(day, factor), 2_500, rested_minutes=60
        )
    why = (
        "A works buys its day's water each evening after the shift; sometimes it pays a little more, it "
        "never sells."
    )
    return story.scenario("close-not-every-evening", "Every evening after the shift", why, ABOUT)


SCENARIOS: tuple[Scenario, ...] = (
    before_a_deal_at_the_close(),
    down_before_buying(),
    four_evenings(),
    one_minute_to_five(),
    late_but_near(),
    needs_it_tomorrow(),
    after_the_news(),
    every_evening_at_a_quarter_to_five(),
)
