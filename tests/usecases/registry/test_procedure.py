"""From application to certificate and to the end: each step in its turn, within its days, or refused by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ledger.units import parse_litres
from market.core import clock, db
from market.county import pack
from market.county.install import install as install_county
from market.metering import readings
from market.registry import (
    assessments,
    certificates,
    clocks,
    documents,
    endings,
    entitlements,
    errors,
    life_errors,
    procedure,
    publications,
    queries,
)
from market.registry.life_models import MOST_BYTES, Objection, WaterAssessment
from market.registry.models import Entitlement
from tests.usecases.registry.county import BASIS, REGISTRAR, Registry, small_pack

LAW = pack.Basis("law", "read")
RULED = small_pack(
    version="2",
    clocks=(
        pack.Clock("permit_acceptance", 5, "working_days", LAW),
        pack.Clock("permit_decision", 45, "working_days", LAW),
        pack.Clock("licence_decision", 20, "working_days", LAW),
        pack.Clock("permit_renewal_before_expiry", 45, "days", LAW),
        pack.Clock("permit_term_usual", 5, "years", LAW),
        pack.Clock("permit_term_longest", 10, "years", LAW),
        pack.Clock("permit_unused_until_cancelled", 2, "years", LAW),
        pack.Clock("publication_objection", 15, "days", BASIS),
    ),
    thresholds=(
        *small_pack().thresholds,
        pack.Threshold("water_assessment", 10_000_000, "gte", BASIS),
    ),
    kinds=(pack.KindRule("abstraction_permit", True, BASIS),),
)  # fmt: skip
MONDAY = dt.date(2026, 3, 2)


@pytest.fixture
def ruled(registry: Registry) -> Registry:
    """The small county with clocks, and publication for permits."""
    install_county(registry.session, RULED, REGISTRAR)
    return registry


@contextmanager
def on(day: dt.date) -> Iterator[None]:
    """At noon of a legal day."""
    with clock.moved_to(dt.datetime.combine(day, dt.time(12), clock.LEGAL_ZONE)):
        yield


def _permit(registry: Registry, m3: str = "9999", **other: Any) -> Entitlement:
    values: dict[str, Any] = {"valid_to": dt.date(2030, 12, 31)} | other
    return registry.right(volume_m3=m3, kind="abstraction_permit", confirmed=False, **values)


def _step(registry: Registry, right: Entitlement, step: str) -> Entitlement:
    return procedure.advance(
        registry.session, actor=REGISTRAR, entitlement_id=right.id, step=step, reason="test"
    )


def _confirm(registry: Registry, right: Entitlement) -> Entitlement:
    return entitlements.confirm(registry.session, actor=REGISTRAR, entitlement_id=right.id)


def _object(registry: Registry, right: Entitlement, by: int | None = None) -> Objection:
    return procedure.lodge(
        registry.session, actor=REGISTRAR, entitlement_id=right.id,
        participant_id=by or registry.participant(), grounds="the canal runs dry",
    )  # fmt: skip


def _decide(registry: Registry, objection: Objection, *, upheld: bool) -> Objection:
    return procedure.decide(
        registry.session, actor=REGISTRAR, objection_id=objection.id, upheld=upheld, reason="heard"
    )


def _published(registry: Registry) -> Entitlement:
    with on(MONDAY):
        right = _permit(registry)
        _step(registry, right, "accept")
        return _step(registry, right, "publish")


def _granted(registry: Registry, **other: Any) -> Entitlement:
    with on(MONDAY):
        right = _permit(registry, **other)
        _step(registry, right, "accept")
        _step(registry, right, "publish")
    with on(MONDAY + dt.timedelta(days=16)):
        return _confirm(registry, right)


def _clocks(registry: Registry, right: Entitlement) -> dict[str, clocks.ClockView]:
    return {each.name: each for each in clocks.of_rights(db.raw(registry.session), [right])[right.id]}


def test_a_permit_passes_acceptance_publication_and_the_days_for_objections(ruled: Registry) -> None:
    with on(MONDAY):
        right = _permit(ruled)
        with pytest.raises(errors.EntitlementState):
            _step(ruled, right, "publish")
        with pytest.raises(life_errors.PublicationNeeded):
            _confirm(ruled, right)
        _step(ruled, right, "accept")
        with pytest.raises(life_errors.PublicationNeeded):
            _confirm(ruled, right)
        _step(ruled, right, "publish")
    with on(MONDAY + dt.timedelta(days=15)), pytest.raises(life_errors.ObjectionPeriodRunning) as refusal:
        _confirm(ruled, right)
    assert refusal.value.limit == "2026-03-17"
    with on(MONDAY + dt.timedelta(days=16)):
        assert _confirm(ruled, right).certificate_number is not None


def test_where_the_county_asks_for_no_publication_a_certificate_is_confirmed_at_once(ruled: Registry) -> None:
    assert ruled.right(volume_m3="10").status == "confirmed"


def test_an_objection_stands_in_the_way_until_it_is_decided_and_for_ever_if_upheld(ruled: Registry) -> None:
    right, after = _published(ruled), MONDAY + dt.timedelta(days=16)
    with on(MONDAY):
        first, second = _object(ruled, right), _object(ruled, right)
        with pytest.raises(life_errors.OwnApplication):
            _object(ruled, right, right.participant_id)
        with pytest.raises(life_errors.ObjectionExists), ruled.session.begin_nested():
            _object(ruled, right, first.participant_id)
    with on(after):
        with pytest.raises(life_errors.ObjectionPeriodOver):
            _object(ruled, right)
        with pytest.raises(life_errors.ObjectionsUndecided):
            _confirm(ruled, right)
        with pytest.raises(life_errors.ObjectionsUndecided):
            entitlements.refuse(ruled.session, actor=REGISTRAR, entitlement_id=right.id, reason="x")
        _decide(ruled, first, upheld=False)
        _decide(ruled, second, upheld=True)
        with pytest.raises(life_errors.ObjectionState):
            _decide(ruled, second, upheld=False)
        with pytest.raises(life_errors.ObjectionUpheld):
            _confirm(ruled, right)
        refused = entitlements.refuse(
            ruled.session, actor=REGISTRAR, entitlement_id=right.id, reason="the objection is upheld"
        )
    assert refused.status == "refused"


def test_what_is_not_published_is_not_there_to_object_to(ruled: Registry) -> None:
    from market.core.errors import NotFound

    right = _permit(ruled)
    with pytest.raises(NotFound):
        _object(ruled, right)
    shown = _published(ruled)
    [publication] = publications.published(ruled.session)
    assert publication.right.id == shown.id
    assert publication.applicant == "h**"
    assert publication.objections_until == MONDAY + dt.timedelta(days=15)


def test_the_clocks_of_a_permit_run_in_working_days_and_stop_for_hearings_and_disputes(
    ruled: Registry,
) -> None:
    """Permit regulation arts 13, 19 (5 and 45 working days) and 18; Licensing Law art. 45. Tomb-sweeping day
    falls on Sunday 5 April 2026, Monday 6 April is free; 1 to 5 May are free, Saturday 9 May is worked:
    from 11 March on 15 + 21 + 9 days. From 1 July on 23 + 21 + 1 days.
    """
    with on(MONDAY):
        right = _permit(ruled)
        acceptance = _clocks(ruled, right)["acceptance"]
        assert (acceptance.due_on, acceptance.overdue, acceptance.whose) == (
            dt.date(2026, 3, 9),
            False,
            "bureau",
        )
    with on(dt.date(2026, 3, 10)):
        assert _clocks(ruled, right)["acceptance"].overdue
        _step(ruled, right, "accept")
        running = _clocks(ruled, right)
        assert running.keys() == {"decision"}
        assert running["decision"].due_on == dt.date(2026, 5, 15)
        _step(ruled, right, "open_dispute")
        with pytest.raises(life_errors.ApplicationStopped):
            _step(ruled, right, "publish")
        with pytest.raises(life_errors.DisputeState):
            _step(ruled, right, "open_dispute")
    with on(dt.date(2026, 6, 30)):
        stopped = _clocks(ruled, right)["decision"]
        assert (stopped.due_on, stopped.stopped_since, stopped.overdue) == (None, dt.date(2026, 3, 10), False)
        _step(ruled, right, "close_dispute")
        assert _clocks(ruled, right)["decision"].due_on == dt.date(2026, 9, 1)
        _step(ruled, right, "publish")
        assert _clocks(ruled, right)["objection"].due_on == dt.date(2026, 7, 15)
    with on(dt.date(2026, 9, 2)):
        running = _clocks(ruled, right)
        assert running["decision"].overdue
        assert running.keys() == {"decision"}


def test_a_clock_that_reaches_into_a_year_of_unknown_holidays_says_that_it_is_provisional(
    ruled: Registry,
) -> None:
    with on(dt.date(2026, 12, 1)):
        right = _permit(ruled)
        assert not _clocks(ruled, right)["acceptance"].provisional
        _step(ruled, right, "accept")
        assert _clocks(ruled, right)["decision"].provisional


def test_a_permit_for_more_than_five_years_says_why_and_ten_are_the_most(ruled: Registry) -> None:
    """Permit regulation art. 25."""
    with pytest.raises(life_errors.TermNeedsGrounds):
        _permit(ruled, valid_to=dt.date(2031, 1, 2))
    _permit(ruled, valid_to=dt.date(2031, 1, 1))
    _permit(ruled, valid_to=dt.date(2036, 1, 1), basis="a reservoir of forty years")
    with pytest.raises(errors.TermTooLong):
        _permit(ruled, valid_to=dt.date(2036, 1, 2), basis="a reservoir of forty years")


def test_renewal_is_asked_for_45_days_before_the_end_and_decided_before_it(ruled: Registry) -> None:
    """Permit regulation art. 25: 16 November is the last day for a permit that ends on 31 December."""
    right, late = _granted(ruled), _granted(ruled)
    with on(dt.date(2030, 11, 16)):
        assert _clocks(ruled, right)["renewal"].due_on == dt.date(2030, 11, 16)
        with pytest.raises(life_errors.RenewalState):
            _renew(ruled, right, dt.date(2035, 12, 31))
        endings.ask_renewal(ruled.session, actor=REGISTRAR, entitlement_id=right.id)
        with pytest.raises(life_errors.RenewalState):
            endings.ask_renewal(ruled.session, actor=REGISTRAR, entitlement_id=right.id)
        assert _clocks(ruled, right)["renewal_decision"].due_on == dt.date(2030, 12, 31)
    with on(dt.date(2030, 11, 17)):
        assert _clocks(ruled, late)["renewal"].overdue
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
    idle, used, excused = (_granted(ruled) for _ in range(3))
    account = ruled.open(used.participant_id)
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
        _permit(ruled, "10000")
    assert (refusal.value.limit, refusal.value.pointer) == ("10000.000", "/assessment_id")
    found = _assessed(ruled, holder)
    named = {"participant_id": holder, "assessment_id": found.id}
    right = _permit(ruled, "15000", **named)
    with pytest.raises(life_errors.AssessmentTooSmall) as small:
        _permit(ruled, "5000.001", **named)
    assert (small.value.limit, small.value.available) == ("20000.000", "5000.000")
    entitlements.refuse(ruled.session, actor=REGISTRAR, entitlement_id=right.id, reason="test")
    _permit(ruled, "20000", **named)
    from market.core.errors import NotFound

    with pytest.raises(NotFound):
        _permit(ruled, "1", assessment_id=found.id)
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
    _permit(ruled, "12000", participant_id=works, assessment_id=found.id, sector="industry")
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
