"""Nights of a district: recorded at its points, corrected, and put together for a baseline or a report of leakage.

Night flow from two to four; a day's night is the one that ends in its morning. The flows of a district's points are of
the same hour of a night, that of the district's least flow (SAVINGS section 2, leakage).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.contracts import points
from market.contracts.measuring import CLASS_E6_AN_E4
from market.contracts.night_models import PointNight
from market.contracts.point_errors import NightKnown, PointReadingOrder, PointRetired
from market.contracts.point_models import MeasuringPoint
from market.contracts.savings import BadInput, Meter, Night
from market.contracts.terms import Terms
from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound

NIGHT = "point_night"
E3 = 1000
_done = partial(acts.done, source="contracts")


@dataclass(frozen=True, slots=True)
class Measured:
    """A night as it is recorded: litres an hour, pressures in thousandths."""

    night_on: dt.date
    flow_litres: int
    pressure_e3: int | None = None
    unreduced_e3: int | None = None


def record(
    session: Session,
    *,
    actor: audit.Actor,
    point_id: int,
    measured: Sequence[Measured],
    document_sha256: bytes | None = None,
) -> list[PointNight]:
    """Records nights of a point, all or none. Errors: NotFound, PointRetired, PointReadingOrder, NightKnown."""
    point = _in_use(session, point_id)
    for place, each in enumerate(measured):
        _check(point, each, f"/nights/{place}")
    assert actor.user_id is not None
    made = [
        PointNight(
            point_id=point_id, night_on=each.night_on, flow_litres=each.flow_litres, pressure_e3=each.pressure_e3,
            unreduced_e3=each.unreduced_e3, document_sha256=document_sha256, recorded_by=actor.user_id,
            recorded_at=clock.now(),
        )
        for each in measured
    ]  # fmt: skip
    try:
        with session.begin_nested():
            session.add_all(made)
            session.flush()
    except IntegrityError as error:
        if "uq_point_nights_day" not in str(error.orig):
            raise
        raise NightKnown(pointer="/nights") from error
    acts.done_many(
        raw(session),
        actor=actor,
        source="contracts",
        told=((NIGHT, "recorded", [(each.id, {"point_id": point_id}) for each in made]),),
    )
    return made


def _in_use(session: Session, point_id: int) -> MeasuringPoint:
    point = points.locked(session, point_id)
    if point.retired_on is not None:
        raise PointRetired(f"it went out of use on {point.retired_on}")
    return point


def _check(point: MeasuringPoint, each: Measured, pointer: str) -> None:
    if not point.starts_on < each.night_on <= clock.today():
        raise PointReadingOrder(
            "a night lies after the point began and is over",
            pointer=f"{pointer}/night_on",
            limit=point.starts_on.isoformat(),
            available=each.night_on.isoformat(),
        )
    if each.unreduced_e3 is not None and (each.pressure_e3 is None or each.unreduced_e3 < each.pressure_e3):
        raise PointReadingOrder(
            "the pressure without the project is not below the measured one", pointer=f"{pointer}/unreduced"
        )


def correct(
    session: Session,
    *,
    actor: audit.Actor,
    night_id: int,
    measured: Measured,
    reason: str,
    document_sha256: bytes | None = None,
) -> PointNight:
    """Other figures take the place of a night's, with the reason; `measured.night_on` is that night's own.

    Errors: NotFound, PointRetired, PointReadingOrder, NightKnown (corrected before).
    """
    known = session.get(PointNight, night_id)
    if known is None:
        raise NotFound("there is no such night")
    point = _in_use(session, known.point_id)
    if session.scalar(select(PointNight.id).where(PointNight.corrects_id == night_id)) is not None:
        raise NightKnown("the night was corrected before")
    _check(point, measured, "")
    assert actor.user_id is not None
    made = PointNight(
        point_id=known.point_id, night_on=known.night_on, flow_litres=measured.flow_litres,
        pressure_e3=measured.pressure_e3, unreduced_e3=measured.unreduced_e3, document_sha256=document_sha256,
        corrects_id=night_id, reason=reason, recorded_by=actor.user_id, recorded_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    _done(session, actor=actor, kind=NIGHT, number=made.id, act="corrected", detail={"reason": reason})
    return made


def listed(
    session: Session, point_ids: Sequence[int], *, first: dt.date | None = None, ends: dt.date | None = None
) -> Sequence[PointNight]:
    """The nights that count of some points from a day on, up to and without another, by day."""
    corrected = select(PointNight.corrects_id).where(
        PointNight.point_id.in_(point_ids), PointNight.corrects_id.is_not(None)
    )
    wanted = select(PointNight).where(PointNight.point_id.in_(point_ids), PointNight.id.not_in(corrected))
    if first is not None:
        wanted = wanted.where(PointNight.night_on >= first)
    if ends is not None:
        wanted = wanted.where(PointNight.night_on < ends)
    return session.scalars(wanted.order_by(PointNight.night_on, PointNight.point_id)).all()


@dataclass(frozen=True, slots=True)
class District:
    """The nights on which every point of a boundary was measured, the meters, and what each showed in all of them."""

    nights: tuple[Night, ...]
    meters: tuple[Meter, ...]
    meter_litres: tuple[int, ...]


def district(
    session: Session, terms: Terms, first: dt.date, ends: dt.date, pressure_point: int, *, unreduced: bool
) -> District:
    """The district's nights: counted points less those that are taken off; pressure at one of them.

    `unreduced`: with the pressure that would have been without the project, where one is recorded. A night that a
    point lacks is left out. Errors: BadInput (the pressure point is not of the boundary, more flows out than in).
    """
    signs = {each.point: each.sign for each in terms.boundary}
    if pressure_point not in signs:
        raise BadInput("the pressure is measured at a point of the boundary")
    by_day: dict[dt.date, dict[int, PointNight]] = defaultdict(dict)
    for row in listed(session, list(signs), first=first, ends=ends):
        by_day[row.night_on][row.point_id] = row
    nights, sums = [], dict.fromkeys(signs, 0)
    for day, rows in sorted(by_day.items()):
        pressed = rows.get(pressure_point)
        if len(rows) < len(signs) or pressed is None or pressed.pressure_e3 is None:
            continue
        flow = sum(signs[point] * row.flow_litres for point, row in rows.items())
        if flow < 0:
            raise BadInput(f"more flowed out of the district than into it in the night of {day}")
        pressure = pressed.unreduced_e3 if unreduced and pressed.unreduced_e3 else pressed.pressure_e3
        nights.append(Night(day, flow * 1.0, pressure / E3))
        for point, row in rows.items():
            sums[point] += row.flow_litres
    classes = {
        each.id: each.class_e4
        for each in session.scalars(select(MeasuringPoint).where(MeasuringPoint.id.in_(list(signs))))
    }
    meters = tuple(Meter(str(point), sign, classes[point] * CLASS_E6_AN_E4) for point, sign in signs.items())
    return District(tuple(nights), meters, tuple(sums.values()))
