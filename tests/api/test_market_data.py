"""Market data over HTTP: figures worked by hand, what is left out and listed, JSON and CSV, without a sign-in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from market.core import db, ids
from market.trading import market_data
from tests.api.county import YEAR, County, open_county, product
from tests.api.taped import Tape, at


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county, and trades of a spring."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        with db.connect(database_url) as connection:
            _spring(Tape.of(connection))
        yield found


def _spring(tape: Tape) -> None:
    """Farmer and centre sell to the factory, of whose water nine tenths arrive, and to each other."""
    for month, farm, park in ((3, 2_000, 4_000), (5, 2_200, 5_000)):
        tape.trade(at(month, 2, 9), "farmer", "centre", 100 if month == 3 else 80, farm)
        tape.trade(at(month, 2, 9, 30), "farmer", "factory", 30, park, k=900)
        tape.trade(at(month, 2, 23, 59), "farmer", "factory", 20 if month == 3 else 40, park, k=900)
    tape.trade(at(3, 3, 0, 5), "centre", "factory", 10, 7_000, k=900)  # 2 March in UTC
    tape.trade(at(4, 10), "farmer", "centre", 10, 9_999)  # a thin month
    tape.trade(at(5, 20), "farmer", "centre", 50, 0)
    tape.trade(at(5, 21), "farmer", "factory", 50, 8_000, k=900, status="awaiting_review")
    tape.trade(at(5, 22), "farmer", "factory", 50, 8_000, k=900, status="rejected")
    tape.trade(at(5, 23), "farmer", "factory", 50, 0, k=900, status="reversed")


def _get(county: County, path: str, **query: Any) -> Any:
    answer = county.client.get(
        f"/v1{path}", query_string={key.rstrip("_"): value for key, value in query.items()}
    )
    assert answer.status_code == 200, answer.text
    return answer.json


def _candles(county: County, **query: Any) -> list[dict[str, Any]]:
    span = {"from": f"{YEAR}-01-01", "to": f"{YEAR}-12-31"}
    found: list[dict[str, Any]] = _get(county, f"/products/{product(county)}/candles", **(span | query))[
        "data"
    ]
    return found


def test_a_day_of_candles_is_the_legal_day(county: County) -> None:
    first, second = _candles(county, to=f"{YEAR}-03-31")
    assert first == {
        "opens_at": f"{YEAR}-03-01T16:00:00+00:00", "open": "0.2000", "high": "0.4000", "low": "0.2000",
        "close": "0.4000", "vwap": "0.2667",  # (0.2*100 + 0.4*50) / 150 = 0.26666...
        "volume": "150.000", "trades": 3,
    }  # fmt: skip
    assert (second["open"], second["volume"], second["trades"]) == ("0.7000", "10.000", 1)


def test_candles_at_the_buyers_place_count_what_arrived(county: County) -> None:
    (march, may) = _candles(county, at="buyer", zone="PARK", interval="month")
    # March: (0.4*50 + 0.7*10) yuan over 54 m3 that arrived = 0.5; a trade at 0.4 costs 0.4444 there, one at 0.7 0.7778
    assert (march["open"], march["high"], march["close"], march["vwap"]) == (
        "0.4444",
        "0.7778",
        "0.7778",
        "0.5000",
    )
    assert (march["volume"], march["trades"]) == ("54.000", 3)
    assert (may["vwap"], may["volume"]) == ("0.5556", "63.000")


@pytest.mark.parametrize(
    ("interval", "trades"),
    [("minute", [1, 1, 1]), ("hour", [2, 1]), ("day", [3]), ("week", [3]), ("month", [3])],
)
def test_candles_of_every_interval(county: County, interval: str, trades: list[int]) -> None:
    day = {"from": f"{YEAR}-05-02", "to": f"{YEAR}-05-02"}
    assert [each["trades"] for each in _candles(county, interval=interval, **day)] == trades


@pytest.mark.parametrize(
    ("zone", "trades"),
    [("KUSHAN-C1", 3), ("KUSHAN-ID", 3), ("653123101", 3), ("653123", 3), ("653123401", 0)],
)
def test_a_zone_of_either_tree_means_all_that_lies_below_it(county: County, zone: str, trades: int) -> None:
    found = _candles(county, zone=zone, to=f"{YEAR}-03-02")
    assert sum(each["trades"] for each in found) == trades


def test_volume_weighted_prices_by_zone_and_sector(county: County) -> None:
    asked = {"from": f"{YEAR}-03-01", "to": f"{YEAR}-05-31", "zone": "KUSHAN-C1"}
    found = _get(county, "/market/prices", **asked)["data"]
    shown = [
        (
            each["period"],
            each["zone"],
            each["sector"],
            each["vwap"],
            each["volume"],
            each["turnover"],
            each["trades"],
        )
        for each in found
    ]
    assert shown == [
        (f"{YEAR}-03-01", "653123101", "agriculture", "0.2667", "150.000", "40.00", 3),
        (f"{YEAR}-04-01", "653123101", "agriculture", "0.9999", "10.000", "10.00", 1),
        (f"{YEAR}-05-01", "653123101", "agriculture", "0.3507", "150.000", "52.60", 3),
    ]


def test_the_index_is_the_one_worked_by_hand(county: County) -> None:
    asked = {"level": "district", "zone": "KUSHAN-C1", "to": f"{YEAR}-06-30"}
    found = _get(county, "/market/index", **asked)["data"]
    assert [(each["period"], each["value"], each["state"], each["matched"]) for each in found][:3] == [
        (f"{YEAR}-03-01", "1000.00", "base", "0.0000"),
        (f"{YEAR}-04-01", "1000.00", "carried", "0.0000"),
        (f"{YEAR}-05-01", "1185.18", "linked", "1.0000"),
    ]
    assert {(each["zone"], each["sector"]) for each in found} == {("KUSHAN-ID", "agriculture")}
    later = _get(county, "/market/index", **asked, from_=f"{YEAR}-05-01")["data"]
    assert later == found[2:], "a later beginning shows less of the same chain"


def test_an_interval_is_whole_wherever_the_days_asked_for_end(county: County) -> None:
    march = _candles(county, interval="month", to=f"{YEAR}-03-31")
    assert _candles(county, interval="month", from_=f"{YEAR}-03-03", to=f"{YEAR}-03-03") == march


def test_what_counts_in_no_price_is_listed_with_the_reason(county: County) -> None:
    asked = {"from": f"{YEAR}-05-01", "to": f"{YEAR}-05-31"}
    found = _get(county, "/market/excluded-trades", **asked)["data"]
    assert [each["reasons"] for each in found] == [
        ["zero_price", "reversed"], ["rejected"], ["awaiting_review"], ["zero_price"],
    ]  # fmt: skip
    assert found[1]["seller_price"] == "0.8000"
    assert found[1]["buyer_price"] == "0.8889"
    zero = _get(county, "/market/excluded-trades", **asked, reason="zero_price", limit=1)
    assert (zero["data"], zero["has_more"]) == (found[:1], True)
    rest = _get(
        county, "/market/excluded-trades", **asked, reason="zero_price", starting_after=zero["data"][0]["id"]
    )
    assert (rest["data"], rest["has_more"]) == (found[3:], False)


def test_trades_of_related_parties_leave_every_price_once_the_relation_is_known(county: County) -> None:
    with db.connect(county.settings.url(), autocommit=True) as connection:
        centre = "(SELECT participant_id FROM users WHERE login = 'centre')"
        farmer = "(SELECT participant_id FROM users WHERE login = 'farmer')"
        connection.execute(f"UPDATE participants SET owner_group_id = {centre} WHERE id = {farmer}")
        try:
            march = _candles(county, interval="month", to=f"{YEAR}-03-31")[0]
            assert (march["vwap"], march["trades"]) == ("0.4500", 3)  # (0.4*50 + 0.7*10) / 60
            listed = _get(county, "/market/excluded-trades", from_=f"{YEAR}-01-01", reason="related_party")[
                "data"
            ]
            assert len(listed) == 4
            assert listed[0]["reasons"] == ["zero_price", "related_party"]
        finally:
            connection.execute("UPDATE participants SET owner_group_id = NULL")


def test_the_tape_shows_prices_at_both_places_and_no_names(county: County) -> None:
    path = f"/products/{product(county)}/tape"
    page = _get(county, path, limit=5)
    trade = page["data"][2]
    assert page["has_more"] is True
    assert (trade["seller_price"], trade["buyer_price"], trade["price"], trade["price_at"]) == (
        "0.8000", "0.8889", "0.8000", "sell",
    )  # fmt: skip
    assert (trade["mechanism"], trade["from_zone"], trade["to_zone"], trade["to_sector"], trade["status"]) == (
        "continuous", "KUSHAN-C1", "PARK", "industry", "awaiting_review",
    )  # fmt: skip
    assert not [key for key in trade if "buyer_id" in key or "seller_id" in key or "order" in key]
    rest = _get(county, path, starting_after=page["data"][-1]["id"])
    assert (len(rest["data"]), rest["has_more"]) == (12 - 5, False)


def test_depth_sums_orders_by_their_own_zone_sector_and_price(county: County) -> None:
    account = county.get("farmer", "/water-accounts")["data"][0]["id"]
    for volume, price in (("100", "0.40"), ("20", "0.40"), ("30", "0.45")):
        body = {"product_id": product(county), "water_account_id": account, "side": "sell"}
        county.post("farmer", "/orders", body | {"volume": volume, "price": price})
    level = {"zone": "KUSHAN-C1", "sector": "agriculture", "side": "sell"}
    expected = [
        level | {"price": "0.4000", "volume": "120.000", "orders": 2},
        level | {"price": "0.4500", "volume": "30.000", "orders": 1},
    ]
    path = f"/products/{product(county)}/depth"
    found = _get(county, path)
    assert (found["data"], found["has_more"]) == (expected, False)
    assert _get(county, path, level="township")["data"][0]["zone"] == "653123101"
    assert _get(county, path, zone="DEMO-MANAS")["data"] == []
    assert _get(county, path, sector="industry")["data"] == []


LISTS = (
    ("/products/{product}/depth", {}), ("/products/{product}/tape", {"limit": "3"}),
    ("/products/{product}/candles", {"from": f"{YEAR}-01-01"}), ("/market/prices", {}), ("/market/index", {}),
    ("/market/excluded-trades", {"limit": "3"}),
)  # fmt: skip


@pytest.mark.parametrize(("path", "query"), LISTS)
def test_csv_holds_the_same_texts_as_json(county: County, path: str, query: dict[str, str]) -> None:
    url = "/v1" + path.format(product=product(county))
    asked = county.client.get(url, query_string=query)
    by_format = county.client.get(url, query_string=query | {"format": "csv"})
    by_header = county.client.get(url, query_string=query, headers={"Accept": "text/csv"})
    both = county.client.get(url, query_string=query | {"format": "json"}, headers={"Accept": "text/csv"})
    assert both.json == asked.json
    assert by_format.data == by_header.data
    assert by_format.content_type == "text/csv; charset=utf-8"
    assert by_format.headers["Karez-Has-More"] == ("true" if asked.json["has_more"] else "false")
    assert [_flat(row) for row in asked.json["data"]] == list(csv.DictReader(io.StringIO(by_format.text)))


def _flat(row: dict[str, Any]) -> dict[str, str]:
    def text(value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        return " ".join(value) if isinstance(value, list) else "" if value is None else str(value)

    return {key: text(value) for key, value in row.items()}


@pytest.mark.parametrize(
    ("path", "query", "pointer"),
    [
        ("/market/prices", {"zone": "NOWHERE"}, "/zone"),
        ("/market/prices", {"from": "2026-02-02", "to": "2026-02-01"}, "/from"),
        ("/market/index", {"from": "0001-01-01"}, "/from"),
        ("/market/excluded-trades", {"reason": "dear"}, "/reason"),
        ("/products/{product}/candles", {"interval": "minute", "from": "2026-01-01"}, "/from"),
        ("/products/{product}/candles", {"format": "xml"}, "/format"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_pointer(
    county: County, path: str, query: dict[str, str], pointer: str
) -> None:
    answer = county.client.get("/v1" + path.format(product=product(county)), query_string=query)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"].endswith(pointer)


def test_only_so_many_reckon_prices_at_once_and_the_rest_is_sent_away(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_data, "AT_ONCE", 1)
    monkeypatch.setattr(market_data, "WAIT_MS", 50)
    with db.connect(county.settings.url()) as other:
        other.execute(market_data.PLACE_SQL, (market_data.RECKONING_LOCK, 1))
        busy = county.client.get("/v1/market/prices")
        assert (busy.status_code, busy.json["code"], busy.headers["Retry-After"]) == (503, "unavailable", "1")
    assert county.client.get("/v1/market/prices").status_code == 200


def test_a_question_that_takes_too_long_is_given_up(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = (
        "WITH RECURSIVE "
        + market_data.CANDLES_SQL.split("WITH RECURSIVE ")[1]
        + " OFFSET (SELECT 0 FROM pg_sleep(5))"
    )
    monkeypatch.setattr(market_data, "CANDLES_SQL", slow)
    monkeypatch.setattr(market_data, "WITHIN_MS", 50)
    given_up = county.client.get(f"/v1/products/{product(county)}/candles")
    assert (given_up.status_code, given_up.json["code"]) == (503, "unavailable")
    assert county.client.get(f"/v1/products/{product(county)}/tape").status_code == 200


def test_the_feed_is_nowhere_until_it_has_a_port(county: County) -> None:
    assert _get(county, "/market/feed") == {"url": None, "events": ["trade", "depth", "phase", "halt"]}


def test_candles_of_an_unknown_product_are_unknown(county: County) -> None:
    answer = county.client.get(f"/v1/products/{ids.public('prd', 10**9)}/candles")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
