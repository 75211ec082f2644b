"""A verified saving becomes water that may be sold, is sold across the book and shared three ways, and clawed back.

The figures are those of SAVINGS section 9, example 7: they are put in place of what this farm used, so that nothing but
sharing and claw-back is under test.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from market import jobs, prove
from market.core import clock, db
from tests.api.contracting import balance, funded
from tests.api.county import YEAR, County, open_county, product
from tests.api.farm_story import BOUGHT, LONG, Story, admitted_verifier


@pytest.fixture
def county(fresh_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(fresh_database_url, tmp_path_factory.mktemp("county")) as found:
        for role in ("registrar", "supervisor", "treasurer", "auditor"):
            found.user(role, role)
        found.user("second", "supervisor")
        yield found


@pytest.fixture
def story(county: County) -> Story:
    return Story(county, kind="irrigation")


def _proof(county: County) -> None:
    report = prove.run(county.settings.url())
    assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


def test_a_lot_is_sold_shared_three_ways_and_clawed_back_to_the_fen_and_the_litre(story: Story) -> None:
    county, who = story.county, story.who
    story.clear()
    story.distributed()
    lot = story.lot()
    assert (lot["issued"], lot["unsold"], lot["expires_on"]) == (
        "1113969.500",
        "1113969.500",
        f"{YEAR}-12-31",
    )
    before = {name: float(balance(county, who[name])) for name in ("school", "valves", "lender")}
    funded(county, county.get("centre", "/me")["participant_id"], "100000.00")
    bought = story.sold(lot)
    assert bought["fills"][0]["amount"] == "78333.33"
    gained = {name: round(float(balance(county, who[name])) - before[name], 2) for name in before}
    assert gained == {"school": 47_000.0, "valves": 23_500.0, "lender": 7_833.33}
    lot = county.get("school", f"/saving-lots/{lot['id']}")
    assert (lot["sold"], lot["on_offer"], lot["unsold"]) == (BOUGHT, "0.000", "780636.167")
    [listed] = county.get("school", "/saving-lots")["data"]
    assert (listed["sold"], listed["on_offer"]) == (lot["sold"], lot["on_offer"])
    _proof(county)

    taken = story.clawed(lot, "285714.286")
    assert taken["status"] == "settled"
    assert (taken["cancelled"], taken["water_owed"]) == ("780636.167", "133333.333")
    parts = {each["participant_id"]: each for each in taken["takings"] if each["scope"] == "proceeds"}
    firm, bank, farm = (parts[who[name]] for name in ("valves", "lender", "school"))
    assert (firm["owed"], bank["owed"], farm["owed"], farm["own"]) == (
        "9400.00",
        "3133.33",
        "18800.00",
        "18800.00",
    )
    assert sum(float(each["owed"]) for each in parts.values()) == pytest.approx(31_333.33)
    withheld = float(firm["undistributed"])
    assert withheld + float(firm["deposit"]) + float(firm["receivable"]) == pytest.approx(9_400)
    assert float(firm["deposit"]) == min(5_000.0, 9_400 - withheld)
    lot = county.get("school", f"/saving-lots/{lot['id']}")
    assert (lot["cancelled"], lot["unsold"], lot["tradable"]) == ("780636.167", "0.000", "0.000")
    assert story.refused("school", f"/saving-lots/{lot['id']}/offer", {"volume": "1"}) == (422, "lot_spent")
    _proof(county)


def test_the_buyer_sees_where_the_water_was_saved(story: Story) -> None:
    county = story.county
    story.clear()
    story.distributed()
    lot = story.lot()
    bought = story.sold(lot, "1000")
    trade = bought["fills"][0]["trade_id"]
    [lineage] = county.get("centre", f"/trades/{trade}/lineage")["data"]
    assert (lineage["saving_lot_id"], lineage["lot_sha256"]) == (lot["id"], lot["sha256"])
    assert lineage["derivation_sha256"] == county.get("school", f"/saving-reports/{story.report}")["sha256"]
    assert len(lineage["points"]) == 1
    page = county.client.get(f"/certificates/{story.right}", headers=county.headers("school"))
    assert lineage["derivation_sha256"][:16] in page.text


CONDITIONS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"consent": None}, "lot_consent_missing"),
    ({"return_flow": None, "return_flow_basis": None}, "lot_return_flow_missing"),
    ({"farm_first_until": f"{YEAR + 1}-01-01"}, "lot_farm_first"),
    ({"public_supplier": True}, "lot_of_public_supplier"),
    ({"quota": "1"}, "lot_nothing_saved"),
)


def test_no_lot_without_every_condition_and_one_to_the_right_holder_alone(story: Story) -> None:
    path = f"/saving-reports/{story.report}/lot"
    story.distributed()
    for change, code in CONDITIONS:
        story.clear(**change)
        assert story.refused("school", path) == (409, code)
    story.clear()
    assert story.refused("valves", path) == (403, "not_a_contract_party")
    lot = story.lot()
    assert story.refused("school", path) in ((409, "lot_issued"), (409, "lot_nothing_saved"))
    more = {"volume": "600000"}  # than its allocation
    assert story.refused("school", f"/saving-lots/{lot['id']}/offer", more) == (422, "lot_not_covered")


def test_no_lot_before_verification_ends_nor_while_disputed_nor_twice(story: Story) -> None:
    county, path = story.county, f"/saving-reports/{story.report}/lot"
    assert story.refused("school", path) == (409, "lot_consent_missing")
    story.clear()
    assert story.refused("school", path) == (409, "lot_not_verified")
    county.post("lender", f"/saving-reports/{story.report}/object", {"reason": "the meter"})
    assert story.refused("school", path) == (409, "lot_disputed")


def test_what_is_not_sold_comes_back_and_what_is_given_up_never_does(story: Story) -> None:
    county = story.county
    story.clear()
    story.distributed()
    lot = story.lot()
    path = f"/saving-lots/{lot['id']}"
    home = story.account("school", "own")
    county.post("school", f"{path}/offer", {"volume": "500"})
    after = county.get("school", f"/water-accounts/{home['id']}")
    assert float(home["available"]) - float(after["available"]) == 500
    order = county.post("school", "/orders", {
        "product_id": product(county), "volume": "500", "price": "9", "side": "sell",
        "water_account_id": story.account("school", "saving_lot")["id"],
    })  # fmt: skip
    assert story.refused("school", f"{path}/take-back") == (409, "lot_in_orders")
    county.post("school", f"/orders/{order['id']}/cancel")
    back = county.post("school", f"{path}/take-back")
    assert (back["on_offer"], back["offers"][0]["returned"]) == ("0.000", "500.000")
    given = county.post("school", f"{path}/retire", {"volume": "1113969.5", "reason": "for the river"})
    assert (given["retired"], given["unsold"]) == ("1113969.500", "0.000")
    assert story.refused("school", f"{path}/offer", {"volume": "1"}) == (422, "lot_spent")
    assert story.refused("school", f"{path}/take-back") == (409, "lot_state")
    _proof(county)


def test_reopening_and_deciding_take_two_persons_and_another_verifier(story: Story) -> None:
    county = story.county
    story.distributed()
    path = f"/saving-reports/{story.report}/claw-backs"
    same = {"verifier_id": story.who["judge"], "reason": "a bypass"}
    assert story.refused("supervisor", path, same) == (403, "not_the_verifier")
    made = county.post("supervisor", path, same | {"verifier_id": admitted_verifier(county)})
    one = f"/claw-backs/{made['id']}"
    assert story.refused("supervisor", f"{one}/open") == (403, "second_person_needed")
    county.post("second", f"{one}/open")
    report = county.get("supervisor", f"/saving-reports/{story.report}")
    found = {
        "sha256": report["sha256"], "finding": "as it was", "money_volume": report["credited_money"],
        "water_volume": report["credited_water"],
    }  # fmt: skip
    more = found | {"money_volume": "999999"}
    assert story.refused("other", f"{one}/re-verify", more) == (422, "claw_back_raises")
    county.post("other", f"{one}/re-verify", found)
    assert story.refused("supervisor", f"{one}/decide", {"decision": "claw_back"}) == (409, "claw_back_state")
    county.post("supervisor", f"{one}/decide", {"decision": "uphold"})
    assert story.refused("supervisor", f"{one}/decide", {"decision": "uphold"}) == (
        403,
        "second_person_needed",
    )
    done = county.post("second", f"{one}/decide", {"decision": "uphold"})
    assert done["status"] == "upheld"
    assert county.get("supervisor", f"/saving-reports/{story.report}")["status"] == "distributed"
    _proof(county)


def test_fees_are_taken_back_from_what_is_unpaid_first_and_later_shares_pay_the_rest(story: Story) -> None:
    county, who = story.county, story.who
    story.distributed()
    [due] = [
        each for each in county.get("valves", f"/contract-dues?contract_id={story.contract}")["data"]
        if each["payee_id"] == who["valves"]
    ]  # fmt: skip
    report = county.get("school", f"/saving-reports/{story.report}")
    half = f"{float(report['credited_money']) / 2:.3f}"
    taken = story.clawed({}, report["credited_water"], half)
    [firm] = [
        each for each in taken["takings"]
        if each["participant_id"] == who["valves"] and each["scope"] == "fees"
    ]  # fmt: skip
    assert firm["undistributed"] == firm["owed"]
    assert (firm["deposit"], firm["receivable"]) == ("0.00", "0.00")
    now = county.get("valves", f"/contract-dues/{due['id']}")
    assert now["set_off"] == firm["owed"]
    _proof(county)


def test_a_deposit_stays_held_after_the_end_for_as_long_as_a_claw_back_may_come(story: Story) -> None:
    county, url = story.county, story.county.settings.url()
    story.distributed()
    ended = county.post("school", f"/saving-contracts/{story.contract}/end", {"reason": "sold"})
    assert ended["deposit_held"] == "5000.00"
    with clock.moved_to(clock.now() + LONG):
        jobs.run(url, jobs.named("lots"))
    assert county.get("school", f"/saving-contracts/{story.contract}")["deposit_held"] == "5000.00"
    with clock.moved_to(clock.now() + dt.timedelta(days=900)):
        assert jobs.run(url, jobs.named("lots")) == 1
    assert county.get("school", f"/saving-contracts/{story.contract}")["deposit_held"] == "0.00"
    _proof(county)


PLANTS = (
    "UPDATE saving_lots SET offered_litres = offered_litres - 1",
    "UPDATE saving_lots SET cancelled_litres = cancelled_litres - 1",
    "UPDATE lot_offers SET returned_litres = returned_litres + 1",
    "UPDATE saving_lots SET expires_on = expires_on + 10000",
    "UPDATE saving_lots SET text = text || ' '",
    "UPDATE saving_reports SET water_litres = 1",
    "UPDATE saving_reports SET status = 'disputed'",
    "ALTER TABLE lot_trades DISABLE TRIGGER ALL; UPDATE lot_trades SET litres = litres + 1",
    "ALTER TABLE lot_offer_shares DISABLE TRIGGER ALL; UPDATE lot_offer_shares SET bp = bp - 1 WHERE rank = 0",
    "UPDATE report_claw_backs SET owed_litres = owed_litres + 1",
    "UPDATE report_claw_backs SET text = text || ' '",
    "ALTER TABLE claw_back_takings DISABLE TRIGGER ALL;"
    " UPDATE claw_back_takings SET owed_fen = owed_fen + 1, own_fen = own_fen + 1 WHERE own_fen > 0",
    "ALTER TABLE claw_back_takings DISABLE TRIGGER ALL; UPDATE claw_back_takings SET deposit_fen = deposit_fen + 1,"
    " undistributed_fen = undistributed_fen - 1 WHERE undistributed_fen > 0",
    "ALTER TABLE audit DISABLE TRIGGER ALL; DELETE FROM audit WHERE subject_type = 'saving_lot'",
)


def test_every_planted_violation_is_proved(story: Story) -> None:
    """What nobody may do is done behind the market's back, each alone, and taken back."""
    story.clear()
    story.distributed()
    lot = story.lot()
    funded(story.county, story.county.get("centre", "/me")["participant_id"], "100000.00")
    story.sold(lot)
    story.clawed(lot, "285714.286")
    _proof(story.county)
    with db.connect(story.county.settings.url()) as connection:
        for plant in PLANTS:
            for statement in plant.split(";"):
                connection.execute(statement)  # type: ignore[call-overload]
            assert prove.broken(connection, 3, 10, 13), plant
            connection.rollback()


def test_the_portfolio_is_a_page_for_everyone_in_both_languages(story: Story) -> None:
    story.distributed()
    client = story.county.client
    zh, en = (client.get(f"/saving-portfolio?lang={each}") for each in ("zh", "en"))
    assert "灌区" in zh.text and "合计" in zh.text
    assert "Irrigation" in en.text and "Disputes" in en.text
    assert "script" not in en.text.partition("<main")[2]
