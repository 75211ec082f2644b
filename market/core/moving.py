"""The movable clock of the test county: asked to go forward, and moved step by step by the county's worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.errors import Conflict, InvalidInput, NotFound
from market.core.models import TEST, ClockAdvance, ClockStep, Installation

FURTHEST_AT_ONCE = dt.timedelta(days=400)
"""A water year and what follows it. Demonstration: no law speaks of the clock of a test county."""
FURTHEST_AHEAD = dt.timedelta(days=3_660)
_MICROSECOND = dt.timedelta(microseconds=1)


class NotATestCounty(Conflict):
    """Only the clock of the test county is moved; a live key does not reach that county."""

    code = "not_a_test_county"
    title_en = "This needs a key of the test county"
    title_zh = "此操作须使用测试县密钥"


class ClockGoesForward(InvalidInput):
    """The clock of the test county is set to a later instant only: what was done stays done."""

    code = "clock_goes_forward"
    title_en = "The clock goes forward only"
    title_zh = "测试时钟只能前进"


class TooFarAhead(InvalidInput):
    """The clock goes a bounded way at once, and is a bounded way ahead altogether."""

    code = "clock_too_far"
    title_en = "The clock does not go that far"
    title_zh = "测试时钟前进幅度超出限制"


class ClockIsMoving(Conflict):
    """One move of the clock at a time."""

    code = "clock_is_moving"
    title_en = "The clock is being moved already"
    title_zh = "测试时钟正在前进"


def is_test_county(session: Session) -> bool:
    """Whether this database is a test county's."""
    return session.scalars(select(Installation.county)).one() == TEST


def ask(session: Session, *, actor: audit.Actor, to: dt.datetime) -> ClockAdvance:
    """Asks for the clock to be moved to an instant.

    Errors: NotATestCounty, ClockGoesForward, TooFarAhead, ClockIsMoving.
    """
    if not is_test_county(session):
        raise NotATestCounty("the clock of the live county is nobody's to move")
    now = clock.now()
    if to <= now:
        raise ClockGoesForward(f"it is {now.isoformat(timespec='seconds')} in the test county", pointer="/to")
    furthest = min(now + FURTHEST_AT_ONCE, clock.of_process() + FURTHEST_AHEAD)
    if to > furthest:
        raise TooFarAhead(
            f"at most {FURTHEST_AT_ONCE.days} days at once, and {FURTHEST_AHEAD.days} ahead in all",
            pointer="/to", limit=furthest.isoformat(timespec="seconds"),
        )  # fmt: skip
    assert actor.user_id is not None
    made = ClockAdvance(from_at=now, to_at=to, reached_at=now, asked_by=actor.user_id)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise ClockIsMoving("wait until the clock has arrived") from error
    acts.done(
        session, actor=actor, source="core", kind="clock_advance", number=made.id, act="asked",
        detail={"from": now.isoformat(), "to": to.isoformat()},
    )  # fmt: skip
    return made


def running(session: Session) -> ClockAdvance | None:
    """The move that is under way, locked."""
    return session.scalars(
        select(ClockAdvance).where(ClockAdvance.status == "running").with_for_update()
    ).one_or_none()


def reach(session: Session, advance: ClockAdvance, at: dt.datetime) -> int:
    """Says that the clock is at this instant now; returns by how many microseconds it runs ahead of this machine's.

    It never goes back: an instant that went by while something was done counts as reached.
    """
    ahead_us = max((at - clock.of_machine()) // _MICROSECOND, ahead_of(session))
    session.execute(update(Installation).values(clock_ahead_us=ahead_us))
    advance.reached_at = at
    return ahead_us


def ahead_of(session: Session) -> int:
    """By how many microseconds this county's clock runs ahead."""
    return session.scalars(select(Installation.clock_ahead_us)).one()


def arrive(session: Session, *, actor: audit.Actor, advance: ClockAdvance) -> None:
    """Ends a move: the clock is where it was asked to be."""
    advance.status = "done"
    acts.done(session, actor=actor, source="core", kind="clock_advance", number=advance.id, act="arrived")


def did(session: Session, *, advance_id: int, at: dt.datetime, done: Sequence[tuple[str, int]]) -> None:
    """Keeps what jobs did at an instant: (job, how many things), in order; those that did nothing are left out."""
    session.add_all(ClockStep(advance_id=advance_id, at=at, job=job, done=many) for job, many in done if many)


def find(session: Session, advance_id: int) -> ClockAdvance:
    """One move. Errors: NotFound."""
    found = session.get(ClockAdvance, advance_id)
    if found is None:
        raise NotFound("there is no such move of the clock")
    return found


def steps(session: Session, advance_id: int) -> list[ClockStep]:
    """What was done in a move, in order."""
    statement = select(ClockStep).where(ClockStep.advance_id == advance_id).order_by(ClockStep.id)
    return list(session.scalars(statement))


def latest(session: Session, *, before: int | None, limit: int) -> list[ClockAdvance]:
    """Moves, newest first."""
    statement = select(ClockAdvance).order_by(ClockAdvance.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(ClockAdvance.id < before)
    return list(session.scalars(statement))
