"""Zero prices: water that leaves its owner for nothing, or for a token, on no ground that the rules know."""

from __future__ import annotations

from tests.surveillance.building import GROUND, Scenario, Story, expect

ABOUT = "zero_price"


def nothing_in_the_book() -> Scenario:
    story = Story(601, days=6)
    farm, works = story.farm(), story.works()
    deal = story.trade(3, "11:33", farm, works, 0, 10_000, rested_minutes=1)
    why = "An ask at zero meets a stranger's bid a minute later in the open book."
    named = expect(ABOUT, (farm, works), (deal,))
    also = (expect("price_outlier", (farm, works), (deal,)),)
    return story.scenario("zero-in-the-book", "For nothing in the book", why, ABOUT, named, tolerated=also)


def a_sale_for_nothing() -> Scenario:
    story = Story(602, price=3300, days=7, others=12)
    farm, works = story.farm(), story.works()
    deal = story.trade(4, "15:45", farm, works, 0, 52_000, mechanism="negotiated")
    story.trade(5, "10:45", farm, works, story.near(5, 1.01), 5_000)
    why = (
        "A private sale, called a sale, at zero, between strangers who pay each other the market's price "
        "next day."
    )
    named = expect(ABOUT, (farm, works), (deal,))
    also = (expect("price_outlier", (farm, works), (deal,)),)
    return story.scenario("zero-sale-for-nothing", "A sale for nothing", why, ABOUT, named, tolerated=also)


def a_token() -> Scenario:
    story = Story(603, price=6100, days=8, others=9)
    farm, firm = story.farm(), story.party("firm")
    deals = [
        story.trade(day, "12:15", farm, firm, price, 21_000, mechanism="negotiated", product=product)
        for day, price, product in ((2, 1, GROUND), (6, 10, GROUND))
    ]
    why = (
        "A hundredth of a fen, and then a tenth, for a m3: a number in the field so that the field is "
        "not empty."
    )
    named = expect(ABOUT, (farm, firm), deals)
    also = (expect("price_outlier", (farm, firm), deals),)
    return story.scenario("zero-a-token", "A token price", why, ABOUT, named, tolerated=also)


def gifts_to_a_works() -> Scenario:
    story = Story(604, price=4800, days=11, others=14)
    farm, works = story.farm(), story.works()
    gifts = [
        story.trade(day, "10:30", farm, works, 0, 15_000, mechanism="negotiated", kind="gift")
        for day in (1, 4, 7, 9)
    ]
    story.trade(5, "11:45", farm, works, story.near(5, 1.06), 8_000)
    why = (
        "Four gifts in two weeks, 15 000 m3 each, from a farm to a strange works that buys from it "
        "between: a trade."
    )
    named = expect(ABOUT, (farm, works), gifts)
    return story.scenario("zero-gifts-to-a-works", "Four gifts to a works", why, ABOUT, named)


def gift_to_a_brother() -> Scenario:
    story = Story(605, days=6, others=10)
    farm, brother = story.farm(address="village 2, house 14"), story.farm(address="village 2, house 14")
    story.trade(3, "11:05", farm, brother, 0, 6_000, mechanism="negotiated", kind="gift")
    story.trade(4, "14:00", farm, story.buyers[0], story.near(4, 1.0), 5_000)
    why = "One declared gift of a season's rest to the brother's farm, of the same house, for its own fields."
    return story.scenario("zero-not-a-gift", "A gift to the brother", why, ABOUT)


def the_heirs() -> Scenario:
    story = Story(606, price=3700, days=8, others=13)
    late, heirs = (
        story.farm(address="village 1"),
        [story.farm(address="village 1"), story.farm(address="the city")],
    )
    story.trade(1, "10:50", late, story.buyers[0], story.near(1, 1.0), 4_000)
    for heir, m3 in zip(heirs, (48_000, 24_000), strict=True):
        story.trade(5, "15:00", late, heir, 0, m3, mechanism="negotiated", kind="succession")
    story.trade(7, "11:10", heirs[1], story.buyers[1], story.near(7, 1.0), 12_000)
    why = (
        "Two heirs take over by a named succession; one of them lives in the city and sells half of his "
        "share."
    )
    return story.scenario("zero-not-the-heirs", "The heirs", why, ABOUT)


def within_the_group() -> Scenario:
    story = Story(607, price=7000, days=7, others=9)
    parent = story.party("firm")
    old, new = story.works(owner=parent), story.works(owner=parent)
    story.trade(4, "16:20", old, new, 0, 110_000, mechanism="negotiated", kind="reorganisation")
    story.trade(5, "10:20", story.sellers[0], new, story.near(5, 1.0), 20_000)
    why = (
        "A firm merges its old works into its new one and says so: the water stays with its owner, and "
        "no price is shown."
    )
    return story.scenario("zero-not-the-group", "Within the group", why, ABOUT)


def an_association_is_dissolved() -> Scenario:
    story = Story(608, price=4400, days=7, others=11)
    union = story.party("association", telephone="village committee 5", address="village 5")
    members = [story.farm(telephone="village committee 5", address="village 5") for _ in range(6)]
    for place, member in enumerate(members):
        time = f"10:{10 + 5 * place}"
        m3 = 8_000 + 1_500 * place
        story.trade(3, time, union, member, 0, m3, mechanism="negotiated", kind="reorganisation")
    story.trade(4, "13:30", members[0], story.buyers[0], story.near(4, 1.0), 3_000)
    why = (
        "A dissolved association gives six members their own water back on one morning; a row of zeros "
        "with its ground."
    )
    return story.scenario("zero-not-a-dissolution", "An association is dissolved", why, ABOUT)


SCENARIOS: tuple[Scenario, ...] = (
    nothing_in_the_book(),
    a_sale_for_nothing(),
    a_token(),
    gifts_to_a_works(),
    gift_to_a_brother(),
    the_heirs(),
    within_the_group(),
    an_association_is_dissolved(),
)
