"""Concentration of rights: one hand, in its own name or in others', comes to hold so much of a zone's water that the
rest must go to it."""

from __future__ import annotations

from tests.surveillance.building import Scenario, Story, expect

ABOUT = "concentration_of_rights"


def elsewhere(story: Story, holders: int) -> None:
    """Farms of the next zone, whose water does not come here."""
    for place in range(holders):
        farm = story.farm(zone="naren", address=f"naren village {place % 4}")
        m3 = 120_000 + 35_000 * (place % 7)
        story.right(farm, m3, m3 // 5, plan=m3 * 7 // 10)


def half_the_zone() -> Scenario:
    story = Story(701, days=5)
    elsewhere(story, 14)
    firm = story.party("firm")
    held = story.holding(0.47)
    story.right(firm, held, round(held * 0.3), plan=round(held * 0.8))
    story.right(
        firm,
        round(held * 0.9),
        round(held * 0.6),
        year=2025,
        plan=round(held * 0.7),
        number=len(story.rights),
    )
    why = (
        "One firm holds nearly half of the zone's surface water in its own name, and the next largest a "
        "fifteenth."
    )
    return story.scenario("rights-half-the-zone", "Half the zone", why, ABOUT, expect(ABOUT, (firm,)))


def three_daughters() -> Scenario:
    story = Story(702, days=6, others=13)
    elsewhere(story, 20)
    parent = story.party("firm")
    daughters = [story.farm(owner=parent, address=f"village {place}") for place in (1, 2, 3)]
    held = story.holding(0.43)
    for daughter, part in zip(daughters, (0.35, 0.33, 0.32), strict=True):
        story.right(daughter, round(held * part), round(held * part * 0.25), plan=round(held * part * 0.7))
    story.trade(2, "11:00", daughters[0], story.buyers[0], story.near(2, 1.0), 9_000)
    why = "Three farms of a seventh each, all declared as one firm's: none is large, together they are."
    return story.scenario("rights-three-daughters", "Three daughters", why, ABOUT, expect(ABOUT, daughters))


def bought_together() -> Scenario:
    story = Story(703, price=3400, days=12, others=14)
    works = story.works()
    farms = [story.farm(address=f"village {place % 3 + 1}") for place in range(6)]
    for place, farm in enumerate(farms):
        m3 = 330_000 + 30_000 * place
        story.right(farm, m3, round(m3 * 0.07), plan=round(m3 * 0.3))
        price = story.near(2 * place + 1, 1.005)
        story.trade(2 * place + 1, "14:15", farm, works, price, round(m3 * 0.6), mechanism="negotiated")
    held = story.holding(0.24)
    story.right(works, held, round(held * 0.3), plan=held)
    why = (
        "A works with a quarter of the zone buys more than half as much again in six deals, and has two "
        "fifths of the year."
    )
    return story.scenario("rights-bought-together", "Bought together", why, ABOUT, expect(ABOUT, (works,)))


def three_names_one_man() -> Scenario:
    story = Story(704, price=5200, days=7, others=12)
    marks = {"bank_account": "account 6217-9", "representative": "citizen 2203"}
    names = [story.farm(**marks, address=f"village {place}") for place in (1, 2, 3)]
    held = story.holding(0.42)
    for name, part in zip(names, (0.4, 0.35, 0.25), strict=True):
        story.right(name, round(held * part), round(held * part * 0.24), plan=round(held * part * 0.75))
    story.trade(3, "10:40", names[1], story.buyers[1], story.near(3, 1.0), 12_000)
    why = (
        "Three farms with nothing declared, but one representative and one account that all are paid "
        "into: one holder."
    )
    return story.scenario("rights-three-names", "Three names, one man", why, ABOUT, expect(ABOUT, names))


def for_its_members() -> Scenario:
    story = Story(705, days=6, others=11)
    union = story.party("association", address="village 4")
    members = [story.farm(address="village 4") for _ in range(8)]
    held = story.holding(0.55)
    story.right(union, held, round(held * 0.28), plan=round(held * 0.75))
    for member in members[:3]:
        story.trade(3, "11:15", union, member, story.near(3, 0.97), 4_000, mechanism="negotiated")
    why = (
        "An association of users holds one certificate for some hundred households and shares it out "
        "among them."
    )
    return story.scenario("rights-not-for-members", "Held for its members", why, ABOUT)


def the_town_s_supply() -> Scenario:
    story = Story(706, price=6000, days=6, others=9)
    supplier = story.party("supplier")
    held = story.holding(0.49)
    story.right(supplier, held, round(held * 0.38), plan=round(held * 0.95), tradable_class=False)
    story.right(supplier, 90_000, 30_000, plan=85_000, source="groundwater", tradable_class=False)
    for number in story.sellers:
        story.right(number, 25_000, 6_000, plan=20_000, source="groundwater")
    why = (
        "The water works of the town: half the zone, for people's homes, and of a class that can never "
        "be sold."
    )
    return story.scenario("rights-not-the-town", "The town's supply", why, ABOUT)


def the_same_right_in_two_years() -> Scenario:
    story = Story(707, price=2900, days=7, others=14)
    farm = story.farm()
    held = story.holding(0.16)
    number = story.right(farm, held, round(held * 0.25), plan=round(held * 0.7))
    for year in (2023, 2024, 2025):
        used = round(held * 0.62)
        story.right(
            farm,
            held,
            used,
            year=year,
            plan=round(held * 0.7),
            sold=held // 8,
            number=number,
            share=1_000_000,
        )
    story.trade(4, "15:30", farm, story.buyers[0], story.near(4, 1.0), 15_000)
    why = (
        "The largest farm has a sixth of the zone, and the record shows its one right in four years: "
        "still a sixth."
    )
    return story.scenario("rights-not-four-years", "The same right in four years", why, ABOUT)


def neighbours_by_telephone() -> Scenario:
    story = Story(708, price=4100, days=6, others=10)
    elsewhere(story, 9)
    marks = {"telephone": "village committee 6", "address": "village 6", "clerk": "clerk of village 6"}
    farms = [story.farm(**marks) for _ in range(11)]
    held = story.holding(0.52)
    for place, farm in enumerate(farms):
        part = held * (0.06 + 0.006 * place) / (0.06 * 11 + 0.006 * 55)
        story.right(farm, round(part), round(part * 0.25), plan=round(part * 0.7))
    story.trade(2, "13:10", farms[0], story.buyers[0], story.near(2, 1.0), 6_000)
    story.trade(4, "10:25", farms[5], story.buyers[1], story.near(4, 0.99), 7_000)
    why = (
        "Eleven households of one village share its telephone, address and clerk, and own a twentieth "
        "each for themselves."
    )
    return story.scenario("rights-not-neighbours", "Neighbours by telephone", why, ABOUT)


SCENARIOS: tuple[Scenario, ...] = (
    half_the_zone(),
    three_daughters(),
    bought_together(),
    three_names_one_man(),
    for_its_members(),
    the_town_s_supply(),
    the_same_right_in_two_years(),
    neighbours_by_telephone(),
)
