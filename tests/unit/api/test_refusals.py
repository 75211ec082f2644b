"""Every refusal has its Chinese, with the same figures in it, and no catalogue has what nothing says."""

from __future__ import annotations

import inspect
import re
from functools import cache

import marshmallow
import pytest
from marshmallow import fields, validate
from werkzeug import exceptions

from market.core.catalogues import whole
from market.core.refusals import FOLDER, PLACE, in_chinese, pattern, source_in_chinese
from market.core.refusals.legal import counted
from tests.unit.api import refusing

NO_REFUSALS = {"words.po", "legal.po"}
"""Words that stand in the places of templates, and legal sources: not what is said, but what is said in it."""
FRAMES = "frames.po"
"""What marshmallow, webargs and werkzeug say."""
LETTERS = re.compile(r"[A-Za-z]{2,}")
HAN = re.compile("[\u3400-\u9fff]")

ELSEWHERE = frozenset(
    {
        "market/api/appraisals.py: str(error)",
        "market/api/saving_wire.py: str(error)",
        "market/api/schemas/fields.py: str(error)",
        "market/contracts/baselines.py: str(error)",
        "market/contracts/distributing.py: str(error)",
        "market/contracts/distribution_run.py: diagnosis.message_detail or diagnosis.message_primary or str(error)",
        "market/contracts/forecasting.py: str(error)",
        "market/contracts/night_baselines.py: str(error)",
        "market/contracts/reckoning.py: str(error)",
        "market/contracts/sharing/exact.py: message",
        "market/contracts/terms.py: str(error)",
        "market/feed/server.py: str(error)",
        "market/metering/corrections.py: problem",
        "market/participants/admission.py: problem",
        "market/participants/users.py: problem",
        "market/payments/bank_accounts.py: wrong",
        "market/payments/webhooks.py: str(error)",
        "market/registry/reference.py: halt.detail",
        "market/registry/rules.py: rule.detail_en",
        "market/settlement/deliveries.py: said",
        "market/sheet_runs/working.py: str(error)",
        "market/supervision/cases/closing.py: case.number",
        "market/supervision/cases/handling.py: found.number",
        "market/supervision/cases/handling.py: case.number",
        "market/supervision/desks/people.py: joined or 'the deputy decides at no desk'",
        "market/supervision/reversal_checks.py: ORIGINS[seller.origin]",
        "market/supervision/reversal_checks.py: POOL",
        "market/supervision/reversal_checks.py: OWN_BOOKS[mechanism]",
        "market/trading/awards.py: f'trading in {product.code} is halted: {product.phase_reason}'.rstrip(': ')",
        "market/trading/biddable.py: gate.detail",
        "market/trading/biddable.py: detail",
        "market/trading/buy_back_takes.py: reason[1]",
        "market/trading/buy_backs.py: barrier.detail",
        "market/trading/call_clearing.py: str(error)",
        "market/trading/dealing.py: detail",
        "market/trading/gates.py: detail",
        "market/trading/gates.py: gate[1]",
        "market/trading/gates.py: halt.detail",
        "market/trading/listings.py: gate[1]",
        "market/trading/programmes.py: gate.detail",
        "market/trading/resales.py: reason[1]",
        "market/trading/standing.py: gate.detail",
        "market/trading/standing.py: detail",
        "market/trading/storage.py: barrier.detail",
        "market/trading/storage.py: detail",
        "market/trading/tenures.py: stop.detail",
        "market/webhooks/guard.py: detail",
    }
)
"""Details that are names or calls; their words stand elsewhere in the code, and in the catalogues."""


def catalogue() -> dict[str, str]:
    return {str(each.id): str(each.string) for each in whole(FOLDER, "zh_Hans_CN") if each.id}


@cache
def of_the_frameworks() -> set[str]:
    """What marshmallow, webargs and werkzeug say, their named places by number."""
    said = set()
    for _, kind in inspect.getmembers(fields, inspect.isclass):
        said.update(map(str, getattr(kind, "default_error_messages", {}).values()))
    said.update(map(str, marshmallow.Schema._default_error_messages.values()))
    for _, kind in inspect.getmembers(validate, inspect.isclass):
        said.update(text for name, text in vars(kind).items() if "message" in name and isinstance(text, str))
    for _, kind in inspect.getmembers(exceptions, inspect.isclass):
        said.add(str(getattr(kind, "description", "")))
    return {_numbered(each) for each in said}


def _numbered(text: str) -> str:
    names = iter(range(9))
    return re.sub(r"\{+\w+\}+", lambda _found: f"{{{next(names)}}}", text)


def filled(template: str, values: list[str]) -> str:
    return PLACE.sub(lambda place: values[int(place[1])], template)


def places(text: str) -> list[str]:
    return sorted(PLACE.findall(text))


def test_every_refusal_has_its_chinese() -> None:
    known = catalogue()
    missing = [
        f"{each.where}: {each.text}"
        for each in refusing.details()
        if each.is_text and LETTERS.search(PLACE.sub("", each.text))
        if not known.get(each.text)
    ]
    assert not missing


def test_a_refusal_that_is_no_text_has_its_words_elsewhere() -> None:
    """Whoever adds one looks where its words stand, gives them their Chinese, and then names it here."""
    found = {
        f"{each.where.rpartition(':')[0]}: {each.text}" for each in refusing.details() if not each.is_text
    }
    assert found == ELSEWHERE


def test_the_chinese_has_the_same_places() -> None:
    assert [each for each, chinese in catalogue().items() if places(each) != places(chinese)] == []


def test_the_chinese_is_chinese() -> None:
    wrong = [
        each
        for each, chinese in catalogue().items()
        if places(each) != places(chinese) or not HAN.search(chinese)
    ]
    assert wrong == []


def test_no_catalogue_has_what_nothing_says() -> None:
    said, made = refusing.texts(), [pattern(each) for each in of_the_frameworks() if PLACE.search(each)]
    dead = [
        f"{path.name}: {each.id}"
        for path in sorted(FOLDER.glob("*.po"))
        if path.name not in NO_REFUSALS
        for each in refusing.messages(path)
        if each.id not in said
        and (
            path.name != FRAMES
            or (each.id not in of_the_frameworks() and not any(one.match(each.id) for one in made))
        )
    ]
    assert dead == []


@pytest.mark.parametrize(
    "name", sorted(path.name for path in FOLDER.glob("*.po") if path.name not in NO_REFUSALS)
)
def test_a_filled_in_template_is_told_apart_from_all_others(name: str) -> None:
    values = [f"v{number}" for number in range(12)]
    for each in refusing.messages(FOLDER / name):
        assert in_chinese(filled(each.id, values)) == filled(each.string, values), each.id


def test_a_place_takes_anything_and_is_looked_for_in_time_that_is_linear() -> None:
    found = pattern("{0} m3 are on it, {1} m3 in holds")
    match = found.match("1.000\n m3 are on it, x m3 in holds")
    assert match is not None
    assert match.groups() == ("1.000\n", "x")
    assert pattern("it is {0}").match("it is ") is None
    assert pattern("{0} a {1} a {2} b").match(" a " * 20_000) is None


def test_what_stands_in_a_place_is_told_in_chinese_but_what_a_program_sends_stays() -> None:
    assert in_chinese("the participant is suspended") == "该主体当前状态：已暂停"
    assert in_chinese("water is not sold from industry at K1 to agriculture at K2") == (
        "不允许由 K1 的工业向 K2 的农业售水"
    )
    assert (
        in_chinese("this needs one of the roles auditor, registrar") == "须具有下列角色之一：审计员、登记员"
    )
    assert in_chinese("Must be one of: buy, sell.") == "须为下列之一：buy, sell"
    assert in_chinese("line 7: the file is empty") == "第 7 行：文件为空"
    assert in_chinese("the sector Li, Wei does not sell") == "Li, Wei用水不得出售"


def test_what_no_catalogue_has_stays_as_it_is() -> None:
    assert in_chinese("Water flows.") == "Water flows."
    assert in_chinese("Water flows.", "水流") == "水流"
    assert in_chinese("x" * 100_000) == "x" * 100_000


@pytest.mark.parametrize(
    ("source", "chinese"),
    [
        ("水法 art. 49", "水法第四十九条"),
        (
            "取水许可和水资源费征收管理条例 arts 18-19, 23",
            "取水许可和水资源费征收管理条例第十八条至第十九条、第二十三条",
        ),
        ("county plan part 3(5)2; part 3(3)2", "县实施方案第三部分（五）2；第三部分（三）2"),
        ("水权交易管理暂行办法 (2016) art. 6 (to confirm)", "水权交易管理暂行办法（2016）第六条（待核实）"),
        ("民法典 art. 1122", "民法典第一千一百二十二条"),
        ("service rule of the exchange: no account is overdrawn", "交易所服务规则：任何账户不得透支"),
        ("县水发〔2026〕5号", "县水发〔2026〕5号"),
    ],
)
def test_a_legal_source_is_told_in_chinese(source: str, chinese: str) -> None:
    assert source_in_chinese(source) == chinese


def test_numbers_are_counted_in_chinese() -> None:
    assert [counted(each) for each in (0, 3, 10, 12, 20, 105, 110, 1122, 1001)] == [
        "零", "三", "十", "十二", "二十", "一百零五", "一百一十", "一千一百二十二", "一千零一",
    ]  # fmt: skip
