"""The county pack: what a county's rules are, as plain values, and the questions the market asks of them. Pure.

Volumes are litres, prices 1/10 000 yuan per m3, rates millionths. Every figure names its source, or is marked as a
demonstration; `basis` says which. Zones are named by their codes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise

import msgspec

from ledger.units import TICK_LITRES_A_FEN

ADMIN, RIVER = "admin", "river"
CLOSED_GROUNDWATER = ("restricted", "banned", "overdrawn")
COUNTY, DISTRICT, CANAL = "county", "district", "canal"
ONE_E6 = 1_000_000


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


class Product(msgspec.Struct, frozen=True):
    """What one order book trades."""

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


class ReviewRule(msgspec.Struct, frozen=True):
    """Trades that go before a reviewer. None in a sector: any; `crossing`: only across districts."""

    code: str
    working_days: int
    basis: Basis
    from_sector: str | None = None
    to_sector: str | None = None
    crossing: bool = False
    from_litres: int = 0


class Tier(msgspec.Struct, frozen=True):
    """Use that passes the quota by `above_e6` of it costs `multiple_e6` of the price (millionths)."""

    above_e6: int
    multiple_e6: int
    basis: Basis = DEMONSTRATION


class Tariff(msgspec.Struct, frozen=True):
    """The water price of a sector in a zone; tiers apply where the user has a quota (Water Law art. 49)."""

    zone: str
    sector: str
    price_e4: int
    basis: Basis
    tiers: tuple[Tier, ...] = ()


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


class Decision(msgspec.Struct, frozen=True):
    """Whether the rules allow a flow, by which rule and source."""

    allowed: bool
    rule: str
    legal_source: str


NO_FLOW = Decision(False, "sector_flow", "sector rules of the county pack: no flow listed")


class Pack(msgspec.Struct, frozen=True, dict=True):
    """One county's rules of one version."""

    name: str
    version: str
    zh: str
    en: str
    county: str
    certificate_prefix: str
    sources: tuple[Source, ...]
    zones: tuple[Zone, ...]
    water_sources: tuple[str, ...]
    sectors: tuple[Sector, ...]
    water_years: tuple[WaterYear, ...]
    products: tuple[Product, ...]
    limits: tuple[LimitSpec, ...]
    flows: tuple[Flow, ...]
    routes: tuple[Route, ...]
    fees: tuple[Fee, ...]
    reviews: tuple[ReviewRule, ...]
    tariffs: tuple[Tariff, ...]
    thresholds: tuple[Threshold, ...]
    # What follows came with later versions: a pack that was installed before them has none.
    clocks: tuple[Clock, ...] = ()
    platform: Platform | None = None
    kinds: tuple[KindRule, ...] = ()
    carry_overs: tuple[CarryOver, ...] = ()
    reserve: ReserveRule | None = None
    canal_months: tuple[CanalMonths, ...] = ()

    @cached_property
    def _zones(self) -> dict[str, Zone]:
        return {zone.code: zone for zone in self.zones}

    def zone(self, code: str) -> Zone:
        """The zone of this code. KeyError."""
        return self._zones[code]

    def ancestors(self, code: str) -> tuple[str, ...]:
        """The zone and all above it, itself first. KeyError."""
        line: list[str] = []
        step: str | None = code
        while step is not None:
            line.append(step)
            step = self._zones[step].parent
        return tuple(line)

    def _above(self, code: str, level: str) -> str | None:
        return next((each for each in self.ancestors(code) if self._zones[each].level == level), None)

    def district_of(self, code: str) -> str | None:
        """The irrigation district that holds a river node, or None. KeyError."""
        return self._above(code, DISTRICT)

    def canal_of(self, code: str) -> str | None:
        """The canal that a river node is, or is a gate of, or None. KeyError."""
        return self._above(code, CANAL)

    def groundwater_allowed(self, codes: Iterable[str]) -> bool:
        """Whether groundwater may move into a place in these zones (groundwater regulation arts 33-35; derived)."""
        line = (self._zones[each] for code in codes for each in self.ancestors(code))
        return all(zone.groundwater not in CLOSED_GROUNDWATER for zone in line)

    def flow(self, from_sector: str, to_sector: str, from_canal: str, to_canal: str) -> Decision:
        """Whether water may be sold from one sector and canal to another, and by which rule. KeyError."""
        for each in self.flows:
            sectors = (each.from_sector, each.to_sector)
            if sectors == (from_sector, to_sector) and self._within(each.within, from_canal, to_canal):
                return Decision(True, f"flow:{from_sector}:{to_sector}", each.basis.source)
        return NO_FLOW

    def _within(self, within: str, from_canal: str, to_canal: str) -> bool:
        if within == COUNTY or from_canal == to_canal:
            return True
        start = self._above(from_canal, within)
        return start is not None and start == self._above(to_canal, within)

    def route(self, from_canal: str, to_canal: str, sector: str) -> Route | None:
        """How water gets from one river node to another, for a seller of this sector; None: not at all. KeyError.

        Within one canal, its gates included, nothing is lost. Otherwise the listed route counts that names the
        nearest node at or above the start, and of these the nearest at or above the end. Only direct routes count.
        """
        canal = self.canal_of(from_canal)
        if from_canal == to_canal or (canal is not None and canal == self.canal_of(to_canal)):
            return Route(from_canal, to_canal, 1000, Basis("same canal", "derived"))
        for start in self.ancestors(from_canal):
            for end in self.ancestors(to_canal):
                found = self._routes.get((start, end))
                if found is not None and (not found.sectors or sector in found.sectors):
                    return found
        return None

    @cached_property
    def _routes(self) -> dict[tuple[str, str], Route]:
        return {(route.from_zone, route.to_zone): route for route in self.routes}

    def fee_e6(self, *zones: str) -> int:
        """The seller's fee (millionths of the value): of the most specific zone that has one, 0 where none has."""
        rates = {fee.zone: fee.rate_e6 for fee in self.fees}
        line = [each for code in zones for each in self.ancestors(code)]
        found = [each for each in line if each in rates]
        return rates[max(found, key=self._depth)] if found else 0

    def _depth(self, code: str) -> int:
        return len(self.ancestors(code))

    def review_rules(
        self, from_sector: str, to_sector: str, from_canal: str, to_canal: str
    ) -> tuple[ReviewRule, ...]:
        """The rules that may put a trade between these places up for review; the first whose volume fits decides."""
        crosses = self.district_of(from_canal) != self.district_of(to_canal)
        return tuple(
            rule
            for rule in self.reviews
            if rule.from_sector in (None, from_sector)
            and rule.to_sector in (None, to_sector)
            and (crosses or not rule.crossing)
        )

    def tariff(self, sector: str, *zones: str) -> Tariff | None:
        """The water price of a sector at a place: of the most specific zone that has one."""
        line = {each for code in zones for each in self.ancestors(code)}
        found = [each for each in self.tariffs if each.sector == sector and each.zone in line]
        return max(found, key=lambda each: self._depth(each.zone), default=None)

    def threshold(self, name: str) -> Threshold:
        """A threshold by its name. KeyError."""
        for each in self.thresholds:
            if each.name == name:
                return each
        raise KeyError(name)

    def clock(self, name: str) -> Clock:
        """A time that the law gives, by its name. KeyError."""
        for each in self.clocks:
            if each.name == name:
                return each
        raise KeyError(name)

    def publication_needed(self, kind: str) -> bool:
        """Whether an application for a right of this kind is published for objection; not so where no rule says so."""
        return any(each.publication for each in self.kinds if each.kind == kind)

    def carry_over(self, source: str) -> CarryOver | None:
        """What of this source's unused water is carried into the next year; None: nothing is."""
        return next((each for each in self.carry_overs if each.source == source), None)

    def open_months(self, code: str) -> CanalMonths:
        """When a canal leads water: the nearest listing at or above it; all the year where there is none. KeyError."""
        listed = {each.zone: each for each in self.canal_months}
        for zone in self.ancestors(code):
            if zone in listed:
                return listed[zone]
        return CanalMonths(code, tuple(range(1, 13)), DEMONSTRATION)

    def to_json(self) -> str:
        """The pack as JSON, exact."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Pack:
        """The reverse of `to_json`. msgspec.ValidationError."""
        return msgspec.json.decode(text, type=cls)


def water_fee_fen(use_litres: int, tariff: Tariff, quota_litres: int | None = None) -> int:
    """The water fee in fen for a year's use: marginal tiers above the quota, one half-even rounding at the end.

    Source: Water Law art. 49 (progressive pricing above the quota): the sum over tiers of price x multiple x the use
    that falls into the tier. Without a quota every litre costs the price. Exact: a tier may begin within a litre.
    """
    unit = ONE_E6 * ONE_E6 * TICK_LITRES_A_FEN
    whole, rest = divmod(_value(use_litres * ONE_E6, tariff, quota_litres) * tariff.price_e4, unit)
    return whole + (2 * rest > unit or (2 * rest == unit and whole & 1))


def _value(use: int, tariff: Tariff, quota_litres: int | None) -> int:
    """Use (millionths of a litre), each part times the multiple (millionths) of the tier that it falls into."""
    if quota_litres is None:
        return use * ONE_E6
    starts = [0, *(quota_litres * (ONE_E6 + tier.above_e6) for tier in tariff.tiers)]
    multiples = [ONE_E6, *(tier.multiple_e6 for tier in tariff.tiers)]
    bands = pairwise([*(min(start, use) for start in starts), use])
    return sum((end - start) * multiple for (start, end), multiple in zip(bands, multiples, strict=True))
