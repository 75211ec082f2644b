"""Wash trades: water that comes back to where it was, and only a price or a volume that remains on the tape."""

from __future__ import annotations

from market.supervision.surveillance.evidence import BUY, SELL
from tests.surveillance.building import GROUND, SURFACE, Scenario, Story, expect

ABOUT = "wash_trade"


def there_and_back() -> Scenario:
    story = Story(101, days=6)
    one, other = story.works(), story.works()
    first = story.trade(2, "11:04:10", one, other, story.near(2, 1.03), 12_000, rested_minutes=1)
    back = story.trade(2, "13:40:52", other, one, story.near(2, 1.03), 12_000, rested_minutes=1)
    why = "The same volume goes over and comes back at the same price on one day: nobody's water has changed."
    named = expect(ABOUT, (one, other), (first, back))
    return story.scenario("wash-there-and-back", "There and back on one day", why, ABOUT, named)


def round_by_three() -> Scenario:
    story = Story(102, price=3100, days=7, others=12)
    ring = [story.farm(), story.party("firm"), story.works()]
    trades = [
        story.trade(3, "10:22:05", ring[0], ring[1], story.near(3, 1.0), 9_500, rested_minutes=2),
        story.trade(3, "11:48:30", ring[1], ring[2], story.near(3, 1.01), 9_500, rested_minutes=3),
        story.trade(
            3, "15:31:12", ring[2], ring[0], story.near(3, 1.005), 9_450, rested_minutes=2, taker=SELL
        ),
    ]
    why = (
        "Water goes round three hands and ends with the first on the same day, near enough the same "
        "volume and price."
    )
    return story.scenario("wash-ring-of-three", "A ring of three", why, ABOUT, expect(ABOUT, ring, trades))


def back_next_morning() -> Scenario:
    story = Story(103, price=5200, days=8, others=11)
    one, other = story.farm(), story.party("firm")
    story.trade(0, "14:10", one, story.buyers[0], story.near(0), 4_000)
    over = story.trade(4, "16:12:40", one, other, story.near(4, 1.015), 20_000, rested_minutes=4)
    back = [
        story.trade(5, "10:09:11", other, one, story.near(5, 1.02), 11_000, rested_minutes=1),
        story.trade(5, "10:31:47", other, one, story.near(5, 1.01), 7_400, rested_minutes=1),
    ]
    why = (
        "Nine tenths come back in two pieces the next morning; the small difference of price is the only "
        "real change."
    )
    named = expect(ABOUT, (one, other), (over, *back))
    return story.scenario("wash-back-next-morning", "Back in two pieces", why, ABOUT, named)


def painting_the_tape() -> Scenario:
    story = Story(104, price=2400, days=6, others=7, quiet=((2, GROUND),))
    one, other = story.farm(), story.farm()
    trades = []
    for step, (day, time) in enumerate(
        ((2, "10:40"), (2, "14:20"), (3, "10:35"), (3, "15:05"), (4, "11:15"), (4, "13:50"))
    ):
        pair = (one, other) if step % 2 == 0 else (other, one)
        price = story.near(day, 1.01 + 0.012 * step)
        trades.append(story.trade(day, time, *pair, price, 2_500 + 50 * (step % 2), rested_minutes=3))
    why = (
        "Two farms pass one small lot to and fro, each time a little dearer, so that the tape shows a "
        "rising market."
    )
    named = expect(ABOUT, (one, other), trades)
    return story.scenario("wash-painting-the-tape", "One lot, six trades, rising", why, ABOUT, named)


def sold_in_spring_bought_in_summer() -> Scenario:
    story = Story(
        105, price=3600, days=34, start="2026-04-13", others=8, path=(1.0,) * 16 + (1.06, 1.12, 1.18, 1.22)
    )
    farm, works = story.farm(), story.works()
    story.right(farm, 180_000, 60_000, plan=150_000, sold=15_000, bought=15_000)
    story.trade(3, "11:20", farm, works, story.near(3), 15_000)
    story.trade(30, "10:50", works, farm, story.near(30), 15_000, taker=SELL)
    why = (
        "The farm sold in a wet April and needs the water in a dry May: six weeks and a fifth in price "
        "lie between."
    )
    return story.scenario("wash-not-two-seasons", "Sold in spring, bought again in summer", why, ABOUT)


def passed_on_by_the_association() -> Scenario:
    story = Story(106, price=4600, days=5, others=10)
    farms = [story.farm(address="village 7") for _ in range(4)]
    union, works = story.party("association"), story.works()
    for place, farm in enumerate(farms):
        story.trade(2, f"1{place}:15", farm, union, story.near(2, 0.99), 6_000, rested_minutes=5)
    story.trade(2, "14:45", union, works, story.near(2, 1.01), 24_000, rested_minutes=10)
    story.trade(3, "11:05", works, story.buyers[0], story.near(3, 1.0), 3_000)
    why = (
        "An association gathers its members' water and sells it on at once: a chain of equal volumes, "
        "but no way back."
    )
    return story.scenario("wash-not-passed-on", "Gathered and sold on within the day", why, ABOUT)


def two_dealers_meet() -> Scenario:
    story = Story(107, price=4100, days=8, others=12)
    union, firm = story.party("association"), story.party("firm")
    for day in range(8):
        for dealer, away in ((union, 0.012), (firm, 0.015)):
            story.cancel(
                day, "16:58", story.order(day, "10:02", dealer, BUY, story.near(day, 1 - away), 6_000)
            )
            story.cancel(
                day, "16:58", story.order(day, "10:02", dealer, SELL, story.near(day, 1 + away), 6_000)
            )
    story.trade(1, "10:47", union, firm, story.near(1, 1.01), 3_000, rested_minutes=44)
    story.trade(1, "14:20", firm, story.buyers[0], story.near(1, 1.012), 8_000, rested_minutes=60)
    story.trade(2, "11:30", story.sellers[0], union, story.near(2, 0.99), 9_000, rested_minutes=90)
    story.trade(3, "15:02", firm, union, story.near(3, 0.985), 14_000, rested_minutes=120, taker=SELL)
    story.trade(6, "10:55", union, firm, story.near(6, 1.012), 5_500, rested_minutes=50)
    why = (
        "Two dealers quote both sides all week and meet in both directions; volumes and days differ, "
        "each order stood long."
    )
    return story.scenario("wash-not-two-dealers", "Two dealers meet in the book", why, ABOUT)


def canal_water_for_well_water() -> Scenario:
    story = Story(108, price=3900, days=6, others=9)
    farm, works = story.farm(), story.works()
    story.trade(2, "11:00:05", farm, works, story.near(2, 1.0, SURFACE), 16_000, rested_minutes=2)
    story.trade(
        2, "11:06:40", works, farm, story.near(2, 1.0, GROUND), 10_000, product=GROUND, rested_minutes=2
    )
    why = (
        "Canal water against well water in two books: each has other water than before, as a real "
        "exchange is."
    )
    return story.scenario("wash-not-an-exchange", "Canal water for well water", why, ABOUT)


SCENARIOS: tuple[Scenario, ...] = (
    there_and_back(),
    round_by_three(),
    back_next_morning(),
    painting_the_tape(),
    sold_in_spring_bought_in_summer(),
    passed_on_by_the_association(),
    two_dealers_meet(),
    canal_water_for_well_water(),
)
