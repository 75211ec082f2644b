"""Measuring points of users: registered in trees, read, corrected, evidenced by bills, taken out of use.

The registry's own meters are read by its rules; every other point is read at the end of a legal day. Nothing here
posts any use: a point only shows what a saving contract measures with (SAVINGS sections 1 and 2).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.units import format_litres
from market.contracts.point_errors import (
    BillOverlaps,
    PointIsTheRegistrys,
    PointKnown,
    PointReadingKnown,
    PointReadingOrder,
    PointRetired,
    PointTree,
)
from market.contracts.point_models import MeasuringPoint, PointBill, PointReading
from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.metering.models import Meter
from market.registry import places
from market.registry.models import WaterAccount

POINT, READING, BILL = "measuring_point", "point_reading", "point_bill"
ROOT_BITS, CHILD_BITS = 40, 12
"""A highest point has 2^40 numbers; each of its children, at most 4 095 for ever, 2^12 times fewer, down to 2^4."""
DEEPEST_BITS = 4
_done = partial(acts.done, source="contracts")


def register(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    name: str,
    serial: str,
    class_e4: int,
    starts_on: dt.date,
    start_litres: int = 0,
    parent_id: int | None = None,
    meter_id: int | None = None,
) -> MeasuringPoint:
    """Registers a point from the end of a legal day on, which its counter ended at `start_litres`.

    Errors: NotFound, ParticipantNotAdmitted, PointTree, PointKnown, PointReadingOrder (it begins in the future).
    """
    places.check_admitted(raw(session), participant_id)
    _check_day(starts_on)
    if meter_id is not None:
        _check_meter(session, participant_id, meter_id)
    span = _span(session, participant_id, parent_id)
    assert actor.user_id is not None
    made = MeasuringPoint(
        participant_id=participant_id, parent_id=parent_id, meter_id=meter_id, name=name, serial=serial,
        class_e4=class_e4, span=span, starts_on=starts_on, start_litres=start_litres, registered_by=actor.user_id,
        registered_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "serial" not in str(error.orig) and "meter_id" not in str(error.orig):
            raise
        raise PointKnown(pointer="/serial") from error
    _done(session, actor=actor, kind=POINT, number=made.id, act="registered", detail={"parent_id": parent_id})
    return made


def _check_meter(session: Session, participant_id: int, meter_id: int) -> None:
    owner = session.scalar(
        select(WaterAccount.participant_id)
        .join(Meter, Meter.water_account_id == WaterAccount.id)
        .where(Meter.id == meter_id)
    )
    if owner != participant_id:
        raise NotFound("there is no such meter of this user", pointer="/meter_id")


def _span(session: Session, participant_id: int, parent_id: int | None) -> Range[int]:
    """Numbers that no point had before: below the parent's, or a new highest point's."""
    if parent_id is None:
        number = raw(session).execute("SELECT nextval('measuring_point_roots')").fetchone()
        assert number is not None
        return Range(number[0] << ROOT_BITS, (number[0] + 1) << ROOT_BITS)
    parent = locked(session, parent_id)
    if parent.participant_id != participant_id:
        raise NotFound("there is no such point of this user", pointer="/parent_id")
    if parent.retired_on is not None:
        raise PointRetired(pointer="/parent_id")
    assert parent.span.lower is not None and parent.span.upper is not None
    size = (parent.span.upper - parent.span.lower) >> CHILD_BITS
    parent.children += 1
    if size < 1 << DEEPEST_BITS:
        raise PointTree("points lie three steps below the highest at most", pointer="/parent_id")
    if parent.children >= 1 << CHILD_BITS:
        raise PointTree("a point has had all the points below it that it can have", pointer="/parent_id")
    # the first of the parent's parts is its own, so that a claim on it alone can be told from one on a child
    low = parent.span.lower + size * parent.children
    return Range(low, low + size)


def _check_day(day: dt.date, pointer: str = "/starts_on") -> None:
    if day > clock.today():
        raise PointReadingOrder("the day has not come", pointer=pointer, available=day.isoformat())


def locked(session: Session, point_id: int) -> MeasuringPoint:
    """A point, locked. Errors: NotFound."""
    found = session.get(MeasuringPoint, point_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such measuring point")
    return found


def retire(
    session: Session, *, actor: audit.Actor, point_id: int, retired_on: dt.date, reason: str
) -> MeasuringPoint:
    """Takes a point out of use at the end of a day; its numbers are never given again. Errors: NotFound, PointRetired,
    PointTree (points below it are in use), PointReadingOrder.
    """
    found = _in_use(session, point_id)
    _check_day(retired_on, "/retired_on")
    if retired_on < found.starts_on:
        raise PointReadingOrder("the point began later", pointer="/retired_on")
    below = select(MeasuringPoint.id).where(
        MeasuringPoint.parent_id == point_id, MeasuringPoint.retired_on.is_(None)
    )
    if session.scalar(below.limit(1)) is not None:
        raise PointTree("points below it are in use")
    found.retired_on = retired_on
    session.flush()
    _done(session, actor=actor, kind=POINT, number=found.id, act="retired", detail={"reason": reason})
    return found


def _in_use(session: Session, point_id: int) -> MeasuringPoint:
    found = locked(session, point_id)
    if found.retired_on is not None:
        raise PointRetired(f"it went out of use on {found.retired_on}")
    return found


def _read_here(session: Session, point_id: int) -> MeasuringPoint:
    found = _in_use(session, point_id)
    if found.meter_id is not None:
        raise PointIsTheRegistrys
    return found


def read(
    session: Session,
    *,
    actor: audit.Actor,
    point_id: int,
    read_on: dt.date,
    counter_litres: int,
    method: str = "read",
    document_sha256: bytes | None = None,
) -> PointReading:
    """What the counter showed at the end of a day. Errors: NotFound, PointRetired, PointIsTheRegistrys,
    PointReadingOrder, PointReadingKnown.
    """
    point = _read_here(session, point_id)
    _check_day(read_on, "/read_on")
    if any(each.read_on == read_on for each in readings(session, point_id)):
        raise PointReadingKnown(pointer="/read_on")
    _check_order(session, point, read_on, counter_litres)
    return _enter(
        session, actor, "recorded", point_id=point_id, read_on=read_on, counter_litres=counter_litres,
        method=method, document_sha256=document_sha256,
    )  # fmt: skip


def correct(
    session: Session,
    *,
    actor: audit.Actor,
    reading_id: int,
    counter_litres: int,
    reason: str,
    document_sha256: bytes | None = None,
) -> PointReading:
    """Another reading takes the place of one, with its reason. Errors: as `read`, and PointReadingKnown (corrected)."""
    known = session.get(PointReading, reading_id)
    if known is None:
        raise NotFound("there is no such reading")
    point = _read_here(session, known.point_id)
    if session.scalar(select(PointReading.id).where(PointReading.corrects_id == reading_id)) is not None:
        raise PointReadingKnown("the reading was corrected before")
    _check_order(session, point, known.read_on, counter_litres)
    return _enter(
        session, actor, "corrected", point_id=known.point_id, read_on=known.read_on, counter_litres=counter_litres,
        method=known.method, document_sha256=document_sha256, corrects_id=reading_id, reason=reason,
    )  # fmt: skip


def _enter(session: Session, actor: audit.Actor, act: str, **values: object) -> PointReading:
    assert actor.user_id is not None
    made = PointReading(**values, recorded_by=actor.user_id, recorded_at=clock.now())
    session.add(made)
    session.flush()
    _done(session, actor=actor, kind=READING, number=made.id, act=act)
    return made


def _check_order(session: Session, point: MeasuringPoint, day: dt.date, litres: int) -> None:
    """A counter shows at least what it showed on an earlier day, and at most what it shows on a later one."""
    if day <= point.starts_on:
        raise PointReadingOrder(
            "the point began on that day or later", pointer="/read_on", limit=point.starts_on.isoformat()
        )
    least, most = point.start_litres, None
    for each in readings(session, point.id):
        if each.read_on < day:
            least = each.counter_litres
        elif each.read_on > day:
            most = each.counter_litres
            break
    if litres < least or (most is not None and litres > most):
        raise PointReadingOrder(
            "the counter would run backwards",
            pointer="/counter",
            limit=f"{format_litres(least)} to {'any' if most is None else format_litres(most)}",
            available=format_litres(litres),
        )


def readings(session: Session, point_id: int) -> Sequence[PointReading]:
    """The readings that count of a point, by day: a corrected one's place is taken by its correction."""
    corrected = select(PointReading.corrects_id).where(
        PointReading.point_id == point_id, PointReading.corrects_id.is_not(None)
    )
    return session.scalars(
        select(PointReading)
        .where(PointReading.point_id == point_id, PointReading.id.not_in(corrected))
        .order_by(PointReading.read_on)
    ).all()


def bill(
    session: Session,
    *,
    actor: audit.Actor,
    point_id: int,
    first_day: dt.date,
    last_day: dt.date,
    litres: int,
    number: str,
    document_sha256: bytes,
) -> PointBill:
    """A utility's bill of some days, both ends in it. Errors: NotFound, PointReadingOrder, BillOverlaps."""
    locked(session, point_id)
    if first_day > last_day:
        raise PointReadingOrder("a bill begins before it ends", pointer="/last_day")
    _check_day(last_day, "/last_day")
    assert actor.user_id is not None
    made = PointBill(
        point_id=point_id, days=Range(first_day, last_day + dt.timedelta(days=1)), litres=litres, number=number,
        document_sha256=document_sha256, recorded_by=actor.user_id, recorded_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "ex_point_bills_days" not in str(error.orig):
            raise
        raise BillOverlaps(pointer="/first_day") from error
    _done(session, actor=actor, kind=BILL, number=made.id, act="recorded")
    return made


def listed(
    session: Session, *, participant_id: int | None = None, parent_id: int | None = None, after: int | None = None,
    limit: int = 50,
) -> list[MeasuringPoint]:  # fmt: skip
    """The points of a user, or all, by id; `parent_id`: those directly below one."""
    statement = select(MeasuringPoint).where(MeasuringPoint.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(MeasuringPoint.participant_id == participant_id)
    if parent_id is not None:
        statement = statement.where(MeasuringPoint.parent_id == parent_id)
    return list(session.scalars(statement.order_by(MeasuringPoint.id).limit(limit)))


@dataclass(frozen=True, slots=True)
class Interval:
    """Litres of the days from `first_day` to `last_day`, both in it, and what shows them.

    `reading_id`: the reading of the point that ends it, if it is not the registry's.
    """

    first_day: dt.date
    last_day: dt.date
    litres: int
    evidence: str
    reading_id: int | None = None
    counter_litres: int | None = None


_REGISTRY_SQL = """
SELECT (r.since AT TIME ZONE 'Asia/Shanghai')::date, (r.read_at AT TIME ZONE 'Asia/Shanghai')::date, r.use_litres, r.id
FROM readings r
WHERE r.meter_id = %s AND NOT EXISTS (SELECT FROM readings c WHERE c.corrects_id = r.id)
ORDER BY r.read_at, r.id
"""
_DAY = dt.timedelta(days=1)


def series(session: Session, point_id: int) -> list[Interval]:
    """What a point has measured, interval by interval, in order: its readings, or the registry's of its meter.

    Days are legal days; a reading of the registry counts for the end of its day. Errors: NotFound.
    """
    point = session.get(MeasuringPoint, point_id)
    if point is None:
        raise NotFound("there is no such measuring point")
    found: list[Interval] = []
    if point.meter_id is not None:
        pending = 0
        for since, read_on, litres, number in (
            raw(session).execute(_REGISTRY_SQL, (point.meter_id,)).fetchall()
        ):
            pending += litres
            if read_on > since or (found and read_on > found[-1].last_day):
                first = found[-1].last_day + _DAY if found else since + _DAY
                found.append(Interval(first, read_on, pending, f"reading {number}"))
                pending = 0
        return found
    day, counter = point.starts_on, point.start_litres
    for each in readings(session, point_id):
        used, shows = each.counter_litres - counter, f"point reading {each.id}"
        found.append(Interval(day + _DAY, each.read_on, used, shows, each.id, each.counter_litres))
        day, counter = each.read_on, each.counter_litres
    return found


def bills(session: Session, point_id: int) -> list[Interval]:
    """The bills of a point, in order. Errors: none; a point without any has none."""
    rows = session.scalars(select(PointBill).where(PointBill.point_id == point_id).order_by(PointBill.days))
    return [
        Interval(each.days.lower, each.days.upper - _DAY, each.litres, f"bill {each.number}")
        for each in rows
        if each.days.lower is not None and each.days.upper is not None
    ]
