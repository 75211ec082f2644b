"""A public bidding over HTTP: everyone sees it without names, each side what is its own, and a key bids once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from market import jobs, prove
from market.core import db, ids
from tests.api.county import County, open_county, trust_body
from tests.api.lots import SEALED, close_now, listing_body, open_now
from tests.api.smallholders import household, trustee_of

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


class Lot:
    """A new seller's lot with two bidders, who have 10.00 yuan each."""

    def __init__(self, county: County, **other: Any) -> None:
        self.county = county
        number = next(_numbers)
        self.seller, *self.names = (f"{role}-{number}" for role in ("seller", "first", "second"))
        _, self.water = household(county, self.seller, "100")
        body = listing_body(self.water, **other)
        self.listing: dict[str, Any] = county.post(self.seller, "/listings", body)
        self.id = self.listing["id"]
        self.bidders: dict[str, str] = {}
        for name in self.names:
            _, account = household(county, name, "1")
            money = county.get(name, "/money-accounts")["data"][0]["id"]
            paid = {"money_account_id": money, "amount": "10.00", "bank_reference": f"B-{name}"}
            county.post("treasurer", "/deposits", paid | {"value_date": "2026-01-05"})
            made = county.post(name, f"/listings/{self.id}/bidders", {"water_account_id": account})
            self.bidders[name] = made["id"]

    def bid(self, name: str, price: str, **headers: str) -> Any:
        sent = self.county.headers(name) | headers
        path = f"/v1/bidders/{self.bidders[name]}/bids"
        return self.county.client.post(path, json={"price": price}, headers=sent)

    def step(self, name: str, step: str) -> Any:
        path = f"/v1/bidders/{self.bidders[name]}/{step}"
        return self.county.client.post(path, json={}, headers=self.county.headers(name))

    def public(self) -> dict[str, Any]:
        answer = self.county.client.get(f"/v1/listings/{self.id}")
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json
        return found

    def job(self) -> None:
        url = self.county.settings.url()
        jobs.run(url, jobs.named("bidding"))
        self.county.exchange.take_up()
        jobs.run(url, jobs.named("bidding"))

    def money(self, name: str) -> tuple[str, str]:
        found = self.county.get(name, "/money-accounts")["data"][0]
        return found["balance"], found["available"]


@pytest.fixture(autouse=True)
def _proved(county: County) -> Iterator[None]:
    """After each test nothing in the market is wrong."""
    yield
    county.exchange.take_up()
    report = prove.run(county.settings.url())
    assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


def test_from_the_listing_to_the_sale(county: County) -> None:
    lot = Lot(county, reserve_price="0.2")
    first, second = lot.names
    assert lot.money(first) == ("10.00", "9.98")
    assert (lot.public()["has_reserve"], lot.public()["reserve_price"]) == (True, None)
    seen = county.get(lot.seller, f"/listings/{lot.id}/seller-view")
    assert (seen["reserve_price"], seen["bidders"], seen["held"]) == ("0.2000", 2, "2.000")
    open_now(county, lot.id)
    assert lot.bid(first, "0.1").status_code == 201
    assert lot.bid(second, "0.25").status_code == 201
    assert (lot.public()["best_price"], lot.public()["least_bid"], lot.public()["bids"]) == (
        "0.2500",
        "0.2600",
        2,
    )
    assert county.get(second, f"/bidders/{lot.bidders[second]}")["leading"] is True
    close_now(county, lot.id)
    lot.job()
    assert lot.public()["status"] == "awarded"
    own = county.get(second, f"/bidders/{lot.bidders[second]}")
    assert (own["to_take"], own["due_at"] is None) == ("confirm", False)
    assert lot.step(first, "confirm").json["code"] == "not_registered"  # its bid is below the reserve
    assert lot.step(second, "confirm").status_code == 200
    lot.job()
    sold = county.get(lot.seller, f"/listings/{lot.id}/seller-view")
    assert (sold["status"], sold["held"]) == ("sold", "0.000")
    trade = county.get(second, f"/trades/{sold['trade_id']}")
    assert (trade["price"], trade["amount"], trade["price_at"]) == ("0.2500", "0.50", "sell")
    assert (lot.money(first), lot.money(second)) == (("10.00", "10.00"), ("9.50", "9.50"))


def test_nobody_sees_names_and_nobody_but_the_bureau_the_other_bidders(county: County) -> None:
    lot = Lot(county)
    first, second = lot.names
    open_now(county, lot.id)
    lot.bid(first, "0.1")
    for path in (f"/v1/listings/{lot.id}", "/v1/listings?limit=200", f"/v1/listings/{lot.id}/bids"):
        shown = county.client.get(path).text
        assert "par_" not in shown
        assert "wac_" not in shown
        assert "bdr_" not in shown
    assert [each["price"] for each in county.client.get(f"/v1/listings/{lot.id}/bids").json["data"]] == [
        "0.1000"
    ]
    other = county.client.get(f"/v1/bidders/{lot.bidders[first]}", headers=county.headers(second))
    assert other.status_code == 404
    seller = county.client.get(f"/v1/listings/{lot.id}/seller-view", headers=county.headers(second))
    assert seller.status_code == 404
    own = county.get(second, f"/bidders?listing_id={lot.id}")["data"]
    assert [each["id"] for each in own] == [lot.bidders[second]]
    everyone = county.get("supervisor", f"/bidders?listing_id={lot.id}")["data"]
    assert [each["last_price"] for each in everyone] == ["0.1000", None]
    assert county.get(lot.seller, "/bidders")["data"] == []


def test_sealed_bids_are_seen_by_nobody_else_until_they_are_opened(county: County) -> None:
    lot = Lot(county, **SEALED)
    first, second = lot.names
    open_now(county, lot.id)
    assert lot.bid(first, "0.17").status_code == 201
    assert lot.bid(first, "0.18").json["code"] == "already_bid"
    public = lot.public()
    assert (public["best_price"], public["bids"], public["least_bid"]) == (None, None, "0.1000")
    assert county.client.get(f"/v1/listings/{lot.id}/bids").json["data"] == []
    [shown] = [
        each
        for each in county.get("supervisor", f"/bidders?listing_id={lot.id}")["data"]
        if each["id"] == lot.bidders[first]
    ]
    assert shown["last_price"] is None
    assert county.get("supervisor", f"/bidders/{lot.bidders[first]}/bids")["data"] == []
    assert county.get(first, f"/bidders/{lot.bidders[first]}/bids")["data"][0]["price"] == "0.1700"
    close_now(county, lot.id)
    lot.job()
    assert lot.public()["best_price"] == "0.1700"
    assert len(county.client.get(f"/v1/listings/{lot.id}/bids").json["data"]) == 1
    assert lot.step(first, "decline").json["status"] == "forfeited"
    assert lot.public()["status"] == "unsold"
    assert lot.money(first) == ("9.98", "9.98")
    assert lot.money(second) == ("10.00", "10.00")
    assert lot.money(lot.seller) == ("0.02", "0.02")


def test_one_key_bids_once(county: County) -> None:
    lot = Lot(county)
    first, _ = lot.names
    open_now(county, lot.id)
    key = {"Idempotency-Key": f"bid-{next(_numbers)}"}
    one, again = lot.bid(first, "0.1", **key), lot.bid(first, "0.1", **key)
    assert (one.status_code, again.status_code) == (201, 201)
    assert one.json["id"] == again.json["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert lot.bid(first, "0.2", **key).json["code"] == "idempotency_key_reused"
    assert lot.public()["bids"] == 1
    answer = county.client.post(
        f"/v1/listings/{lot.id}/stop", json={"reason": "tests"}, headers=county.headers("supervisor")
    )
    assert (answer.json["status"], answer.json["reason"]) == ("stopped", "tests")


def test_a_refusal_names_rule_limit_and_source(county: County) -> None:
    lot = Lot(county)
    first, second = lot.names
    early = lot.bid(first, "0.1")
    assert (early.status_code, early.json["code"]) == (409, "bidding_not_open")
    open_now(county, lot.id)
    low = lot.bid(first, "0.0999").json
    assert (low["rule"], low["limit"], low["available"]) == ("bid_too_low", "0.1000", "0.0999")
    assert low["legal_source"]
    assert lot.step(second, "withdraw").json["code"] == "registration_closed"
    body = listing_body(lot.water, deposit="0.05")
    answer = county.client.post("/v1/listings", json=body, headers=county.headers(lot.seller))
    assert (answer.json["code"], answer.json["rule"], answer.json["limit"]) == (
        "listing_term",
        "most_deposit",
        "0.04",
    )
    chinese = county.client.post(
        "/v1/listings", json=body, headers=county.headers(lot.seller) | {"Accept-Language": "zh"}
    )
    assert chinese.json["title"] == "竞价条件超出规定范围"
    ended = county.post(lot.seller, f"/listings/{lot.id}/cancel", {"reason": "the crop needs it"})
    assert (ended["status"], ended["held"]) == ("cancelled", "0.000")


def test_a_forfeited_deposit_of_a_pools_lot_goes_to_its_members_by_share(county: County) -> None:
    """60 and 30 m3 entrusted: of a deposit of 0.04 yuan the members get 0.03 and 0.01 (largest remainder)."""
    trustee = f"trustee-{next(_numbers)}"
    pool = county.post(trustee, "/trusts", trust_body(trustee_of(county, trustee)))
    members = {}
    for name, volume in ((f"large-{trustee}", "60"), (f"small-{trustee}", "30")):
        _, account = household(county, name, "100")
        body = {"water_account_id": account, "volume": volume}
        joined = county.post(name, f"/trusts/{pool['id']}/members", body)["id"]
        county.post(trustee, f"/trust-members/{joined}/accept")
        members[name] = account
    account = county.get(trustee, f"/trusts/{pool['id']}")["water_account_id"]
    cheap = listing_body(account, start_price="0.04", increment="0.001", deposit="0.01")
    refused = county.client.post("/v1/listings", json=cheap, headers=county.headers(trustee))
    assert refused.json["code"] == "below_agreed_price"
    listing = county.post(trustee, "/listings", listing_body(account, deposit="0.04"))["id"]
    buyer = f"buyer-{trustee}"
    _, water = household(county, buyer, "1")
    money = county.get(buyer, "/money-accounts")["data"][0]["id"]
    paid = {
        "money_account_id": money,
        "amount": "1.00",
        "bank_reference": f"B-{buyer}",
        "value_date": "2026-01-05",
    }
    county.post("treasurer", "/deposits", paid)
    bidder = county.post(buyer, f"/listings/{listing}/bidders", {"water_account_id": water})["id"]
    member = next(iter(members))
    own = county.client.post(
        f"/v1/listings/{listing}/bidders",
        json={"water_account_id": members[member]},
        headers=county.headers(member),
    )
    assert own.json["code"] == "same_owner"
    open_now(county, listing)
    county.post(buyer, f"/bidders/{bidder}/bids", {"price": "0.1"})
    close_now(county, listing)
    jobs.run(county.settings.url(), jobs.named("bidding"))
    county.post(buyer, f"/bidders/{bidder}/decline")
    got = [county.get(name, "/money-accounts")["data"][0]["balance"] for name in members]
    assert got == ["0.03", "0.01"]
    with db.connect(county.settings.url()) as connection:
        row = connection.execute(
            "SELECT status, reason FROM listings WHERE id = %s", (ids.parse("lst", listing),)
        ).fetchone()
    assert row == ("unsold", "declined")
