"""The rows of a county pack by which it is supervised: warnings, intensity targets, duties, the plan's tasks. Pure.

A warning or target holds from its day on, until another of its name does. What a measure is, and which reports there
are, is told by `supervision.warning` and `supervision.reports`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from market.county.document import Item
from market.county.parts import Basis

BasisOf = Callable[[Item, dict[str, Item]], Basis]
BASIS = ("source", "status", "demonstration")
USE, ALLOTTED, FORECAST, INTENSITY = MEASURES = ("use", "allotted", "forecast", "intensity")
"""What of a node is held against its limit: use so far, water handed out, use to the year's end, use per mu or output.
"""
GREEN, YELLOW, ORANGE, RED = COLOURS = ("green", "yellow", "orange", "red")
"""From the mildest to the gravest."""
PER_MU, PER_OUTPUT = PER = ("mu", "output")
"""Litres a mu of land, and litres for every 10 000 yuan of output."""
ONE = 1_000_000


class WarningRule(msgspec.Struct, frozen=True):
    """From a day on a measure has this colour where it reaches `at_e6` of the limit (millionths).

    `operator`: gte includes the number, gt does not. `plan`: the node may be given a reduction plan; `restricts`: with
    the plan come the tighter rules.
    """

    measure: str
    colour: str
    from_on: dt.date
    at_e6: int
    operator: str
    zh: str
    en: str
    plan: bool
    restricts: bool
    basis: Basis


class IntensityTarget(msgspec.Struct, frozen=True):
    """From a day on a sector uses in a zone at most `most_litres` a mu, or for every 10 000 yuan of output."""

    code: str
    from_on: dt.date
    zone: str
    sector: str
    per: str
    most_litres: int
    basis: Basis


class Duty(msgspec.Struct, frozen=True):
    """What is due every year on a day, `years_after` the year that it is about, and the reports filed for it."""

    code: str
    zh: str
    en: str
    month: int
    day: int
    years_after: int
    reports: tuple[str, ...]
    basis: Basis

    def due_on(self, year: int) -> dt.date:
        """The last day to do it for a year."""
        return dt.date(year + self.years_after, self.month, self.day)


class PlanTarget(msgspec.Struct, frozen=True):
    """What a task of the plan is to have reached in a year; `measure` with its least or most (millionths) if counted.

    A measure without either is shown, and people judge.
    """

    year: int
    zh: str
    en: str
    measure: str | None = None
    least_e6: int | None = None
    most_e6: int | None = None


class PlanTask(msgspec.Struct, frozen=True):
    """A task of the county's plan: who leads, who takes part, and its targets."""

    code: str
    zh: str
    en: str
    lead: str
    others: tuple[str, ...]
    targets: tuple[PlanTarget, ...]
    basis: Basis


def warning(item: Item, basis_of: BasisOf) -> WarningRule:
    """From when on which share of a limit has which colour."""
    found = item.table(
        ("measure", "colour", "from", "at", "operator", "zh", "en"), ("plan", "restricts", *BASIS)
    )
    plan, restricts = (found[name].boolean() if name in found else False for name in ("plan", "restricts"))
    if restricts and not plan:
        raise found["restricts"].wrong("the tighter rules come with a plan")
    return WarningRule(
        measure=found["measure"].one_of(MEASURES),
        colour=found["colour"].one_of(COLOURS[1:]),
        from_on=found["from"].day(),
        at_e6=found["at"].decimal(6, 100 * ONE),
        operator=found["operator"].one_of(("gte", "gt")),
        zh=found["zh"].text(40),
        en=found["en"].text(60),
        plan=plan,
        restricts=restricts,
        basis=basis_of(item, found),
    )


def intensity(item: Item, basis_of: BasisOf) -> IntensityTarget:
    """The most that a sector may use of something in a zone."""
    found = item.table(("code", "from", "zone", "sector", "per", "most"), BASIS)
    most = found["most"].decimal(3)
    if not most:
        raise found["most"].wrong("must be above zero")
    return IntensityTarget(
        found["code"].code(), found["from"].day(), found["zone"].code(), found["sector"].code(),
        found["per"].one_of(PER), most, basis_of(item, found),
    )  # fmt: skip


def duty(item: Item, basis_of: BasisOf) -> Duty:
    """What is due on a day of every year. The day is one that every year has."""
    found = item.table(("code", "zh", "en", "month", "day", "reports"), ("years_after", *BASIS))
    month, day = found["month"].whole(1, 12), found["day"].whole(1, 31)
    try:
        dt.date(2001, month, day)
    except ValueError as error:
        raise found["day"].wrong("is no day of every year") from error
    reports = tuple(each.code() for each in found["reports"].items())
    if not reports or len(set(reports)) != len(reports):
        raise found["reports"].wrong("must name reports, each once")
    years_after = found["years_after"].whole(0, 5) if "years_after" in found else 0
    return Duty(
        found["code"].code(), found["zh"].text(80), found["en"].text(120), month, day, years_after, reports,
        basis_of(item, found),
    )  # fmt: skip


def task(item: Item, basis_of: BasisOf) -> PlanTask:
    """A task of the county's plan."""
    found = item.table(("code", "zh", "en", "lead"), ("others", "targets", *BASIS))
    return PlanTask(
        code=found["code"].text(20),
        zh=found["zh"].text(80),
        en=found["en"].text(120),
        lead=found["lead"].text(40),
        others=tuple(each.text(60) for each in found["others"].items()) if "others" in found else (),
        targets=tuple(_target(each) for each in found["targets"].items()) if "targets" in found else (),
        basis=basis_of(item, found),
    )


def _target(item: Item) -> PlanTarget:
    found = item.table(("year", "zh", "en"), ("measure", "least", "most"))
    bounds = [name for name in ("least", "most") if name in found]
    if bounds and ("measure" not in found or len(bounds) > 1):
        raise item.wrong("names a measure and the least or the most of it")
    return PlanTarget(
        year=found["year"].whole(2000, 2200),
        zh=found["zh"].text(200),
        en=found["en"].text(300),
        measure=found["measure"].code() if "measure" in found else None,
        least_e6=found["least"].decimal(6) if "least" in found else None,
        most_e6=found["most"].decimal(6) if "most" in found else None,
    )


def check(
    warnings: Sequence[WarningRule],
    intensities: Sequence[IntensityTarget],
    known: tuple[Collection[str], Collection[str]],
    lines: Mapping[tuple[str, int], Item],
) -> None:
    """One row of a name and day; targets in zones and sectors that there are. Errors: PackError with the line."""
    zones, sectors = known
    seen: set[tuple[object, ...]] = set()
    for place, each in enumerate(warnings):
        key: tuple[object, ...] = (each.measure, each.colour, each.from_on)
        if key in seen:
            raise lines["warnings", place].wrong(
                f"{each.colour} of {each.measure} stands twice from this day on"
            )
        seen.add(key)
    for place, target in enumerate(intensities):
        item = lines["intensities", place]
        if target.zone not in zones:
            raise item.at("zone").wrong(f"there is no zone {target.zone}")
        if target.sector not in sectors:
            raise item.at("sector").wrong(f"there is no sector {target.sector}")
        if (target.code, target.from_on) in seen:
            raise item.wrong(f"{target.code} stands twice from this day on")
        seen.add((target.code, target.from_on))
