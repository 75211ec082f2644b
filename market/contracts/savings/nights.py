"""Leakage control in two steps, as every other saving: a baseline of nights that is frozen, then reports. Pure.

`leakage.leakage_saving` reckons from both sides at once; here its base side is a value of its own, which user and firm
consent to, and a report is a value too. Flows are litres an hour, volumes litres.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace

from market.contracts.canonical import fingerprint
from market.contracts.savings.base import LONGEST_WAIT
from market.contracts.savings.leakage import (
    Balance,
    LeakageInput,
    Night,
    correlation,
    leakage_saving,
    zone_of,
)
from market.contracts.savings.model import (
    ROUND,
    TIER_A,
    TIER_C,
    Adjustment,
    BadInput,
    Meter,
    Reason,
    Saving,
    litres_of,
)
from market.contracts.savings.rules import Rules

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Balanced:
    """Inflow of the district and use that was billed within it, litres of so many days, and the bills' fingerprint."""

    inflow: int
    billed: int
    days: int
    evidence: str


@dataclass(frozen=True, slots=True)
class LeakageBase:
    """All that a baseline of nights stands on; its fingerprint is agreed. `pressure_point`: whose pressure counts.

    `night_use`: legitimate night use of the whole district, litres an hour; `exponent` None: the rules' N1.
    """

    works_start: dt.date
    nights: tuple[Night, ...]
    night_use: float
    reference_pressure: float
    hourly_pressure: tuple[float, ...]
    meters: tuple[Meter, ...]
    meter_litres: tuple[int, ...]
    pressure_point: int
    exponent: float | None = None
    balance: Balanced | None = None

    def __post_init__(self) -> None:
        """Errors: BadInput."""
        if len(self.nights) < 2:
            raise BadInput("two base nights are the least")
        if self.nights[-1].day >= self.works_start:
            raise BadInput("the base nights come before works start")
        if self.works_start - self.nights[-1].day > LONGEST_WAIT:
            raise BadInput("the base nights are the latest before works start")
        if not 0 <= self.night_use < math.inf:
            raise BadInput("legitimate night use is not negative")

    @property
    def starts(self) -> dt.date:
        """The day of the first night."""
        return self.nights[0].day

    @property
    def ends(self) -> dt.date:
        """The day after the last night."""
        return self.nights[-1].day + DAY


@dataclass(frozen=True, slots=True)
class LeakageBaseline:
    """A baseline of nights: the day factor, the mean of normalised leakage (litres an hour), nights that count as
    independent, and what leaked on the base nights' days (litres).
    """

    base: LeakageBase
    tier: str
    reasons: tuple[Reason, ...]
    exponent: float
    hours: float
    mean: float
    rho: float
    effective_nights: float
    leaked_litres: int
    inputs_sha256: str


@dataclass(frozen=True, slots=True)
class LeakageReport:
    """The measured nights of a reporting span, and the meters that measured them. Nights that were not measured earn
    nothing: their days are left out on both sides.
    """

    starts: dt.date
    ends: dt.date
    nights: tuple[Night, ...]
    meters: tuple[Meter, ...]
    meter_litres: tuple[int, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    balance: Balanced | None = None
    same_meters: bool = True
    single_consent: bool = False

    def __post_init__(self) -> None:
        """Errors: BadInput."""
        if not self.nights:
            raise BadInput("a reporting night is the least")
        if not self.starts <= self.nights[0].day <= self.nights[-1].day < self.ends:
            raise BadInput("a reporting night lies outside of its span")


def leakage_baseline(base: LeakageBase, rules: Rules) -> LeakageBaseline:
    """The baseline of nights, the same one every time. Tier A from the rules' number of nights on, else C.

    Errors: BadInput.
    """
    exponent = rules.leak_exponent if base.exponent is None else base.exponent
    # A night stands in for a report, so that the base is checked and reckoned exactly as it will be with one.
    probe = replace(base.nights[-1], day=base.works_start)
    zone = zone_of(_input(base, (probe,)), exponent)
    found = correlation(zone.base)
    reasons: tuple[Reason, ...] = ()
    if len(base.nights) < rules.nights_least:
        nights = (("nights", str(len(base.nights))), ("least", str(rules.nights_least)))
        reasons = (Reason("too_few_nights", nights), Reason("one_figure"))
    return LeakageBaseline(
        base=base,
        tier=TIER_C if reasons else TIER_A,
        reasons=reasons,
        exponent=exponent,
        hours=round(zone.hours, ROUND),
        mean=round(zone.base.mean().item(), ROUND),
        rho=round(found.rho, ROUND),
        effective_nights=round(found.nights, ROUND),
        leaked_litres=litres_of(zone.hours * zone.before.sum().item()),
        inputs_sha256=fingerprint([base, rules]),
    )


def _input(base: LeakageBase, nights: tuple[Night, ...]) -> LeakageInput:
    return LeakageInput(
        base=base.nights, report=nights, night_use=base.night_use, reference_pressure=base.reference_pressure,
        hourly_pressure=base.hourly_pressure, meters=base.meters, meter_litres=base.meter_litres,
        exponent=base.exponent,
    )  # fmt: skip


def assess_nights(found: LeakageBaseline, report: LeakageReport, rules: Rules) -> Saving:
    """The saving of a report against a frozen baseline of nights. Errors: BadInput."""
    base = found.base
    if report.starts < base.works_start:
        raise BadInput("a report begins after the works did")
    if (base.balance is None) != (report.balance is None):
        raise BadInput("a water balance is checked on both sides or on neither")
    balance = None
    if base.balance is not None and report.balance is not None:
        balance = Balance(
            base.balance.inflow, base.balance.billed, base.balance.days,
            report.balance.inflow, report.balance.billed, report.balance.days,
        )  # fmt: skip
    given = replace(
        _input(base, report.nights), meters=report.meters, meter_litres=report.meter_litres, balance=balance,
        base_meters=() if report.same_meters else base.meters,
        base_meter_litres=() if report.same_meters else base.meter_litres,
        adjustments=report.adjustments, single_consent=report.single_consent,
    )  # fmt: skip
    saving = leakage_saving(given, rules)
    days = (report.ends - report.starts).days
    caveats = list(saving.caveats)
    if len(report.nights) < days:
        numbers = (("nights", str(len(report.nights))), ("days", str(days)))
        caveats.append(Reason("nights_missing", numbers))
    caveats += [
        Reason("adjustment_not_accepted", (("event", each.event),))
        for each in report.adjustments
        if not each.enters
    ]
    if report.starts >= base.ends + dt.timedelta(days=366 * rules.rebase_after_years):
        caveats.append(Reason("rebase_due", (("years", str(rules.rebase_after_years)),)))
    return replace(
        saving, starts=report.starts, ends=report.ends, caveats=tuple(caveats),
        inputs_sha256=fingerprint([found.inputs_sha256, report, rules]),
    )  # fmt: skip
