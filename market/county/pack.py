"""The county pack: what a county's rules are, as plain values, and the questions the market asks of them. Pure.

Volumes are litres, prices 1/10 000 yuan per m3, rates millionths. Every figure names its source, or is marked as a
demonstration; `basis` says which. Zones are named by their codes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec

from ledger.units import fen_half_even

ADMIN, RIVER = "admin", "river"
CLOSED_GROUNDWATER = ("restricted", "banned", "overdrawn")
COUNTY, DISTRICT, CANAL = "county", "district", "canal"


class Basis(msgspec.Struct, frozen=True):
    """Where a figure or rule comes from: a source with its article and how it was read, or a demonstration."""

    source: str
    status: str
    demonstration: bool = False


class Source(msgspec.Struct, frozen=True):
    """A law, plan, standard or report that figures come from."""

    code: str
    title: str
    status: str


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
    """Use above `above_e6` of the quota costs `multiple_e6` of the price (millionths)."""

    above_e6: int
    multiple_e6: int


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

    def district_of(self, code: str) -> str | None:
        """The irrigation district that holds a river node, or None."""
        return next((each for each in self.ancestors(code) if self._zones[each].level == DISTRICT), None)

    def groundwater_allowed(self, codes: Iterable[str]) -> bool:
        """Whether groundwater may move into a place in these zones (groundwater regulation arts 33–35; derived)."""
        return all(self._zones[each].groundwater not in CLOSED_GROUNDWATER for code in codes for each in
                   self.ancestors(code))  # fmt: skip

    def flow(self, from_sector: str, to_sector: str, from_canal: str, to_canal: str) -> Decision:
        """Whether water may be sold from one sector and canal to another."""
        for each in self.flows:
            if (each.from_sector, each.to_sector) == (from_sector, to_sector) and self._within(each.within, from_canal, to_canal):
                return Decision(True, f"flow:{from_sector}:{to_sector}", each.basis.source)
        return NO_FLOW

    def _within(self, within: str, from_canal: str, to_canal: str) -> bool:
        if within == CANAL:
            return from_canal == to_canal
        if within == DISTRICT:
            district = self.district_of(from_canal)
            return district is not None and district == self.district_of(to_canal)
        return True

    def route(self, from_canal: str, to_canal: str, sector: str) -> Route | None:
        """How water gets from one canal to another: without loss inside one, else by the most specific listed route.

        A route never changes hands twice: only direct ones count. Where one end lies above the other, the water
        stays on its canal.
        """
        above_from, above_to = self.ancestors(from_canal), self.ancestors(to_canal)
        if from_canal in above_to or to_canal in above_from:
            return Route(from_canal, to_canal, 1000, Basis("same canal", "derived"))
        for start in above_from:
            for end in above_to:
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

    def review_rules(self, from_sector: str, to_sector: str, from_canal: str, to_canal: str) -> tuple[ReviewRule, ...]:
        """The rules that may put a trade between these places before a reviewer; the first whose volume fits decides."""
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

    def to_json(self) -> str:
        """The pack as JSON, exact."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Pack:
        """The reverse of `to_json`. msgspec.ValidationError."""
        return msgspec.json.decode(text, type=cls)


def water_fee_fen(use_litres: int, tariff: Tariff, quota_litres: int | None = None) -> int:
    """The water fee in fen for a year's use: marginal tiers above the quota, one half-even rounding at the end.

    Source: Water Law art. 49 (progressive pricing above the quota); without a quota every litre costs the price.
    """
    tick_litres_e6 = 0
    for start, end, multiple_e6 in _bands(tariff.tiers, quota_litres):
        within = min(use_litres, end) - start if end is not None else use_litres - start
        if within > 0:
            tick_litres_e6 += within * tariff.price_e4 * multiple_e6
    whole, rest = divmod(tick_litres_e6, 1_000_000)
    if rest == 0:
        return fen_half_even(whole)
    # the exact value lies above `whole`: half-even needs to know on which side of the half
    return _half_even(tick_litres_e6, 100_000 * 1_000_000)


def _half_even(value: int, unit: int) -> int:
    whole, rest = divmod(value, unit)
    if 2 * rest > unit or (2 * rest == unit and whole & 1):
        return whole + 1
    return whole


def _bands(tiers: Sequence[Tier], quota: int | None) -> list[tuple[int, int | None, int]]:
    if quota is None or not tiers:
        return [(0, None, 1_000_000)]
    starts = [0, *(quota + quota * tier.above_e6 // 1_000_000 for tier in tiers)]
    multiples = [1_000_000, *(tier.multiple_e6 for tier in tiers)]
    ends: list[int | None] = [*starts[1:], None]
    return list(zip(starts, ends, multiples, strict=True))
