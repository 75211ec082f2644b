"""The county states by which numbers savings are judged; what both sides agreed to keeps those of its own day."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator

import msgspec
import pytest

from market import installation, prove
from market.core import audit, clock, db, workdays
from market.core.db import raw
from market.county.current import pack_in_force
from market.county.parts import DEMONSTRATION, Basis, SavingRule
from tests.api.contracting import funded, seats
from tests.api.county import County, open_county
from tests.api.reporting import DAY, agreed_contract, billed_point, quarter, read

_seeds = itertools.count(70)
LAW = Basis("tests art. 1", "read", False)


@pytest.fixture
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with those who take a seat in contracts, and money."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine.update(seats(found))
        for name in ("valves", "school"):
            funded(found, found.mine[name], "900000.00")
        yield found


def _point(county: County) -> str:
    made = billed_point(county, county.mine, next(_seeds))
    for months in range(1, 7):
        read(county, made, months, str(700 * months))
    return made


def _state(county: County, version: str, *rows: SavingRule) -> None:
    """Installs the county's pack with these rows in place of those of their names and days."""
    with db.transaction(county.settings.url()) as session:
        pack = pack_in_force(raw(session))
        new = {(each.name, each.from_on) for each in rows}
        kept = tuple(each for each in pack.savings if (each.name, each.from_on) not in new)
        changed = msgspec.structs.replace(pack, version=version, savings=(*kept, *rows))
        assert installation.install(session, pack=changed, actor=audit.Actor())


def _level(county: County, report: str) -> list[str]:
    """The words of the lower bound that water is credited by."""
    told = county.get("school", f"/saving-reports/{report}/derivation")["en"]
    return [line.split("(")[1].split(")")[0] for line in told if line.startswith("L (")]


def test_a_signed_baseline_keeps_the_rules_of_its_day_and_a_new_one_takes_the_new(county: County) -> None:
    today = clock.today()
    old = agreed_contract(county, county.mine, _point(county))
    first = county.post("valves", f"/saving-contracts/{old}/reports", quarter())
    assert _level(county, first["id"]) == ["one-sided 90% lower bound"]
    _state(
        county, "tests.1",
        SavingRule("water_level", today, LAW, 950_000), SavingRule("water_level", today + DAY, LAW, 800_000),
        SavingRule("saving_submission", today, LAW, length=3, unit="working_days"),
    )  # fmt: skip
    again = county.post("valves", f"/saving-reports/{first['id']}/revise", {})
    assert (again["sha256"], again["revision"]) == (first["sha256"], 2)  # the same inputs, the same saving
    assert again["due_on"] == first["due_on"] == str(workdays.after(today, 10))  # a clock that runs goes on
    second = county.post("valves", f"/saving-contracts/{old}/reports", quarter(1))
    assert _level(county, second["id"]) == ["one-sided 90% lower bound"]
    assert second["due_on"] == str(workdays.after(today, 3))
    new = agreed_contract(county, county.mine, _point(county))
    third = county.post("valves", f"/saving-contracts/{new}/reports", quarter())
    assert _level(county, third["id"]) == ["one-sided 95% lower bound"]
    assert float(third["credited_water"]) < float(third["saving"])
    stated = [each for each in county.get("school", "/county")["savings"] if each["name"] == "water_level"]
    assert [(each["value"], each["demonstration"]) for each in stated] == [
        ("0.900000", True), ("0.950000", False), ("0.800000", False),
    ]  # fmt: skip
    assert prove.run(county.settings.url())["violations"] == 0


def test_stricter_gates_lower_the_tier_of_what_is_proposed_afterwards(county: County) -> None:
    first = agreed_contract(county, county.mine, _point(county))
    _state(county, "tests.2", SavingRule("df_least", clock.today(), DEMONSTRATION, 100_000_000))
    second = agreed_contract(county, county.mine, _point(county))
    tiers = [
        county.get("school", f"/saving-contracts/{each}/baselines")["data"][0]["tier"]
        for each in (first, second)
    ]
    assert tiers == ["A", "C"]


def test_a_rule_to_come_does_not_hold_yet_and_a_county_without_rows_has_the_code_s(county: County) -> None:
    _state(
        county, "tests.3", SavingRule("df_least", clock.today() + dt.timedelta(days=400), LAW, 100_000_000)
    )
    contract = agreed_contract(county, county.mine, _point(county))
    assert county.get("school", f"/saving-contracts/{contract}/baselines")["data"][0]["tier"] == "A"
    with db.transaction(county.settings.url()) as session:
        pack = msgspec.structs.replace(pack_in_force(raw(session)), version="tests.4", savings=())
        assert installation.install(session, pack=pack, actor=audit.Actor())
    contract = agreed_contract(county, county.mine, _point(county))
    draft = county.post("valves", f"/saving-contracts/{contract}/reports", quarter())
    assert (draft["tier"], draft["due_on"]) == ("A", str(workdays.after(clock.today(), 10)))
