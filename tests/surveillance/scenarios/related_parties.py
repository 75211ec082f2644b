"""Related parties: those who are one in truth trade with each other at a price that the market would not have given."""

from __future__ import annotations

from market.supervision.surveillance.evidence import SELL
from tests.surveillance.building import Scenario, Story, expect

ABOUT = "related_parties"


def one_owner_below_the_market() -> Scenario:
    story = Story(201, days=7, others=10)
    parent = story.party("firm")
    farm, works = story.farm(owner=parent), story.works(owner=parent)
    deal = story.trade(4, "14:20", farm, works, story.near(4, 0.66), 45_000, mechanism="negotiated")
    why = (
        "Farm and works belong to one firm, by their own declaration, and the deal is a third below the "
        "market."
    )
    named = expect(ABOUT, (farm, works), (deal,))
    also = (expect("price_outlier", (farm, works), (deal,)),)
    title = "One owner, a third below the market"
    return story.scenario("related-one-owner", title, why, ABOUT, named, tolerated=also)


def parent_and_subsidiary_in_steps() -> Scenario:
    story = Story(202, price=6200, days=9, others=13)
    parent = story.works()
    farm = story.farm(owner=parent)
    deals = [
        story.trade(day, "11:30", farm, parent, story.near(day, factor), 14_000, mechanism="negotiated")
        for day, factor in ((2, 0.88), (5, 0.86), (8, 0.87))
    ]
    story.trade(6, "15:10", farm, story.buyers[0], story.near(6, 1.0), 5_000)
    why = (
        "The works takes its own farm's water three times an eighth below what the farm gets from a stranger."
    )
    named = expect(ABOUT, (parent, farm), deals)
    return story.scenario("related-parent-in-steps", "Parent and farm, in three steps", why, ABOUT, named)


def one_account_one_device() -> Scenario:
    story = Story(203, price=2800, days=6, others=8)
    marks = {"bank_account": "account 6217-1", "device": "device a91"}
    farm, firm = story.farm(**marks), story.party("firm", **marks)
    deal = story.trade(3, "12:44:20", farm, firm, story.near(3, 1.18), 18_000, rested_minutes=2)
    why = (
        "Undeclared, but both are paid into one account and sign in from one device; they deal a sixth "
        "above the rest."
    )
    named = expect(ABOUT, (farm, firm), (deal,))
    also = (expect("price_outlier", (farm, firm), (deal,)),)
    title = "One bank account and one device"
    return story.scenario("related-one-account", title, why, ABOUT, named, tolerated=also)


def one_man_for_both() -> Scenario:
    story = Story(204, price=9000, days=8, others=14)
    marks = {"representative": "citizen 4411", "device": "device 07c"}
    farm, works = story.farm(**marks, address="village 2"), story.works(**marks, address="industrial park")
    story.trade(1, "10:50", farm, works, story.near(1, 1.0), 4_000)
    deals = [
        story.trade(4, "11:12:30", farm, works, story.near(4, 0.91), 11_000, rested_minutes=1, taker=SELL),
        story.trade(5, "14:03:10", farm, works, story.near(5, 0.9), 12_500, rested_minutes=1),
    ]
    why = (
        "One legal representative stands behind both, from one device; after a first fair trade they go "
        "a tenth below."
    )
    named = expect(ABOUT, (farm, works), deals)
    return story.scenario("related-one-man", "One representative for both sides", why, ABOUT, named)


def one_owner_at_the_price() -> Scenario:
    story = Story(205, days=7, others=9)
    parent = story.party("firm")
    farm, works = story.farm(owner=parent), story.works(owner=parent)
    story.trade(2, "10:40", farm, works, story.near(2, 1.004), 30_000, mechanism="negotiated")
    story.trade(5, "15:20", farm, works, story.near(5, 0.992), 22_000, mechanism="negotiated")
    why = "A declared group moves its own water at the market's price, where everybody sees it: allowed."
    return story.scenario("related-not-at-the-price", "One owner, at the price", why, ABOUT)


def telephone_of_the_committee() -> Scenario:
    story = Story(206, price=3300, days=6, others=12)
    marks = {"telephone": "village committee 3"}
    farm, union = (
        story.farm(**marks, address="village 2"),
        story.party("association", **marks, address="village 2"),
    )
    story.trade(2, "11:10", farm, union, story.near(2, 0.945), 8_000)
    story.trade(3, "16:05", farm, union, story.near(3, 0.95), 6_500, taker=SELL)
    why = (
        "The village committee's telephone stands for everybody there; the price is that of a seller in "
        "haste."
    )
    title = "The village committee's telephone"
    return story.scenario("related-not-the-telephone", title, why, ABOUT)


def clerk_of_the_township() -> Scenario:
    story = Story(207, price=4700, days=7, others=14)
    marks = {"clerk": "clerk of the township", "device": "service hall terminal 1"}
    farms = [story.farm(**marks, address="service hall") for _ in range(5)]
    works = story.works(**marks, address="service hall")
    story.trade(1, "10:25", farms[0], story.buyers[1], story.near(1, 1.01), 5_000)
    story.trade(3, "11:25", farms[1], works, story.near(3, 0.93), 9_000, taker=SELL)
    story.trade(4, "14:25", farms[3], works, story.near(4, 1.04), 12_000)
    story.trade(5, "15:25", farms[4], story.buyers[0], story.near(5, 0.99), 3_000)
    why = (
        "One clerk at the hall's terminal types for half the township: two marks in common, but nobody's own."
    )
    title = "The clerk who serves a township"
    return story.scenario("related-not-the-clerk", title, why, ABOUT)


def tenants_of_the_market_hall() -> Scenario:
    story = Story(208, price=5600, days=8, others=8)
    marks = {"address": "market hall, first floor"}
    firms = [story.party("firm", **marks) for _ in range(4)]
    farm = story.farm(**marks, bank_account="rural credit co-operative")
    works = story.works(bank_account="rural credit co-operative")
    for _ in range(4):
        story.farm(bank_account="rural credit co-operative", address="village 3")
    story.trade(3, "10:35", farm, firms[2], story.near(3, 1.05), 7_000)
    story.trade(5, "13:15", farm, works, story.near(5, 0.945), 16_000, mechanism="negotiated")
    why = (
        "Tenants of one hall; and the co-operative's collecting account, which many farms and a works "
        "are paid through."
    )
    return story.scenario("related-not-the-hall", "Tenants of one market hall", why, ABOUT)


SCENARIOS: tuple[Scenario, ...] = (
    one_owner_below_the_market(),
    parent_and_subsidiary_in_steps(),
    one_account_one_device(),
    one_man_for_both(),
    one_owner_at_the_price(),
    telephone_of_the_committee(),
    clerk_of_the_township(),
    tenants_of_the_market_hall(),
)
