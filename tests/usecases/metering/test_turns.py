"""Turn sheets: one gate, many households; exact shares, signed by the association, corrected by another sheet."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market import prove
from market.core import clock, db
from market.metering import errors, queries, readings, turns
from market.metering.models import TurnSheet
from market.registry.models import WaterAccount
from tests.usecases.registry.county import REGISTRAR, Registry

HOUR = dt.timedelta(hours=1)


class Gate:
    """A gate of an association and three households behind it, with 100 m3 each."""

    def __init__(self, registry: Registry, canal: str) -> None:
        self.session = registry.session
        association = registry.participant()
        rights = [registry.right(volume_m3="100", canal=canal) for _ in range(3)]
        registry.announce(share="1", zone=canal)
        self.households = [registry.accounts_of(right.participant_id)[0].id for right in rights]
        own = registry.open(association, canal=canal)
        self.meter = readings.register_meter(
            self.session,
            actor=REGISTRAR,
            water_account_id=own.id,
            serial=f"gate {canal}",
            installed_at=clock.now() - 48 * HOUR,
            apportioned=True,
        )
        turns.serve(self.session, actor=REGISTRAR, meter_id=self.meter.id, water_account_ids=self.households)

    def enter(self, m3: int, *weights: int, loss_m3: int = 0, hours_ago: int = 5, **other: Any) -> TurnSheet:
        return turns.enter(
            self.session,
            actor=REGISTRAR,
            meter_id=self.meter.id,
            until=other.pop("until", clock.now() - hours_ago * HOUR),
            counter_litres=m3 * 1_000,
            loss_litres=loss_m3 * 1_000,
            basis="land",
            weights=[
                turns.Weight(account, weight)
                for account, weight in zip(self.households, weights, strict=False)
            ],
            **other,
        )

    def sign(self, sheet: TurnSheet) -> TurnSheet:
        return turns.sign(self.session, actor=REGISTRAR, turn_sheet_id=sheet.id)


def _used(registry: Registry, gate: Gate) -> list[int]:
    return [registry.figures(each).used_litres for each in gate.households]


def test_a_gate_s_volume_less_the_canal_s_loss_is_shared_by_land_exactly(registry: Registry) -> None:
    """By hand: 110 m3 less 10 lost, by 10.32, 20 and 2.68 mu of 33: 31 272.727, 60 606.060 and 8 121.212 litres;
    the largest remainder takes the litre that is left."""
    gate = Gate(registry, "G20")
    sheet = gate.enter(110, 1_032, 2_000, 268, loss_m3=10)
    assert _used(registry, gate) == [0, 0, 0]
    gate.sign(sheet)
    assert _used(registry, gate) == [31_273, 60_606, 8_121]
    assert sum(_used(registry, gate)) == 100_000
    fees = [registry.figures(each).fee_due_fen for each in gate.households]
    assert fees == [241, 467, 63]  # 0.077 yuan a m3: 2.408, 4.667 and 0.625 yuan
    with pytest.raises(errors.TurnSheetState):
        gate.sign(sheet)


def test_a_household_s_share_beyond_its_balance_is_over_use(registry: Registry) -> None:
    gate = Gate(registry, "G21")
    sheet = gate.sign(gate.enter(150, 1, 0, 0))
    now = registry.figures(gate.households[0])
    assert (now.used_litres, now.over_use_litres, now.debt_litres) == (150_000, 50_000, 50_000)
    [finding] = queries.findings(registry.session, kind="over_use")
    assert (finding.turn_sheet_id, finding.litres) == (sheet.id, 50_000)


def test_a_sheet_is_corrected_by_another_that_reverses_it(registry: Registry) -> None:
    gate = Gate(registry, "G22")
    first = gate.sign(gate.enter(90, 1, 1, 1))
    gate.sign(gate.enter(120, 1, 1, 1, hours_ago=3))
    assert _used(registry, gate) == [40_000, 40_000, 40_000]
    with pytest.raises(errors.TurnSheetPeriod):  # the next sheet begins where this one ends
        gate.enter(91, 3, 0, 0, corrects_id=first.id, until=first.until)
    better = gate.enter(90, 3, 0, 0, corrects_id=first.id, until=first.until, loss_m3=9)
    gate.sign(better)
    assert first.status == "reversed"
    assert _used(registry, gate) == [91_000, 10_000, 10_000]
    with pytest.raises(errors.TurnSheetState):
        gate.enter(90, 1, 1, 1, corrects_id=first.id, until=first.until)
    assert prove.broken(db.raw(registry.session), 2, 3, 4, 11) == []


def test_sheets_follow_each_other_and_none_is_signed_over_another(registry: Registry) -> None:
    gate = Gate(registry, "G23")
    one, two = gate.enter(10, 1), gate.enter(20, 1)
    gate.sign(one)
    with pytest.raises(errors.TurnSheetPeriod):
        gate.sign(two)
    turns.discard(registry.session, actor=REGISTRAR, turn_sheet_id=two.id)
    with pytest.raises(errors.ReadingTooOld):
        gate.enter(30, 1, hours_ago=6)
    with pytest.raises(errors.CounterWentBack):
        gate.enter(9, 1, hours_ago=2)
    with pytest.raises(errors.ReadingInFuture):
        gate.enter(30, 1, hours_ago=-1)


def test_a_sheet_names_households_of_its_gate_once_and_a_loss_that_can_be(registry: Registry) -> None:
    gate = Gate(registry, "G24")
    with pytest.raises(errors.LossAboveVolume):
        gate.enter(10, 1, loss_m3=11)
    with pytest.raises(errors.TurnLines):
        gate.enter(10, 0, 0)
    gate.households.append(gate.households[0])
    with pytest.raises(errors.TurnLines):
        gate.enter(10, 1, 1, 1, 1)
    gate.households = [registry.open(registry.participant(), canal="G24").id]
    with pytest.raises(errors.NotServedByGate):
        gate.enter(10, 1)
    with pytest.raises(errors.GateApportioned):
        registry.read(gate.meter, "1")


def test_a_gate_serves_accounts_of_its_own_source_and_year_only(registry: Registry) -> None:
    gate = Gate(registry, "G25")
    account = registry.session.get_one(WaterAccount, gate.households[0])
    account.source = "groundwater"
    with pytest.raises(errors.GateAccountDiffers):
        turns.serve(registry.session, actor=REGISTRAR, meter_id=gate.meter.id, water_account_ids=[account.id])
    meter = registry.meter(gate.households[1])
    with pytest.raises(errors.GateNotApportioned):
        turns.serve(
            registry.session, actor=REGISTRAR, meter_id=meter.id, water_account_ids=[gate.households[1]]
        )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 400_000),
    st.integers(0, 400_000),
    st.lists(st.integers(0, 10**6), min_size=3, max_size=3).filter(any),
    st.lists(st.integers(0, 10**6), min_size=3, max_size=3).filter(any),
)
def test_every_litre_but_the_loss_is_somebody_s_use(
    registry: Registry, gate_litres: int, loss: int, weights: list[int], better: list[int]
) -> None:
    with registry.session.begin_nested() as undone:
        gate = Gate(registry, "G26")
        kept = {"until": clock.now() - HOUR, "basis": "shares", "meter_id": gate.meter.id, "actor": REGISTRAR}
        loss = min(loss, gate_litres)
        first: TurnSheet | None = None
        for chosen in (weights, better):
            lines = [turns.Weight(a, w) for a, w in zip(gate.households, chosen, strict=True)]
            first = gate.sign(
                turns.enter(
                    registry.session,
                    counter_litres=gate_litres,
                    loss_litres=loss,
                    weights=lines,
                    corrects_id=first.id if first else None,
                    **kept,
                )
            )
        assert sum(_used(registry, gate)) == gate_litres - loss
        assert prove.broken(db.raw(registry.session), 2, 3, 4, 11) == []
        undone.rollback()
