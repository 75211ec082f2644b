"""Fifth chapter: public bidding, the government's buy-back with its resale, a purchase programme."""

from __future__ import annotations

import datetime as dt
from typing import Any

from market.core import clock
from market.demo.county import folk, register
from market.demo.county.season import Household, Season

BUY_BACK_ZONES = ("653123102", "653123103")
TAKEN_M3 = 200
LOT_M3 = 20_000


def play(season: Season) -> None:
    """Listings with bidders, buy-backs with takes, a round of resale with bids, programmes. Errors: StoryFailed."""
    _listings(season)
    offers = _buy_backs(season)
    _resale(season, offers[0])
    _programmes(season)


def sellers(season: Season, least_m3: int, township: str = "", district: str = "") -> list[Household]:
    """Trading households with so much left that nothing was said of yet."""
    return [
        each
        for each in register.traders(season)
        if season.spare[each.account] >= least_m3
        and (not township or each.township == township)
        and each.canal.startswith(district)
    ]


def _listing(season: Season, account: str, **other: Any) -> dict[str, Any]:
    """20 000 m3 from 0.30 yuan; the deposit is five per cent of 6 000 yuan; opens in 26 hours, for two."""
    opens = (clock.now() + dt.timedelta(hours=26)).replace(minute=0, second=0, microsecond=0)
    return {
        "water_account_id": account, "mode": "open", "volume": str(LOT_M3), "start_price": "0.3",
        "increment": "0.01", "deposit": "300.00", "registration_closes_at": opens.isoformat(),
        "opens_at": opens.isoformat(), "closes_at": (opens + dt.timedelta(hours=2)).isoformat(),
        "window_minutes": 5, "extension_minutes": 5, "most_extensions": 6, "confirm_days": 3,
    } | other  # fmt: skip


def _listings(season: Season) -> None:
    """One open for registration with three bidders, one sealed, one taken back by its seller, one stopped."""
    seller, account = season.as_(folk.IGIZYAR.login), season.accounts[folk.IGIZYAR.login]
    sealed = {
        "mode": "sealed", "window_minutes": 0, "extension_minutes": 0, "most_extensions": 0, "increment": "0",
        "reserve_price": "0.35",
    }  # fmt: skip
    bodies: tuple[dict[str, Any], ...] = (
        {"reserve_price": "0.4"},
        sealed,
        {},
        {"volume": "8000", "deposit": "120.00"},
    )
    made = [seller.post("/v1/listings", _listing(season, account, **other))["id"] for other in bodies]
    for each in season.works[:3]:
        caller = season.as_(each.login) if each.login else season.for_(each.participant)
        caller.post(f"/v1/listings/{made[0]}/bidders", {"water_account_id": each.account})
        season.counts["bidders"] += 1
    seller.post(f"/v1/listings/{made[2]}/cancel", {"reason": "the members want to keep the water"})
    why = {"reason": "the lot was described wrongly"}
    season.as_("supervisor").post(f"/v1/listings/{made[3]}/stop", why)
    season.counts["listings_open"], season.counts["listings_ended"] = 2, 2


def _buy_backs(season: Season) -> list[tuple[str, str]]:
    """The centre buys back at twice and at three times the water price; households take it, alone and by a list.

    Each offer with its storage account.
    """
    registrar, clerk = season.as_("registrar"), season.as_(folk.CLERK.login)
    centre = season.as_("centre").get("/v1/me")["participant_id"]
    found = []
    for township, multiple in zip(BUY_BACK_ZONES, ("3", "2"), strict=True):
        store = {
            "participant_id": centre, "township": township, "canal": "KUSHAN-C1", "sector": "ecology",
            "source": "surface", "water_year": season.year,
        }  # fmt: skip
        account = registrar.post("/v1/water-accounts", store)["id"]
        body = {
            "product_id": season.product("surface"), "water_account_id": account, "zone": township,
            "multiple": multiple, "budget": "20000.00", "starts_on": clock.today().isoformat(),
            "ends_on": f"{season.year}-12-31", "document": "示范回购公告 demonstration notice",
        }  # fmt: skip
        offer = registrar.post("/v1/buy-backs", body)["id"]
        found.append((offer, account))
        who = sellers(season, TAKEN_M3, township)
        for each in who:
            season.spare[each.account] -= TAKEN_M3
        rows = [{"water_account_id": each.account, "volume": str(TAKEN_M3)} for each in who]
        if rows[1:]:
            listed = {"basis": "signed by all at the village meeting", "rows": rows[1:]}
            clerk.post(f"/v1/buy-backs/{offer}/lists", listed)
        for each, row in zip(who[:1], rows, strict=False):
            season.for_(each.participant).post(f"/v1/buy-backs/{offer}/takes", row)
        season.counts["buy_back_takes"] += len(rows)
    season.counts["buy_backs"] = len(found)
    return found


def _resale(season: Season, offer: tuple[str, str]) -> None:
    """What the storage does not need is offered to the works, who bid sealed."""
    registrar, (_, account) = season.as_("registrar"), offer
    if not season.counts["buy_back_takes"]:
        return
    stored = int(season.until(f"/v1/storage-accounts/{account}", "free").partition(".")[0])
    registrar.post(
        f"/v1/storage-accounts/{account}/need", {"volume": "0", "reason": "the wetland has enough"}
    )
    body = {
        "water_account_id": account, "volume": str(stored // 2), "floor_price": "0.45",
        "closes_at": season.ahead(days=3),
    }  # fmt: skip
    made = registrar.post("/v1/resale-rounds", body)["id"]
    for place, each in enumerate(one for one in season.works if one.sector == "industry" and not one.login):
        bid = {
            "water_account_id": each.account,
            "volume": str(stored // 6 + 1),
            "price": f"0.{50 + place % 9}",
        }
        season.for_(each.participant).post(f"/v1/resale-rounds/{made}/bids", bid)
        season.counts["resale_bids"] += 1
    season.counts["resale_rounds"] = 1


def _programmes(season: Season) -> None:
    """The cement works gathers many small sellers for one purchase; the clerk subscribes its principals by a list."""
    factory, clerk = season.as_("factory"), season.as_(folk.CLERK.login)
    body = {
        "product_id": season.product("surface"), "water_account_id": season.accounts["factory"], "price": "0.62",
        "minimum": "500", "maximum": "60000", "deadline": season.ahead(days=10), "zones": ["KUSHAN-ID"],
        "conditions": "metered at the gate",
    }  # fmt: skip
    made = factory.post("/v1/programmes", body)["id"]
    who = sellers(season, TAKEN_M3, district="KUSHAN")[:100]
    rows = []
    for each in who:
        volume = season.spare[each.account] // 3
        season.spare[each.account] -= volume
        rows.append({"water_account_id": each.account, "volume": str(volume)})
    answer = clerk.post(f"/v1/programmes/{made}/subscriptions", {"subscriptions": rows})["data"]
    season.counts["programmes"] = 1
    season.counts["subscriptions"] = sum(each["refusal"] is None for each in answer)
