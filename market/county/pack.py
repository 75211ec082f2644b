"""The county pack: what a county's rules are, as plain values, and the questions the market asks of them. Pure.

Volumes are litres, prices 1/10 000 yuan per m3, rates millionths. Every figure names its source, or is marked as a
demonstration; `basis` says which. Zones are named by their codes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cached_property

import msgspec

from market.core import clock
from market.county.bank_rows import BankColumns
from market.county.contract_template import ContractTemplate
from market.county.map_rows import Shape
from market.county.parts import (
    ALLOCATION,
    CANAL,
    CLOSED_GROUNDWATER,
    COUNTY,
    DEMONSTRATION,
    DISTRICT,
    NO_FLOW,
    ONE_E6,
    BandRule,
    Basis,
    BuyBackRule,
    CanalMonths,
    CarryOver,
    Clock,
    CreditRule,
    Decision,
    Fee,
    FirstPrice,
    Flow,
    KindRule,
    LimitSpec,
    NegotiatedRule,
    Platform,
    Product,
    ReserveRule,
    RetentionRule,
    Route,
    SavingRule,
    Sector,
    SessionRule,
    Source,
    Tariff,
    Threshold,
    TwoWayRule,
    WatchRule,
    WaterYear,
    Zone,
)
from market.county.review_parts import TRADE, Desk, ReviewRule, in_force
from market.county.supervision_rows import Duty, IntensityTarget, PlanTask, WarningRule


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
    negotiated: tuple[NegotiatedRule, ...] = ()
    sessions: tuple[SessionRule, ...] = ()
    bands: tuple[BandRule, ...] = ()
    first_prices: tuple[FirstPrice, ...] = ()
    buy_back: BuyBackRule | None = None
    two_way_accounts: tuple[TwoWayRule, ...] = ()
    savings: tuple[SavingRule, ...] = ()
    contract_template: ContractTemplate | None = None
    desks: tuple[Desk, ...] = ()
    retention: tuple[RetentionRule, ...] = ()
    surveillance: tuple[WatchRule, ...] = ()
    credit: tuple[CreditRule, ...] = ()
    warnings: tuple[WarningRule, ...] = ()
    intensities: tuple[IntensityTarget, ...] = ()
    duties: tuple[Duty, ...] = ()
    plan: tuple[PlanTask, ...] = ()
    bank_statement: BankColumns | None = None
    map: tuple[Shape, ...] = ()

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

    def lies_in(self, zone: str, codes: Iterable[str]) -> bool:
        """Whether a place in these zones (one of each tree) lies in a zone. KeyError."""
        return any(zone in self.ancestors(code) for code in codes)

    def two_way_between(self, start: Iterable[str], end: Iterable[str]) -> TwoWayRule | None:
        """The first two-way account whose border lies between two places, each by its zones; None without. KeyError."""
        here, there = tuple(start), tuple(end)
        for rule in self.two_way_accounts:
            if self.lies_in(rule.zone, here) != self.lies_in(rule.zone, there):
                return rule
        return None

    def flow(self, from_sector: str, to_sector: str, from_canal: str, to_canal: str) -> Decision:
        """Whether water may be sold from one sector and canal to another, and by which rule. KeyError."""
        for each in self.flows:
            sectors = (each.from_sector, each.to_sector)
            if sectors == (from_sector, to_sector) and self._within(each.within, from_canal, to_canal):
                return Decision(True, f"flow:{from_sector}:{to_sector}", each.basis.source)
        return NO_FLOW

    def stores(self, sector: str) -> bool:
        """Whether an account of this sector, held by a storage body, is public storage."""
        return self.buy_back is not None and sector in self.buy_back.storage_sectors

    def into_storage(self, from_sector: str, from_canal: str, to_canal: str) -> Decision:
        """Whether a sector may sell into public storage there, and by which rule. KeyError."""
        rule = self.buy_back
        if rule is None or from_sector not in rule.from_sectors:
            return NO_FLOW
        allowed = self._within(rule.within, from_canal, to_canal)
        return Decision(allowed, f"buy_back:{from_sector}:storage", rule.basis.source)

    def out_of_storage(self, to_sector: str) -> Decision:
        """Whether public storage may be resold to a sector, and by which rule."""
        rule = self.buy_back
        if rule is None or to_sector not in rule.resale_sectors:
            return NO_FLOW
        return Decision(True, f"buy_back:storage:{to_sector}", rule.basis.source)

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
        self, from_sector: str, to_sector: str, from_canal: str, to_canal: str, on: dt.date | None = None
    ) -> tuple[ReviewRule, ...]:
        """The rules that may put a trade between these places up for review; the first whose volume fits decides.

        Those in force on a day; without one every rule, whenever it holds.
        """
        crosses = self.district_of(from_canal) != self.district_of(to_canal)
        return tuple(
            rule
            for rule in (self.reviews if on is None else self.reviews_on(on))
            if rule.of == TRADE
            and rule.from_sector in (None, from_sector)
            and rule.to_sector in (None, to_sector)
            and (crosses or not rule.crossing)
        )

    def reviews_on(self, day: dt.date) -> tuple[ReviewRule, ...]:
        """The rules of reviews in force on a day, in their order."""
        return in_force(self.reviews, day)

    @property
    def has_dated_reviews(self) -> bool:
        """Whether another day may have other rules of reviews."""
        return any(rule.from_on is not None or rule.until_on is not None for rule in self.reviews)

    def desk(self, code: str) -> Desk | None:
        """A desk of the bureau by its code, or None where the pack names none."""
        return next((each for each in self.desks if each.code == code), None)

    def negotiated_rule(
        self, sectors: tuple[str, str], canals: tuple[str, str], starts_on: dt.date, ends_on: dt.date,
        tenure: str = ALLOCATION,
    ) -> NegotiatedRule | None:  # fmt: skip
        """The first rule of a tenure for a deal between a seller and a buyer (sector and canal of each, in this order).

        The water may be used from `starts_on` to `ends_on`, both included. None: such a deal is not negotiated.
        KeyError.
        """
        for rule in self.negotiated:
            if (
                rule.tenure == tenure
                and rule.from_sector in (None, sectors[0])
                and rule.to_sector in (None, sectors[1])
                and self._within(rule.within, *canals)
                and (rule.longest_years is None or ends_on < years_after(starts_on, rule.longest_years))
            ):
                return rule
        return None

    def tariff(
        self, sector: str, *zones: str, water: str | None = None, on: dt.date | None = None
    ) -> Tariff | None:
        """The price of a sector at a place, of a source of water, on a day (none: today): the latest begun of the most
        specific zone that has one."""
        day, line = on or clock.today(), {each for code in zones for each in self.ancestors(code)}
        found = (
            each for each in self.tariffs
            if each.sector == sector and each.zone in line and each.water in (None, water) and each.from_on <= day
        )  # fmt: skip
        return max(
            found,
            key=lambda each: (self._depth(each.zone), each.water is not None, each.from_on),
            default=None,
        )

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

    def savings_on(self, day: dt.date) -> dict[str, SavingRule]:
        """The rules and clocks of savings in force on a day, by name: of each the latest that has begun."""
        begun = sorted((each for each in self.savings if each.from_on <= day), key=lambda each: each.from_on)
        return {each.name: each for each in begun}

    def retention_on(self, day: dt.date) -> dict[str, RetentionRule]:
        """The rules in force on a day for how long personal data is kept, by kind: the latest that has begun."""
        begun = sorted(
            (each for each in self.retention if each.from_on <= day), key=lambda each: each.from_on
        )
        return {each.data: each for each in begun}

    def surveillance_on(self, day: dt.date) -> dict[str, WatchRule]:
        """The thresholds of surveillance in force on a day, by name: of each the latest that has begun."""
        begun = sorted(
            (each for each in self.surveillance if each.from_on <= day), key=lambda each: each.from_on
        )
        return {each.name: each for each in begun}

    def credit_on(self, finding: str, day: dt.date) -> CreditRule | None:
        """What a finding costs on a day: the latest rule that has begun; None where it costs nothing."""
        begun = [each for each in self.credit if each.finding == finding and each.from_on <= day]
        return max(begun, key=lambda each: each.from_on, default=None)

    def warnings_on(self, day: dt.date) -> tuple[WarningRule, ...]:
        """The warnings in force on a day: of each measure and colour the latest that has begun."""
        begun = sorted((each for each in self.warnings if each.from_on <= day), key=lambda each: each.from_on)
        return tuple({(each.measure, each.colour): each for each in begun}.values())

    def intensities_on(self, day: dt.date) -> tuple[IntensityTarget, ...]:
        """The intensity targets in force on a day: of each code the latest that has begun."""
        begun = sorted(
            (each for each in self.intensities if each.from_on <= day), key=lambda each: each.from_on
        )
        return tuple({each.code: each for each in begun}.values())

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

    def band(self, product: str) -> BandRule | None:
        """What keeps a product's prices together: its own rule, else that of all; None where there is none."""
        own = [each for each in self.bands if each.product == product]
        return next(iter(own or [each for each in self.bands if each.product is None]), None)

    def first_price_e4(self, source: str) -> tuple[int, FirstPrice, Tariff] | None:
        """The first reference price of a source's products: tariff times multiple, half to even, and from what."""
        rule = next((each for each in self.first_prices if each.source == source), None)
        tariff = self.tariff(rule.sector, self.county) if rule is not None else None
        if rule is None or tariff is None:
            return None
        whole, rest = divmod(tariff.price_e4 * rule.multiple_e6, ONE_E6)
        up = 2 * rest > ONE_E6 or (2 * rest == ONE_E6 and whole & 1)
        return whole + up, rule, tariff

    def to_json(self) -> str:
        """The pack as JSON, exact."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Pack:
        """The reverse of `to_json`. msgspec.ValidationError."""
        return _decode(text)


_decode = msgspec.json.Decoder(
    Pack
).decode  # made here: two threads that decode a type first at once end the process


def years_after(day: dt.date, years: int) -> dt.date:
    """The same day so many years later; the last of February where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
