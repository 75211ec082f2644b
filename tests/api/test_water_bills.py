"""Water bills over HTTP: previewed, issued, paid, corrected, offset, remitted, posted; to the fen, and provably so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from ledger.units import split_exact
from market import jobs, prove
from market.billing import queries
from market.core import clock, db
from market.proofs import billing as proofs
from tests.api.contracting import balance, funded
from tests.api.county import YEAR, County, open_county
from tests.api.saving import admitted
from tests.api.smallholders import buy, household, order_body
from tests.api.test_firms import refused

VILLAGE = "DEMO-VILLAGE"


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county with three households, an association on their canal and two treasurers; afterwards all is sound."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.user("second", "treasurer")
        found.user("supervisor", "supervisor")
        found.mine["keepers"] = admitted(found, "keepers", kind="association", role="association")
        for name, right in (("amina", "4180"), ("bekri", "1000"), ("seller", "500")):
            found.mine[name], found.mine[f"{name}_account"] = household(found, name, right)
        yield found
        found.exchange.take_up()
        report = prove.run(found.settings.url())
        assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


def _meter(county: County, name: str, **more: Any) -> str:
    body = {"water_account_id": county.mine[f"{name}_account"], "serial": f"B-{name}", **more}
    found: str = county.post("registrar", "/meters", body)["id"]
    return found


def _read(county: County, meter: str, counter: str) -> str:
    body = {"read_at": clock.now().isoformat(), "counter": counter}
    found: str = county.post("registrar", f"/meters/{meter}/readings", body)["id"]
    return found


def _period() -> dict[str, Any]:
    return {"water_year": YEAR, "until": clock.today().isoformat()}


def _issued(county: County) -> dict[str, Any]:
    seen = county.post("treasurer", "/billing-runs/preview", _period())
    made = county.post("treasurer", "/billing-runs", _period() | {"digest": seen["digest"]})
    assert (made["bills"], made["amount"], made["volume"]) == (seen["bills"], seen["amount"], seen["volume"])
    return made


def _bill(county: County, name: str, number: int = -1) -> dict[str, Any]:
    listed = county.get(name, "/water-bills")["data"]
    assert all(each["participant_id"] == county.mine[name] for each in listed)
    return county.get(name, f"/water-bills/{listed[number]['id']}")


def _page(county: County, path: str, name: str | None = None) -> str:
    answer = county.client.get(path, headers=county.headers(name) if name else {})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_household_is_billed_what_its_meter_and_the_tariff_say(county: County) -> None:
    """vectors/households.json (CCTV rural channel, 2014-12-17): 3 179 m3 at 0.077 yuan are 244.78 yuan.

    Of a cubic metre 0.017 yuan are for the end canals (a demonstration): 54.043, rounded 54.04.
    """
    association = {"canal": "DEMO-CANAL", "association_id": county.mine["keepers"], "from": f"{YEAR}-01-01"}
    wrong = refused(
        county, "treasurer", "/canal-associations", association | {"association_id": county.mine["amina"]}
    )
    assert wrong["code"] == "not_an_association"
    county.post("treasurer", "/canal-associations", association)
    assert refused(county, "treasurer", "/canal-associations", association)["code"] == "canal_has_one"
    county.mine["meter"] = _meter(county, "amina", zone=VILLAGE)
    county.mine["reading"] = _read(county, county.mine["meter"], "3179")
    seen = county.post("treasurer", "/billing-runs/preview", _period())
    assert (seen["bills"], seen["corrections"], seen["amount"], seen["end_canal_part"]) == (
        1,
        0,
        "244.78",
        "54.04",
    )
    stale = refused(county, "treasurer", "/billing-runs", _period() | {"digest": "0" * 64})
    assert stale["code"] == "preview_changed"
    run = _issued(county)
    bill = _bill(county, "amina")
    assert (bill["amount"], bill["left"], bill["status"], bill["place"]) == (
        "244.78",
        "244.78",
        "open",
        VILLAGE,
    )
    assert (bill["volume"], bill["quota"], bill["end_canal_part"]) == ("3179.000", "4180.000", "54.04")
    [line], [use] = bill["lines"], bill["uses"]
    assert (use["reading_id"], use["serial"], use["volume"]) == (
        county.mine["reading"],
        "B-amina",
        "3179.000",
    )
    assert (line["price"], line["multiple"], line["above"], line["amount_to"]) == (
        "0.0770",
        "1.000000",
        None,
        "244.78",
    )
    assert line["legal_source"] == "cctv2014; plan part 4(1)1 (demonstration)"
    assert bill["due"] == (clock.today() + dt.timedelta(days=30)).isoformat() == run["due"]
    assert _issued(county)["bills"] == 0  # nothing is new: nothing is billed twice
    late = {"water_year": YEAR, "until": (clock.today() + dt.timedelta(days=1)).isoformat()}
    assert refused(county, "treasurer", "/billing-runs/preview", late)["code"] == "billing_period"


def test_a_bill_is_paid_in_parts_and_never_more_than_is_left(county: County) -> None:
    bill = _bill(county, "amina")
    path = f"/water-bills/{bill['id']}"
    assert refused(county, "amina", f"{path}/pay", {"amount": "1"})["code"] == "bill_not_covered"
    funded(county, county.mine["amina"], "150.00")
    over = refused(county, "amina", f"{path}/pay", {"amount": "244.79"})
    assert (over["code"], over["limit"]) == ("overpaid", "244.78")
    assert refused(county, "bekri", f"{path}/pay", {})["code"] == "not_found"
    paid = county.post("amina", f"{path}/pay", {"amount": "100.00"})
    supplier, association = split_exact(10_000, (24_478 - 5_404, 5_404))
    assert [round(float(paid[side]) * 100) for side in ("supplier_part", "end_canal_part")] == [
        supplier,
        association,
    ]
    assert balance(county, county.mine["amina"]) == "50.00"
    [account] = county.get("amina", "/money-accounts")["data"]
    codes = [
        each["code"] for each in county.get("amina", f"/money-accounts/{account['id']}/statement")["data"]
    ]
    assert codes == ["deposit", "water_bill_paid", "water_bill_paid"]
    receipt = county.post("treasurer", f"{path}/cash")
    assert (receipt["number"], receipt["payment"]["amount"], receipt["year"]) == (
        1,
        "144.78",
        clock.today().year,
    )
    assert refused(county, "treasurer", f"{path}/cash", {})["code"] == "bill_settled"
    now = _bill(county, "amina")
    assert (now["status"], now["left"], [each["method"] for each in now["payments"]]) == (
        "paid", "0.00", ["transfer", "cash"],
    )  # fmt: skip
    assert sum(round(float(each["end_canal_part"]) * 100) for each in now["payments"]) == 5_404
    account = county.get("amina", f"/water-accounts/{county.mine['amina_account']}")
    assert account["fee_due"] == "0.00"
    text = _page(county, f"/water-receipts/{receipt['id']}?lang=zh", "amina")
    assert f"{clock.today().year}-000001" in text and "144.78" in text and "水费现金收据" in text
    assert "244.78" in _page(county, f"/water-bills/{bill['id']}?lang=en", "amina")


def test_a_corrected_reading_gives_a_credit_that_the_next_bill_uses(county: County) -> None:
    path = f"/readings/{county.mine['reading']}/correct"
    county.post("registrar", path, {"counter": "3079", "reason": "a digit was misread"})
    _issued(county)
    credit = _bill(county, "amina")
    assert (credit["kind"], credit["status"], credit["volume"]) == ("correction", "credit", "-100.000")
    assert [each["volume"] for each in credit["uses"]] == ["-3179.000", "3079.000"]
    assert (credit["amount"], credit["left"]) == ("-7.70", "-7.70")  # 3 079 x 0.077 = 237.083
    assert refused(county, "amina", f"/water-bills/{credit['id']}/pay", {})["code"] == "bill_settled"
    _read(county, county.mine["meter"], "3279")
    _issued(county)
    late = _bill(county, "amina")
    assert (late["amount"], late["left"], late["payments"][0]["method"]) == ("15.40", "7.70", "credit")
    assert late["lines"][0]["amount_to"] == "252.48"  # 3 279 x 0.077 = 252.483
    used = _bill(county, "amina", -2)
    assert (used["id"], used["status"], used["left"]) == (credit["id"], "paid", "0.00")


def test_use_above_the_right_has_no_tier_where_the_price_has_none(county: County) -> None:
    """The demonstration village's price (Manas 2014) has no tiers; the county's doubles above the quota."""
    _read(county, _meter(county, "bekri"), "1200")
    _issued(county)
    bill = _bill(county, "bekri")
    assert (bill["quota"], bill["volume"], bill["amount"]) == ("1000.000", "1200.000", "92.40")
    tariffs = county.get("auditor", "/county")["tariffs"]
    farm = next(each for each in tariffs if (each["zone"], each["sector"]) == ("653123", "agriculture"))
    assert (farm["tiers"][0]["multiple"], farm["end_canal"]["price"]) == ("2.000000", "0.0300")


def test_with_its_consent_a_seller_s_bills_are_taken_out_of_its_proceeds(county: County) -> None:
    _read(county, _meter(county, "seller"), "100")
    _issued(county)
    bill = _bill(county, "seller")
    assert bill["left"] == "7.70"
    funded(county, county.mine["seller"], "5.00")
    consent = county.post("seller", "/offset-consents", {"cap": "6.00"})
    assert refused(county, "seller", "/offset-consents", {})["code"] == "consent_stands"
    job = jobs.named("water-bills")
    url = county.settings.url()
    assert jobs.run(url, job) == 0  # what was paid in is no sale
    sold = order_body(county, county.mine["seller_account"], "sell", "20", "0.2")
    county.post("seller", "/orders", sold)
    assert buy(county, "20", "0.2")["fills"]
    assert jobs.run(url, job) == 1
    after = _bill(county, "seller")
    [payment] = after["payments"]
    assert (payment["method"], payment["amount"], payment["consent_id"]) == ("offset", "4.00", consent["id"])
    assert balance(county, county.mine["seller"]) == "5.00"
    [account] = county.get("seller", "/money-accounts")["data"]
    lines = county.get("seller", f"/money-accounts/{account['id']}/statement")["data"]
    assert "water_bill_offset" in {each["code"] for each in lines}
    county.post("seller", "/orders", sold | {"price": "0.3"})
    buy(county, "20", "0.3")
    assert jobs.run(url, job) == 1
    assert _bill(county, "seller")["left"] == "1.70"  # 6.00 were consented to, no more
    assert county.get("seller", "/offset-consents")["data"][0]["taken"] == "6.00"
    county.post("seller", f"/offset-consents/{consent['id']}/withdraw")
    again = refused(county, "seller", f"/offset-consents/{consent['id']}/withdraw", {})
    assert again["code"] == "offset_consent_state"
    assert jobs.run(url, job) == 0


def test_what_was_collected_is_remitted_by_two_persons_with_its_list(county: County) -> None:
    today = {"until": clock.today().isoformat()}
    made = county.post("treasurer", "/remittances", today)
    path = f"/remittances/{made['id']}"
    items = county.get("supervisor", f"{path}/payments")["data"]
    assert len(items) == made["payments"] == 4  # the credit moved no money
    assert sum(round(float(each["amount"]) * 100) for each in items) == round(float(made["amount"]) * 100)
    assert refused(county, "treasurer", f"{path}/confirm", {})["code"] == "remittance_four_eyes"
    assert refused(county, "second", f"{path}/confirm", {})["code"] == "remittance_reference"
    assert refused(county, "treasurer", "/remittances", today)["code"] == "nothing_to_remit"
    county.post("second", f"{path}/refuse", {"reason": "the list is to be checked"})
    again = county.post("treasurer", "/remittances", today)
    assert (again["amount"], again["cash"]) == (made["amount"], made["cash"])
    done = county.post("second", f"/remittances/{again['id']}/confirm", {"bank_reference": "R-1"})
    assert done["status"] == "confirmed"
    assert refused(county, "second", f"/remittances/{again['id']}/confirm", {})["code"] == "remittance_state"
    share = county.post("second", "/remittances", today | {"association_id": county.mine["keepers"]})
    county.post("treasurer", f"/remittances/{share['id']}/confirm")
    in_money = round(float(share["amount"]) * 100) - round(float(share["cash"]) * 100)
    assert round(float(balance(county, county.mine["keepers"])) * 100) == in_money > 0
    nothing = refused(county, "second", "/remittances", today | {"association_id": county.mine["keepers"]})
    assert nothing["code"] == "nothing_to_remit"


def test_a_village_s_bills_are_posted_with_masked_names_as_they_stood(county: County) -> None:
    run = county.get("treasurer", "/billing-runs")["data"][0]["id"]
    path = f"/billing-runs/{run}/postings"
    answer = county.client.get(f"/v1{path}")
    assert (answer.status_code, answer.json) == (200, {"data": []})  # nothing is public before it is posted
    assert refused(county, "treasurer", path, {"zone": "653123100"})["code"] == "nothing_to_post"
    made = county.post("treasurer", path, {"zone": VILLAGE})
    assert (made["amount"], made["paid"], made["volume"]) == ("244.78", "244.78", "3179.000")
    assert made["rows"] == [{"name": "a**", "volume": "3179.000", "amount": "244.78", "paid": "244.78"}]
    assert refused(county, "treasurer", path, {"zone": VILLAGE})["code"] == "posted_before"
    assert county.client.get(f"/v1{path}").json == {"data": [made]}
    for language, title in (("zh", "水费公示"), ("en", "Water bills, posted")):
        text = _page(county, f"/posted-bills/{run}/{VILLAGE}?lang={language}")
        assert title in text and "a**" in text and "amina" not in text and made["sha256"] in text
    assert county.client.get(f"/posted-bills/{run}/DEMO-MANAS").status_code == 404


def test_arrears_are_listed_by_age_and_their_holders_reminded_once(county: County) -> None:
    rows = county.get("keepers", "/water-arrears")["data"]
    assert {(each["place"], each["not_due"], each["total"]) for each in rows} == {
        (VILLAGE, "7.70", "7.70"), ("DEMO-MANAS", "94.10", "94.10"),
    }  # fmt: skip
    with clock.moved_to(clock.now() + dt.timedelta(days=40)):
        assert jobs.run(county.settings.url(), jobs.named("water-bills")) == 3
        assert jobs.run(county.settings.url(), jobs.named("water-bills")) == 0
        with db.connect(county.settings.url()) as connection:
            late = queries.arrears(connection)
    assert {(each.place, each.to_30_days_fen, each.not_due_fen) for each in late} == {
        (VILLAGE, 770, 0), ("DEMO-MANAS", 9_410, 0),
    }  # fmt: skip
    assert _bill(county, "bekri")["reminded_at"] is not None


PLANTS = {
    "the lines of a bill are not the bill": "UPDATE water_bill_lines SET fen = fen + 1 WHERE rank = 1",
    "a line is not its volume at its price": "UPDATE water_bill_lines SET fen_to = fen_to + 1",
    "an account''s bills are not its readings and turn sheets": "DELETE FROM water_bill_uses",
    "a run is not its bills": "UPDATE billing_runs SET fen = fen - 1",
    "what is owed of a bill is not the bill": "UPDATE water_bill_balances SET supplier_fen = supplier_fen + 1",
    "what settled a bill is not its payments": (
        "UPDATE water_bill_payments SET fen = fen + 1, supplier_fen = supplier_fen + 1 WHERE method = 'transfer'"
    ),
    "the parts of a payment are not the payment": (
        "ALTER TABLE water_bill_payments DROP CONSTRAINT ck_water_bill_payments_split;"
        " UPDATE water_bill_payments SET fen = fen + 1"
    ),
    "a consent has taken what it has not, or another''s": "UPDATE offset_consents SET taken_fen = taken_fen - 1",
    "receipts of a year with a gap, or cash without one": "UPDATE water_receipts SET number = number + 1",
    "a remittance is not its list": "UPDATE remittances SET fen = fen + 1",
    "a posting is not what was hashed": "UPDATE bill_postings SET text = text || ' '",
    "what an account owes is not its fees and bills, less what was paid": "UPDATE water_bills SET posted_fen = 1",
    "what was collected, less what was remitted, is not on its account": (
        "UPDATE remittances SET status = 'made', decided_by = NULL, decided_at = NULL WHERE status = 'confirmed'"
    ),
    "cash that was taken, less what was handed on, is not there": (
        "UPDATE water_bill_payments SET method = 'transfer' WHERE method = 'cash'"
    ),
    "a payment of a bill that the ledger does not have as it says": (
        "UPDATE water_bill_payments SET supplier_fen = supplier_fen - 1, association_fen = association_fen + 1"
        " WHERE method = 'transfer'"
    ),
}


def test_what_is_wrong_with_bills_is_found_by_the_proofs(county: County) -> None:
    with db.connect(county.settings.url()) as connection:
        assert _broken(connection) == set()
        connection.execute("SET session_replication_role = replica")
        for wrong, change in PLANTS.items():
            with connection.transaction(force_rollback=True):
                connection.execute(change)  # type: ignore[arg-type]
                assert wrong.replace("''", "'") in _broken(connection)


def _broken(connection: psycopg.Connection[Any]) -> set[str]:
    return {row[0] for check in proofs.CHECKS for row in connection.execute(check.sql).fetchall()}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE water_bills SET fen = 0",
        "UPDATE water_bill_lines SET fen = 0",
        "DELETE FROM water_bill_payments",
        "UPDATE water_receipts SET number = 9",
        "UPDATE bill_postings SET text = ''",
        "UPDATE water_bill_balances SET supplier_settled_fen = supplier_fen + 1",
        "UPDATE offset_consents SET taken_fen = cap_fen + 1",
        "UPDATE remittances SET decided_by = made_by WHERE status = 'confirmed'",
        "INSERT INTO water_bill_uses (bill_id, reading_id, taken_back) SELECT bill_id, reading_id, false"
        " FROM water_bill_uses",
        "INSERT INTO remittance_items SELECT * FROM remittance_items",
        "INSERT INTO remittance_items (remittance_id, payment_id, side, fen) SELECT r.id, p.id, 'supplier', 1"
        " FROM remittances r, water_bill_payments p WHERE p.method = 'credit' LIMIT 1",
        "INSERT INTO water_bill_lines SELECT bill_id, rank + 1, price_e4, end_canal_e4, multiple_e6, above_e6, litres,"
        " fen, litres_to, fen_to, legal_source FROM water_bill_lines",
    ],
)
def test_the_database_refuses_it_too(county: County, change: str) -> None:
    with db.connect(county.settings.url()) as connection, pytest.raises(psycopg.DatabaseError):
        connection.execute(change)  # type: ignore[arg-type]
