"""Measuring points over HTTP: trees of numbers, counters that never run backwards, corrections, bills."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market import prove
from market.contracts.point_models import MeasuringPoint
from market.core import clock, db, ids
from tests.api.county import County, open_county
from tests.api.saving import admitted, point_body
from tests.api.test_firms import refused

SCAN = "ab" * 32


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with a school and a neighbour."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine["participant"] = admitted(found, "school", kind="public_body", role="holder")
        found.theirs["participant"] = admitted(found, "mill", kind="enterprise", role="holder")
        yield found


def day(ago: int) -> str:
    """A day so many days ago."""
    return (clock.today() - dt.timedelta(days=ago)).isoformat()


def point(county: County, **other: Any) -> str:
    """A point of the school's."""
    body = point_body(county.mine["participant"], **other)
    found: str = county.post("school", "/measuring-points", body)["id"]
    return found


def read(county: County, which: str, ago: int, counter: str) -> str:
    """A reading of a day so many days ago."""
    body = {"read_on": day(ago), "counter": counter}
    found: str = county.post("school", f"/measuring-points/{which}/readings", body)["id"]
    return found


def measured(county: County, which: str) -> list[tuple[str, str, str]]:
    """The intervals of a point."""
    rows = county.get("school", f"/measuring-points/{which}/series")["measured"]
    return [(each["first_day"], each["last_day"], each["volume"]) for each in rows]


def test_readings_in_any_order_make_one_series(county: County) -> None:
    main = point(county)
    last, first = read(county, main, 10, "140"), read(county, main, 20, "110.5")
    rows = county.get("school", f"/measuring-points/{main}/series")["measured"]
    assert [(each["point_reading_id"], each["counter"]) for each in rows] == [
        (first, "110.500"),
        (last, "140.000"),
    ]
    assert measured(county, main) == [(day(29), day(20), "10.500"), (day(19), day(10), "29.500")]


@pytest.mark.parametrize(
    ("ago", "counter", "pointer"),
    [(15, "109", "/counter"), (15, "141", "/counter"), (-1, "150", "/read_on"), (30, "100", "/read_on")],
)
def test_a_counter_never_runs_backwards_nor_ahead_of_the_day(
    county: County, ago: int, counter: str, pointer: str
) -> None:
    main = point(county)
    read(county, main, 20, "110")
    read(county, main, 10, "140")
    body = {"read_on": day(ago), "counter": counter}
    answer = refused(county, "school", f"/measuring-points/{main}/readings", body)
    assert (answer["code"], answer["errors"][0]["pointer"]) == ("point_reading_order", pointer)


def test_a_correction_takes_the_place_of_a_reading_and_both_are_kept(county: County) -> None:
    main = point(county)
    wrong = read(county, main, 10, "140")
    again = {"read_on": day(10), "counter": "130"}
    assert (
        refused(county, "school", f"/measuring-points/{main}/readings", again)["code"]
        == "point_reading_known"
    )
    right = {"counter": "130", "reason": "a digit was misread", "document_sha256": SCAN}
    made = county.post("school", f"/point-readings/{wrong}/correct", right)
    assert (made["corrects_id"], made["read_on"]) == (wrong, day(10))
    assert (
        refused(county, "school", f"/point-readings/{wrong}/correct", right)["code"] == "point_reading_known"
    )
    assert measured(county, main) == [(day(29), day(10), "30.000")]
    county.post("school", f"/point-readings/{made['id']}/correct", right | {"counter": "131"})
    assert measured(county, main) == [(day(29), day(10), "31.000")]


def test_the_registry_s_meter_is_read_by_the_registry(county: County) -> None:
    water = {
        "participant_id": county.mine["participant"], "township": "653123101", "canal": "KUSHAN-C1",
        "sector": "industry", "source": "surface", "water_year": clock.this_year(),
    }  # fmt: skip
    account = county.post("registrar", "/water-accounts", water)["id"]
    then = dt.datetime.now(dt.UTC) - dt.timedelta(days=9)
    body = {"water_account_id": account, "serial": "R-1", "installed_at": then.isoformat(), "start": "0"}
    meter = county.post("registrar", "/meters", body)["id"]
    main = point(county, meter_id=meter, starts_on=day(9))
    for ago, counter in ((5, "10"), (2, "25")):
        read_at = (dt.datetime.now(dt.UTC) - dt.timedelta(days=ago)).isoformat()
        county.post("registrar", f"/meters/{meter}/readings", {"read_at": read_at, "counter": counter})
    assert [volume for _, _, volume in measured(county, main)] == ["10.000", "15.000"]
    answer = refused(
        county, "school", f"/measuring-points/{main}/readings", {"read_on": day(1), "counter": "30"}
    )
    assert answer["code"] == "point_is_the_registrys"
    twice = point_body(county.mine["participant"], meter_id=meter)
    assert refused(county, "school", "/measuring-points", twice)["code"] == "point_known"
    theirs = point_body(county.theirs["participant"], meter_id=meter)
    assert refused(county, "mill", "/measuring-points", theirs)["code"] == "not_found"


def test_a_day_is_billed_once(county: County) -> None:
    main = point(county)
    body = {
        "first_day": "2024-01-08",
        "last_day": "2024-03-05",
        "volume": "812",
        "number": "1",
        "document_sha256": SCAN,
    }
    county.post("school", f"/measuring-points/{main}/bills", body)
    for first, last in (("2024-03-05", "2024-04-01"), ("2024-02-01", "2024-02-02")):
        other = body | {"first_day": first, "last_day": last}
        assert refused(county, "school", f"/measuring-points/{main}/bills", other)["code"] == "bill_overlaps"
    county.post(
        "school",
        f"/measuring-points/{main}/bills",
        body | {"first_day": "2024-03-06", "last_day": "2024-05-06"},
    )
    billed = county.get("school", f"/measuring-points/{main}/series")["billed"]
    assert [(each["first_day"], each["last_day"]) for each in billed] == [
        ("2024-01-08", "2024-03-05"), ("2024-03-06", "2024-05-06"),
    ]  # fmt: skip


def test_points_lie_below_points_of_the_same_user_that_are_in_use(county: County) -> None:
    main = point(county)
    below = point(county, parent_id=main)
    deeper = point(county, parent_id=point(county, parent_id=below))
    too_deep = point_body(county.mine["participant"], parent_id=deeper)
    assert refused(county, "school", "/measuring-points", too_deep)["code"] == "point_tree"
    theirs = point_body(county.theirs["participant"], parent_id=main)
    assert refused(county, "mill", "/measuring-points", theirs)["code"] == "not_found"
    gone = {"retired_on": day(0), "reason": "dug up"}
    assert refused(county, "school", f"/measuring-points/{main}/retire", gone)["code"] == "point_tree"
    leaf = point(county, parent_id=below)
    assert county.post("school", f"/measuring-points/{leaf}/retire", gone)["retired_on"] == day(0)
    assert refused(county, "school", f"/measuring-points/{leaf}/retire", gone)["code"] == "point_retired"
    late = point_body(county.mine["participant"], parent_id=leaf)
    assert refused(county, "school", "/measuring-points", late)["code"] == "point_retired"
    again = point_body(county.mine["participant"], serial="ONE")
    county.post("school", "/measuring-points", again)
    assert refused(county, "school", "/measuring-points", again)["code"] == "point_known"


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 30), min_size=1, max_size=25))
def test_numbers_of_a_tree_contain_those_below_and_no_others(county: County, below: list[int]) -> None:
    """Each entry hangs a point below an earlier one; spans of relatives nest, all others are apart."""
    made: list[tuple[int, list[int]]] = []  # (point, its ancestors)
    for choice in below:
        parent = made[choice % len(made)] if made and choice else None
        if parent is not None and len(parent[1]) == 3:
            continue
        where = {"parent_id": ids.public("mpt", parent[0])} if parent else {}
        number = ids.parse("mpt", point(county, **where))
        made.append((number, [*parent[1], parent[0]] if parent else []))
    with db.transaction(county.settings.url()) as session:
        spans = {number: session.get_one(MeasuringPoint, number).span for number, _ in made}
    for number, ancestors in made:
        for other, others in made:
            if other == number:
                continue
            related = other in ancestors or number in others
            assert spans[number].overlaps(spans[other]) == related
            assert other not in ancestors or spans[other].contains(spans[number])


def test_the_proofs_hold(county: County) -> None:
    assert prove.run(county.settings.url())["violations"] == 0
