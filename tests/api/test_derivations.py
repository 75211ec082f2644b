"""Each saving prints its own derivation over HTTP, number by number, in Chinese and English, and as a plot."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.contracting import drafted, funded, month, seats, signed, terms
from tests.api.county import County, open_county
from tests.api.reporting import ALL, BASE_YEARS, DAY, OPERATION, base_body, billed_point, quarter, read, spans
from tests.api.saving import point_body
from tests.api.test_leakage import _agreed, _base_nights, _month, _report_nights

_seeds = itertools.count(90)
PEOPLE = {"code": "people", "name_zh": "人日", "name_en": "person-days", "unit": "人·d"}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with those who take a seat in contracts, and money."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine.update(seats(found))
        for name in ("valves", "school"):
            funded(found, found.mine[name], "900000.00")
        yield found


def _running(county: County, point: str, base: dict[str, Any], **other: Any) -> tuple[str, dict[str, Any]]:
    contract = drafted(county, terms(county.mine, point, **other))
    signed(county, contract, *ALL)
    county.post("valves", f"/saving-contracts/{contract}/phases", OPERATION)
    made = county.post("valves", f"/saving-contracts/{contract}/baselines", base)
    for name in ("school", "valves"):
        county.post(name, f"/contract-baselines/{made['id']}/consent", {"sha256": made["sha256"]})
    return contract, made


def _report(county: County, contract: str, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = county.post("valves", f"/saving-contracts/{contract}/reports", body)
    return found


def _told(county: County, report: dict[str, Any]) -> dict[str, Any]:
    """The derivation: one text in two languages, the same numbers in each, a plot of the same periods in each."""
    told = county.get("judge", f"/saving-reports/{report['id']}/derivation")
    zh, en = told["zh"], told["en"]
    assert len(zh) == len(en) and told["sha256"] == report["sha256"]
    marked = len(report["reasons"])
    for chinese, english in zip(zh[: len(zh) - marked], en[: len(en) - marked], strict=True):
        assert CHINESE.search(chinese), chinese
        assert chinese.split(" (")[0] == english.split(" (")[0]  # the symbol
        assert NUMBER.findall(chinese) == NUMBER.findall(english)
    for line, value in (("W_a", "adjusted_baseline"), ("W_r", "use"), ("S", "saving")):
        [found] = [each for each in zh if each.startswith(f"{line} (")]
        assert f"= {report[value]} m³ [" in found
    _plotted(told, report)
    return told


def _plotted(told: dict[str, Any], report: dict[str, Any]) -> None:
    for language, use, fitted, shaded in (
        ("zh", "实际用水量", "调整后基准", "报告期"), ("en", "use", "adjusted baseline", "reporting period"),
    ):  # fmt: skip
        plot = told[f"plot_{language}"]
        traces = {each["name"]: each for each in plot["data"]}
        assert {use, fitted} <= set(traces)
        assert len(traces[use]["x"]) == len(traces[use]["y"]) == len(traces[fitted]["y"])
        [span] = plot["layout"]["shapes"]
        assert (span["x0"], span["x1"], span["label"]["text"]) == (
            report["starts_on"],
            report["ends_on"],
            shaded,
        )
        inside = [
            y for x, y in zip(traces[use]["x"], traces[use]["y"], strict=True) if x >= report["starts_on"]
        ]
        assert sum(inside) == pytest.approx(float(report["use"]), abs=0.01)
        assert "m³" in plot["layout"]["yaxis"]["title"]["text"]
    assert [each["y"] for each in told["plot_zh"]["data"]] == [each["y"] for each in told["plot_en"]["data"]]


def test_a_regression_shows_its_coefficients_drivers_and_limits(county: County) -> None:
    """200 m3 a month and 40 litres a person-day, give or take one per cent."""
    point = county.post(
        "school",
        "/measuring-points",
        point_body(county.mine["school"], starts_on=str(month() - DAY), start="0"),
    )["id"]
    source = random.Random(7)
    days = [source.randrange(15_000, 25_000) for _ in range(BASE_YEARS * 12)]
    base = spans(month(-BASE_YEARS), BASE_YEARS * 12)
    for number, (each, count) in enumerate(zip(base, days, strict=True)):
        use = (200 + 0.04 * count) * (1 + source.randrange(-100, 101) / 10_000)
        bill = each | {"volume": f"{use:.3f}", "number": f"P{number}", "document_sha256": "ab" * 32}
        county.post("school", f"/measuring-points/{point}/bills", bill)
        each["drivers"] = [str(count)]
    body = base_body() | {"drivers": [PEOPLE], "spans": base, "unit_driver": "people"}
    for months in range(1, 4):
        read(county, point, months, str(700 * months))
    contract, made = _running(county, point, body)
    assert (made["tier"], made["chosen"]) == ("A", ["people"])
    wanted = quarter()
    for each in wanted["spans"]:
        each["drivers"] = ["20000"]
    report = _report(county, contract, wanted)
    told = _told(county, report)
    [beta] = [each for each in told["en"] if each.startswith("β_people (")]
    assert float(beta.split("= ")[1].split(" ")[0]) == pytest.approx(40, rel=0.02)
    symbols = {each.split(" (")[0] for each in told["zh"]}
    assert {
        "β_1",
        "x_people",
        "w_people",
        "w_ρ",
        "W_f",
        "ρ",
        "τ",
        "n-p",
        "u_m",
        "u_o",
        "S_2.5",
        "h_68",
        "L",
    } <= symbols
    assert "W_b36" in symbols and "W_r3" in symbols and "W_r4" not in symbols
    [first] = [each for each in told["zh"] if each.startswith("W_b1 (")]
    assert first.endswith(f"; 人日 {days[0]} 人·d")
    assert {"95% 区间", "95 % interval"} <= {
        each["name"] for language in ("zh", "en") for each in told[f"plot_{language}"]["data"]
    }


def test_a_mean_shows_every_period_that_it_is_the_mean_of(county: County) -> None:
    point = billed_point(county, county.mine, next(_seeds))
    for months in range(1, 4):
        read(county, point, months, str(700 * months))
    contract, made = _running(county, point, base_body())
    assert (made["tier"], made["chosen"]) == ("A", [])
    report = _report(county, contract, quarter())
    told = _told(county, report)
    uses = [float(each.split("= ")[1].split(" ")[0]) for each in told["en"] if re.match(r"W_b\d+ \(", each)]
    [beta] = [each for each in told["en"] if each.startswith("β_1 (")]
    assert len(uses) == 36
    # as correlated months count for less than free ones, the mean is near the plain one
    assert float(beta.split("= ")[1].split(" ")[0]) / 1000 == pytest.approx(sum(uses) / 36, rel=0.005)


def test_bills_with_irregular_dates_show_what_is_pro_rated_and_how_sure_that_is(county: County) -> None:
    """Bills of 45 days over three years: a month is made of parts of them, with the uncertainty of that."""
    point = county.post(
        "school",
        "/measuring-points",
        point_body(county.mine["school"], starts_on=str(month() - DAY), start="0"),
    )["id"]
    source, day, number = random.Random(11), month(-BASE_YEARS), 0
    while day < month():
        last = min(day + dt.timedelta(days=44), month() - DAY)
        bill = {
            "first_day": str(day), "last_day": str(last), "number": f"I{number}", "document_sha256": "cd" * 32,
            "volume": f"{(33 + source.randrange(-10, 11) / 10) * ((last - day).days + 1):.3f}",
        }  # fmt: skip
        county.post("school", f"/measuring-points/{point}/bills", bill)
        day, number = last + DAY, number + 1
    for months in range(1, 4):
        read(county, point, months, str(700 * months))
    contract, _ = _running(county, point, base_body())
    told = _told(county, _report(county, contract, quarter()))
    prorated = [each for each in told["zh"] if re.match(r"W_b\d+ \(", each) and "标准不确定度" in each]
    assert len(prorated) >= 20
    assert any(each.startswith("u_gb (基准期补缺与分摊)") for each in told["zh"])
    assert any(each.startswith("u_gb (filled or pro-rated use of the base period)") for each in told["en"])


def test_one_figure_shows_why_it_is_money_only(county: County) -> None:
    point = billed_point(county, county.mine, next(_seeds))
    for months in range(1, 4):
        read(county, point, months, str(700 * months))
    year = spans(month(-1), 12)
    whole = [{"first_day": year[0]["first_day"], "last_day": year[-1]["last_day"]}]
    contract, made = _running(county, point, base_body() | {"spans": whole})
    assert made["tier"] == "C"
    wanted = {"spans": [{"first_day": str(month()), "last_day": str(month(0, 3) - DAY)}]}
    told = _told(county, _report(county, contract, wanted))
    assert any("只能结算费用" in each for each in told["zh"]) and any(
        "money only" in each for each in told["en"]
    )
    [figure] = [each for each in told["zh"] if each.startswith("W_f (")]
    assert figure.startswith("W_f (单一基准（按天）) = ")


def test_leakage_shows_every_night_and_the_day_factor(county: County) -> None:
    body = point_body(county.mine["school"], starts_on=str(month(0, -4)), start="0")
    point = county.post("school", "/measuring-points", body)["id"]
    for nights in (_base_nights(), _report_nights()):
        county.post("school", f"/measuring-points/{point}/nights", nights)
    contract = drafted(county, terms(county.mine, point, kind="leakage", period_months=1))
    signed(county, contract, *ALL)
    county.post("valves", f"/saving-contracts/{contract}/phases", OPERATION)
    _agreed(county, contract)
    told = _told(county, _report(county, contract, _month()))
    symbols = {each.split(" (")[0] for each in told["zh"]}
    assert {
        "Q_b1",
        "Q_b30",
        "Q_r1",
        "Q_r30",
        "N1",
        "LNU",
        "H",
        "l_b",
        "ΣF",
        "ρ",
        "n_e",
        "u_b",
        "u_N1",
        "df",
    } <= symbols
    [night] = [each for each in told["en"] if each.startswith("Q_b1 (")]
    assert night.endswith(": least flow 43.410 m³/h; pressure 38.4")
