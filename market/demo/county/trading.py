"""Fourth chapter: the books. Farmers among themselves, works that buy from them, reviews, a call, what rests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from market.demo.client import Caller, StoryFailed
from market.demo.county import folk, register
from market.demo.county.season import Household, Season

LEAST_M3 = 300
"""Who has less than this left offers nothing."""
FARM_FROM_E4, FARM_TO_E4 = 1_500, 2_600
"""Between which prices farmers trade with each other over the season, in 1/10 000 yuan a m3."""
WORKS_E4 = 4_800
"""What works pay for water of farms."""
BIG_M3 = "505000"
LARGE = "farm-to-industry-large"
"""The pack's rule by which two reviewers decide, and a purchase of that size."""
PUBLISHED, PUBLISHED_M3 = "farm-to-services-large", 12_000
"""The pack's rule by which a sale is published for objection before it is decided, and a sale of that size."""


def play(season: Season) -> None:
    """Trades, reviews and resting orders of surface water and groundwater. Errors: StoryFailed."""
    clerk = season.as_(folk.CLERK.login)
    season.spare = _spare(season)
    _published(season)
    _farmers(season, clerk)
    _works(season, clerk)
    _big(season)
    _reviews(season)
    _ladders(season, clerk)
    _wells(season, clerk)


def place(
    season: Season, caller: Caller, account: str, side: str, volume_m3: int, price_e4: int, *, of: str = "",
    product: str = "surface", **other: Any,
) -> dict[str, Any]:  # fmt: skip
    """An order; `of`: the participant it is placed for under a mandate. Its fills are counted."""
    body = {
        "product_id": season.product(product), "water_account_id": account, "side": side,
        "volume": str(volume_m3), "price": price(price_e4),
    } | other  # fmt: skip
    done = caller.post("/v1/orders", body, **({"X_Acting_For": of} if of else {}))
    season.counts["orders"] += 1
    season.counts["trades"] += len(done["fills"])
    return done


def price(price_e4: int) -> str:
    """1/10 000 yuan a m3 as the wire writes it."""
    return f"{price_e4 // 10_000}.{price_e4 % 10_000:04d}"


def _spare(season: Season) -> dict[str, int]:
    """What each trading household has left, in whole m3, by its account."""
    found = {}
    for each in register.traders(season):
        account = season.for_(each.participant).get(f"/v1/water-accounts/{each.account}")
        found[each.account] = int(account["available"].partition(".")[0])
    return found


def _farmers(season: Season, clerk: Caller) -> None:
    """Some sell, some buy, at prices that rise over the season; most orders meet another, in their own district."""
    traders, spare = register.traders(season), season.spare
    for step, who in enumerate(traders):
        level = FARM_FROM_E4 + (FARM_TO_E4 - FARM_FROM_E4) * step // len(traders)
        if step % 2 == 0:
            if spare[who.account] >= LEAST_M3:
                volume = spare[who.account] * season.draw.randint(20, 50) // 100
                asked = level + season.draw.randint(-120, 60)
                spare[who.account] -= volume
                place(season, clerk, who.account, "sell", volume, asked, of=who.participant)
        else:
            volume = season.draw.randint(20, 120) * 10
            bid = level + season.draw.randint(-60, 160)
            place(season, clerk, who.account, "buy", volume, bid, of=who.participant)


def _works(season: Season, clerk: Caller) -> None:
    """Each works buys what is cheap: farm water that changes its use waits for the reviewer."""
    for each in season.works:
        volume = season.draw.randint(8, 30) * 10
        offered = WORKS_E4 + season.draw.randint(-400, 400)
        if each.login:
            place(season, season.as_(each.login), each.account, "buy", volume, offered, time_in_force="IOC")
        else:
            of = each.participant
            place(season, clerk, each.account, "buy", volume, offered, of=of, time_in_force="IOC")


def _big(season: Season) -> None:
    """The association's collective farm sells more to the textile works than one reviewer may decide on."""
    kushan, textile = season.as_(folk.KUSHAN.login), season.as_(folk.TEXTILE.login)
    accounts = season.accounts
    place(season, kushan, accounts[folk.KUSHAN.login], "sell", 600_000, 5_600)
    place(season, textile, accounts[folk.TEXTILE.login], "buy", int(BIG_M3), 6_500)


def _reviews(season: Season) -> None:
    """Of the reviews some are approved, one in five is refused, the last wait; the big one has its first approval."""
    reviewer = season.as_("reviewer")
    rows = list(reviewer.pages("/v1/reviews", status="awaiting_review"))
    big = [each for each in rows if each["review_rule"] == LARGE]
    small = [each for each in rows if each["review_rule"] not in (LARGE, PUBLISHED)]
    for number, each in enumerate(small[: len(small) * 3 // 4]):
        if number % 5 == 2:
            why = {"reason": "the works has reclaimed water that it does not use yet"}
            reviewer.post(f"/v1/reviews/{each['id']}/reject", why)
            season.counts["reviews_rejected"] += 1
        else:
            why = {"reason": "plan of use, caps and route checked"}
            reviewer.post(f"/v1/reviews/{each['id']}/approve", why)
            season.counts["reviews_approved"] += 1
    for each in big:
        reviewer.post(f"/v1/reviews/{each['id']}/approve", {"reason": "checked; a second person decides"})
    season.counts["reviews_waiting"] = len(rows) - len(small) * 3 // 4


def _published(season: Season) -> None:
    """While nobody else offers, the hotel buys so much of the association that it is published; others object."""
    kushan, hotel, accounts = season.as_(folk.KUSHAN.login), season.as_(folk.HOTEL.login), season.accounts
    place(season, kushan, accounts[folk.KUSHAN.login], "sell", PUBLISHED_M3, FARM_FROM_E4)
    place(season, hotel, accounts[folk.HOTEL.login], "buy", PUBLISHED_M3, FARM_TO_E4, time_in_force="IOC")
    igizyar = season.as_(folk.IGIZYAR.login)
    published = [each["id"] for each in igizyar.pages("/v1/published-reviews")]
    for each in published:
        grounds = {"grounds": "in a dry year this water is missed below the branch"}
        igizyar.post(f"/v1/published-reviews/{each}/object", grounds)
    season.counts["reviews_published"] = len(published)


def _ladders(season: Season, clerk: Caller) -> None:
    """What stays in the book of surface water: asks of farmers from above what the works bid for."""
    spare = season.spare
    sellers = [each for each in register.traders(season)[::2] if spare[each.account] >= LEAST_M3]
    for step, who in enumerate(sellers[: max(6, len(sellers) // 4)]):
        volume = spare[who.account] * 4 // 10
        spare[who.account] -= volume
        place(season, clerk, who.account, "sell", volume, 6_200 + step % 12 * 150, of=who.participant)
    textile = season.as_(folk.TEXTILE.login)
    account = season.accounts[folk.TEXTILE.login]
    commands = [
        {
            "place": {
                "product_id": season.product("surface"), "water_account_id": account, "side": "buy",
                "volume": str(500 + 250 * step), "price": price(5_200 - 180 * step),
            }
        }
        for step in range(8)
    ]  # fmt: skip
    _batch(season, textile, commands)


def _batch(season: Season, caller: Caller, commands: list[dict[str, Any]]) -> None:
    """Many orders in one request; every one must stand."""
    done = caller.post("/v1/orders/batch", {"commands": commands})["data"]
    refused = [each["refusal"] for each in done if each["refusal"]]
    if refused:
        raise StoryFailed(f"an order of a batch was refused: {refused[0]['detail']}", refused[0]["code"])
    season.counts["orders"] += len(done)
    season.counts["trades"] += sum(len(each["order"]["fills"]) for each in done)


def _well_accounts(season: Season, traders: Iterable[Household]) -> list[tuple[Household, str, int]]:
    found = []
    for each in traders:
        rows = season.for_(each.participant).get("/v1/water-accounts", water_year=season.year)["data"]
        for row in rows:
            if row["source"] == "groundwater":
                found.append((each, row["id"], int(row["available"].partition(".")[0])))
    return found


def _wells(season: Season, clerk: Caller) -> None:
    """Groundwater: some trades, then a call auction among the well owners, then what rests."""
    wells = [each for each in _well_accounts(season, register.traders(season)) if each[2] >= 50]

    def order(step: int, side: str, percent: int, price_e4: int) -> None:
        who, account, spare = wells[step]
        volume = max(spare * percent // 100, 10)
        place(season, clerk, account, side, volume, price_e4, of=who.participant, product="groundwater")

    for step in range(len(wells)):
        order(
            step,
            "sell" if step % 2 == 0 else "buy",
            12,
            2_400 + season.draw.randint(-80, 80) + 40 * (step % 2),
        )
    supervisor = season.as_("supervisor")
    why = {"reason": "a thin market: all orders meet at one price"}
    call = supervisor.post(f"/v1/products/{season.product('groundwater')}/calls", why)["id"]
    season.until(f"/v1/products/{season.product('groundwater')}", "phase", "auction")
    for step in range(len(wells)):
        order(
            step,
            "sell" if step % 2 == 0 else "buy",
            15,
            2_500 + (step % 2) * 150 + season.draw.randint(-90, 90),
        )
    supervisor.post(f"/v1/calls/{call}/close")
    season.until(f"/v1/calls/{call}", "status", "settled")
    season.until(f"/v1/products/{season.product('groundwater')}", "phase", "open")
    season.counts["calls_settled"] = 1
    for step in range(len(wells)):
        order(
            step,
            "sell" if step % 2 == 0 else "buy",
            8,
            3_000 + 90 * (step % 12) if step % 2 == 0 else 2_300 - 60 * (step % 12),
        )
