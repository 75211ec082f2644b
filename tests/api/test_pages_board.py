"""The public board: every page without a sign-in, its charts' figures as tables, objections by whoever may object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from market.core import clock, db, ids
from tests.api.county import PASSWORD, YEAR, County, objected, product
from tests.api.furnished import open_furnished
from tests.api.taped import Tape

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county with trades of today: settled, free of charge, and one with water lost on its way."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        objected(found, found.mine, "theirs")
        with db.connect(found.settings.url()) as connection:
            tape = Tape.of(connection)
            tape.trade(clock.now(), "farmer", "factory", 1_001, 3_000, k=900)
            tape.trade(clock.now(), "farmer", "centre", 7, 0)
        yield found


@pytest.fixture
def browser(county: County) -> FlaskClient:
    return county.app.test_client()


def shown(browser: FlaskClient, path: str, status: int = 200) -> str:
    answer = browser.get(path, headers=HTML)
    assert answer.status_code == status, answer.text[:2_000]
    return unescape(answer.text)


def charts(browser: FlaskClient, path: str) -> list[Any]:
    """What the charts of a page are drawn from."""
    return [
        json.loads(unescape(found))
        for found in re.findall(r'data-chart="([^"]*)"', browser.get(path, headers=HTML).text)
    ]


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        ("/", ("今日行情", "地表水", "0.3000", "政府回购", "集中收购", "已交收")),
        ("/market", ("全部交易品种", "无价成交", "format=csv")),
        ("/limits", ("用水总量控制指标", "英吉沙工业园区", "60,000,000.000")),
        ("/limits?by=sector", ("农业", "1,150,000,000.000")),
        ("/flows", ("水量流向", "1,001.000", "900.900")),
        ("/map", ("本图仅作示范", "玛纳斯示范乡", "400,000,000.000")),
        ("/map?by=traded&level=district", ("库山河灌区",)),
        ("/announcements", ("按年水量比例", "占年水量比例", "灌溉")),
        ("/objections", ("m**", "提出异议")),
        ("/verify", ("证书查验码",)),
        ("/firms", ("节水服务企业",)),
        (
            "/rules",
            ("农业 → 工业", "0.30 %", "45 个工作日", "取水许可和水资源费征收管理条例第十九条", "示范"),
        ),
        ("/saving", ("什么是节水", "效益分享")),
    ],
)
def test_a_page_says_what_it_is_for_without_a_sign_in(
    browser: FlaskClient, path: str, facts: tuple[str, ...]
) -> None:
    text = shown(browser, f"{path}{'&' if '?' in path else '?'}lang=zh")
    missing = [each for each in facts if each not in text]
    assert not missing
    assert shown(browser, path).count("<h1>") == 1


def test_the_market_of_a_product_and_its_live_book(county: County, browser: FlaskClient) -> None:
    own = product(county)
    text = shown(browser, f"/market/{own}?lang=en")
    assert f'data-book="/market/{own}/book?lang=en"' in text
    assert "no price was paid" in text
    assert f"/v1/products/{own}/candles?format=csv" in text
    candles, depth = charts(browser, f"/market/{own}")
    assert len(candles["data"][0]["close"]) == len(candles["data"][2]["y"]) >= 1
    assert "0.3000" in text
    assert [each["y"][0] for each in depth["data"] if each["y"]] == ["0"]  # offers alone are open
    book = shown(browser, f"/market/{own}/book?lang=en")
    assert "<html" not in book
    assert "Who waits to sell" in book
    assert "9.0000" in book
    shown(browser, f"/market/{ids.public('prd', 999_999)}", 404)


def test_caps_divide_into_used_issued_held_and_free(county: County, browser: FlaskClient) -> None:
    rows = county.client.get(f"/v1/limits/use?water_year={YEAR}").json["data"]
    whole = next(each for each in rows if each["code"] == "COUNTY")
    assert whole["issued"] != "0.000"
    for each in rows:
        litres = {name: int(each[name].replace(".", "")) for name in ("volume", "issued", "held", "free")}
        assert litres["free"] == max(0, litres["volume"] - litres["issued"] - litres["held"])
    (spec,) = charts(browser, "/limits")
    boxes = spec["data"][0]
    parents = dict(zip(boxes["ids"], boxes["parents"], strict=True))
    assert parents[whole["limit_id"]] == ""
    assert all(above in parents for above in parents.values() if above)
    assert county.client.get("/v1/limits/use?water_year=2199").json["code"] == "no_such_water_year"


def test_flows_tell_what_left_and_what_arrived_and_nobodys_name(county: County, browser: FlaskClient) -> None:
    answer = county.client.get("/v1/market/flows?level=township")
    found = {
        (each["from_zone"], each["to_sector"]): (each["source_volume"], each["delivered_volume"])
        for each in answer.json["data"]
    }
    assert ("1001.000", "900.900") in found.values()
    assert "par_" not in answer.text
    assert county.client.get("/v1/market/flows?format=csv").text.startswith("from_zone,from_sector,to_zone")
    (spec,) = charts(browser, "/flows")
    links = spec["data"][0]["link"]
    assert len(links["source"]) == len(links["target"]) == len(links["value"]) == len(answer.json["data"])
    assert set(links["source"]).isdisjoint(links["target"])


def test_what_is_open_names_no_participant(county: County) -> None:
    answer = county.client.get("/v1/market/offers")
    assert {each["kind"] for each in answer.json["data"]} == {"buy_back", "programme", "resale"}
    assert "par_" not in answer.text
    assert "wac_" not in answer.text


def test_the_map_is_geojson_of_the_pack(county: County) -> None:
    found = county.client.get("/v1/county/map").json
    assert found["type"] == "FeatureCollection"
    ring = found["features"][0]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert all(each["properties"]["demonstration"] for each in found["features"])


def test_an_announcement_is_public_and_its_lines_are_not(county: County, browser: FlaskClient) -> None:
    own = county.client.get("/v1/announcements").json["data"][0]["id"]
    assert "Share of the right" in shown(browser, f"/announcements/{own}?lang=en")
    assert county.client.get(f"/v1/announcements/{own}/lines").status_code == 401


def test_whoever_may_objects_and_a_refusal_is_shown(county: County, browser: FlaskClient) -> None:
    own = county.client.get("/v1/published-applications").json["data"][-1]["id"]
    path = f"/objections/rights/{own}"
    assert "<textarea" not in shown(browser, path)
    browser.post("/sign-in", data={"login": "farmer", "password": "karez-farmer-demo"}, headers=HTML)
    form = shown(browser, path)
    assert "<textarea" in form
    secret = {name: re.search(rf'name="{name}" value="([^"]*)"', form)[1] for name in ("_csrf", "_key")}  # type: ignore[index]
    assert browser.post(path, data={"grounds": "my canal"}, headers=HTML).status_code == 403
    empty = browser.post(path, data={**secret, "grounds": ""}, headers=HTML)
    assert empty.status_code == 422
    assert 'id="e-grounds"' in empty.text
    done = browser.post(path, data={**secret, "grounds": "my canal runs dry"}, headers=HTML)
    assert (done.status_code, done.location) == (303, "/objections")
    lodged = county.get("farmer", "/objections")["data"][-1]
    assert (lodged["entitlement_id"], lodged["grounds"]) == (own, "my canal runs dry")
    shown(browser, f"/objections/rights/{county.mine['entitlement']}", 404)


def test_one_may_not_object_to_ones_own(county: County, browser: FlaskClient) -> None:
    own = county.client.get("/v1/published-applications").json["data"][-1]["id"]
    browser.post("/sign-in", data={"login": county.logins["mine"], "password": PASSWORD}, headers=HTML)
    form = shown(browser, f"/objections/rights/{own}")
    secret = re.search(r'name="_csrf" value="([^"]*)"', form)
    assert secret is not None
    refused = browser.post(
        f"/objections/rights/{own}", data={"_csrf": secret[1], "grounds": "mine"}, headers=HTML
    )
    assert refused.status_code in (409, 422)
    assert 'role="alert"' in refused.text


def test_a_code_leads_to_its_certificate_and_a_number_does_not(county: County, browser: FlaskClient) -> None:
    code = ids.public("ver", ids.parse("ent", county.mine["entitlement"]))
    for typed in (code, f" https://water.example/verify/{code} "):
        answer = browser.get("/verify", query_string={"code": typed}, headers=HTML)
        assert (answer.status_code, answer.location) == (303, f"/verify/{code}")
    assert 'role="alert"' in shown(browser, "/verify?code=YJS-2026-000001", 422)


def test_a_firm_shows_its_papers_and_credit(county: County, browser: FlaskClient) -> None:
    for each in county.client.get("/v1/firms").json["data"]:
        assert each["name"] in shown(browser, f"/firms/{each['id']}")
    assert "没有符合条件的入库企业" in shown(browser, "/firms?q=nobody-is-called-so&lang=zh")


def test_what_is_asked_for_in_a_way_that_there_is_not_is_shown_as_usual(browser: FlaskClient) -> None:
    for path in (
        "/map?level=moon&by=gold",
        "/flows?level=moon&days=x",
        "/limits?by=moon",
        "/market?level=moon",
    ):
        shown(browser, path)
