"""What may be sold and bought, by kind of right, with the constraint that binds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from market.registry.rules import (
    AccountFacts,
    Border,
    BuyFacts,
    Constraint,
    SectorRule,
    SellFacts,
    binding,
    may_buy,
    may_sell,
    purchasable,
    sellable,
)

FARM = AccountFacts(
    participant_status="admitted",
    public_storage=False,
    account_status="open",
    year_status="open",
    sector="agriculture",
    source="surface",
    origin="own",
    right_kind="irrigation_certificate",
    right_suspended=False,
    groundwater="open",
    sector_rule=SectorRule(may_sell=True, may_buy=True, legal_source="pack"),
)
SALE = SellFacts(
    account=FARM,
    allocated_litres=4_180_000,
    used_litres=3_179_000,
    held_litres=0,
    pledged_litres=0,
    available_litres=1_001_000,
    lots_litres=0,
    quota_left_litres=None,
    borders=(),
)
PURCHASE = BuyFacts(
    account=replace(FARM, sector="industry", right_kind=None),
    plan_litres=9_999_999,
    plan_left_litres=9_999_999,
    plan_source="county plan part 3(1)2",
    plan_recorded=False,
    reclaimed_unused_litres=0,
    borders=(),
)


def by_name(constraints: list[Constraint]) -> dict[str, Constraint]:
    return {each.name: each for each in constraints}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"participant_status": "suspended"}, "participant_not_admitted"),
        ({"account_status": "closed"}, "water_account_not_open"),
        ({"year_status": "closing"}, "water_year_not_open"),
        ({"right_suspended": True}, "entitlement_suspended"),
        ({"sector_rule": None}, "sector_unknown"),
        ({"sector_rule": SectorRule(False, True, "pack")}, "sector_may_not_sell"),
        ({"right_kind": None}, "no_right_to_sell"),
        ({"right_kind": "abstraction_permit"}, "only_verified_saving"),
        ({"right_kind": "network_certificate"}, "only_verified_saving"),
    ],
)
def test_the_gate_of_selling_names_its_rule_and_source(change: dict[str, object], rule: str) -> None:
    barrier = may_sell(replace(FARM, **change))  # type: ignore[arg-type]
    assert barrier is not None
    assert barrier.rule == rule
    assert barrier.detail and barrier.legal_source


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"right_kind": "regional"},
        {"right_kind": None, "public_storage": True},
        {"right_kind": "abstraction_permit", "origin": "saving_lot"},
        {"source": "groundwater", "groundwater": "overdrawn"},  # a well right may shrink
    ],
)
def test_the_gate_of_selling_lets_through(change: dict[str, object]) -> None:
    assert may_sell(replace(FARM, **change)) is None  # type: ignore[arg-type]


def test_a_permit_sells_its_lots_and_no_more() -> None:
    facts = replace(SALE, account=replace(FARM, right_kind="abstraction_permit"))
    bound = binding(sellable(facts))
    assert bound is not None
    assert (bound.name, bound.litres) == ("only_verified_saving", 0)
    assert "art. 27" in bound.legal_source
    assert (
        binding(sellable(replace(facts, lots_litres=500)))
        == by_name(sellable(replace(facts, lots_litres=500)))["kind_of_right"]
    )
    assert may_sell(facts.account, lots_litres=500) is None


def test_an_irrigation_certificate_sells_what_is_unused_unheld_and_unpledged() -> None:
    """vectors/households.json: of 4 180 m3 the Manas household used 3 179, and sold 1 001."""
    bound = binding(sellable(SALE))
    assert bound is not None
    assert (bound.name, bound.litres) == ("balance", 1_001_000)
    assert "4180.000" in bound.detail_en and "3179.000" in bound.detail_en
    pledged = binding(sellable(replace(SALE, pledged_litres=1_000)))
    assert pledged is not None and pledged.litres == 1_000_000
    quota = binding(sellable(replace(SALE, quota_left_litres=7)))
    assert quota is not None and (quota.name, quota.litres) == ("quota", 7)


def test_a_limit_at_the_border_is_a_constraint_with_its_scope() -> None:
    border = Border("EXP-KUSHAN", "export", "out_of:KUSHAN", 400, "pack", True)
    bound = binding(sellable(replace(SALE, borders=(border,))))
    assert bound is not None
    assert (bound.name, bound.litres, bound.scope) == ("export:EXP-KUSHAN", 400, "out_of:KUSHAN")
    assert bound.demonstration


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"participant_status": "applied"}, "participant_not_admitted"),
        ({"sector_rule": SectorRule(True, False, "pack")}, "sector_may_not_buy"),
        ({"origin": "saving_lot"}, "origin_may_not_buy"),
        ({"source": "groundwater", "groundwater": "restricted"}, "groundwater_zone_closed"),
        ({"source": "groundwater", "groundwater": "banned"}, "groundwater_zone_closed"),
    ],
)
def test_the_gate_of_buying_names_its_rule_and_source(change: dict[str, object], rule: str) -> None:
    barrier = may_buy(replace(FARM, **change))  # type: ignore[arg-type]
    assert barrier is not None
    assert barrier.rule == rule
    assert binding(purchasable(replace(PURCHASE, account=replace(FARM, **change)))).litres == 0  # type: ignore[union-attr, arg-type]


def test_without_a_plan_a_factory_buys_less_than_ten_thousand_cubic_metres() -> None:
    """County plan part 3(1)2: use plans from 10 000 m3 a year (以上: the number included)."""
    bound = binding(purchasable(PURCHASE))
    assert bound is not None
    assert (bound.name, bound.litres) == ("use_plan", 9_999_999)
    assert "9999.999" in bound.detail_en


def test_reclaimed_water_comes_first() -> None:
    facts = replace(PURCHASE, plan_litres=50_000_000, plan_left_litres=50_000_000, plan_recorded=True)
    bound = binding(purchasable(replace(facts, reclaimed_unused_litres=20_000_000)))
    assert bound is not None
    assert (bound.name, bound.litres) == ("reclaimed_first", 30_000_000)
    reclaimed = replace(facts, account=replace(facts.account, source="reclaimed"), reclaimed_unused_litres=9)
    assert "reclaimed_first" not in by_name(purchasable(reclaimed))


def test_a_farm_needs_no_plan_and_only_caps_bind_it() -> None:
    cap = Border("CAP-2", "cap", "from_outside:2", 12, "pack", False)
    facts = replace(PURCHASE, account=FARM, plan_litres=None, plan_left_litres=None)
    assert binding(purchasable(facts)) is None
    bound = binding(purchasable(replace(facts, borders=(cap,))))
    assert bound is not None and (bound.name, bound.litres) == ("cap:CAP-2", 12)


def test_every_constraint_has_a_source_and_words_in_both_languages() -> None:
    border = Border("C", "cap", "from_outside:2", 12, "pack", False)
    sales = [
        replace(SALE, account=replace(FARM, right_kind=kind), borders=(border,))
        for kind in ("abstraction_permit", "irrigation_certificate", "network_certificate", "regional", None)
    ]
    found = [each for sale in sales for each in sellable(sale)] + purchasable(PURCHASE)
    assert all(each.legal_source and each.detail_en and each.detail_zh for each in found)
