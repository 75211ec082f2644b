"""Early warning over HTTP: from readings to colours, a reduction plan with its tighter rules, and their end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from market import jobs, prove
from market.core import audit, clock, db, ids
from market.metering import readings
from market.supervision.warning import tree
from tests.api.county import YEAR, County, open_county
from tests.api.offers import product
from tests.api.supervising import CANAL, CAP, NEIGHBOUR, TOWNSHIP, cut, farmer, read, refused


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """A farmer in a township whose cap is all allotted, and one with water to sell in the next."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.user("reader", "reader")
        found.user("statistics", "department")
        found.mine.update(farmer(found, 1, TOWNSHIP, "4000"))
        found.theirs.update(farmer(found, 2, NEIGHBOUR, "4000"))
        found.mine["limit"] = cut(found, CAP, "4500")
        yield found


def _node(county: County, code: str, **wanted: str) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    data = county.get("reader", f"/early-warning?{query}")["data"]
    found: dict[str, Any] = next(each for each in data if each["code"] == code)
    return found


def _plan(county: County, **other: Any) -> dict[str, Any]:
    return {
        "limit_id": county.mine["limit"], "reduce": "500", "due_on": (clock.today() + dt.timedelta(30)).isoformat(),
        "responsible": "乡镇", "measures": "drip lines", "document": "plan 1",
    } | other  # fmt: skip


def _order(county: County, name: str, side: str, things: dict[str, str]) -> dict[str, Any]:
    body = {
        "product_id": product(county), "water_account_id": things["water_account"], "side": side, "volume": "1",
        "price": "0.5",
    }  # fmt: skip
    return county.post(name, "/orders", body)


def test_the_tree_says_what_is_allotted_used_and_held_under_every_cap(county: County) -> None:
    before = _node(county, CAP, zone=TOWNSHIP)
    assert (before["limit"], before["allotted"], before["used"], before["holdings"]) == (
        "4500.000", "4000.000", "0.000", "4000.000",
    )  # fmt: skip
    assert (before["colour"], before["zone"], before["limit_id"]) == ("green", TOWNSHIP, county.mine["limit"])
    refusal = refused(county, "supervisor", "/reduction-plans", _plan(county))
    assert (refusal["code"], refusal["legal_source"]) == ("not_overloaded", "county plan part 3(1)1")
    tree = county.get("supervisor", f"/early-warning?zone={TOWNSHIP}")
    assert [each["code"] for each in tree["data"]] == [CAP]
    assert {each["colour"] for each in tree["thresholds"]} == {"yellow", "orange", "red"}
    assert all(each["demonstration"] for each in tree["thresholds"])


def test_a_day_is_stored_once_and_a_change_of_colour_is_told(county: County) -> None:
    job = jobs.named("early-warning")
    assert jobs.run(county.settings.url(), job) > 30
    assert jobs.run(county.settings.url(), job) == 0
    read(county, county.mine, "4600")  # 600 m3 beyond what was on the account
    now = _node(county, CAP)
    assert (now["used"], now["colour"]) == (
        "4600.000",
        "orange" if now["measure"] == "use" else now["colour"],
    )
    assert now["colour"] in ("orange", "red")
    with clock.moved_to(clock.now() + dt.timedelta(days=1)):
        if clock.this_year() == YEAR:
            assert jobs.run(county.settings.url(), job) > 30
    history = county.get("reader", f"/early-warning/history?zone={TOWNSHIP}")["data"]
    assert [each["colour"] for each in history][-1] == "green"
    if len(history) == 2:
        assert history[0]["colour"] == now["colour"]
        with db.connect(county.settings.url()) as connection:
            told = connection.execute(
                "SELECT o.payload FROM outbox o JOIN early_warnings w ON w.id = o.subject_id"
                " WHERE o.topic = 'supervision.early_warning.changed' AND w.node = %s",
                (CAP,),
            ).fetchall()
        assert len(told) == 1


def test_an_overloaded_cap_gets_a_plan_and_nothing_more_comes_in_or_is_granted(county: County) -> None:
    past = refused(county, "supervisor", "/reduction-plans", _plan(county, due_on=clock.today().isoformat()))
    assert past["code"] == "due_in_the_past"
    plan = county.post("supervisor", "/reduction-plans", _plan(county))
    assert (plan["restricted"], plan["status"]) == (True, "running")
    assert (
        refused(county, "supervisor", "/reduction-plans", _plan(county))["code"] == "reduction_plan_running"
    )
    gate = county.get("auditor", f"/limits/{plan['import_limit_id']}")
    assert (gate["kind"], gate["zone"], gate["volume"], gate["available"]) == (
        "import",
        TOWNSHIP,
        "0.000",
        "0.000",
    )
    opened = {"volume": "9", "reason": "t", "legal_source": "t"}
    stands = county.client.post(
        f"/v1/limits/{gate['id']}/change", json=opened, headers=county.headers("registrar", If_Match='"1"')
    )
    assert stands.json["code"] == "restriction_stands"
    bought = _order(county, "farmer-1", "buy", county.mine)
    sold = _order(county, "farmer-2", "sell", county.theirs)
    assert (sold["fills"], bought["fills"]) == ([], [])  # they cross, and the border is shut
    asked = county.get("farmer-1", f"/participants/{county.mine['participant']}/purchasable")["accounts"][0]
    named = {each["name"]: each for each in asked["constraints"]}
    assert named[f"import:OVERLOAD-{CAP}"]["volume"] == "0.000"
    assert "plan 1" in named[f"import:OVERLOAD-{CAP}"]["legal_source"]
    body = {
        "participant_id": county.mine["participant"], "kind": "irrigation_certificate", "source": "surface",
        "sector": "agriculture", "township": TOWNSHIP, "canal": CANAL, "volume": "10", "land_mu": "1",
        "valid_from": f"{YEAR}-01-01", "valid_to": f"{YEAR + 1}-12-31", "basis": "t",
    }  # fmt: skip
    refusal = refused(county, "farmer-1", "/entitlements", body)
    assert (refusal["code"], refusal["rule"]) == ("place_overloaded", f"overload:{CAP}")
    assert "plan 1" in refusal["legal_source"]
    county.post("registrar", "/entitlements", body | {"township": NEIGHBOUR})


def test_a_plan_ends_as_fulfilled_only_when_the_colour_is_gone(county: County) -> None:
    [plan] = county.get("reader", "/reduction-plans?status=running")["data"]
    path, result = f"/reduction-plans/{plan['id']}/end", {"fulfilled": True, "result": "done"}
    assert refused(county, "supervisor", path, result)["code"] == "still_overloaded"
    cut(county, CAP, "60000")
    ended = county.post("supervisor", path, result)
    assert (ended["status"], ended["restricted"]) == ("fulfilled", False)
    assert refused(county, "supervisor", path, result)["code"] == "reduction_plan_ended"
    county.exchange.take_up()
    trades = county.get("supervisor", "/trades")["data"]
    assert [each["delivered_volume"] for each in trades] == ["1.000"]  # what waited was looked at again
    assert prove.run(county.settings.url())["violations"] == 0


def test_industry_is_held_against_the_output_that_a_department_reports(county: County) -> None:
    factory = county.get("factory", "/water-accounts")["data"][0]
    figure = {
        "kind": "output", "water_year": YEAR, "zone": "653123401", "sector": "industry", "value": "100.00",
        "participant_id": factory["participant_id"], "document": "统计月报",
    }  # fmt: skip
    shape = refused(county, "statistics", "/department-figures", figure | {"sector": None})
    assert shape["code"] == "figure_shape"
    made = county.post("statistics", "/department-figures", figure)
    assert (made["department"], made["value"]) == ("statistics", "100.00")
    node = next(each for each in county.get("reader", "/early-warning")["data"] if each["kind"] == "user")
    assert (node["participant_id"], node["base"], node["used_per_base"]) == (
        factory["participant_id"], "100.00", "0.000",
    )  # fmt: skip
    assert (node["per"], node["limit"], node["colour"]) == ("output", "40.000", "green")
    land = _node(county, "farm-kushan")
    assert land["per"] == "mu" and float(land["base"]) >= 20


def test_a_reading_is_spread_over_its_months_and_is_the_season_of_the_years_after(county: County) -> None:
    """460 m3 from 16 March to 30 April: 46 days, 16 of them in March."""
    registrar = audit.Actor(user_id=county.id_of("registrar"), request_id="tests")
    account = ids.parse("wac", county.theirs["water_account"])
    days = [dt.datetime(YEAR, *day, tzinfo=clock.LEGAL_ZONE) for day in ((3, 16), (5, 1))]
    with db.transaction(county.settings.url()) as session:
        with clock.moved_to(days[0]):
            meter = readings.register_meter(
                session, actor=registrar, water_account_id=account, serial="S-spring", start_litres=0,
                installed_at=days[0],
            )  # fmt: skip
        with clock.moved_to(days[1] + dt.timedelta(hours=1)):
            readings.record(
                session, actor=registrar, meter_id=meter.id, read_at=days[1], counter_litres=460_000
            )
    with db.connect(county.settings.url()) as connection:
        for water_year in (YEAR, YEAR + 1):
            with clock.moved_to(dt.datetime(water_year, 7, 2, tzinfo=dt.UTC)):
                found = tree.now(connection, water_year=water_year)
            facts = next(each.facts for each in found.lines if each.node.code == f"T-{NEIGHBOUR}")
            months = facts.months if water_year == YEAR else facts.past[YEAR]
            assert (months[2], months[3], sum(months)) == (160_000, 300_000, 460_000)
            if water_year == YEAR:
                spring = (days[1] - dt.datetime(YEAR, 1, 1, tzinfo=clock.LEGAL_ZONE)).days
                assert (facts.used_litres, facts.read_days) == (460_000, 460_000 * spring)
