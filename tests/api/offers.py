"""Negotiations and purchase programmes over HTTP, in short words: bodies, signatures, subscriptions."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from market.core import clock

if TYPE_CHECKING:
    from tests.api.county import County

YEAR = clock.this_year()


def product(county: County) -> str:
    """The product of the demonstration's surface water."""
    return _product(county, f"surface-{YEAR}")


def _product(county: County, code: str) -> str:
    """The id of a product; asked once, as a product keeps its code."""
    if code not in county.products:
        county.products |= {each["code"]: each["id"] for each in county.get("auditor", "/products")["data"]}
    return county.products[code]


def negotiation_body(county: County, account: str, other: str, **terms: Any) -> dict[str, Any]:
    """A first offer of a seller."""
    return {
        "product_id": product(county), "side": "sell", "water_account_id": account, "other_water_account_id": other,
        "volume": "2", "price": "0.7", "expires_at": (clock.now() + dt.timedelta(days=3)).isoformat(),
    } | terms  # fmt: skip


def product_of(county: County, tenure: str) -> str:
    """The product of leases or of rights of the demonstration's surface water."""
    return _product(county, f"surface-{YEAR}-{tenure}")


def lease_body(county: County, account: str, other: str, right: str, **terms: Any) -> dict[str, Any]:
    """A first offer of a lessor: 1 m3 a year for this water year, at 0.10 yuan."""
    wanted = {
        "product_id": product_of(county, "lease"),
        "entitlement_id": right,
        "volume": "1",
        "price": "0.1",
    }
    return negotiation_body(county, account, other, **(wanted | {"lease": {"years": 1}} | terms))


def right_body(county: County, account: str, other: str, right: str, **terms: Any) -> dict[str, Any]:
    """A first offer of somebody who sells a right to 10 m3 a year, at 0.50 yuan for each of them."""
    wanted = {
        "product_id": product_of(county, "right"),
        "entitlement_id": right,
        "volume": "10",
        "price": "0.5",
    }
    return negotiation_body(county, account, other, **(wanted | terms))


def leased(county: County, name: str, lessee: str, things: dict[str, str], **terms: Any) -> str:
    """A lease of somebody's right to a neighbour, filed."""
    other = county.get(lessee, "/water-accounts")["data"][0]["id"]
    body = lease_body(county, things["water_account"], other, things["entitlement"], **terms)
    made = county.post(name, "/negotiations", body)["id"]
    found: str = signed(county, name, lessee, made)["lease_id"]
    return found


def signed(county: County, seller: str, buyer: str, negotiation: str) -> dict[str, Any]:
    """A first offer of the seller's, accepted and signed by both."""
    path = f"/negotiations/{negotiation}"
    digest = county.post(buyer, f"{path}/accept", {"number": 1})["contract_sha256"]
    county.post(seller, f"{path}/sign", {"sha256": digest})
    return county.post(buyer, f"{path}/sign", {"sha256": digest})


def programme_body(county: County, account: str, days: int = 1, **terms: Any) -> dict[str, Any]:
    """What a buyer takes from the demonstration canal."""
    return {
        "product_id": product(county), "water_account_id": account, "price": "0.7", "minimum": "2", "maximum": "20",
        "deadline": (clock.now() + dt.timedelta(days=days)).isoformat(), "zones": ["DEMO-CANAL"],
    } | terms  # fmt: skip


def programme(county: County, **terms: Any) -> str:
    """A programme of the factory's."""
    account = county.get("factory", "/water-accounts")["data"][0]["id"]
    found: str = county.post("factory", "/programmes", programme_body(county, account, **terms))["id"]
    return found


def subscribed(county: County, name: str, programme_id: str, account: str, volume: str) -> str:
    """A subscription of somebody's own."""
    body = {"subscriptions": [{"water_account_id": account, "volume": volume}]}
    [row] = county.post(name, f"/programmes/{programme_id}/subscriptions", body)["data"]
    assert row["refusal"] is None, row
    found: str = row["subscription"]["id"]
    return found
