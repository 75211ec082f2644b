"""Which drivers a baseline keeps, what it must pass, and the ladder below it (SAVINGS section 2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from market.contracts.canonical import canonical, fingerprint
from market.contracts.savings import BadInput, BaseInput, Driver, Meter, Period, Rules, baseline
from market.contracts.savings.base import completeness
from market.contracts.savings.model import LeftOut, meter_uncertainty
from tests.unit.contracts.synthetic import irrigation, month_of, monthly

RULES = Rules()
METERS = (Meter("inlet", 1, 20_000),)


def _driver(code: str, sign: int = 1) -> Driver:
    return Driver(code, code, code, "1", sign)


def building(
    drivers: dict[str, np.ndarray],
    use: np.ndarray,
    *,
    signs: tuple[int, ...] | None = None,
    unit: int | None = 0,
) -> BaseInput:
    """Whole years of monthly data."""
    rows = zip(*(each.tolist() for each in drivers.values()), strict=True)
    periods = tuple(
        monthly(t, round(litres), tuple(row))
        for t, (row, litres) in enumerate(zip(rows, use.tolist(), strict=True))
    )
    codes = zip(drivers, signs or (1,) * len(drivers), strict=True)
    return BaseInput(
        "building", month_of(0), month_of(len(use)), month_of(len(use)),
        tuple(_driver(code, sign) for code, sign in codes), periods, METERS, unit=unit,
    )  # fmt: skip


def _drawn(seed: int = 1, months: int = 36) -> tuple[dict[str, np.ndarray], np.ndarray]:
    chance = np.random.default_rng(seed)
    people = chance.uniform(100, 900, months)
    drivers = {"decoy": chance.uniform(0, 9, months), "people": people, "other": chance.uniform(0, 9, months)}
    return drivers, 50_000 + 300 * people + 6_000 * chance.standard_normal(months)


def test_the_driver_that_works_is_found_among_decoys() -> None:
    found = baseline(building(*_drawn()), RULES)
    assert found.chosen == (1,)
    assert found.tier == "A"
    assert found.candidates == 8
    assert found.beta[1] == pytest.approx(300, rel=0.1)


def test_most_random_projects_with_two_decoys_keep_just_the_right_driver() -> None:
    right = sum(baseline(building(*_drawn(seed)), RULES).chosen == (1,) for seed in range(60))
    assert right >= 50


def test_a_driver_with_the_wrong_sign_is_left_out() -> None:
    drivers, use = _drawn()
    assert baseline(building(drivers, use, signs=(1, -1, 1)), RULES).chosen != (1,)
    assert baseline(building(drivers, use, signs=(1, 0, 1)), RULES).chosen == (1,)


def test_no_more_parameters_than_a_sixth_of_the_periods() -> None:
    drivers, use = _drawn(months=12)
    found = baseline(building(drivers, use), RULES)
    assert len(found.chosen) <= 1 and found.candidates == 4


def test_of_equal_models_the_one_with_the_lower_numbers_wins() -> None:
    drivers, use = _drawn()
    twins = {"people": drivers["people"], "again": drivers["people"].copy()}
    assert baseline(building(twins, use), RULES).chosen == (0,)


def test_a_driver_that_is_nil_throughout_is_passed_over() -> None:
    drivers, use = _drawn()
    found = baseline(building({"nil": np.zeros(36), "people": drivers["people"]}, use), RULES)
    assert found.chosen == (1,)


def test_steady_use_needs_no_driver_and_its_r2_is_waived() -> None:
    chance = np.random.default_rng(3)
    use = 100_000 + 1_000 * chance.standard_normal(24)
    found = baseline(building({"decoy": chance.uniform(0, 9, 24)}, use), RULES)
    assert (found.tier, found.chosen) == ("A", ())
    assert found.gates is not None and found.gates.r2 == pytest.approx(0, abs=1e-9)


def test_scatter_fails_the_gates_and_falls_to_the_unit_method() -> None:
    drivers, use = _drawn()
    rough = np.maximum(use + 120_000 * np.random.default_rng(9).standard_normal(36), 0)
    found = baseline(building(drivers, rough), RULES)
    assert found.tier == "B"
    assert {each.code for each in found.reasons} >= {"cv_too_large"}


def test_without_a_unit_or_with_one_year_only_one_figure_is_left() -> None:
    drivers, use = _drawn()
    rough = np.maximum(use + 120_000 * np.random.default_rng(9).standard_normal(36), 0)
    found = baseline(building(drivers, rough, unit=None), RULES)
    assert found.tier == "C" and found.reasons[-1].code == "no_unit"
    drivers, use = _drawn(months=12)
    rough = np.maximum(use + 120_000 * np.random.default_rng(9).standard_normal(12), 0)
    found = baseline(building(drivers, rough), RULES)
    assert found.tier == "C" and found.reasons[-1].code == "too_few_years"


def test_irrigation_without_a_driver_that_works_has_no_model() -> None:
    given, _ = irrigation()
    twisted = replace(given, drivers=(replace(given.drivers[0], sign=-1), replace(given.drivers[1], sign=-1)))
    found = baseline(twisted, RULES)
    assert found.tier == "B" and found.chosen == () and found.reasons[0].code == "no_model"


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"ends": dt.date(2022, 12, 1), "works_start": dt.date(2023, 1, 1)}, "base_not_whole_years"),
        ({"works_start": dt.date(2024, 6, 1)}, "base_not_latest"),
        ({"season": (1, 5, 6, 7, 8, 9, 10, 11, 12)}, "base_incomplete"),
        ({"season": (5, 6, 7, 8, 9, 10, 11)}, "base_outside_season"),
    ],
)
def test_a_base_period_that_breaks_a_rule_needs_a_reason_and_both_signatures(
    change: dict[str, object], broken: str
) -> None:
    given, _ = irrigation()
    periods = given.periods
    if "ends" in change:
        periods = tuple(each for each in periods if each.ends <= dt.date(2022, 12, 1))
    changed = replace(given, periods=periods, **change)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=broken):
        baseline(changed, RULES)
    with pytest.raises(BadInput, match=broken):
        baseline(replace(changed, departures=(LeftOut(broken, "drought", ("user",)),)), RULES)
    agreed = replace(changed, departures=(LeftOut(broken, "drought", ("user", "firm")),))
    assert baseline(agreed, RULES).tier in "AB"


def test_completeness_counts_the_measured_part_of_the_season() -> None:
    given, _ = irrigation()
    assert completeness(given) == 1.0
    half = replace(given, periods=tuple(replace(each, measured=0.5) for each in given.periods))
    assert completeness(half) == pytest.approx(0.5)


def test_a_baseline_is_the_same_every_time_and_its_hash_names_its_inputs() -> None:
    given, _ = irrigation()
    one, other = baseline(given, RULES), baseline(replace(given), RULES)
    assert canonical(one) == canonical(other)
    first = given.periods[0]
    moved = replace(given, periods=(replace(first, litres=first.litres + 1), *given.periods[1:]))
    assert baseline(moved, RULES).inputs_sha256 != one.inputs_sha256
    assert baseline(given, replace(RULES, cv_most=0.25)).inputs_sha256 != one.inputs_sha256


def test_canonical_text_refuses_what_is_no_number_or_no_value() -> None:
    assert (
        canonical({"b": 1, "a": (dt.date(2024, 1, 2), None, True)}) == b'{"a":["2024-01-02",null,true],"b":1}'
    )
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))
    with pytest.raises(TypeError):
        canonical(object())
    assert len(fingerprint(1)) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "magic"},
        {"works_start": dt.date(2021, 1, 1)},
        {"periods": ()},
        {"periods": (Period(dt.date(2021, 5, 1), dt.date(2021, 6, 1), -1, (1.0, 0.0)),)},
        {"periods": (Period(dt.date(2021, 5, 1), dt.date(2021, 6, 1), 1, (1.0,)),)},
        {"periods": (Period(dt.date(2021, 5, 1), dt.date(2021, 6, 1), 1, (float("inf"), 0.0)),)},
        {"periods": (Period(dt.date(2019, 5, 1), dt.date(2019, 6, 1), 1, (1.0, 0.0)),)},
        {"season": ()},
        {"unit": 2},
    ],
)
def test_what_is_no_base_period_is_refused(change: dict[str, object]) -> None:
    given, _ = irrigation()
    with pytest.raises(BadInput):
        replace(given, **change)  # type: ignore[arg-type]


def test_the_meters_of_a_boundary_are_counted_in_and_out() -> None:
    inlet, outlet = Meter("in", 1, 20_000), Meter("out", -1, 20_000)
    alone = meter_uncertainty((inlet,))
    assert alone == pytest.approx(0.02 / 3**0.5)
    # 100 in and 80 out: the errors of both weigh on the 20 that are used
    assert meter_uncertainty((inlet, outlet), (100, 80)) == pytest.approx(
        alone * (100**2 + 80**2) ** 0.5 / 20
    )
    for meters, litres in (((), ()), ((inlet, outlet), ()), ((inlet, outlet), (80, 100))):
        with pytest.raises(BadInput):
            meter_uncertainty(meters, litres)
