"""Saving contracts worked by hand: the eight examples of SAVINGS section 9, to the litre and the fen.

Published figures are cited by project; what a source does not say is an assumption and is named one.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest

from ledger.units import fen_half_even, format_fen, format_litres, value_tick_litres
from market.contracts.clawback import claw_back_money, claw_back_water, of_proceeds, proceeds_of
from market.contracts.finance import Plan, flows_of, measures, payback_e4
from market.contracts.lots import Claim, Lot, refusals, volume
from market.contracts.savings import (
    BaseInput,
    Driver,
    Meter,
    Period,
    Report,
    Rules,
    Saving,
    assess,
    baseline,
    credit,
    leakage_saving,
    published,
)
from market.contracts.savings.base import model_of
from market.contracts.sharing import (
    Guarantee,
    Rate,
    Recovery,
    Row,
    Schedule,
    Step,
    Trusteeship,
    distribute,
    guarantee_outcome,
    interest,
    trusteeship_fee,
    waterfall,
)
from tests.unit.contracts.synthetic import irrigation, leakage

RULES = Rules()
YEAR = (dt.date(2022, 1, 1), dt.date(2023, 1, 1))
METERS = (Meter("inlet", 1, 20_000),)


def yuan(text: str) -> int:
    return round(float(text.replace(",", "")) * 100)


def m3(text: str) -> int:
    return round(float(text.replace(",", "")) * 1000)


def of_year(base_m3: str, use_m3: str, source: str) -> Saving:
    """Tier C from a published yearly figure, by consent of the parties (an assumption wherever it is used)."""
    report = Report(*YEAR, (Period(*YEAR, m3(use_m3)),), METERS, single_consent=True)
    return published(m3(base_m3), report, source)


def rate(saving: Saving) -> float:
    return saving.saving_litres / saving.adjusted_litres


def test_1_shunde_one_mean_figure_is_tier_c() -> None:
    # Shunde Polytechnic: mean of 2017-2019 and use of 2022 as published (a mirror of China Financial News)
    saving = of_year("1,316,816", "850,612", "Shunde Polytechnic, 2017-2019, secondary")
    assert saving.saving_litres == m3("466,204")
    assert f"{rate(saving):.2%}" == "35.40%"
    assert saving.tier == "C" and saving.interval is None
    found = credit(saving, RULES)
    assert (found.money_litres, found.water_litres, found.money_only) == (m3("466,204"), 0, True)
    assert "tier_c" in {each.code for each in found.reasons}


def test_2_east_china_jiaotong() -> None:
    saving = of_year("2,428,700", "1,390,500", "East China Jiaotong University, waterconserving.cn 10647")
    assert saving.saving_litres == m3("1,038,200")
    assert f"{rate(saving):.2%}" == "42.75%"
    assert abs(rate(saving) - 0.427) < 0.001
    # 3,322,000 yuan a year were saved: the implied price to the source's three digits
    assert f"{3_322_000 / 1_038_200:.2f}" == "3.20"
    assert abs(fen_half_even(value_tick_litres(saving.saving_litres, 32_000)) - yuan("3,322,000")) < yuan(
        "300"
    )


HEBEI_PARTIES = ("firm", "user")
HEBEI_INVESTMENT, HEBEI_BENEFIT = yuan("9,580,000"), yuan("3,550,000")
BASE = m3("2,000,000")
"""Hebei's base use is not published; any that the saving fits into gives the same money."""


def hebei(first: tuple[int, int], then: tuple[int, int] | None = None) -> Plan:
    recovery = None if then is None else Recovery(HEBEI_INVESTMENT, first)
    schedule = Schedule(HEBEI_PARTIES, "firm", "user", (Row(1, (Step(0, then or first),)),), recovery)
    return Plan(schedule, (m3("1,000,000"),) * 10, BASE, 35_500, HEBEI_INVESTMENT)


def test_3_hebei_payback() -> None:
    whole = [-HEBEI_INVESTMENT] + [HEBEI_BENEFIT] * 10
    assert payback_e4(whole) == 26_986  # 2.70 years
    # the published three years need a share of 90 per cent (an assumption)
    assert payback_e4([-HEBEI_INVESTMENT] + [HEBEI_BENEFIT * 9 // 10] * 10) == 29_984  # 3.00


def test_3_hebei_recovery_switches_over_within_the_third_year() -> None:
    # assumption: 90:10 until recovered, then 50:50
    schedule = hebei((9_000, 1_000), (5_000, 5_000)).schedule
    received, years = 0, []
    for year in range(1, 11):
        shared = distribute(
            schedule, HEBEI_BENEFIT, contract_year=year, saving_litres=m3("1,000,000"), adjusted_litres=BASE,
            received_fen=received,
        )  # fmt: skip
        received += shared.of("firm")
        years.append(shared)
    assert [format_fen(each.of("firm")) for each in years[:4]] == [
        "3195000.00", "3195000.00", "3192777.78", "1775000.00",
    ]  # fmt: skip
    assert years[2].recovery_fen == yuan("3,190,000.00")
    assert format_fen(years[2].recovery_slice_fen) == "3544444.45"
    assert format_fen(years[2].of("user")) == "357222.22"
    assert sum(each.recovery_fen for each in years) == HEBEI_INVESTMENT


@pytest.mark.parametrize(
    ("plan", "irr", "firm", "user"),
    [
        (hebei((9_000, 1_000), (5_000, 5_000)), "23.07%", "5988108.14", "8252680.83"),
        (hebei((9_000, 1_000)), "31.13%", "11858710.07", "2382078.90"),
    ],
    ids=["until recovered", "flat"],
)
def test_3_hebei_returns_at_8_per_cent(plan: Plan, irr: str, firm: str, user: str) -> None:
    found = {party: measures(flows, 80_000) for party, flows in flows_of(plan, "sharing").items()}
    assert f"{(found['firm'].irr_e6 or 0) / 1_000_000:.2%}" == irr
    assert format_fen(found["firm"].npv_fen) == firm
    assert format_fen(found["user"].npv_fen) == user
    assert (found["user"].irr_e6, found["user"].irr_reason) == (None, "no_change")


def test_3_hebei_late() -> None:
    due = dt.date(2016, 1, 31)
    assert interest(yuan("3,195,000"), Rate(500), due, due + dt.timedelta(45)) == yuan("71,887.50")


def test_4_wuhan_guarantee() -> None:
    # Wuhan City Vocational College: investment 2,765,000, 298,700 m3 and 737,800 yuan a year expected
    assert f"{737_800 / 298_700:.2f}" == "2.47"
    assert round(payback_e4([-yuan("2,765,000")] + [yuan("737,800")] * 5) or 0, -2) == 37_500
    # assumption: δ 5 per cent, k 1, and a cap of the investment; S = 250,000 in a bad year
    terms = Guarantee(m3("298,700"), 24_700, yuan("2,765,000"), (5_000, 5_000))
    found = guarantee_outcome(terms, m3("250,000"), terms.cap_fen)
    assert format_fen(found.shortfall_fen) == "120289.00"
    assert guarantee_outcome(terms, m3("283,765"), terms.cap_fen).shortfall_fen == 0
    assert guarantee_outcome(terms, m3("283,764.999"), terms.cap_fen).shortfall_fen > 0


def test_5_nanjing_trust_account() -> None:
    # Nanjing Zhongshan: 93 to 46 m3 a person; 705,000 m3 and 2,250,000 yuan in 5 years
    assert 705_000 / 5 / (93 - 46) == 3_000
    price_e4 = round(2_250_000 / 705_000 * 10_000)
    assert price_e4 == 31_915
    assert f"{(93 - 46) / 93:.1%}" == "50.5%"
    before, after = (
        fen_half_even(value_tick_litres(persons * 3_000 * 1_000, price_e4)) for persons in (93, 46)
    )
    assert (format_fen(before), format_fen(after)) == ("890428.50", "440427.00")
    # assumption: the fee is 80 per cent of the old bill
    terms = Trusteeship(before * 8 // 10, m3("279,000"), price_e4)
    fee = trusteeship_fee(terms, m3("279,000"), price_e4)
    assert format_fen(fee) == "712342.80"
    account = waterfall(0, fee, after, 0)
    assert (format_fen(account.firm_fen), format_fen(before - fee)) == ("271915.80", "178085.70")
    assert format_fen(account.firm_fen + before - fee) == "450001.50" == format_fen(before - after)


def test_6_danzhou() -> None:
    # Danzhou sugar-mill school (Hainan Daily 2023-02-08): 18,000 m3 are 40 per cent; 171,000 yuan in 5 years
    saving = of_year("45,000", "27,000", "Danzhou, Hainan Daily 2023-02-08")
    assert saving.saving_litres == m3("18,000") and rate(saving) == 0.40
    assert 171_000 / (5 * 18_000) == 1.90
    assert 5 * fen_half_even(value_tick_litres(saving.saving_litres, 19_000)) == yuan("171,000")


def test_7_synthetic_irrigation_is_reproduced() -> None:
    given, report = irrigation()
    base = baseline(given, RULES)
    fit = model_of(given, base.chosen)
    assert base.tier == "A" and base.chosen == (0, 1)
    assert [f"{each:.4f}" for each in (base.beta[0], base.beta[1] / 1e6)] == ["1.9274", "84.0141"]
    assert base.gates is not None
    gates = (base.gates.cv, base.gates.r2, base.gates.nmbe)
    assert [f"{each:.4f}" for each in gates] == ["0.0591", "0.9900", "0.0038"]
    assert base.gates.df == 22
    assert [f"{fit.mean_of(each):.4f}" for each in (fit.rho, fit.tau)] == ["0.2188", "0.2508"]
    saving = assess(base, report, RULES)
    # thousands of cubic metres to four decimals, as in the specification
    limits = saving.interval
    assert limits is not None
    found = (saving.adjusted_litres, saving.use_litres, saving.saving_litres)
    assert [f"{each / 1e6:.4f}" for each in found] == ["18677.4567", "16038.0000", "2639.4567"]
    found = (limits.low95, limits.high95, limits.low68, limits.high68, limits.lower)
    assert [f"{each / 1e6:.4f}" for each in found] == [
        "790.6869", "4495.5624", "1856.3485", "3420.6034", "1591.3853",
    ]  # fmt: skip
    assert f"{saving.parts[0].litres / 1e6:.4f}" == "76.1946"
    assert limits.low95 < 3602.0e6 < limits.high95
    paid = credit(saving, RULES)
    assert paid.money_litres == saving.saving_litres and paid.water_litres == limits.lower
    assert not paid.money_only and paid.reasons == ()


LOWER = m3("1,591,385")
"""The lower bound of example 7 as the specification rounds it, before it becomes a lot."""


def test_7_the_lower_bound_becomes_a_lot_is_sold_and_clawed_back() -> None:
    claim = Claim(
        tier="A", verified=True, disputed=False, right_kind="irrigation_certificate", consent="文号 1",
        source_allowed=True, zone_allowed=True, farm_first_until=None, return_flow_e6=300_000,
        use_litres=m3("16,038,000"), lower_litres=LOWER, limit_litres=m3("18,000,000"), quota_litres=None,
        right_ends=dt.date(2030, 1, 1),
    )  # fmt: skip
    assert refusals(claim, dt.date(2025, 1, 31)) == ()
    assert format_litres(volume(claim)) == "1113969.500"
    lot = Lot(volume(claim), dt.date(2025, 12, 31)).sold(m3("333,333.333"))
    proceeds = fen_half_even(value_tick_litres(m3("333,333.333"), 2_350))
    assert format_fen(proceeds) == "78333.33"
    owner_firm_bank = (6_000, 3_000, 1_000)
    # re-verified: 200,000 m3
    water = claw_back_water(lot, volume(claim), m3("200,000"), free_allocation_litres=m3("100,000"))
    assert format_litres(water.cancelled_litres) == "780636.167"
    assert format_litres(water.owed_litres) == "133333.333"
    assert (water.from_allocation_litres, water.from_next_litres) == (m3("100,000"), m3("33,333.333"))
    assert water.lot.unsold_litres == 0
    backed = proceeds_of(proceeds, m3("333,333.333"), m3("200,000"))
    sale = of_proceeds("trade 1", proceeds, backed, owner_firm_bank)
    assert [format_fen(each) for each in sale.old_fen] == ["47000.00", "23500.00", "7833.33"]
    money = claw_back_money(
        ("owner", "firm", "financier"), (sale,), creditor="owner", undistributed_fen={},
        deposits_fen={"firm": yuan("5,000")},
    )  # fmt: skip
    owner, firm, financier = money.takings
    assert (owner.owed_fen, owner.own_fen) == (yuan("18,800"), yuan("18,800"))
    assert (firm.owed_fen, firm.deposit_fen, firm.receivable_fen) == (
        yuan("9,400"), yuan("5,000"), yuan("4,400"),
    )  # fmt: skip
    assert (financier.owed_fen, financier.receivable_fen) == (yuan("3,133.33"), yuan("3,133.33"))
    assert format_fen(money.total_fen) == "31333.33"


def test_8_synthetic_leak() -> None:
    saving = leakage_saving(leakage(), RULES)
    steps = {each.symbol: each.value for each in saving.steps}
    assert [steps[each] for each in ("H", "l_b", "ΣF")] == ["20.97448", "42.83077", "28.08797"]
    limits = saving.interval
    assert limits is not None and saving.tier == "A"
    found = (saving.adjusted_litres, saving.use_litres, saving.saving_litres)
    assert [f"{each / 1000:.1f}" for each in found] == ["25232.9", "10158.8", "15074.1"]
    assert f"{float(steps['u']):.1f}" == "1019.5" and f"{float(steps['df']):.2f}" == "12.64"
    found = (limits.low95, limits.high95, limits.lower)
    assert [f"{each / 1000:.1f}" for each in found] == ["12865.2", "17283.1", "13695.5"]
    parts = {each.symbol: f"{each.litres / 1000:.1f}" for each in saving.parts}
    assert parts == {
        "u_b": "827.4", "u_n": "73.2", "u_N1": "496.3", "u_L": "36.8", "u_dL": "267.4", "u_m": "174.1",
    }  # fmt: skip
    assert limits.low95 < 15_083_900 < limits.high95


def test_shandong_the_drivers_must_be_those_inside_the_boundary() -> None:
    # Shandong water college: 127,300 m3 a year; 14,000 people cannot use 121.5 L a day of it
    litres_a_day = m3("127,300") / 365
    assert f"{litres_a_day / 14_000:.1f}" == "24.9"
    assert round(litres_a_day / 121.5) == 2_871
    # assumption: 2,871 people within the eleven buildings in every base year and in the year reported
    years = [dt.date(2016 + each, 1, 1) for each in range(4)]
    people = Driver("people", "人数", "people", "人")
    base = BaseInput(
        "service", years[0], years[3], dt.date(2019, 7, 1), (people,),
        tuple(Period(a, b, m3("127,300"), (2_871.0,)) for a, b in pairwise(years)),
        METERS, unit=0,
    )  # fmt: skip
    found = baseline(base, RULES)
    assert found.tier == "B" and [each.code for each in found.reasons] == ["no_model"]
    quota = 2_871 * 100 * 365
    assert f"{1 - quota / m3('127,300'):.3f}" == "0.177" and f"{m3('127,300') / quota - 1:.3f}" == "0.215"
