"""What goes into a saving: gaps, bills, drivers, nights, products, and the distributions that limits stand on."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.contracts.savings import (
    BadInput,
    BaseInput,
    Driver,
    Meter,
    Period,
    Product,
    ProductYear,
    Report,
    Rules,
    assess,
    baseline,
    credit,
    leakage_saving,
    products_saving,
)
from market.contracts.savings.bills import Bill, daily_deviation, prorate
from market.contracts.savings.drivers import (
    Crop,
    cooling_degree_days,
    effective_rain_fao,
    effective_rain_usda,
    efficiency_saving,
    net_requirement,
)
from market.contracts.savings.gaps import fill, period_of
from market.contracts.savings.leakage import Balance, correlation
from market.contracts.savings.student import (
    mixture_quantiles,
    normal_quantile,
    t_cdf,
    t_cdf_whole,
    t_quantile,
)
from tests.unit.contracts.situations import SITUATIONS, coverage
from tests.unit.contracts.synthetic import leakage

RULES = Rules()
DAY = dt.timedelta(1)
MONDAY = dt.date(2024, 4, 1)
METERS = (Meter("inlet", 1, 20_000),)


def _month(missing: tuple[int, ...]) -> dict[dt.date, int | None]:
    """April 2024: 100 litres on a weekday, 40 on other days; some days without a reading."""
    days = {MONDAY + each * DAY: 100 if (MONDAY + each * DAY).weekday() < 5 else 40 for each in range(30)}
    return {day: None if day.day in missing else use for day, use in days.items()}


def test_a_short_gap_is_filled_by_its_weekdays_and_half_of_it_is_uncertain() -> None:
    # Friday to Sunday
    found = fill(MONDAY, MONDAY + 30 * DAY, _month((5, 6, 7)), RULES)
    assert (found.filled_litres, found.u_litres) == (180, 90)
    assert found.litres == fill(MONDAY, MONDAY + 30 * DAY, _month(()), RULES).litres
    assert found.masked_days == ()


def test_a_longer_gap_is_masked_and_so_is_what_passes_a_tenth() -> None:
    longer = fill(MONDAY, MONDAY + 30 * DAY, _month((8, 9, 10, 11)), RULES)
    assert longer.filled_days == () and len(longer.masked_days) == 4
    # two gaps of two days: the second would pass three days of thirty
    two = fill(MONDAY, MONDAY + 30 * DAY, _month((1, 2, 15, 16)), RULES)
    assert [each.day for each in two.filled_days] == [1, 2]
    assert [each.day for each in two.masked_days] == [15, 16]
    with pytest.raises(BadInput):
        fill(MONDAY, MONDAY + 2 * DAY, {}, RULES)


def test_masked_days_leave_both_sides() -> None:
    drivers = {MONDAY + each * DAY: (2.0, 1.0) for each in range(30)}
    found = period_of(MONDAY, MONDAY + 30 * DAY, _month((8, 9, 10, 11)), drivers, RULES)
    assert found.drivers == (52.0, 26.0)
    assert found.measured == pytest.approx(26 / 30)
    assert found.litres == 22 * 100 + 8 * 40 - 4 * 100
    del drivers[MONDAY]
    with pytest.raises(BadInput, match="2024-04-01"):
        period_of(MONDAY, MONDAY + 30 * DAY, _month(()), drivers, RULES)


BILLS = tuple(
    Bill(first, last, litres, f"invoice {place}")
    for place, ((first, last), litres) in enumerate(
        zip(
            pairwise([dt.date(2024, 1, 11), dt.date(2024, 2, 20), dt.date(2024, 3, 15), dt.date(2024, 5, 2)]),
            (40_000, 26_001, 43_200),
            strict=True,
        )
    )
)


def test_bills_with_odd_dates_are_prorated_and_nothing_is_lost() -> None:
    months = [(dt.date(2024, month, 1), dt.date(2024, month + 1, 1)) for month in range(1, 6)]
    found = prorate(BILLS, tuple(months))
    assert sum(each.litres for each in found) == 40_000 + 26_001 + 43_200
    assert found[0].litres == round(40_000 * 21 / 40)
    assert found[0].covered == pytest.approx(21 / 31)
    assert found[4].covered == pytest.approx(1 / 31)
    # April lies within one bill, between its two ends: still a part of it, and uncertain
    assert found[3].u_litres > 0
    whole = prorate(BILLS, ((dt.date(2024, 1, 11), dt.date(2024, 2, 20)),))
    assert (whole[0].litres, whole[0].u_litres) == (40_000, 0)


def test_the_uncertainty_of_prorating_is_that_of_a_bridge() -> None:
    deviation = daily_deviation(BILLS)
    rates = [each.litres / each.days for each in BILLS]
    squares = sum((b - a) ** 2 for a, b in pairwise(rates))
    assert deviation == pytest.approx(math.sqrt(squares / (1 / 40 + 2 / 24 + 1 / 48)))
    found = prorate(BILLS, ((dt.date(2024, 1, 11), dt.date(2024, 1, 31)),))[0]
    assert found.u_litres == round(deviation * math.sqrt(20 * 20 / 40))


def test_the_bridge_holds_the_truth_as_often_as_it_says() -> None:
    """Daily use drawn at random, billed every 61 days, pro-rated to months: |error| ≤ u in about 68 of 100."""
    chance = np.random.default_rng(4)
    first, held, all_of = dt.date(2023, 1, 1), 0, 0
    for _ in range(150):
        use = np.maximum(1_000 + 250 * chance.standard_normal(366), 0).round().astype(int).tolist()
        days = range(0, 366, 61)
        bills = tuple(Bill(first + a * DAY, first + (a + 61) * DAY, sum(use[a : a + 61]), "i") for a in days)
        spans = ((a, a + 30) for a in range(20, 320, 30))
        for a, b in spans:
            found = prorate(bills, ((first + a * DAY, first + b * DAY),))[0]
            held += abs(found.litres - sum(use[a:b])) <= found.u_litres
            all_of += 1
    assert 0.60 < held / all_of < 0.78


def test_bills_are_shared_out_by_a_daily_driver_where_there_is_one() -> None:
    weights = {dt.date(2024, 1, 11) + each * DAY: (0.0 if each < 20 else 3.0) for each in range(40)}
    found = prorate(
        BILLS[:1],
        ((dt.date(2024, 1, 1), dt.date(2024, 2, 1)), (dt.date(2024, 2, 1), dt.date(2024, 3, 1))),
        weights,
    )
    assert [each.litres for each in found] == [round(40_000 / 20), 40_000 - round(40_000 / 20)]


@pytest.mark.parametrize(
    "bills",
    [
        (),
        (replace(BILLS[0], evidence=""),),
        (BILLS[1], BILLS[0]),
        (replace(BILLS[0], ends=BILLS[0].starts),),
        (replace(BILLS[0], litres=-1),),
    ],
)
def test_bills_that_are_none_are_refused(bills: tuple[Bill, ...]) -> None:
    with pytest.raises(BadInput):
        prorate(bills, ((MONDAY, MONDAY + DAY),))


def test_the_net_requirement_is_what_rain_leaves_of_each_crop() -> None:
    # 300 mu are 200 000 m2: 1.15·120 - 8 = 130 mm on them are 26 000 m3; the other crop needs less than falls
    crops = (Crop("cotton", 300, 1.15), Crop("fallow", 1_000, 0.05))
    assert net_requirement(crops, 120, 8) == pytest.approx(26_000_000)
    with pytest.raises(BadInput):
        net_requirement((Crop("cotton", -1, 1),), 1, 1)
    with pytest.raises(BadInput):
        net_requirement(crops, -1, 0)


def test_effective_rain_by_both_rules() -> None:
    assert [effective_rain_fao(each) for each in (0, 10, 50, 75, 100)] == pytest.approx([0, 0, 20, 35, 55])
    assert [effective_rain_usda(each) for each in (0, 100, 250, 300)] == pytest.approx([0, 84, 150, 155])
    with pytest.raises(BadInput):
        effective_rain_usda(-1)


def test_degree_days_and_the_efficiency_saving() -> None:
    assert cooling_degree_days([20, 26, 30, 31.5], 26) == pytest.approx(9.5)
    assert efficiency_saving(1_000, 0.5, 0.625) == pytest.approx(400)
    with pytest.raises(BadInput):
        efficiency_saving(1_000, 0.0, 0.5)


def test_too_few_nights_and_a_water_balance_that_disagrees_leave_money_only() -> None:
    zone = leakage()
    few = leakage_saving(replace(zone, base=zone.base[:29]), RULES)
    assert few.tier == "C" and [each.code for each in few.reasons] == ["too_few_nights", "no_single_consent"]
    # inflow less billed use falls by 502 m3 a day: 15,060 m3 in 30 nights, within the limits
    good = Balance(40_000_000, 14_800_000, 30, 24_000_000, 13_860_000, 30)
    agrees = leakage_saving(replace(zone, balance=good, single_consent=True), RULES)
    assert agrees.tier == "A" and "S_wb" in {each.symbol for each in agrees.steps}
    bad = replace(good, report_billed=20_000_000)
    differs = leakage_saving(replace(zone, balance=bad, single_consent=True), RULES)
    assert differs.tier == "C" and differs.interval is None
    assert [each.code for each in differs.reasons] == ["balance_disagrees"]
    paid = credit(differs, RULES)
    assert (paid.money_litres, paid.water_litres) == (differs.saving_litres, 0)


def test_nights_that_follow_each_other_count_for_fewer() -> None:
    chance = np.random.default_rng(2)
    free = correlation(chance.standard_normal(400))
    tied = correlation(np.cumsum(chance.standard_normal(400)))
    assert free.nights > 300 and free.rho < 0.15
    assert tied.rho == 0.95 and tied.nights < 12
    assert correlation(np.ones(30)).rho == 0.0
    assert correlation(np.array([1.0, 2.0, 1.0])).rho == 0.95


@pytest.mark.parametrize(
    "change",
    [{"base": ()}, {"report": ()}, {"hourly_pressure": (1.0,) * 23}, {"reference_pressure": 0.0}],
)
def test_a_zone_without_nights_or_pressures_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        replace(leakage(), **change)  # type: ignore[arg-type]


PRODUCTS = (Product("beer", "啤酒", "beer", "t", 7_000), Product("malt", "麦芽", "malt", "t", 3_000))


def _year_report(litres: int) -> Report:
    first, last = dt.date(2024, 1, 1), dt.date(2025, 1, 1)
    return Report(first, last, (Period(first, last, litres),), METERS)


def test_several_products_with_shared_water_by_key() -> None:
    years = tuple(
        ProductYear((400_000 + each, 90_000), 100_000, (100.0, 60.0)) for each in (-8_000, 0, 8_000)
    )
    found = products_saving(PRODUCTS, years, (110.0, 50.0), _year_report(500_000), RULES)
    # (400 000 + 70 000)/100 = 4 700 a tonne of beer, (90 000 + 30 000)/60 = 2 000 a tonne of malt
    assert found.adjusted_litres == 4_700 * 110 + 2_000 * 50
    assert found.saving_litres == 617_000 - 500_000
    assert found.tier == "B"
    step = next(each for each in found.steps if each.symbol == "u_q")
    assert float(step.value) * 1000 == pytest.approx(80 * 110 * math.sqrt(4 / 3), abs=1)
    with pytest.raises(BadInput):
        products_saving((replace(PRODUCTS[0], key_bp=1),), years, (1.0,), _year_report(1), RULES)


def test_one_product_is_the_unit_method() -> None:
    litres = (480_000, 500_000, 520_000)
    years = tuple(ProductYear((each,), 0, (100.0,)) for each in litres)
    product = (Product("t", "吨", "tonne", "t", 10_000),)
    one = products_saving(product, years, (90.0,), _year_report(400_000), RULES)
    firsts = [dt.date(2021 + each, 1, 1) for each in range(4)]
    base = BaseInput(
        "industry", firsts[0], firsts[3], firsts[3], (Driver("t", "吨", "tonne", "t"),),
        tuple(Period(a, b, use, (100.0,)) for (a, b), use in zip(pairwise(firsts), litres, strict=True)),
        METERS, unit=0,
    )  # fmt: skip
    report = _year_report(400_000)
    report = replace(report, periods=(replace(report.periods[0], drivers=(90.0,)),))
    other = assess(baseline(base, RULES), report, RULES)
    assert other.method == "unit" and other.tier == "B"
    assert (one.saving_litres, one.interval) == (other.saving_litres, other.interval)


def test_one_base_year_of_products_is_tier_c() -> None:
    year = ProductYear((400_000, 90_000), 100_000, (100.0, 60.0))
    found = products_saving(PRODUCTS, (year,), (110.0, 50.0), _year_report(500_000), RULES)
    assert found.tier == "C" and found.interval is None


@given(st.floats(-30, 30), st.integers(1, 60))
def test_the_two_ways_to_the_t_distribution_agree(x: float, df: int) -> None:
    assert t_cdf(x, df) == pytest.approx(t_cdf_whole(np.array([x]), df)[0], abs=1e-12)


@pytest.mark.parametrize(
    ("level", "df", "expected"),
    # tables of Student's t
    [(0.975, 1, 12.7062), (0.975, 2, 4.3027), (0.975, 10, 2.2281), (0.9, 22, 1.3212), (0.95, 5, 2.0150)],
)
def test_quantiles_are_those_of_the_tables(level: float, df: int, expected: float) -> None:
    assert t_quantile(level, df) == pytest.approx(expected, abs=5e-5)
    assert t_quantile(1 - level, df) == pytest.approx(-expected, abs=5e-5)
    ours = mixture_quantiles(np.ones(1), np.array([7.0]), np.array([2.0]), df, np.array([level]))
    assert ours[0] == pytest.approx(7 + 2 * expected, abs=2e-4)


def test_the_quantile_of_a_mixture_halves_its_weight() -> None:
    low, high = mixture_quantiles(
        np.array([0.5, 0.5]), np.array([0.0, 1_000.0]), np.array([1.0, 1.0]), 20, np.array([0.25, 0.75])
    )
    assert (low, high) == pytest.approx((0, 1_000), abs=1e-6)
    assert t_quantile(0.975, 1e6) == pytest.approx(normal_quantile(0.975), abs=1e-5)


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_few_runs_hold_the_truth_as_often_as_they_say(name: str) -> None:
    """60 of the thousand runs of `python -m tests.soak_savings`; the bar is lower by two standard errors."""
    found = coverage(SITUATIONS[name], 60)
    assert found["ours"] >= 87
    assert found["ours"] > found["plain"] + 10
