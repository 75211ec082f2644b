"""What a curtailment takes of water that is held: as spillable, and by pledges of two ranks."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from market.core import clock, db
from market.registry import limits, pledges, spills
from market.registry.models import Limit
from market.registry.pledge_models import Pledge, PledgeHold, PledgeStep
from market.registry.season_models import Curtailment, CurtailmentLine, Spillable
from market.supervision import curtailments
from tests.usecases.registry.county import REGISTRAR, Registry
from tests.usecases.registry.test_season import carried, close, sound


def _cut(registry: Registry, limit: Limit, litres: int) -> Curtailment:
    ordered = curtailments.order(
        registry.session, actor=REGISTRAR, water_year=limit.water_year, cuts=[(limit.id, litres)],
        reason="drought", legal_source="art. 41",
    )  # fmt: skip
    return curtailments.advance(registry.session, actor=REGISTRAR, curtailment_id=ordered.id)


def test_what_may_spill_is_reached_after_what_is_free(registry: Registry) -> None:
    """Of a right of 100 m3 with 40 left, 38 are carried; with 80 announced 18 of them may spill and 20 are free. A
    cut from 118 in use to 11.8 takes 72 of the 80, and of the 38 34.2: the free 20 and 14.2 that might have spilt.
    """
    limit = limits.create(
        registry.session, actor=REGISTRAR, code="NEXT", kind="cap", water_year=2027, limit_litres=118_000,
        legal_source="test", zone="C",
    )  # fmt: skip
    account = registry.watered(m3="100")
    registry.read(registry.meter(account.id), "60")
    made = close(registry)
    registry.announce(share="0.8", water_year=2027)
    done = _cut(registry, limit, 11_800)
    assert (done.status, done.taken_litres) == ("resuming", 106_200)
    new = carried(registry, account.participant_id)
    line = registry.session.get_one(CurtailmentLine, (done.id, new.id))
    assert (line.litres, line.spillable_litres, line.pledged_litres) == (34_200, 14_200, 0)
    kept = registry.session.scalars(select(Spillable).order_by(Spillable.id)).all()
    assert [(each.litres, each.status, each.curtailment_id) for each in kept] == [
        (3_800, "held", None),
        (14_200, "curtailed", done.id),
    ]
    now = registry.figures(new.id)
    assert (now.held_litres, now.available_litres) == (3_800, 0)
    sound(registry)
    released = spills.release(
        registry.session, actor=REGISTRAR, carry_over_id=made.id, source="surface", risk_e6=0, reason="low"
    )
    assert (released, registry.figures(new.id).available_litres) == (3_800, 3_800)
    sound(registry)


def _pledge(registry: Registry, right_id: int, litres: int) -> int:
    bank = registry.participant(kind="bank")
    consent = pledges.grant(
        registry.session, actor=REGISTRAR, entitlement_id=right_id, bank_id=bank,
        valid_to=clock.today() + dt.timedelta(days=9),
    )  # fmt: skip
    pledge = pledges.apply(
        registry.session, actor=REGISTRAR, consent_id=consent.id, litres=litres, secured_fen=100, owed_fen=100,
        valued_fen=200, valuation="t", document="t",
    )  # fmt: skip
    pledges.agree(registry.session, actor=REGISTRAR, pledge_id=pledge.id)
    pledges.register(registry.session, actor=REGISTRAR, pledge_id=pledge.id)
    return pledge.id


def test_pledges_give_after_what_is_free_and_the_last_rank_first(registry: Registry) -> None:
    """Of 100 m3, 60 are pledged at rank 1 and 30 at rank 2; a cut to 5 takes the free 10, then 30, then 55."""
    limit = registry.cap("C", zone="C", m3="100")
    right = registry.right(volume_m3="100")
    registry.announce(share="1")
    [account] = registry.accounts_of(right.participant_id)
    first, second = (_pledge(registry, right.id, litres) for litres in (60_000, 30_000))
    done = _cut(registry, limit, 5_000)
    assert (done.status, done.taken_litres) == ("resuming", 95_000)
    line = registry.session.get_one(CurtailmentLine, (done.id, account.id))
    assert (line.litres, line.spillable_litres, line.pledged_litres) == (95_000, 0, 85_000)
    held = registry.session.execute(
        select(PledgeHold.pledge_id, PledgeHold.litres).order_by(PledgeHold.hold_id)
    )
    assert [tuple(row) for row in held] == [(first, 5_000), (second, 0)]
    steps = registry.session.execute(
        select(PledgeStep.pledge_id, PledgeStep.litres, PledgeStep.reason)
        .where(PledgeStep.step == "curtailed")
        .order_by(PledgeStep.pledge_id)
    )
    assert [tuple(row) for row in steps] == [(first, 55_000, "drought"), (second, 30_000, "drought")]
    assert {each.status for each in registry.session.scalars(select(Pledge))} == {"registered"}
    told = db.raw(registry.session).execute(
        "SELECT count(*) FROM outbox WHERE topic = 'registry.pledge.curtailed'"
    )
    assert told.fetchone() == (2,)
    assert registry.figures(account.id).available_litres == 0
    sound(registry)
