"""Good bodies for the routes whose handler itself compares the owner, for the matrix."""

from __future__ import annotations

from typing import Any

from market.core import clock
from tests.api.county import YEAR, County, trust_body
from tests.api.lots import listing_body
from tests.api.offers import negotiation_body, programme_body
from tests.api.saving import point_body, project_body


def good_body(county: County, endpoint: str, things: dict[str, str]) -> dict[str, Any]:
    """A good body where the handler itself compares the owner; elsewhere none, so that nothing happens."""
    place = {"township": "DEMO-MANAS", "canal": "DEMO-CANAL", "source": "surface", "sector": "agriculture"}
    order = {
        "product_id": things["product_id"], "water_account_id": things["water_account_id"], "side": "sell",
        "volume": "1", "price": "9",
    }  # fmt: skip
    bodies: dict[str, dict[str, Any]] = {
        "entitlements.apply": {
            "participant_id": things["participant_id"], "kind": "irrigation_certificate", "volume": "10",
            "land_mu": "1", "valid_from": f"{YEAR}-01-01", "valid_to": f"{YEAR + 1}-12-31", "basis": "t", **place,
        },
        "water_accounts.open_water_account": {
            "participant_id": things["participant_id"], "water_year": YEAR, **place, "township": "653123101",
            "canal": "KUSHAN-C1",
        },
        "erasure_requests.ask": {"participant_id": things["participant_id"]},
        "trusts.open_trust": trust_body(things["participant_id"]),
        "trust_members.offer": {"water_account_id": things["water_account_id"], "volume": "1"},
        "pledge_consents.grant": {
            "entitlement_id": things["entitlement_id"], "bank_id": things["bank_id"], "valid_to": f"{YEAR}-12-31",
        },
        "pledges.apply": {
            "consent_id": things["pledge_consent_id"], "volume": "1", "secured": "1", "owed": "1", "valued": "1",
            "valuation": "t", "document": "t",
        },
        "meters.record_readings": {
            "readings": [
                {"meter_id": things["meter_id"], "read_at": clock.now().isoformat(), "counter": "0"}
            ]
        },
        "turn_sheets.enter": {
            "meter_id": things["meter_id"], "until": clock.now().isoformat(), "counter": "1", "basis": "land",
            "lines": [{"water_account_id": things["water_account_id"], "weight": "1"}],
        },
        "listings.publish": listing_body(things["water_account_id"], volume="1", deposit="0.01"),
        "bidders.register": {"water_account_id": things["water_account_id"]},
        "negotiations.open_negotiation": negotiation_body(
            county, things["water_account_id"], things["factory_account"]
        ),
        "programmes.publish": programme_body(county, things["water_account_id"]),
        "programmes.subscribe": {
            "subscriptions": [{"water_account_id": things["water_account_id"], "volume": "1"}]
        },
        "negotiations.withdraw": {"reason": "t"},
        "leases.terminate": {"reason": "t"},
        "published_negotiations.object_to": {"grounds": "t"},
        "resales.bid": {"water_account_id": things["water_account_id"], "volume": "1", "price": "1"},
        "buy_backs.take": {"water_account_id": things["water_account_id"], "volume": "1"},
        "buy_backs.take_list": {
            "basis": "t", "rows": [{"water_account_id": things["water_account_id"], "volume": "1"}],
        },
        "points.register": point_body(things["participant_id"]),
        "forecasts.look_ahead": {
            "participant_id": things["participant_id"], "kind": "industry", "works_start": f"{YEAR}-01-01",
            "boundary": [{"point_id": things["point_id"]}], "saving_share": "0.2",
            "spans": [{"first_day": f"{YEAR - 1}-01-01", "last_day": f"{YEAR - 1}-12-31"}],
        },
        "projects.publish": project_body(things["participant_id"]),
        "deliveries.order": {"instruction_id": things["instruction_id"]},
        "orders.place": order,
        "orders.place_batch": {"commands": [{"place": order}]},
    }  # fmt: skip
    return bodies.get(endpoint, {})
