"""Selling while over plan: water sold as saved by one whose own use runs past what its plan allows."""

from __future__ import annotations

from tests.surveillance.building import Scenario, Story, expect

ABOUT = "selling_over_plan"


def past_the_plan_already() -> Scenario:
    story = Story(1001, days=7, start="2026-08-10", share_of_year_e6=820_000)
    farm = story.farm()
    deals = [
        story.trade(2, "11:15", farm, story.buyers[0], story.near(2, 1.0), 14_000),
        story.trade(5, "14:50", farm, story.buyers[1], story.near(5, 1.005), 9_000),
    ]
    story.right(farm, 200_000, 139_000, plan=120_000, sold=23_000)
    why = "It has used a sixth more than the whole year's plan by August, and sells twice."
    named = expect(ABOUT, (farm,), deals)
    return story.scenario("plan-past-already", "Past the plan already", why, ABOUT, named)


def running_over() -> Scenario:
    story = Story(1002, price=5300, days=8, start="2026-06-22", others=13, share_of_year_e6=520_000)
    farm = story.farm()
    deals = [
        story.trade(day, f"10:{15 + day}", farm, story.buyers[day % 3], story.near(day, 1.01), 7_000)
        for day in (1, 3, 6)
    ]
    story.right(farm, 180_000, 98_000, plan=140_000, sold=21_000)
    why = (
        "Half of the season's water should be used by now, and seven tenths are; at this pace nothing is "
        "left to sell."
    )
    named = expect(ABOUT, (farm,), deals)
    return story.scenario("plan-running-over", "Running over", why, ABOUT, named)


def two_rights_one_farm() -> Scenario:
    story = Story(1003, price=3600, days=9, start="2026-09-07", others=11, share_of_year_e6=900_000)
    farm = story.farm()
    deal = story.trade(4, "15:20", farm, story.buyers[2], story.near(4, 0.99), 26_000, mechanism="negotiated")
    story.right(farm, 110_000, 101_000, plan=80_000)
    story.right(farm, 70_000, 42_000, plan=45_000, sold=26_000)
    why = (
        "It sells out of the right that looks spared; over both of its rights it is an eighth past what "
        "its plans allow."
    )
    named = expect(ABOUT, (farm,), (deal,))
    return story.scenario("plan-two-rights", "Two rights, one farm", why, ABOUT, named)


def bought_too_little() -> Scenario:
    story = Story(1004, price=6700, days=8, start="2026-07-20", others=14, share_of_year_e6=700_000)
    farm = story.farm()
    story.trade(1, "10:30", story.sellers[0], farm, story.near(1, 1.0), 6_000)
    deals = [
        story.trade(4, "11:20", farm, story.buyers[0], story.near(4, 1.03), 12_000),
        story.trade(6, "13:35", farm, story.buyers[3], story.near(6, 1.02), 11_000),
    ]
    story.right(farm, 160_000, 99_000, plan=110_000, bought=6_000, sold=23_000)
    why = (
        "Six thousand bought and twenty-three sold, while its use is a quarter ahead of the season: "
        "bought too little."
    )
    named = expect(ABOUT, (farm,), deals)
    return story.scenario("plan-bought-too-little", "Bought too little", why, ABOUT, named)


def bought_before_it_sold() -> Scenario:
    story = Story(1005, days=8, start="2026-08-17", others=12, share_of_year_e6=840_000)
    farm = story.farm()
    story.trade(1, "10:40", story.sellers[1], farm, story.near(1, 0.99), 24_000)
    story.trade(2, "11:55", story.sellers[2], farm, story.near(2, 0.985), 22_000)
    story.trade(6, "14:10", farm, story.buyers[0], story.near(6, 1.0), 12_000)
    story.right(farm, 150_000, 113_000, plan=100_000, bought=46_000, sold=12_000)
    why = (
        "Its use is over plan, but it bought more than that before, and sells only what was too much of "
        "the bought."
    )
    return story.scenario("plan-not-bought-first", "Bought before it sold", why, ABOUT)


def early_by_the_season() -> Scenario:
    story = Story(1006, price=4400, days=7, start="2026-05-25", others=9, share_of_year_e6=640_000)
    farm = story.farm()
    story.trade(3, "11:05", farm, story.buyers[1], story.near(3, 1.0), 16_000)
    story.right(farm, 190_000, 84_000, plan=138_000, sold=16_000)
    why = (
        "Three fifths of the plan used in May looks early by the calendar; wheat takes nearly two thirds "
        "by then."
    )
    return story.scenario("plan-not-early", "Early by the season", why, ABOUT)


def over_last_year() -> Scenario:
    story = Story(1007, price=3000, days=7, start="2026-09-14", others=13, share_of_year_e6=920_000)
    farm = story.farm()
    number = story.right(farm, 140_000, 116_000, year=2025, plan=95_000, sold=0, share=1_000_000)
    story.right(farm, 140_000, 74_000, plan=95_000, sold=25_000, number=number)
    story.trade(2, "10:50", farm, story.buyers[2], story.near(2, 0.995), 15_000)
    story.trade(4, "15:40", farm, story.buyers[0], story.near(4, 1.0), 10_000)
    why = (
        "Over plan last year, when it sold nothing; drip lines since, well within plan, and the saving "
        "is sold."
    )
    return story.scenario("plan-not-last-year", "Over plan last year", why, ABOUT)


def a_reading_s_width() -> Scenario:
    story = Story(1008, price=5900, days=8, start="2026-07-06", others=10, share_of_year_e6=610_000)
    farm, union = story.farm(), story.party("association")
    story.trade(2, "13:15", farm, story.buyers[0], story.near(2, 1.0), 11_000)
    story.trade(5, "11:45", union, story.buyers[1], story.near(5, 1.0), 18_000)
    story.right(farm, 170_000, 74_300, plan=120_000, sold=11_000)
    story.right(union, 320_000, 150_000, plan=None, sold=18_000)
    why = (
        "A hundredth and a half ahead of the season, less than a meter is sure of; and one who has no "
        "plan to be over."
    )
    return story.scenario("plan-not-a-reading", "A reading's width", why, ABOUT)


SCENARIOS: tuple[Scenario, ...] = (
    past_the_plan_already(),
    running_over(),
    two_rights_one_farm(),
    bought_too_little(),
    bought_before_it_sold(),
    early_by_the_season(),
    over_last_year(),
    a_reading_s_width(),
)
