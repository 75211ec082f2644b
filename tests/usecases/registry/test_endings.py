"""Terms, renewal, non-use and ends of rights; the papers of applications; how a certificate stands."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ledger.units import parse_litres
from market.core import clock, db
from market.core.errors import NotFound
from market.metering import readings
from market.registry import (
    assessments,
    certificates,
    documents,
    endings,
    entitlements,
    errors,
    life_errors,
    queries,
)
from market.registry.life_models import MOST_BYTES, WaterAssessment
from market.registry.models import Entitlement
from tests.usecases.registry.county import REGISTRAR, Registry
from tests.usecases.registry.permits import (
    MONDAY,
    clocks_of,
    granted,
    on,
    permit,
)


def test_a_permit_for_more_than_five_years_says_why_and_ten_are_the_most(ruled: Registry) -> None:
    """Permit regulation art. 25."""
    with pytest.raises(life_errors.TermNeedsGrounds):
        permit(ruled, valid_to=dt.date(2031, 1, 2))
    permit(ruled, valid_to=dt.date(2031, 1, 1))
    permit(ruled, valid_to=dt.date(2036, 1, 1), basis="a reservoir of forty years")
    with pytest.raises(errors.TermTooLong):
        permit(ruled, valid_to=dt.date(2036, 1, 2), basis="a reservoir of forty years")


def test_renewal_is_asked_for_45_days_before_the_end_and_decided_before_it(ruled: Registry) -> None:
    """Permit regulation art. 25: 16 November is the last day for a permit that ends on 31 December."""
    right, late = granted(ruled), granted(ruled)
    with on(dt.date(2030, 11, 16)):
        assert clocks_of(ruled, right)["renewal"].due_on == dt.date(2030, 11, 16)
        with pytest.raises(life_errors.RenewalState):
            _renew(ruled, right, dt.date(2035, 12, 31))
        endings.ask_renewal(ruled.session, actor=REGISTRAR, entitlement_id=right.id)
        with pytest.raises(life_errors.RenewalState):
            endings.ask_renewal(ruled.session, actor=REGISTRAR, entitlement_id=right.id)
        assert clocks_of(ruled, right)["renewal_decision"].due_on == dt.date(2030, 12, 31)
    with on(dt.date(2030, 11, 17)):
        assert clocks_of(ruled, late)["renewal"].overdue
        with pytest.raises(life_errors.RenewalTooLate) as refusal:
            endings.ask_renewal(ruled.session, actor=REGISTRAR, entitlement_id=late.id)
        assert refusal.value.limit == "2030-11-16"
        with pytest.raises(errors.TermTooLong):
            _renew(ruled, right, dt.date(2041, 1, 1))
        _renew(ruled, right, dt.date(2035, 12, 31))
    with on(dt.date(2031, 1, 1)):
        assert endings.expire_due(ruled.session, actor=REGISTRAR) == [late.id]
        assert endings.expire_due(ruled.session, actor=REGISTRAR) == []
        ruled.session.refresh(right)
        assert (right.status, right.valid_to) == ("confirmed", dt.date(2035, 12, 31))


def test_a_renewal_that_is_not_decided_in_time_keeps_the_right_alive_until_it_is(ruled: Registry) -> None:
    """行政许可法 art. 50, to confirm: the bureau's delay is not the holder's."""
    right, silent = granted(ruled), granted(ruled)
    with on(dt.date(2030, 11, 1)):
        endings.ask_renewal(ruled.session, actor=REGISTRAR, entitlement_id=right.id)
    with on(dt.date(2031, 1, 1)):
        assert endings.expire_due(ruled.session, actor=REGISTRAR) == [silent.id]
        assert clocks_of(ruled, right)["renewal_decision"].overdue
        standings = [
            certificates.certificate(ruled.session, entitlement_id=each.id).standing
            for each in (right, silent)
        ]
        assert standings == ["valid", "expired"]
        endings.refuse_renewal(
            ruled.session, actor=REGISTRAR, entitlement_id=right.id, reason="the reach is dry"
        )
        assert endings.expire_due(ruled.session, actor=REGISTRAR) == [right.id]


def _renew(registry: Registry, right: Entitlement, valid_to: dt.date) -> Entitlement:
    return endings.renew(
        registry.session, actor=REGISTRAR, entitlement_id=right.id, valid_to=valid_to, reason="still needed"
    )


def _cancel(registry: Registry, right: Entitlement, grounds: str = "unused") -> Entitlement:
    return endings.cancel(
        registry.session, actor=REGISTRAR, entitlement_id=right.id, grounds=grounds, reason="test"
    )


def test_a_permit_unused_for_two_years_is_a_candidate_and_force_majeure_excuses(ruled: Registry) -> None:
    """Permit regulation art. 44; granted on 18 March 2026."""
    idle, used, excused = (granted(ruled) for _ in range(3))
    account = ruled.open(used.participant_id)
    with on(dt.date(2026, 3, 18)):
        meter = ruled.meter(account.id)
    with on(dt.date(2027, 1, 1)):
        ruled.read(meter, "1")
    with on(dt.date(2028, 3, 17)):
        assert endings.unused(ruled.session) == []
        with pytest.raises(life_errors.NotUnused):
            _cancel(ruled, idle)
        endings.excuse(
            ruled.session,
            actor=REGISTRAR,
            entitlement_id=excused.id,
            until=dt.date(2028, 12, 31),
            reason="flood",
        )
    with on(dt.date(2028, 3, 18)):
        [found] = endings.unused(ruled.session)
        assert (found.entitlement_id, found.unused_since) == (idle.id, dt.date(2026, 3, 18))
        for spared in (used, excused):
            with pytest.raises(life_errors.NotUnused):
                _cancel(ruled, spared)
        assert _cancel(ruled, idle).status == "cancelled"
    with on(dt.date(2029, 1, 1)):
        assert [each.entitlement_id for each in endings.unused(ruled.session)] == [used.id, excused.id]
        assert endings.unused(ruled.session)[0].last_used_on == dt.date(2027, 1, 1)


def test_water_of_a_right_that_has_ended_may_be_used_and_no_longer_sold(ruled: Registry) -> None:
    account = ruled.watered(m3="100")
    right = ruled.session.query(Entitlement).where(Entitlement.participant_id == account.participant_id).one()
    before = len(ruled.inbox_kinds())
    _cancel(ruled, right, "given_up")
    [left] = ruled.accounts_of(account.participant_id)
    assert (left.right_kind, ruled.figures(left.id).available_litres) == (None, 100_000)
    answer = queries.tradable(ruled.session, water_account_id=left.id)
    assert answer.binding is not None
    assert (answer.binding.name, answer.litres) == ("no_right_to_sell", 0)
    assert ruled.inbox_kinds()[before:] == ["cancel_orders"]
    reading = readings.record(
        ruled.session, actor=REGISTRAR, meter_id=ruled.meter(left.id).id, read_at=clock.now(),
        counter_litres=parse_litres("30"),
    )  # fmt: skip
    assert (reading.posted_litres, reading.over_use_litres) == (30_000, 0)


def test_an_account_with_another_right_behind_it_goes_on_selling(ruled: Registry) -> None:
    first = ruled.right(volume_m3="10")
    ruled.right(volume_m3="20", participant_id=first.participant_id)
    ruled.announce(share="1")
    _cancel(ruled, first, "given_up")
    [account] = ruled.accounts_of(first.participant_id)
    assert account.right_kind == "irrigation_certificate"
    assert queries.tradable(ruled.session, water_account_id=account.id).litres == 30_000


def _assessed(registry: Registry, participant: int, m3: str = "20000") -> WaterAssessment:
    return assessments.record(
        registry.session, actor=REGISTRAR, participant_id=participant, number=f"No {participant}",
        authority="bureau", project="works", approved_on=clock.today(), volume_litres=parse_litres(m3),
    )  # fmt: skip


def test_a_permit_from_the_threshold_on_names_an_assessment_and_fits_into_it(ruled: Registry) -> None:
    holder = ruled.participant()
    with pytest.raises(life_errors.AssessmentNeeded) as refusal:
        permit(ruled, "10000")
    assert (refusal.value.limit, refusal.value.pointer) == ("10000.000", "/assessment_id")
    found = _assessed(ruled, holder)
    named = {"participant_id": holder, "assessment_id": found.id}
    right = permit(ruled, "15000", **named)
    with pytest.raises(life_errors.AssessmentTooSmall) as small:
        permit(ruled, "5000.001", **named)
    assert (small.value.limit, small.value.available) == ("20000.000", "5000.000")
    entitlements.refuse(ruled.session, actor=REGISTRAR, entitlement_id=right.id, reason="test")
    permit(ruled, "20000", **named)
    with pytest.raises(NotFound):
        permit(ruled, "1", assessment_id=found.id)
    with pytest.raises(life_errors.AssessmentExists), ruled.session.begin_nested():
        _assessed(ruled, holder)


def test_what_a_works_may_buy_names_its_permit_and_its_assessment(ruled: Registry) -> None:
    works = ruled.participant()
    account = ruled.open(works, sector="industry")

    def answer() -> dict[str, Any]:
        [found] = queries.purchasable(ruled.session, participant_id=works)
        return {each.name: each for each in found.constraints}

    assert answer()["assessment"].litres is None
    assert "10000.000 m3" in answer()["assessment"].detail_en
    found = _assessed(ruled, works, "20000")
    permit(ruled, "12000", participant_id=works, assessment_id=found.id, sector="industry")
    ruled.charge_plan(account, litres=1_000_000)
    assert answer()["assessment"].litres == (20_000 - 12_000 - 1_000) * 1_000
    assert "12000.000 are applied for" in answer()["permit"].detail_en
    farm = ruled.watered(m3="1").participant_id
    [farmed] = queries.purchasable(ruled.session, participant_id=farm)
    assert "assessment" not in {each.name for each in farmed.constraints}


def test_a_document_is_what_its_content_says_and_no_larger_than_allowed(ruled: Registry) -> None:
    right = ruled.right(volume_m3="1", confirmed=False)

    def hand_in(media_type: str, content: bytes) -> documents.EntitlementDocument:
        return documents.hand_in(
            ruled.session, actor=REGISTRAR, entitlement_id=right.id, name="plan", media_type=media_type,
            content=content,
        )  # fmt: skip

    for media_type, content, error in (
        ("application/pdf", b"\x89PNG\r\n\x1a\n", life_errors.DocumentType),
        ("image/jpeg", b"%PDF-1.7", life_errors.DocumentType),
        ("text/html", b"<script>", life_errors.DocumentType),
        ("application/pdf", b"", life_errors.DocumentSize),
        ("application/pdf", b"%PDF-" + bytes(MOST_BYTES - 4), life_errors.DocumentSize),
    ):
        with pytest.raises(error):
            hand_in(media_type, content)
    kept = hand_in("application/pdf", b"%PDF-" + bytes(MOST_BYTES - 5))
    assert kept.size_bytes == MOST_BYTES
    with pytest.raises(life_errors.DocumentExists):
        hand_in("application/pdf", b"%PDF-" + bytes(MOST_BYTES - 5))
    hand_in("image/png", b"\x89PNG\r\n\x1a\n")
    hand_in("image/jpeg", b"\xff\xd8\xff\xe0")
    for number in range(documents.MOST_DOCUMENTS - 3):
        hand_in("application/pdf", b"%PDF-" + bytes([number]))
    with pytest.raises(life_errors.TooManyDocuments):
        hand_in("application/pdf", b"%PDF-more")
    entitlements.refuse(ruled.session, actor=REGISTRAR, entitlement_id=right.id, reason="test")
    with pytest.raises(errors.EntitlementState):
        hand_in("application/pdf", b"%PDF-late")


@pytest.mark.parametrize(
    ("status", "valid_to", "standing"),
    [
        ("confirmed", dt.date(2026, 3, 2), "valid"),
        ("confirmed", dt.date(2026, 3, 1), "expired"),
        ("suspended", dt.date(2026, 3, 2), "suspended"),
        ("suspended", dt.date(2026, 3, 1), "expired"),
        ("expired", dt.date(2026, 3, 1), "expired"),
        ("cancelled", dt.date(2030, 1, 1), "cancelled"),
        ("replaced", dt.date(2030, 1, 1), "cancelled"),
        ("applied", dt.date(2030, 1, 1), "unknown"),
    ],
)
def test_the_standing_of_a_certificate_is_that_of_today(
    status: str, valid_to: dt.date, standing: str
) -> None:
    assert certificates.standing(status, valid_to, MONDAY) == standing


def test_the_database_itself_refuses_a_move_that_there_is_not(ruled: Registry) -> None:
    import psycopg

    right = ruled.right(volume_m3="1")
    connection = db.raw(ruled.session)
    with pytest.raises(psycopg.errors.CheckViolation, match="ck_entitlement_steps_move"):
        connection.execute(
            "INSERT INTO entitlement_steps (entitlement_id, step, from_status, to_status, legal_source)"
            " VALUES (%s, 'confirm', 'refused', 'confirmed', 'none')",
            (right.id,),
        )
