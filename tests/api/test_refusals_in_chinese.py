"""Whoever reads Chinese is told in Chinese why something is refused: by rule or engine, for its shape, on a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from market.api import leases
from tests.api.county import County, product
from tests.api.furnished import open_furnished
from tests.api.test_pages_holder import signed_in

ZH = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.1"}
EN = {"Accept-Language": "en"}
REASON = "核查异常报单"
STOPPED = f"紧急停止已叫停该主体的买卖单：{REASON}"


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with my things; a kill switch is on for me."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        law = {"reason": REASON, "legal_source": "取水许可和水资源费征收管理条例 art. 44 (to confirm)"}
        found.post("supervisor", "/kill-switch", {"participant_id": found.mine["participant"], **law})
        yield found


def _sell(county: County, volume: str = "2") -> dict[str, Any]:
    return {
        "product_id": product(county), "water_account_id": county.mine["water_account"], "side": "sell",
        "volume": volume, "price": "8",
    }  # fmt: skip


def test_a_rule_of_the_registry(county: County) -> None:
    path = f"/v1/water-accounts/{county.theirs['water_account']}"
    for language, detail in ((ZH, "没有该事项"), (EN, "there is no such thing")):
        answer = county.client.get(path, headers=county.headers("mine") | language)
        assert (answer.status_code, answer.json["detail"]) == (404, detail)
    found = county.get("auditor", "/limits?limit=1")["data"][0]
    change = {"volume": "1", "reason": "旱情", "legal_source": "水法 art. 49"}
    answer = county.client.post(
        f"/v1/limits/{found['id']}/change",
        json=change,
        headers=county.headers("registrar", If_Match='"99"') | ZH,
    )
    assert (answer.status_code, answer.json["title"]) == (412, "读取后已被更改")
    assert answer.json["detail"] == f"当前版本号为 {found['version']}"


def test_a_rule_of_the_engine_and_the_same_answer_in_english(county: County) -> None:
    headers = county.headers("mine")
    answer = county.client.post("/v1/orders", json=_sell(county), headers=headers | ZH)
    assert (answer.status_code, answer.json["code"], answer.json["detail"]) == (409, "kill_switch", STOPPED)
    assert answer.json["errors"] == [{"pointer": "/product_id", "detail": STOPPED}]
    assert answer.json["legal_source"] == "取水许可和水资源费征收管理条例第四十四条（待核实）"
    again = county.client.post("/v1/orders", json=_sell(county), headers=headers | EN)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["detail"] == f"a kill switch stops the orders of this participant: {REASON}"
    english = "Regulation on Water Abstraction Permits and Water Resource Fees art. 44 (to confirm)"
    assert again.json["legal_source"] == english
    unasked = county.client.post("/v1/orders", json=_sell(county), headers=headers)
    assert unasked.json["legal_source"] == "取水许可和水资源费征收管理条例 art. 44 (to confirm)"


def test_a_member_of_a_batch(county: County) -> None:
    answer = county.client.post(
        "/v1/orders/batch", json={"commands": [{"place": _sell(county)}]}, headers=county.headers("mine") | ZH
    )
    refusal = answer.json["data"][0]["refusal"]
    assert (refusal["code"], refusal["detail"]) == ("kill_switch", STOPPED)
    assert refusal["legal_source"] == "取水许可和水资源费征收管理条例第四十四条（待核实）"


def test_a_quote_before_the_order_is_placed(county: County) -> None:
    path = f"/v1/water-accounts/{county.mine['water_account']}/quote?side=sell&volume=2&price=8"
    answer = county.client.get(path, headers=county.headers("mine") | ZH)
    assert answer.json["at_once"]["refusal"]["detail"] == STOPPED


def test_a_wrong_shape_is_explained_place_by_place(county: County) -> None:
    body = {"volume": 12.5, "side": "both", "surplus": 1, "price": "1.23456"} | {
        name: value for name, value in _sell(county).items() if name == "product_id"
    }
    answer = county.client.post("/v1/orders", json=body, headers=county.headers("mine") | ZH)
    assert {each["pointer"]: each["detail"] for each in answer.json["errors"]} == {
        "/price": "最多 4 位小数，现为 5 位",
        "/side": "须为下列之一：buy, sell",
        "/surplus": "没有此项",
        "/volume": "须为写成文本的数字，单位：立方米，最多 3 位小数",
        "/water_account_id": "此项必填",
    }
    assert answer.json["detail"] in {each["detail"] for each in answer.json["errors"]}


def test_a_row_of_a_file_says_it_in_both_languages(county: County) -> None:
    sent = county.client.post(
        "/v1/imports/meters",
        data="serial\n1\n",
        content_type="text/csv",
        headers=county.headers("registrar") | ZH,
    )
    assert sent.status_code == 422 and re.search("[\u3400-\u9fff]", sent.json["detail"])


def test_a_gate_of_an_account_says_why_in_both_languages(county: County) -> None:
    path = f"/water-accounts/{county.storage}/tradable"
    gates = [
        each for each in county.get("auditor", path)["constraints"] if each["name"] == "sector_may_not_sell"
    ]
    assert [(each["detail_en"], each["detail_zh"]) for each in gates] == [
        ("the sector ecology does not sell", "生态用水不得出售")
    ]


def test_a_page(county: County) -> None:
    browser = signed_in(county, "mine")
    draft = f"account={county.mine['water_account']}&volume=2&price=8"
    said = browser.get(f"/my/sell/check?{draft}", headers=ZH).get_data(as_text=True)
    assert STOPPED in said and "第四十四条（待核实）" in said
    said = browser.get("/my/sell/check?lang=zh&volume=ten", headers=EN | {"Accept": "text/html"}).get_data(
        as_text=True
    )
    assert "a plain decimal number" not in said


def test_a_page_that_fails_is_in_the_language_of_the_page_whatever_the_browser_prefers(
    county: County,
) -> None:
    browser = signed_in(county, "mine")
    wrong = browser.get("/my/statements/nothing?lang=zh", headers=EN | {"Accept": "text/html"})
    assert wrong.status_code == 404 and "未找到" in wrong.get_data(as_text=True)


def test_what_stood_in_the_way_of_a_lease_s_year_is_said_and_not_coded(county: County) -> None:
    with county.app.test_request_context("/", headers=ZH):
        assert [leases._title(each) for each in (None, "insufficient_money", "water_account_not_open")] == [
            None, "可用资金不足", "该水量账户不得进行此交易",
        ]  # fmt: skip
