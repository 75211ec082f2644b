"""Public storage of the demonstration county: an offer of the buy-back, what was taken, a round of resale with bids."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from market.core import clock
from tests.api.offers import product

if TYPE_CHECKING:
    from tests.api.county import County

YEAR = clock.this_year()


def account(county: County, participant: str, township: str, canal: str, sector: str) -> str:
    """A new water account."""
    body = {
        "participant_id": participant, "township": township, "canal": canal, "sector": sector, "source": "surface",
        "water_year": YEAR,
    }  # fmt: skip
    found: str = county.post("registrar", "/water-accounts", body)["id"]
    return found


def offer_body(county: County, water_account: str, **other: Any) -> dict[str, Any]:
    """An offer for the demonstration township at twice its water price of 0.077 yuan."""
    return {
        "product_id": product(county), "water_account_id": water_account, "zone": "DEMO-MANAS", "multiple": "2",
        "budget": "50.00", "starts_on": clock.today().isoformat(), "ends_on": f"{YEAR}-12-31", "document": "notice 1",
    } | other  # fmt: skip


def buy_back(county: County, things: dict[str, str], name: str) -> None:
    """A list of one row of mine, sold to an offer of the trading centre, which keeps ecological water."""
    if not county.offer:
        centre = county.get("centre", "/me")["participant_id"]
        county.storage = account(county, centre, "DEMO-MANAS", "DEMO-CANAL", "ecology")
        county.offer = county.post("registrar", "/buy-backs", offer_body(county, county.storage))["id"]
    rows = [{"water_account_id": things["water_account"], "volume": "5"}]
    path, body = f"/buy-backs/{county.offer}/lists", {"basis": "signed by all", "rows": rows}
    things["buy_back_list"] = county.post(f"{name}-trustee", path, body)["id"]
    chosen = f"/buy-back-takes?list_id={things['buy_back_list']}"
    things["buy_back_take"] = county.get(name, chosen)["data"][0]["id"]
    county.exchange.take_up()


def round_body(county: County, **other: Any) -> dict[str, Any]:
    """A round of 4 m3 for an hour."""
    closes_at = clock.now() + dt.timedelta(hours=1)
    return {
        "water_account_id": county.storage, "volume": "4", "floor_price": "0.2", "closes_at": closes_at.isoformat(),
    } | other  # fmt: skip


def bid(county: County, things: dict[str, str], name: str) -> None:
    """A sealed bid of a works of mine."""
    if not county.round:
        need = {"volume": "0", "reason": "the town has enough"}
        county.post("registrar", f"/storage-accounts/{county.storage}/need", need)
        county.round = county.post("registrar", "/resale-rounds", round_body(county))["id"]
    works = things["works"] = account(county, things["participant"], "653123401", "PARK", "industry")
    body = {"water_account_id": works, "volume": "1", "price": "0.5"}
    things["resale_bid"] = county.post(name, f"/resale-rounds/{county.round}/bids", body)["id"]
