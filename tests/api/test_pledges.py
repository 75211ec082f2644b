"""A right pledged to a bank over HTTP: nothing of it is sold without the bank, and what it earns goes by rank."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ledger.units import parse_fen
from market import prove
from market.core import ids
from tests.api.county import YEAR, County, lender, open_county
from tests.api.smallholders import buy, household, order_body, trustee_of

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        for bank in ("first-bank", "second-bank"):
            found.logins[f"id of {bank}"] = lender(found, bank)
        yield found


@dataclass
class Holder:
    """A household with 1 000 m3 of a right, and short words for its pledges."""

    county: County
    name: str
    participant: str
    account: str

    @property
    def right(self) -> str:
        found: str = self.county.get(self.name, "/entitlements")["data"][0]["id"]
        return found

    def consent(self, bank: str) -> str:
        body = {
            "entitlement_id": self.right, "bank_id": self.county.logins[f"id of {bank}"], "valid_to": f"{YEAR}-12-31",
        }  # fmt: skip
        found: str = self.county.post(self.name, "/pledge-consents", body)["id"]
        return found

    def apply(self, bank: str, volume: str, owed: str) -> str:
        body = {
            "consent_id": self.consent(bank), "volume": volume, "secured": "1000.00", "owed": owed, "valued": "500.00",
            "valuation": "last prices of the book", "document": "loan contract 7",
        }  # fmt: skip
        found: str = self.county.post(bank, "/pledges", body)["id"]
        return found

    def pledge(self, bank: str, volume: str, owed: str) -> str:
        """A registered pledge."""
        made = self.apply(bank, volume, owed)
        self.county.post(self.name, f"/pledges/{made}/agree", {"reason": "signed at the branch"})
        self.county.post("registrar", f"/pledges/{made}/register")
        return made

    def water(self) -> dict[str, Any]:
        return self.county.get(self.name, f"/water-accounts/{self.account}")

    def refusal(self, who: str, path: str, **body: Any) -> dict[str, Any]:
        answer = self.county.client.post(f"/v1{path}", json=body, headers=self.county.headers(who))
        assert answer.status_code >= 400, answer.text
        found: dict[str, Any] = answer.json
        return found

    def money(self, who: str) -> int:
        return parse_fen(self.county.get(who, "/money-accounts")["data"][0]["balance"])


@pytest.fixture
def holder(county: County) -> Iterator[Holder]:
    """A new holder; afterwards nothing in the market is wrong."""
    name = f"debtor-{next(_numbers)}"
    yield Holder(county, name, *household(county, name, "1000"))
    county.exchange.take_up()
    report = prove.run(county.settings.url())
    assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


def test_a_bank_sees_a_right_only_while_the_holder_consents(county: County, holder: Holder) -> None:
    consent = holder.consent("first-bank")
    path = f"/pledge-consents/{consent}"
    seen = county.get("first-bank", f"{path}/report")
    assert (seen["volume"], seen["status"], seen["pledges"]) == ("1000.000", "confirmed", [])
    assert [each["available"] for each in seen["accounts"]] == ["1000.000"]
    answer = county.client.get(f"/v1{path}/report", headers=county.headers("second-bank"))
    assert answer.status_code == 404
    assert holder.refusal("first-bank", f"{path}/revoke")["code"] in ("not_allowed", "not_your_step")
    county.post(holder.name, f"{path}/revoke")
    answer = county.client.get(f"/v1{path}/report", headers=county.headers("first-bank"))
    assert (answer.status_code, answer.json["code"]) == (422, "no_search_consent")
    body = {"volume": "1", "secured": "1", "owed": "1", "valued": "1", "valuation": "x", "document": "x"}
    assert holder.refusal("first-bank", "/pledges", consent_id=consent, **body)["code"] == "no_search_consent"


def test_pledged_water_is_held_and_shown_as_a_reason(county: County, holder: Holder) -> None:
    pledge = holder.apply("first-bank", "300", "100.00")
    assert holder.refusal("registrar", f"/pledges/{pledge}/register")["code"] == "pledge_state"
    county.post(holder.name, f"/pledges/{pledge}/agree")
    registered = county.post("registrar", f"/pledges/{pledge}/register")
    assert (registered["rank"], registered["held"]) == (1, "300.000")
    assert (holder.water()["held"], holder.water()["available"]) == ("300.000", "700.000")
    answer = county.get(holder.name, f"/water-accounts/{holder.account}/tradable")
    assert answer["volume"] == "700.000"
    assert "held 0.000, pledged 300.000" in answer["binding"]["detail_en"]
    order = order_body(county, holder.account, "sell", "701", "5")
    assert holder.refusal(holder.name, "/orders", **order)["code"] == "insufficient_water"
    second = holder.pledge("second-bank", "700", "50.00")
    assert county.get("second-bank", f"/pledges/{second}")["rank"] == 2
    more = holder.apply("second-bank", "1", "1.00")
    county.post(holder.name, f"/pledges/{more}/agree")
    refused = holder.refusal("registrar", f"/pledges/{more}/register")
    assert (refused["code"], refused["available"]) == ("more_than_the_right", "0.000")
    county.post("first-bank", f"/pledges/{pledge}/release", {"reason": "repaid"})
    assert holder.water()["held"] == "700.000"
    steps = county.get(holder.name, f"/pledges/{pledge}/steps")["steps"]
    assert [each["step"] for each in steps] == ["applied", "agreed", "registered", "released"]


def test_each_step_is_one_partys(county: County, holder: Holder) -> None:
    pledge = holder.apply("first-bank", "10", "1.00")
    assert holder.refusal("first-bank", f"/pledges/{pledge}/agree")["code"] == "not_allowed"
    assert holder.refusal(holder.name, f"/pledges/{pledge}/release", reason="x")["code"] == "not_allowed"
    assert holder.refusal("second-bank", f"/pledges/{pledge}/release", reason="x")["code"] == "not_found"
    county.post("registrar", f"/pledges/{pledge}/refuse", {"reason": "the contract is not signed"})
    assert county.get(holder.name, f"/pledges/{pledge}")["status"] == "refused"


def test_the_proceeds_of_a_consented_sale_go_to_the_banks_by_rank_and_the_rest_to_the_holder(
    county: County, holder: Holder
) -> None:
    """100 m3 at 0.50 yuan: 50.00 yuan; 20.00 to rank 1, 15.00 to rank 2, 15.00 to the holder."""
    first, second = holder.pledge("first-bank", "100", "20.00"), holder.pledge("second-bank", "50", "15.00")
    body = {"volume": "100", "owed": "20.00", "floor_price": "0.45", "reason": "the harvest is in"}
    sale = county.post("first-bank", f"/pledges/{first}/consent-to-sale", body)
    cheap = holder.refusal(
        holder.name, "/orders", **order_body(county, sale["water_account_id"], "sell", "100", "0.44")
    )
    assert cheap["code"] == "below_agreed_price"
    before = {who: holder.money(who) for who in (holder.name, "first-bank", "second-bank")}
    county.post(holder.name, "/orders", order_body(county, sale["water_account_id"], "sell", "100", "0.5"))
    buy(county, "100", "0.5")
    path = f"/pledge-sales/{sale['id']}"
    assert (county.get("first-bank", path)["proceeds"], holder.money(holder.name)) == (
        "50.00",
        before[holder.name],
    )
    paid = county.post("first-bank", f"{path}/pay-out")["payments"]
    assert [(each["pledge_id"], each["amount"]) for each in paid] == [
        (first, "20.00"), (second, "15.00"), (None, "15.00"),
    ]  # fmt: skip
    after = {who: holder.money(who) - before[who] for who in before}
    assert after == {holder.name: 1_500, "first-bank": 2_000, "second-bank": 1_500}
    assert {county.get(holder.name, f"/pledges/{each}")["status"] for each in (first, second)} == {"released"}
    assert holder.water()["held"] == "0.000"
    assert county.post("first-bank", f"{path}/pay-out")["payments"] == []


def test_an_enforcement_is_a_sale_by_an_agent_with_the_surplus_returned(
    county: County, holder: Holder
) -> None:
    pledge = holder.pledge("first-bank", "200", "30.00")
    agent = trustee_of(county, f"auctioneer-{holder.name}")
    body: dict[str, Any] = {"owed": "30.00", "floor_price": "0.1", "document": "court order 12"}
    bank = county.logins["id of first-bank"]
    for wrong in (bank, holder.participant):
        refused = holder.refusal("registrar", f"/pledges/{pledge}/enforce", agent_id=wrong, **body)
        assert refused["code"] == "not_an_agent"
    sale = county.post("registrar", f"/pledges/{pledge}/enforce", body | {"agent_id": agent})
    assert (sale["seller_id"], sale["unsold"], holder.water()["held"]) == (agent, "200.000", "0.000")
    assert holder.water()["balance"] == "800.000"
    path, seller = f"/pledge-sales/{sale['id']}", f"auctioneer-{holder.name}"
    before = holder.money(holder.name)
    order = county.post(seller, "/orders", order_body(county, sale["water_account_id"], "sell", "120", "0.4"))
    assert holder.refusal("first-bank", f"{path}/take-back")["code"] in (
        "pledge_state",
        "pledged_water_in_orders",
    )
    buy(county, "100", "0.4")  # 40.00 yuan: 30.00 to the bank, 10.00 to the holder
    county.post(seller, f"/orders/{order['id']}/cancel")
    paid = county.post("registrar", f"{path}/pay-out")["payments"]
    assert [each["amount"] for each in paid] == ["30.00", "10.00"]
    assert holder.money(holder.name) - before == 1_000
    back = county.post("registrar", f"{path}/take-back")
    assert (back["let_go"], back["unsold"]) == ("100.000", "0.000")
    assert (holder.water()["balance"], holder.water()["held"]) == ("900.000", "0.000")


def test_what_is_not_sold_is_pledged_again(county: County, holder: Holder) -> None:
    pledge = holder.pledge("first-bank", "200", "30.00")
    body = {"volume": "150", "owed": "30.00", "floor_price": "0", "reason": "as asked"}
    sale = county.post("first-bank", f"/pledges/{pledge}/consent-to-sale", body)
    over = holder.refusal("first-bank", f"/pledges/{pledge}/consent-to-sale", **(body | {"volume": "51"}))
    assert (over["code"], over["available"]) == ("more_than_is_pledged", "50.000")
    county.post("first-bank", f"/pledge-sales/{sale['id']}/take-back")
    assert county.get("first-bank", f"/pledges/{pledge}")["held"] == "200.000"


def test_a_bank_is_told_of_suspensions_announcements_and_sales(county: County, holder: Holder) -> None:
    pledge = holder.pledge("first-bank", "100", "1.00")
    county.post(holder.name, "/orders", order_body(county, holder.account, "sell", "10", "0.3"))
    buy(county, "10", "0.3")
    county.post("registrar", "/pledge-alerts")
    county.post("registrar", "/pledge-alerts")
    right = county.get(holder.name, f"/entitlements/{holder.right}")
    for step in ("suspend", "reinstate"):
        county.post(
            "registrar",
            f"/entitlements/{right['id']}/{step}",
            {"reason": "x"},
            If_Match=f'"{right["version"]}"',
        )
        right["version"] += 1
    told = county.get("first-bank", f"/pledges/{pledge}/alerts")["data"]
    assert [each["kind"] for each in told] == ["sold", "suspended", "reinstated"]
    assert ids.parse("trd", told[0]["subject_id"]) > 0
