"""A saving against its baseline: adjustments, gaps, extrapolation, flags, credits, forecast (SAVINGS section 3)."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import replace

import pytest

from market.contracts.canonical import canonical
from market.contracts.savings import (
    Adjustment,
    BadInput,
    Meter,
    Metering,
    Report,
    Rules,
    Saving,
    assess,
    baseline,
    credit,
    derivation,
    forecast,
    merged,
    plot,
    text_of,
)
from market.contracts.savings.credit import water_refusals
from market.contracts.savings.rules import BASES
from market.contracts.savings.words import REASONS
from tests.unit.contracts.synthetic import irrigation, leakage

RULES = Rules()
GIVEN, REPORT = irrigation()
BASE = baseline(GIVEN, RULES)
SAVING = assess(BASE, REPORT, RULES)


def _codes(reasons: object) -> set[str]:
    return {each.code for each in reasons}  # type: ignore[attr-defined]


def _width(saving: Saving) -> int:
    assert saving.interval is not None
    return saving.interval.high95 - saving.interval.low95


def _with(*, factor: float = 1.0, months: slice = slice(None), **change: object) -> Report:
    """The report with the drivers of some months multiplied."""
    periods = list(REPORT.periods)
    for place in range(*months.indices(len(periods))):
        each = periods[place]
        periods[place] = replace(each, drivers=tuple(value * factor for value in each.drivers))
    return replace(REPORT, periods=tuple(periods), **change)  # type: ignore[arg-type]


def _event(accepted: str | None, litres: int = -5_000_000, u: int = 400_000_000) -> Adjustment:
    return Adjustment(
        "a burst main", dt.date(2024, 7, 1), dt.date(2024, 7, 9), litres, u, "report 7", accepted
    )


def test_an_adjustment_enters_only_with_consent_or_by_decision() -> None:
    proposed = assess(BASE, replace(REPORT, adjustments=(_event(None),)), RULES)
    assert proposed.saving_litres == SAVING.saving_litres
    assert _codes(proposed.caveats) == {"adjustment_not_accepted"}
    for who in ("other_party", "verifier"):
        entered = assess(BASE, replace(REPORT, adjustments=(_event(who),)), RULES)
        assert entered.saving_litres == SAVING.saving_litres - 5_000_000
        assert _width(entered) > _width(SAVING)
    assert not replace(_event("verifier"), evidence="").enters
    assert not _event("firm").enters


def test_an_event_outside_of_the_span_is_refused() -> None:
    with pytest.raises(BadInput, match="burst"):
        replace(
            REPORT,
            adjustments=(replace(_event("verifier"), ends=dt.date(2023, 7, 9), starts=dt.date(2023, 7, 1)),),
        )


def test_filled_use_widens_the_interval_on_either_side() -> None:
    first = REPORT.periods[0]
    reported = replace(REPORT, periods=(replace(first, u_litres=900_000_000), *REPORT.periods[1:]))
    found = assess(BASE, reported, RULES)
    assert found.saving_litres == SAVING.saving_litres and _width(found) > _width(SAVING)
    assert {each.symbol for each in found.parts} == {"u_m", "u_g"}
    filled = replace(GIVEN, periods=tuple(replace(each, u_litres=300_000_000) for each in GIVEN.periods))
    found = assess(baseline(filled, RULES), REPORT, RULES)
    assert found.saving_litres == SAVING.saving_litres and _width(found) > _width(SAVING)
    assert {each.symbol for each in found.parts} == {"u_m", "u_gb"}


def test_other_meters_weigh_on_both_volumes() -> None:
    found = assess(BASE, replace(REPORT, same_meters=False), RULES)
    parts = {each.symbol: each.litres for each in found.parts}
    u = 0.05 / math.sqrt(3)
    assert parts["u_mb"] == pytest.approx(u * found.adjusted_litres)
    assert parts["u_mr"] == pytest.approx(u * found.use_litres)
    assert _width(found) > _width(SAVING)


def test_a_meter_that_was_replaced_without_a_month_in_parallel_gives_tier_c() -> None:
    found = assess(BASE, replace(REPORT, parallel=False, single_consent=True), RULES)
    assert found.tier == "C" and "replaced_without_parallel" in _codes(found.reasons)
    assert credit(found, RULES).water_litres == 0


def test_one_month_outside_is_a_caveat_and_a_quarter_of_the_use_outside_is_tier_b() -> None:
    mild = assess(BASE, _with(factor=1.22, months=slice(7, 8)), RULES)
    assert mild.tier == "A" and "driver_outside" in _codes(mild.caveats)
    wild = assess(BASE, _with(factor=1.4, months=slice(2, 5)), RULES)
    assert wild.tier == "B" and "outside_base_range" in _codes(wild.reasons)
    assert wild.interval is not None and wild.method == "unit"
    assert len(plot(wild, "en")["data"][0]["x"]) == 32
    # t with two degrees of freedom and the scatter of three years' use per unit
    assert "n-1" in {each.symbol for each in wild.steps}


def test_a_month_that_the_base_period_does_not_have_is_outside() -> None:
    early = replace(REPORT.periods[0], starts=dt.date(2024, 3, 1), ends=dt.date(2024, 4, 1))
    found = assess(BASE, replace(REPORT, periods=(early, *REPORT.periods[1:])), RULES)
    assert "month_outside" in _codes(found.caveats)


def test_three_residuals_running_raise_a_flag_and_change_nothing() -> None:
    assert SAVING.flags == ()
    periods = list(REPORT.periods)
    for place in (4, 5, 6):
        periods[place] = replace(periods[place], litres=round(periods[place].litres * 1.6))
    found = assess(BASE, replace(REPORT, periods=tuple(periods)), RULES)
    assert "residuals_running" in _codes(found.flags)
    assert found.tier == "A"


def test_the_efficiency_coefficients_only_cross_check() -> None:
    # 8,829 thousand m3 net: from 0.48 to 0.57 saves 2.9 million, from 0.40 to 0.70 far more than was measured
    net = 8_829_200_000
    agrees = assess(BASE, replace(REPORT, efficiency=(net, 0.48, 0.57)), RULES)
    differs = assess(BASE, replace(REPORT, efficiency=(net, 0.40, 0.70)), RULES)
    assert agrees.flags == () and _codes(differs.flags) == {"efficiency_disagrees"}
    assert differs.saving_litres == SAVING.saving_litres


def test_an_old_baseline_gives_no_water() -> None:
    later = tuple(
        replace(each, starts=each.starts.replace(year=2029), ends=each.starts.replace(year=2029, day=28))
        for each in REPORT.periods
    )
    found = assess(BASE, Report(dt.date(2029, 1, 1), dt.date(2030, 1, 1), later, REPORT.meters), RULES)
    assert "rebase_due" in _codes(found.caveats)
    paid = credit(found, RULES)
    assert paid.money_only and paid.water_litres == 0 and "rebase_due" in _codes(paid.reasons)


def test_the_derivation_is_printed_in_both_languages_and_is_the_same_every_time() -> None:
    zh, en = derivation(SAVING, "zh"), derivation(SAVING, "en")
    assert zh == derivation(assess(BASE, REPORT, RULES), "zh")
    assert len(zh) == len(en) == len(SAVING.steps)
    assert zh[11] == (
        "S (节水量) = W_a - W_r = 18677456.690 - 16038000.000 = 2639456.690 m³ "
        "[GB/T 34148, from memory; SAVINGS section 2]"
    )
    assert en[11].startswith("S (saving) = W_a - W_r = 18677456.690 - 16038000.000 = 2639456.690 m³")
    with pytest.raises(KeyError):
        derivation(SAVING, "fr")


def test_the_numbers_of_the_derivation_add_up() -> None:
    value = {each.symbol: float(each.value) for each in SAVING.steps if each.unit == "m³"}
    assert value["w_net"] + value["w_leached"] + value["w_ρ"] == pytest.approx(value["W_f"], abs=0.002)
    assert value["W_f"] + value["A_m"] == pytest.approx(value["W_a"], abs=0.001)
    assert value["W_a"] - value["W_r"] == pytest.approx(value["S"], abs=0.001)
    below = math.hypot(value["W_f"] - value["q_0.025"], 1.959964 * value["u_o"])
    assert value["S"] - below == pytest.approx(value["S_2.5"], abs=1)


def test_equal_inputs_have_one_hash_and_one_saving() -> None:
    again = assess(baseline(replace(GIVEN), RULES), replace(REPORT), RULES)
    assert canonical(again) == canonical(SAVING)
    other = replace(REPORT, periods=(replace(REPORT.periods[0], litres=1), *REPORT.periods[1:]))
    assert assess(BASE, other, RULES).inputs_sha256 != SAVING.inputs_sha256


def test_the_plot_is_plain_json_with_use_baseline_and_limits() -> None:
    for saving, bands in ((SAVING, 2), (_leak(), 0)):
        drawn = plot(saving, "zh")
        json.dumps(drawn, allow_nan=False)
        assert len(drawn["data"]) == bands + 2
        names = {trace["name"] for trace in drawn["data"]}
        assert names >= {"实际用水量", "调整后基准"}
        assert drawn["layout"]["shapes"][0]["x0"] == saving.starts.isoformat()
    use = plot(SAVING, "en")["data"][-1]
    assert sum(use["y"][-8:]) * 1000 == pytest.approx(SAVING.use_litres)


def _leak() -> Saving:
    from market.contracts.savings import leakage_saving

    return leakage_saving(leakage(), RULES)


def test_money_waits_where_the_half_width_is_more_than_half_of_the_saving() -> None:
    small = replace(
        REPORT, periods=tuple(replace(each, litres=round(each.litres * 1.1)) for each in REPORT.periods)
    )
    found = credit(assess(BASE, small, RULES), RULES)
    assert found.merges and (found.money_litres, found.water_litres) == (0, 0)
    assert _codes(found.reasons) == {"precision_too_low"}


def test_a_period_that_waits_is_assessed_again_with_the_next() -> None:
    first = replace(REPORT, periods=REPORT.periods[:4], ends=dt.date(2024, 9, 1))
    second = replace(REPORT, periods=REPORT.periods[4:], starts=dt.date(2024, 9, 1))
    assert merged(first, second) == REPORT
    assert canonical(assess(BASE, merged(first, second), RULES)) == canonical(SAVING)
    with pytest.raises(BadInput):
        merged(second, first)
    with pytest.raises(BadInput):
        merged(first, replace(second, meters=(Meter("new", 1, 10_000),)))


def test_a_loss_earns_nothing_and_is_set_off_against_the_next_saving() -> None:
    loss = replace(SAVING, saving_litres=-1_000)
    found = credit(loss, RULES, carried_litres=-500)
    assert (found.money_litres, found.water_litres, found.carried_litres) == (0, 0, -1_500)
    after = credit(SAVING, RULES, carried_litres=-1_500)
    assert after.money_litres == SAVING.saving_litres - 1_500 and after.carried_litres == 0
    assert SAVING.interval is not None
    assert after.water_litres == SAVING.interval.lower - 1_500
    swallowed = credit(SAVING, RULES, carried_litres=-3_000_000_000)
    assert swallowed.money_litres == 0 == swallowed.water_litres
    assert swallowed.carried_litres == SAVING.saving_litres - 3_000_000_000
    with pytest.raises(BadInput):
        credit(SAVING, RULES, carried_litres=1)


def test_interference_with_a_meter_voids_the_period() -> None:
    found = credit(SAVING, RULES, void=True)
    assert (found.money_litres, found.water_litres) == (0, 0)
    assert [text_of(each, "zh") for each in found.reasons] == ["计量设施被干扰，本期无效"]


def test_money_only_is_said_with_its_reasons() -> None:
    assert SAVING.interval is not None
    wide = replace(SAVING, interval=replace(SAVING.interval, lower=-5))
    assert [text_of(each, "en") for each in water_refusals(wide)] == [
        "the lower bound -0.005 m³ is not positive: no tradable water"
    ]
    single = assess(BASE, replace(REPORT, parallel=False), RULES)
    assert credit(single, RULES).money_litres == 0, "without consent to one figure nothing is paid"
    assert "no_single_consent" in _codes(credit(single, RULES).reasons)


def test_before_signing_a_better_meter_and_a_sub_meter_show_their_gain() -> None:
    as_is, better, sub = forecast(
        BASE, 2_000, (Metering("class 1", 10_000), Metering("sub-meter", 10_000, 4_000)), RULES
    )
    assert as_is.money_paid and 0 < as_is.water_litres < as_is.saving_litres
    assert as_is.gain_litres == 0 < better.gain_litres < sub.gain_litres
    assert sub.water_litres == as_is.water_litres + sub.gain_litres
    assert as_is.water_bp < better.water_bp < sub.water_bp < 10_000
    hopeless, *_ = forecast(BASE, 200, (), RULES)
    assert not hopeless.money_paid and hopeless.water_bp == 0
    assert _codes(hopeless.reasons) == {"lower_bound_not_positive"}
    with pytest.raises(BadInput):
        forecast(BASE, 10_000, (), RULES)


def test_the_forecast_says_what_a_report_like_the_last_base_year_will() -> None:
    exact = (Meter("ideal", 1, 0),)
    base = baseline(replace(GIVEN, meters=exact), RULES)
    later = tuple(
        replace(each, starts=each.starts.replace(year=2024), ends=each.starts.replace(year=2024, day=28))
        for each in GIVEN.periods[16:]
    )
    found = assess(base, replace(REPORT, periods=later, meters=exact), RULES)
    (said,) = forecast(base, 2_000, (), RULES)
    assert found.interval is not None and said.interval is not None
    for limit in ("low95", "high95", "low68", "lower"):
        measured = getattr(found.interval, limit) - found.saving_litres
        assert getattr(said.interval, limit) - said.saving_litres == pytest.approx(measured, abs=2)


def test_before_signing_the_unit_method_has_limits_too() -> None:
    found, better = forecast(replace(BASE, tier="B"), 2_000, (Metering("class 1", 10_000),), RULES)
    assert found.interval is not None and found.interval.low95 < found.saving_litres < found.interval.high95
    assert better.water_litres >= found.water_litres


def test_a_report_from_before_the_works_is_refused() -> None:
    early = replace(BASE, base=replace(GIVEN, works_start=dt.date(2025, 1, 1)))
    with pytest.raises(BadInput, match="works"):
        assess(early, REPORT, RULES)


def test_before_signing_a_baseline_of_tier_c_says_money_only() -> None:
    as_is, better = forecast(replace(BASE, tier="C"), 2_000, (Metering("class 1", 10_000),), RULES)
    assert {"tier_c", "no_single_consent"} <= _codes(as_is.reasons) and not as_is.money_paid
    assert (as_is.water_litres, better.gain_litres, better.interval) == (0, 0, None)
    last_year = sum(each.litres for each in GIVEN.periods[16:])
    assert as_is.saving_litres == better.saving_litres == round(last_year * 0.2)


def test_every_reason_has_both_languages_and_every_number_its_basis() -> None:
    for zh, en in REASONS.values():
        assert zh and en and zh.count("{") == en.count("{")
    assert set(BASES) == set(Rules.__dataclass_fields__)
    assert all(each.source and each.demonstration for each in BASES.values())
