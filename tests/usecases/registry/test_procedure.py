"""From application to certificate: each step in its turn, within its days, or refused by name."""

from __future__ import annotations

import datetime as dt

import pytest

from market.core import db
from market.core.errors import NotFound
from market.proofs.rights import STEPS_SQL
from market.registry import (
    assessments,
    entitlements,
    errors,
    life_errors,
    lists,
    procedure,
    publications,
)
from tests.usecases.registry.county import REGISTRAR, Registry
from tests.usecases.registry.permits import (
    MONDAY,
    clocks_of,
    confirm,
    decide,
    lodge,
    on,
    permit,
    published,
    step,
    withdraw,
)


def test_a_permit_passes_acceptance_publication_and_the_days_for_objections(ruled: Registry) -> None:
    with on(MONDAY):
        right = permit(ruled)
        with pytest.raises(errors.EntitlementState):
            step(ruled, right, "publish")
        with pytest.raises(life_errors.PublicationNeeded):
            confirm(ruled, right)
        step(ruled, right, "accept")
        with pytest.raises(life_errors.PublicationNeeded):
            confirm(ruled, right)
        step(ruled, right, "publish")
    with on(MONDAY + dt.timedelta(days=15)), pytest.raises(life_errors.ObjectionPeriodRunning) as refusal:
        confirm(ruled, right)
    assert refusal.value.limit == "2026-03-17"
    with on(MONDAY + dt.timedelta(days=16)):
        assert confirm(ruled, right).certificate_number is not None


def test_where_the_county_asks_for_no_publication_a_certificate_is_confirmed_at_once(ruled: Registry) -> None:
    assert ruled.right(volume_m3="10").status == "confirmed"


def test_an_objection_stands_in_the_way_until_it_is_decided_and_for_ever_if_upheld(ruled: Registry) -> None:
    right, after = published(ruled), MONDAY + dt.timedelta(days=16)
    with on(MONDAY):
        first, second = lodge(ruled, right), lodge(ruled, right)
        with pytest.raises(life_errors.OwnApplication):
            lodge(ruled, right, right.participant_id)
        with pytest.raises(life_errors.ObjectionExists), ruled.session.begin_nested():
            lodge(ruled, right, first.participant_id)
    with on(after):
        with pytest.raises(life_errors.ObjectionPeriodOver):
            lodge(ruled, right)
        with pytest.raises(life_errors.ObjectionsUndecided):
            confirm(ruled, right)
        with pytest.raises(life_errors.ObjectionsUndecided):
            entitlements.refuse(ruled.session, actor=REGISTRAR, entitlement_id=right.id, reason="x")
        decide(ruled, first, upheld=False)
        decide(ruled, second, upheld=True)
        with pytest.raises(life_errors.ObjectionState):
            decide(ruled, second, upheld=False)
        with pytest.raises(life_errors.ObjectionUpheld):
            confirm(ruled, right)
        refused = entitlements.refuse(
            ruled.session, actor=REGISTRAR, entitlement_id=right.id, reason="the objection is upheld"
        )
    assert refused.status == "refused"


def test_what_is_not_published_is_not_there_to_object_to(ruled: Registry) -> None:
    right = permit(ruled)
    with pytest.raises(NotFound):
        lodge(ruled, right)
    shown = published(ruled)
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
        right = permit(ruled)
        acceptance = clocks_of(ruled, right)["acceptance"]
        assert (acceptance.due_on, acceptance.overdue, acceptance.whose) == (
            dt.date(2026, 3, 9),
            False,
            "bureau",
        )
    with on(dt.date(2026, 3, 10)):
        assert clocks_of(ruled, right)["acceptance"].overdue
        step(ruled, right, "accept")
        running = clocks_of(ruled, right)
        assert running.keys() == {"decision"}
        assert running["decision"].due_on == dt.date(2026, 5, 15)
        step(ruled, right, "open_dispute")
        with pytest.raises(life_errors.ApplicationStopped):
            step(ruled, right, "publish")
        with pytest.raises(life_errors.DisputeState):
            step(ruled, right, "open_dispute")
    with on(dt.date(2026, 6, 30)):
        stopped = clocks_of(ruled, right)["decision"]
        assert (stopped.due_on, stopped.stopped_since, stopped.overdue) == (None, dt.date(2026, 3, 10), False)
        step(ruled, right, "close_dispute")
        assert clocks_of(ruled, right)["decision"].due_on == dt.date(2026, 9, 1)
        step(ruled, right, "publish")
        assert clocks_of(ruled, right)["objection"].due_on == dt.date(2026, 7, 15)
    with on(dt.date(2026, 9, 2)):
        running = clocks_of(ruled, right)
        assert running["decision"].overdue
        assert running.keys() == {"decision"}


def test_a_clock_that_reaches_into_a_year_of_unknown_holidays_says_that_it_is_provisional(
    ruled: Registry,
) -> None:
    with on(dt.date(2026, 12, 1)):
        right = permit(ruled)
        assert not clocks_of(ruled, right)["acceptance"].provisional
        step(ruled, right, "accept")
        assert clocks_of(ruled, right)["decision"].provisional


def test_an_application_is_withdrawn_in_any_state_before_it_is_decided(ruled: Registry) -> None:
    for steps_before in ((), ("accept",), ("accept", "publish"), ("open_hearing",), ("open_dispute",)):
        with on(MONDAY):
            right = permit(ruled)
            for name in steps_before:
                step(ruled, right, name)
            assert clocks_of(ruled, right)
            withdrawn = withdraw(ruled, right)
            assert (withdrawn.status, withdrawn.certificate_number) == ("withdrawn", None)
            assert clocks_of(ruled, right) == {}
            for name in ("accept", "publish", "close_hearing"):
                with pytest.raises(errors.EntitlementState):
                    step(ruled, right, name)
            with pytest.raises(errors.EntitlementState):
                withdraw(ruled, right)
    connection = db.raw(ruled.session)
    [last] = lists.steps(ruled.session, entitlement_id=right.id)[-1:]
    assert (last.step, last.reason, last.by_user) == ("withdraw", "another site", REGISTRAR.user_id)
    told = "SELECT count(*) FROM outbox WHERE topic = 'registry.entitlement.withdrawn' AND subject_id = %s"
    assert connection.execute(told, (right.id,)).fetchone() == (1,)
    kept = "SELECT count(*) FROM audit WHERE action = 'entitlement.withdrawn' AND subject_id = %s"
    assert connection.execute(kept, (right.id,)).fetchone() == (1,)
    assert connection.execute(STEPS_SQL).fetchall() == []


def test_what_is_decided_is_not_withdrawn(ruled: Registry) -> None:
    confirmed = ruled.right(volume_m3="10")
    with on(MONDAY):
        refused = permit(ruled)
        entitlements.refuse(ruled.session, actor=REGISTRAR, entitlement_id=refused.id, reason="no water")
    for right in (confirmed, refused):
        with pytest.raises(errors.EntitlementState):
            withdraw(ruled, right)


def test_objections_that_wait_for_a_decision_lapse_with_the_application(ruled: Registry) -> None:
    right, other = published(ruled), published(ruled)
    with on(MONDAY):
        waiting, dismissed, elsewhere = lodge(ruled, right), lodge(ruled, right), lodge(ruled, other)
        decide(ruled, dismissed, upheld=False)
        assert right.id in [each.right.id for each in publications.published(ruled.session)]
        withdraw(ruled, right)
        for each in (waiting, dismissed, elsewhere):
            ruled.session.refresh(each)
        assert [each.status for each in (waiting, dismissed, elsewhere)] == ["lapsed", "dismissed", "lodged"]
        assert (waiting.decision_reason, waiting.version) == (procedure.WITHDRAWN, 2)
        assert waiting.decided_at is not None and waiting.decided_by == REGISTRAR.user_id
        assert [each.right.id for each in publications.published(ruled.session)] == [other.id]
        with pytest.raises(life_errors.ObjectionState):
            decide(ruled, waiting, upheld=True)
        with pytest.raises(NotFound):
            lodge(ruled, right)
    lapsed = "SELECT topic FROM outbox WHERE subject_type = 'objection' AND subject_id = %s ORDER BY id"
    topics = [row[0] for row in db.raw(ruled.session).execute(lapsed, (waiting.id,))]
    assert topics == ["registry.objection.lodged", "registry.objection.lapsed"]


def test_the_assessment_of_a_withdrawn_application_is_free_for_another(ruled: Registry) -> None:
    with on(MONDAY):
        holder = ruled.participant()
        assessed = assessments.record(
            ruled.session, actor=REGISTRAR, participant_id=holder, number="1", authority="bureau", project="p",
            approved_on=MONDAY, volume_litres=20_000_000,
        )  # fmt: skip
        first = permit(ruled, "20000", participant_id=holder, assessment_id=assessed.id)
        with pytest.raises(life_errors.AssessmentTooSmall):
            permit(ruled, "20000", participant_id=holder, assessment_id=assessed.id)
        withdraw(ruled, first)
        assert permit(ruled, "20000", participant_id=holder, assessment_id=assessed.id).status == "applied"
