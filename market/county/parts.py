"""The parts of a county pack: zones, rules, tariffs, clocks, each with its legal source. Plain values."""

from __future__ import annotations

import datetime as dt

import msgspec

ADMIN, RIVER = "admin", "river"
CLOSED_GROUNDWATER = ("restricted", "banned", "overdrawn")
COUNTY, DISTRICT, CANAL = "county", "district", "canal"
ONE_E6 = 1_000_000
ALLOCATION, LEASE, ENTITLEMENT = TENURES = ("allocation", "lease", "entitlement")
FILING, APPROVAL, PUBLICATION = LANES = ("filing", "approval", "publication")
NIGHT = "night"
SESSION_PHASES = ("pre_open", "auction", "uncross", "open", NIGHT)
"""What a trading day is made of; at night orders may be entered and wait, as before the opening."""


class Basis(msgspec.Struct, frozen=True):
    """Where a figure or rule comes from: a source with its article and how it was read, or a demonstration."""

    source: str
    status: str
    demonstration: bool = False


DEMONSTRATION = Basis("demonstration", "demonstration", demonstration=True)


class Source(msgspec.Struct, frozen=True):
    """A law, plan, standard or report that figures come from."""

    code: str
    title: str
    status: str
    url: str | None = None


class Zone(msgspec.Struct, frozen=True):
    """A node of the administrative tree or of the river tree."""

    code: str
    tree: str
    parent: str | None
    level: str
    zh: str
    en: str
    groundwater: str = "open"
    demonstration: bool = False


class Sector(msgspec.Struct, frozen=True):
    """One of the user classes (plan part 4(1)3) or special trades, and whether it may sell and buy."""

    code: str
    zh: str
    en: str
    may_sell: bool
    may_buy: bool
    basis: Basis


class WaterYear(msgspec.Struct, frozen=True):
    """A water year; both days included."""

    year: int
    starts_on: dt.date
    ends_on: dt.date


LEAST_LOT_LITRES = 1_000
"""Of at least so much any two orders that cross can fill, whatever their route loses (docs/decisions/0001)."""


class Product(msgspec.Struct, frozen=True):
    """What is traded: an allocation has an order book; leases and entitlements are negotiated."""

    code: str
    source: str
    water_year: int
    tenure: str
    lot_litres: int
    basis: Basis


class LimitSpec(msgspec.Struct, frozen=True):
    """A cap, route, import, export or conversion limit of one water year."""

    code: str
    kind: str
    water_year: int
    litres: int
    basis: Basis
    zone: str | None = None
    to_zone: str | None = None
    source: str | None = None
    sector: str | None = None


class Flow(msgspec.Struct, frozen=True):
    """Water may be sold from one sector to another, within the county, the irrigation district or the canal."""

    from_sector: str
    to_sector: str
    within: str
    basis: Basis


class Route(msgspec.Struct, frozen=True):
    """Water can be led from one river node to another; of 1 000 litres k arrive. No sectors: all may use it."""

    from_zone: str
    to_zone: str
    k: int
    basis: Basis
    sectors: tuple[str, ...] = ()


class Fee(msgspec.Struct, frozen=True):
    """The exchange's fee in a zone, millionths of the value, paid by the seller."""

    zone: str
    rate_e6: int
    basis: Basis


class NegotiatedRule(msgspec.Struct, frozen=True):
    """What a deal that two parties negotiate goes through (`lane`) before, or as, it reaches the engine.

    filing: filed only; approval: a reviewer decides within `working_days`; publication: published for objection for
    `publication_days`, then as approval. None in a sector: any. `longest_years` bounds the term that the rule holds
    for; both sign within `signing_days` of the acceptance. `tenure`: of what: a year's allocation, a lease, or a right.
    """

    code: str
    lane: str
    within: str
    signing_days: int
    basis: Basis
    from_sector: str | None = None
    to_sector: str | None = None
    longest_years: int | None = None
    publication_days: int = 0
    working_days: int = 0
    tenure: str = ALLOCATION


class Tier(msgspec.Struct, frozen=True):
    """Use that passes the quota by `above_e6` of it costs `multiple_e6` of the price (millionths)."""

    above_e6: int
    multiple_e6: int
    basis: Basis = DEMONSTRATION


class EndCanal(msgspec.Struct, frozen=True):
    """The part of a water price that is for the upkeep of the end canals (末级渠系), 1/10 000 yuan per m3."""

    price_e4: int
    basis: Basis = DEMONSTRATION


class Tariff(msgspec.Struct, frozen=True):
    """The water price of a sector in a zone from a day on; tiers apply where the user has a quota (Water Law art. 49).

    `water`: of one source of water only; None: of any without a price of its own. `end_canal` is within the price.
    """

    zone: str
    sector: str
    price_e4: int
    basis: Basis
    tiers: tuple[Tier, ...] = ()
    from_on: dt.date = dt.date.min
    water: str | None = None
    end_canal: EndCanal | None = None


class Threshold(msgspec.Struct, frozen=True):
    """A yearly volume from which a duty begins. `operator`: gte includes the number, gt does not (Civil Code 1259)."""

    name: str
    litres: int
    operator: str
    basis: Basis


class Clock(msgspec.Struct, frozen=True):
    """A time that a law or rule gives: so many working days, days or years (`unit`)."""

    name: str
    length: int
    unit: str
    basis: Basis


class KindRule(msgspec.Struct, frozen=True):
    """How a right of one kind is confirmed: whether its application must be accepted and published for objection."""

    kind: str
    publication: bool
    basis: Basis


class CanalMonths(msgspec.Struct, frozen=True):
    """The months (1 to 12) in which a river node and what is below it lead water."""

    zone: str
    months: tuple[int, ...]
    basis: Basis


class Platform(msgspec.Struct, frozen=True):
    """Whether trades are exported to the national platform, as is due in over-loaded areas, or why they are not."""

    exported: bool
    reason_zh: str
    reason_en: str
    basis: Basis


class CarryOver(msgspec.Struct, frozen=True):
    """What of a year's unused water of a source goes into the next: the rule of the county, or a demonstration.

    `keep_e6` bounds what is kept, as a share of the yearly volume of the right; `evaporation_e6` of what is kept is
    deducted. Where it is `spillable`, what with the new year's allocation passes the right may not be used until the
    spill risk is under `spill_risk_e6`. Shares are millionths.
    """

    source: str
    keep_e6: int
    evaporation_e6: int
    spillable: bool
    spill_risk_e6: int
    basis: Basis


class ReserveRule(msgspec.Struct, frozen=True):
    """The most of an announcement that may be held back for the village and the district (millionths)."""

    most_e6: int
    basis: Basis


class SessionStep(msgspec.Struct, frozen=True):
    """From `at` on (legal time, Asia/Shanghai) a product is in this phase: one of SESSION_PHASES."""

    at: dt.time
    phase: str


class SessionRule(msgspec.Struct, frozen=True):
    """The trading day of one product, or of all (None), on some days of the week (1 Monday to 7 Sunday).

    `working_days`: only on working days by the Chinese calendar. Outside of it, and on other days, it is night.
    """

    days: tuple[int, ...]
    working_days: bool
    steps: tuple[SessionStep, ...]
    basis: Basis
    product: str | None = None


class BandRule(msgspec.Struct, frozen=True):
    """What keeps the prices of one product, or of all (None), together; a share of 0 means none. Shares are millionths.

    `static_e6`: how far from the reference price an order's limit may be. `dynamic_e6`: how far from the last trade a
    trade may be, before the book stops for `interruption_minutes` and goes on in the phase `interruption_then`.
    `breaker_e6`: how far from the reference price a trade may be before trading halts, for `breaker_minutes` or
    (0) until somebody resumes it.
    """

    static_e6: int
    dynamic_e6: int
    interruption_minutes: int
    interruption_then: str
    breaker_e6: int
    breaker_minutes: int
    deals_exempt: bool
    basis: Basis
    product: str | None = None


class TwoWayRule(msgspec.Struct, frozen=True):
    """An account of what has left a zone in call auctions beyond what came back, from 0 to `range_litres`.

    A new product begins at `opening_litres`. Outwards shuts when the account is full and opens again at
    `out_reopens_at`; inwards shuts when it is empty and opens again at `in_reopens_at` (litres).
    """

    code: str
    zone: str
    range_litres: int
    opening_litres: int
    out_reopens_at: int
    in_reopens_at: int
    basis: Basis


class SavingRule(msgspec.Struct, frozen=True):
    """A number by which savings are judged (millionths), or the length of a report's clock, from a day on."""

    name: str
    from_on: dt.date
    basis: Basis
    value_e6: int = 0
    length: int = 0
    unit: str = ""


RETAINED = ("place", "application", "contact", "person", "document")
"""Kinds of personal data that are erased in time: from where somebody signed in, years from that day; who applied and
was refused, from the decision; the contact of who left, from then; name, identifier and sign-ins of who left, from the
last business; the papers of a right, from its end.
"""


class RetentionRule(msgspec.Struct, frozen=True):
    """For how many years a kind of personal data is kept, by a rule that holds from a day on."""

    data: str
    from_on: dt.date
    years: int
    basis: Basis


class WatchRule(msgspec.Struct, frozen=True):
    """A threshold of surveillance, in the unit that its name ends in, from a day on."""

    name: str
    value: int
    from_on: dt.date
    basis: Basis


class CreditRule(msgspec.Struct, frozen=True):
    """How many points a finding takes from a credit record, and for how many months, from a day on."""

    finding: str
    points: int
    months: int
    from_on: dt.date
    basis: Basis


class FirstPrice(msgspec.Struct, frozen=True):
    """A product's first reference price: the county's tariff of a sector times `multiple_e6` (millionths)."""

    source: str
    sector: str
    multiple_e6: int
    basis: Basis


class BuyBackRule(msgspec.Struct, frozen=True):
    """Government buy-back: between which multiples of the water price (thousandths), from whom, into what, to whom.

    Public storage is what accounts of the sectors `storage_sectors` are that a storage body holds: it takes in what
    `from_sectors` sell within the county, the irrigation district or the canal (`within`), and what is left over
    goes to `resale_sectors`. No other sale begins or ends there.
    """

    least_e3: int
    most_e3: int
    from_sectors: tuple[str, ...]
    storage_sectors: tuple[str, ...]
    resale_sectors: tuple[str, ...]
    within: str
    basis: Basis


class Decision(msgspec.Struct, frozen=True):
    """Whether the rules allow a flow, by which rule and source."""

    allowed: bool
    rule: str
    legal_source: str


NO_FLOW = Decision(False, "sector_flow", "sector rules of the county pack: no flow listed")
