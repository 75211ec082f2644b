"""What a baseline and a saving are made from, and what they are, as plain values. Pure.

Volumes are litres; what is measured or agreed is an integer, what a regression reckons is a float until it is rounded,
half to even, once. Drivers are plain numbers in the unit that they name. A day range runs from `starts` up to, and
without, `ends`.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field

TIER_A, TIER_B, TIER_C = "A", "B", "C"
REGRESSION, UNIT, SINGLE, LEAKAGE, PRODUCTS = "regression", "unit", "single", "leakage", "products"
ROUND = 6
"""Decimals of what is kept of a float beside the litres: enough for people, and equal on every machine."""


class BadInput(ValueError):
    """The input is not one that the rules describe; the message says what is wrong, for people."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of project (county plan part 4(2)8): has its model an intercept, and errors in proportion to use?"""

    code: str
    zh: str
    en: str
    intercept: bool
    proportional: bool


KINDS = {
    each.code: each
    for each in (
        Kind("irrigation", "农业灌溉", "irrigation", intercept=False, proportional=True),
        Kind("building", "公共机构与公共建筑", "public building", intercept=True, proportional=False),
        Kind("industry", "高耗水工业", "industry", intercept=True, proportional=False),
        Kind("service", "高耗水服务业", "services", intercept=True, proportional=False),
    )
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was refused, lowered or marked, by its code (`words.REASONS`), with its numbers as text."""

    code: str
    numbers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a derivation: a symbol, its words, the formula with its numbers put in, value, unit and source."""

    symbol: str
    zh: str
    en: str
    formula: str
    value: str
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Driver:
    """Something that use depends on. `sign` is that of its effect as the parties signed it: 1, -1, or 0 for either."""

    code: str
    zh: str
    en: str
    unit: str
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter of the boundary, counted in (1) or out (-1); its accuracy class in millionths (2 per cent: 20 000)."""

    code: str
    sign: int
    class_e6: int


def meter_uncertainty(meters: tuple[Meter, ...], litres: tuple[int, ...] = ()) -> float:
    """The relative standard uncertainty of the use of a boundary: c/√3 for one meter (a rectangular error).

    For several their errors are independent, and `litres`, what each measured, is needed. Errors: BadInput.
    """
    if not meters:
        raise BadInput("a boundary has at least one meter")
    if any(each.sign not in (1, -1) or each.class_e6 < 0 for each in meters):
        raise BadInput("a meter counts 1 or -1, and its class is not negative")
    if len(meters) == 1:
        return meters[0].class_e6 / 1e6 / math.sqrt(3)
    if len(litres) != len(meters):
        raise BadInput("with several meters, what each measured is needed")
    total = sum(meter.sign * each for meter, each in zip(meters, litres, strict=True))
    if total <= 0:
        raise BadInput("the boundary's use must be positive")
    squares = sum((meter.class_e6 * each) ** 2 for meter, each in zip(meters, litres, strict=True))
    return math.sqrt(squares / 3) / 1e6 / total


@dataclass(frozen=True, slots=True)
class Period:
    """A metered period: use in litres, one value a driver, the part of it that was measured (masked days left out).

    The drivers are sums over the measured days. `u_litres` is the standard uncertainty of filled or pro-rated use.
    """

    starts: dt.date
    ends: dt.date
    litres: int
    drivers: tuple[float, ...] = ()
    measured: float = 1.0
    u_litres: int = 0

    @property
    def month(self) -> float:
        """Months since the year nil, whole for a period that begins with a month."""
        first = self.starts.replace(day=1)
        days = ((first + dt.timedelta(days=32)).replace(day=1) - first).days
        return self.starts.year * 12 + self.starts.month - 1 + (self.starts.day - 1) / days


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Base years that both sides agreed to leave out, or another departure from the rule, with its reason."""

    what: str
    reason: str
    signed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BaseInput:
    """All that a baseline is fitted on; its fingerprint is signed. `unit`: the driver that counts output or need.

    `season` are the months (1 to 12) that have periods in every year. Periods may be months, or shorter.
    """

    kind: str
    starts: dt.date
    ends: dt.date
    works_start: dt.date
    drivers: tuple[Driver, ...]
    periods: tuple[Period, ...]
    meters: tuple[Meter, ...]
    meter_litres: tuple[int, ...] = ()
    season: tuple[int, ...] = tuple(range(1, 13))
    unit: int | None = None
    departures: tuple[LeftOut, ...] = ()

    def __post_init__(self) -> None:
        """Refuses what is no base period. Errors: BadInput."""
        if self.kind not in KINDS:
            raise BadInput(f"the kind {self.kind} is unknown")
        if not self.starts < self.ends <= self.works_start:
            raise BadInput("the base period begins before it ends, and ends before works start")
        check_periods(self.periods, self.starts, self.ends, len(self.drivers))
        if not set(self.season) <= set(range(1, 13)) or not self.season:
            raise BadInput("a season is some of the months 1 to 12")
        if self.unit is not None and not 0 <= self.unit < len(self.drivers):
            raise BadInput("the unit must be one of the drivers")

    @property
    def years(self) -> int:
        """Whole years of the base period."""
        return (self.ends.year - self.starts.year) - (
            (self.ends.month, self.ends.day) < (self.starts.month, self.starts.day)
        )

    def year_of(self, period: Period) -> int:
        """The contract's own year that a period falls in, from the start of the base period, 0 first."""
        first = self.starts.year * 12 + self.starts.month - 1 + (self.starts.day - 1) / 31
        return math.floor((period.month - first + 1e-9) / 12)


def check_periods(periods: tuple[Period, ...], starts: dt.date, ends: dt.date, drivers: int) -> None:
    """One at least, in order, apart, inside, with every driver. Errors: BadInput."""
    if not periods:
        raise BadInput("a period is the least")
    before = starts
    for each in periods:
        if each.starts < before or each.ends <= each.starts or each.ends > ends:
            raise BadInput(f"the period from {each.starts} is out of order or outside of its span")
        if each.litres < 0 or each.u_litres < 0 or not 0 < each.measured <= 1:
            raise BadInput(
                f"the period from {each.starts} has a use, an uncertainty or a part that cannot be"
            )
        if len(each.drivers) != drivers or not all(map(math.isfinite, each.drivers)):
            raise BadInput(f"the period from {each.starts} needs {drivers} drivers")
        before = each.ends


@dataclass(frozen=True, slots=True)
class Gates:
    """How well a model fits: coefficient of variation of the error, mean bias, R², n - p, and which gates it fails."""

    cv: float
    nmbe: float
    r2: float
    df: int
    failed: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline, selected once and frozen: which drivers it keeps (by number), β (the intercept first), gates, tier.

    `inputs_sha256` is the fingerprint of what it was fitted on; `sha256` that of all of it.
    """

    base: BaseInput
    intercept: bool
    chosen: tuple[int, ...]
    beta: tuple[float, ...]
    bic: float
    candidates: int
    gates: Gates | None
    tier: str
    reasons: tuple[Reason, ...]
    rho: float
    tau: float
    inputs_sha256: str


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A non-routine event: what it adds to the baseline (litres, signed), its u, its evidence, and who accepted it.

    It enters only with the other party's consent or the verifier's decision (SAVINGS section 3).
    """

    event: str
    starts: dt.date
    ends: dt.date
    litres: int
    u_litres: int
    evidence: str
    accepted_by: str | None = None

    @property
    def enters(self) -> bool:
        """Whether somebody who may has accepted it, on some evidence."""
        return self.accepted_by in ("other_party", "verifier") and bool(self.evidence)


@dataclass(frozen=True, slots=True)
class Report:
    """A reporting span: its periods with the signed drivers, its meters, and proposed adjustments.

    `same_meters`: the base was measured by the same meters. `parallel`: a replaced meter ran for a month beside the old
    one, else the report is Tier C. `single_consent`: the parties consent to be paid on one base figure. `efficiency`:
    (net litres, net over gross use before, after) for the cross-check of an irrigation saving.
    """

    starts: dt.date
    ends: dt.date
    periods: tuple[Period, ...]
    meters: tuple[Meter, ...]
    meter_litres: tuple[int, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    same_meters: bool = True
    parallel: bool = True
    efficiency: tuple[int, float, float] | None = None
    single_consent: bool = False

    def __post_init__(self) -> None:
        """Errors: BadInput."""
        if self.ends <= self.starts:
            raise BadInput("a report begins before it ends")
        for each in self.adjustments:
            if not each.starts < each.ends or each.ends <= self.starts or each.starts >= self.ends:
                raise BadInput(f"the event {each.event} does not fall in the reporting span")
            if each.u_litres < 0:
                raise BadInput(f"the uncertainty of {each.event} is negative")


@dataclass(frozen=True, slots=True)
class Interval:
    """Limits of a saving in litres: 95 and 68 per cent two-sided, and the one-sided lower bound for water."""

    low95: int
    high95: int
    low68: int
    high68: int
    lower: int


@dataclass(frozen=True, slots=True)
class Part:
    """A standard uncertainty, litres, by its symbol."""

    symbol: str
    zh: str
    en: str
    litres: float


@dataclass(frozen=True, slots=True)
class Line:
    """A period for a plot: use, and what the baseline says of it with its 95 per cent limits (litres)."""

    starts: dt.date
    ends: dt.date
    use: int
    fitted: int
    low95: int | None = None
    high95: int | None = None
    reporting: bool = False


@dataclass(frozen=True, slots=True)
class Saving:
    """A saving with everything that it was reckoned from. saving = adjusted - use; all in litres.

    `interval` is None at Tier C. `caveats` and `flags` change nothing; `reasons` say why the tier is what it is.
    """

    tier: str
    method: str
    starts: dt.date
    ends: dt.date
    adjusted_litres: int
    use_litres: int
    saving_litres: int
    interval: Interval | None
    parts: tuple[Part, ...]
    reasons: tuple[Reason, ...]
    caveats: tuple[Reason, ...]
    flags: tuple[Reason, ...]
    steps: tuple[Step, ...]
    inputs_sha256: str
    lines: tuple[Line, ...] = field(default=())


def litres_of(value: float) -> int:
    """A reckoned volume in whole litres, half to even: the one place where it is rounded."""
    return round(value)
