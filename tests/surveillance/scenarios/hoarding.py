"""Hoarding: a right kept for two water years on end of which nothing was used and nothing given to others."""

from __future__ import annotations

from tests.surveillance.building import Scenario, Story, expect

ABOUT = "hoarding"
WHOLE = 1_000_000


def two_dry_years() -> Scenario:
    story = Story(901, days=5, start="2026-12-07", share_of_year_e6=985_000)
    firm = story.party("firm")
    number = story.right(firm, 160_000, 0, year=2024, plan=110_000, share=WHOLE)
    story.right(firm, 160_000, 0, year=2025, plan=110_000, share=WHOLE, number=number)
    story.right(firm, 160_000, 0, plan=110_000, number=number)
    why = (
        "Not a litre taken and not a litre sold in two whole years and the third, no ground recorded; the right is "
        "simply kept."
    )
    return story.scenario("hoarding-two-years", "Two years of nothing", why, ABOUT, expect(ABOUT, (firm,)))


def buys_and_keeps() -> Scenario:
    story = Story(902, price=5400, days=8, start="2026-11-16", others=12, share_of_year_e6=960_000)
    firm = story.party("firm")
    for day, m3 in ((1, 18_000), (3, 22_000), (6, 15_000)):
        story.trade(day, "14:05", story.sellers[day % len(story.sellers)], firm, story.near(day, 1.01), m3)
    number = story.right(firm, 90_000, 0, year=2024, bought=12_000, plan=80_000, share=WHOLE)
    story.right(firm, 90_000, 0, year=2025, bought=40_000, plan=80_000, share=WHOLE, number=number)
    story.right(firm, 90_000, 0, plan=80_000, bought=55_000, number=number)
    why = (
        "It uses none of its own and buys others' water on top, year after year: all that it gets is kept "
        "from use."
    )
    return story.scenario("hoarding-buys-and-keeps", "Buys and keeps", why, ABOUT, expect(ABOUT, (firm,)))


def a_token_use() -> Scenario:
    story = Story(903, price=3300, days=6, start="2026-12-14", others=10, share_of_year_e6=990_000)
    farm = story.farm()
    number = story.right(farm, 240_000, 300, year=2024, plan=180_000, sold=500, share=WHOLE)
    story.right(farm, 240_000, 260, year=2025, plan=180_000, share=WHOLE, number=number)
    story.right(farm, 240_000, 180, plan=180_000, number=number)
    second = story.right(farm, 60_000, 33_000, year=2025, plan=45_000, share=WHOLE, source="groundwater")
    story.right(farm, 60_000, 38_000, plan=45_000, number=second, source="groundwater")
    why = (
        "A pump is run for an afternoon each year and 500 m3 are sold, so that the meter of a great "
        "right is not at zero."
    )
    return story.scenario("hoarding-token-use", "A token use", why, ABOUT, expect(ABOUT, (farm,)))


def an_excuse_of_long_ago() -> Scenario:
    story = Story(904, price=7100, days=7, start="2026-12-02", others=13, share_of_year_e6=975_000)
    works = story.works()
    number = story.right(works, 120_000, 0, year=2022, plan=100_000, excused="works rebuilt", share=WHOLE)
    story.right(works, 120_000, 9_000, year=2023, plan=100_000, share=WHOLE, number=number)
    story.right(works, 120_000, 0, year=2024, plan=100_000, share=WHOLE, number=number)
    story.right(works, 120_000, 0, year=2025, plan=100_000, share=WHOLE, number=number)
    story.right(works, 120_000, 0, plan=100_000, number=number)
    story.trade(2, "11:30", story.sellers[0], works, story.near(2, 1.0), 4_000)
    why = "The rebuilding of 2022 was recorded and ended; since 2024 there is no ground any more, and no use."
    title = "An excuse of long ago"
    return story.scenario("hoarding-old-excuse", title, why, ABOUT, expect(ABOUT, (works,)))


def fallow_by_order() -> Scenario:
    story = Story(905, days=6, start="2026-12-07", others=11, share_of_year_e6=985_000)
    farm = story.farm()
    number = story.right(farm, 150_000, 92_000, year=2023, plan=100_000, share=WHOLE)
    for year in (2024, 2025):
        ground = {"excused": "fallow ordered", "share": WHOLE, "number": number}
        story.right(farm, 150_000, 0, year=year, plan=100_000, **ground)
    story.right(farm, 150_000, 0, plan=100_000, excused="fallow ordered", number=number)
    why = "The county ordered the fields to lie fallow and recorded it, year by year."
    return story.scenario("hoarding-not-fallow", "Fallow by order", why, ABOUT)


def a_new_right() -> Scenario:
    story = Story(906, price=6000, days=7, start="2026-11-23", others=9, share_of_year_e6=965_000)
    works = story.works()
    story.right(works, 210_000, 0, plan=60_000, tradable_class=False)
    story.trade(3, "10:55", story.sellers[0], works, story.near(3, 1.0), 5_000)
    why = "A works whose right was confirmed this year is still being built: one year of nothing is not two."
    return story.scenario("hoarding-not-new", "A new right", why, ABOUT)


def all_of_it_sold() -> Scenario:
    story = Story(907, price=3900, days=8, start="2026-11-30", others=14, share_of_year_e6=970_000)
    farm = story.farm()
    for day, m3 in ((2, 20_000), (5, 15_000)):
        story.trade(day, "13:25", farm, story.buyers[day % 3], story.near(day, 0.99), m3)
    number = story.right(farm, 100_000, 0, year=2024, sold=92_000, plan=70_000, share=WHOLE)
    story.right(farm, 100_000, 0, year=2025, sold=88_000, plan=70_000, share=WHOLE, number=number)
    story.right(farm, 100_000, 0, sold=71_000, plan=70_000, number=number)
    why = (
        "An old farmer does not sow any more and sells nearly all of his water each year: unused by him, "
        "used by others."
    )
    return story.scenario("hoarding-not-a-seller", "All of it sold", why, ABOUT)


def the_second_year_is_young() -> Scenario:
    story = Story(908, price=4600, days=7, start="2026-04-20", others=10, share_of_year_e6=140_000)
    farm = story.farm()
    number = story.right(farm, 130_000, 96_000, year=2024, plan=100_000, share=WHOLE)
    story.right(farm, 130_000, 0, year=2025, plan=100_000, share=WHOLE, number=number)
    story.right(farm, 130_000, 0, plan=100_000, number=number)
    why = (
        "Nothing last year and nothing yet in April, before its crop is watered: the second year has "
        "hardly begun."
    )
    return story.scenario("hoarding-not-yet", "The second year is young", why, ABOUT)


SCENARIOS: tuple[Scenario, ...] = (
    two_dry_years(),
    buys_and_keeps(),
    a_token_use(),
    an_excuse_of_long_ago(),
    fallow_by_order(),
    a_new_right(),
    all_of_it_sold(),
    the_second_year_is_young(),
)
