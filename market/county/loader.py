"""A county pack from YAML: every figure with its source or marked as demonstration, every reference real. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from market.county import (
    bank_rows,
    checks,
    contract_template,
    map_rows,
    parts,
    retention_rows,
    review_rows,
    saving_rows,
    supervision_rows,
    tariff_rows,
    trading_rows,
    watch_rows,
)
from market.county.document import Item, read
from market.county.pack import Pack
from market.county.parts import Basis

T = TypeVar("T")

STATUSES = ("read", "secondary", "derived", "memory")
MEMORY = "memory"
NEEDED_THRESHOLDS = ("use_plan",)
"""Without these the market could not answer who may buy how much."""
RIGHT_KINDS = ("abstraction_permit", "irrigation_certificate", "network_certificate", "regional")
CLOCK_UNITS = ("working_days", "days", "years")
LIMIT_KINDS = ("cap", "route", "import", "export", "conversion")
_BASIS = ("source", "status", "demonstration")
_SECTIONS = (
    "name", "version", "zh", "en", "county", "certificate_prefix", "sources", "zones", "water_sources", "sectors",
    "water_years", "products", "limits", "flows", "routes", "fees", "reviews", "tariffs", "thresholds", "clocks",
    "platform",
)  # fmt: skip
_OPTIONAL = (
    "kinds", "carry_overs", "reserve", "canal_months", "negotiated", "sessions", "bands", "first_prices",
    "buy_back", "two_way_accounts", "savings", "contract_template",
    "retention",
    "desks",
    "surveillance", "credit",
    "warnings", "intensities", "duties", "plan",
    "bank_statement",
    "map",
)  # fmt: skip
"""A pack may lack these: it then says nothing of their subject, carries nothing over, holds nothing back, and has no
deal negotiated; books are open all day, no price is out of bounds, the bureau sets the first reference prices, and
no border keeps an account. Without a template saving contracts have no text on paper; desks that it does not name
are called by what they decide on; personal data whose time no rule says is kept; without warnings nothing has a
colour, without duties nothing is due, without a plan nothing of it is assessed, without a map none is drawn; a
bank's statement has the usual columns."""


def load(text: str) -> Pack:
    """The pack of a YAML text, read and checked. Errors: PackError with the line."""
    return _Reader(read(text)).whole()


class _Reader:
    """Reads section by section and remembers lines for the checks that need the whole."""

    def __init__(self, document: Item) -> None:
        self.sections = document.table(_SECTIONS, _OPTIONAL)
        self.sources: dict[str, str] = {}
        self.sectors: set[str] = set()
        self.lines: dict[tuple[str, int], Item] = {}

    def whole(self) -> Pack:
        """The pack, checked. Errors: PackError."""
        head = {name: self.sections[name].text() for name in ("name", "version", "zh", "en")}
        sources = self._all("sources", self._source)
        self.sources = {source.code: source.status for source in sources}
        sectors = self._all("sectors", self._sector)
        self.sectors = {sector.code for sector in sectors}
        found = Pack(
            **head,
            county=self.sections["county"].code(),
            certificate_prefix=self.sections["certificate_prefix"].code(),
            sources=sources,
            zones=self._all("zones", self._zone),
            water_sources=self._all("water_sources", Item.code),
            sectors=sectors,
            water_years=self._all("water_years", self._water_year),
            products=self._all("products", self._product),
            limits=self._all("limits", self._limit),
            flows=self._all("flows", self._flow),
            routes=self._all("routes", self._route),
            fees=self._all("fees", self._fee),
            reviews=self._all("reviews", lambda item: review_rows.rule(item, self._basis)),
            desks=self._all("desks", lambda item: review_rows.desk(item, self._basis)),
            tariffs=self._all("tariffs", lambda item: tariff_rows.tariff(item, self._basis)),
            thresholds=self._all("thresholds", self._threshold),
            clocks=self._all("clocks", self._clock),
            platform=self._platform(self.sections["platform"]),
            kinds=self._all("kinds", self._kind),
            carry_overs=self._all("carry_overs", self._carry_over),
            reserve=self._reserve(self.sections["reserve"]) if "reserve" in self.sections else None,
            canal_months=self._all("canal_months", self._canal_months),
            negotiated=self._all("negotiated", self._negotiated),
            sessions=self._all("sessions", lambda item: trading_rows.session(item, self._basis)),
            bands=self._all("bands", lambda item: trading_rows.band(item, self._basis)),
            first_prices=self._all("first_prices", lambda item: trading_rows.first_price(item, self._basis)),
            buy_back=self._buy_back(self.sections["buy_back"]) if "buy_back" in self.sections else None,
            contract_template=contract_template.read(self.sections["contract_template"], self._basis)
            if "contract_template" in self.sections
            else None,
            two_way_accounts=self._all(
                "two_way_accounts", lambda item: trading_rows.two_way(item, self._basis)
            ),
            savings=self._all("savings", lambda item: saving_rows.saving(item, self._basis)),
            retention=self._all("retention", lambda item: retention_rows.retention(item, self._basis)),
            surveillance=self._all("surveillance", lambda item: watch_rows.surveillance(item, self._basis)),
            credit=self._all("credit", lambda item: watch_rows.credit(item, self._basis)),
            warnings=self._all("warnings", lambda item: supervision_rows.warning(item, self._basis)),
            intensities=self._all("intensities", lambda item: supervision_rows.intensity(item, self._basis)),
            duties=self._all("duties", lambda item: supervision_rows.duty(item, self._basis)),
            plan=self._all("plan", lambda item: supervision_rows.task(item, self._basis)),
            bank_statement=bank_rows.columns(self.sections["bank_statement"], self._basis)
            if "bank_statement" in self.sections
            else None,
            map=self._map(),
        )
        checks.check(found, self.lines)
        for name in NEEDED_THRESHOLDS:
            if name not in {each.name for each in found.thresholds}:
                raise self.sections["thresholds"].wrong(f"the threshold {name} is missing")
        return found

    def _all(self, section: str, one: Callable[[Item], T]) -> tuple[T, ...]:
        if section not in self.sections and section in _OPTIONAL:
            return ()
        rows = []
        for index, item in enumerate(self.sections[section].items()):
            self.lines[section, index] = item
            rows.append(one(item))
        return tuple(rows)

    def _map(self) -> tuple[map_rows.Shape, ...]:
        features = map_rows.features(self.sections["map"]) if "map" in self.sections else []
        self.lines.update({("map", index): item for index, item in enumerate(features)})
        return tuple(map_rows.shape(item, self._basis) for item in features)

    def _basis(self, item: Item, found: dict[str, Item]) -> Basis:
        """Where a row's figure comes from. What was only remembered may stand in, but never as more than that."""
        demonstration = found["demonstration"].boolean() if "demonstration" in found else False
        if "source" not in found:
            if "status" in found:
                raise found["status"].wrong("the status of a reading needs its source")
            if not demonstration:
                raise item.wrong("a figure needs a source, or `demonstration: true`")
            return parts.DEMONSTRATION
        source = found["source"].text(200)
        code = source.split(" ")[0]
        if code not in self.sources:
            raise found["source"].wrong(f"there is no source {code}")
        if "status" not in found:
            raise item.wrong("a source needs the status of its reading")
        status = found["status"].one_of(STATUSES)
        if self.sources[code] == MEMORY and status != MEMORY:
            raise found["status"].wrong(f"{code} is known from memory only: the status is {MEMORY}")
        if status == MEMORY and not demonstration:
            raise item.wrong("a figure from memory needs `demonstration: true` until it is confirmed")
        return Basis(source, status, demonstration)

    @staticmethod
    def _source(item: Item) -> parts.Source:
        found = item.table(("code", "title", "status"), ("url",))
        return parts.Source(
            found["code"].code(),
            found["title"].text(),
            found["status"].one_of(STATUSES),
            found["url"].text() if "url" in found else None,
        )

    def _zone(self, item: Item) -> parts.Zone:
        found = item.table(("code", "tree", "level", "zh"), ("parent", "en", "groundwater", *_BASIS))
        self._basis(item, found)
        tree = found["tree"].one_of(tuple(checks.LEVELS))
        groundwater = ("open", *parts.CLOSED_GROUNDWATER)
        zh = found["zh"].text(80)
        return parts.Zone(
            code=found["code"].code(),
            tree=tree,
            parent=found["parent"].code() if "parent" in found else None,
            level=found["level"].one_of(tuple(checks.LEVELS[tree])),
            zh=zh,
            en=found["en"].text(80) if "en" in found else zh,
            groundwater=found["groundwater"].one_of(groundwater) if "groundwater" in found else "open",
            demonstration=found["demonstration"].boolean() if "demonstration" in found else False,
        )

    def _sector(self, item: Item) -> parts.Sector:
        found = item.table(("code", "zh", "en", "may_sell", "may_buy"), _BASIS)
        return parts.Sector(
            found["code"].one_of(("agriculture", "industry", "domestic", "ecology", "services")),
            found["zh"].text(40),
            found["en"].text(40),
            found["may_sell"].boolean(),
            found["may_buy"].boolean(),
            self._basis(item, found),
        )

    @staticmethod
    def _water_year(item: Item) -> parts.WaterYear:
        found = item.table(("year", "starts_on", "ends_on"))
        year = parts.WaterYear(
            found["year"].whole(2000, 2200), found["starts_on"].day(), found["ends_on"].day()
        )
        if year.ends_on <= year.starts_on:
            raise found["ends_on"].wrong("must be after the start")
        return year

    def _product(self, item: Item) -> parts.Product:
        found = item.table(("code", "source_of_water", "water_year", "tenure", "lot"), _BASIS)
        lot = found["lot"].decimal(3)
        if lot < parts.LEAST_LOT_LITRES:
            raise found["lot"].wrong(
                "must be at least 1 m3: two orders of less may cross and yet be unable to fill"
            )
        return parts.Product(
            found["code"].code(),
            found["source_of_water"].code(),
            found["water_year"].whole(2000, 2200),
            found["tenure"].one_of(parts.TENURES),
            lot,
            self._basis(item, found),
        )

    def _limit(self, item: Item) -> parts.LimitSpec:
        found = item.table(
            ("code", "kind", "water_year", "volume"),
            ("zone", "to_zone", "source_of_water", "sector", *_BASIS),
        )

        def code(name: str) -> str | None:
            return found[name].code() if name in found else None

        return parts.LimitSpec(
            code=found["code"].code(),
            kind=found["kind"].one_of(LIMIT_KINDS),
            water_year=found["water_year"].whole(2000, 2200),
            litres=found["volume"].decimal(3),
            basis=self._basis(item, found),
            zone=code("zone"),
            to_zone=code("to_zone"),
            source=code("source_of_water"),
            sector=code("sector"),
        )

    def _flow(self, item: Item) -> parts.Flow:
        found = item.table(("from_sector", "to_sector", "within"), _BASIS)
        within = found["within"].one_of((parts.COUNTY, parts.DISTRICT, parts.CANAL))
        return parts.Flow(
            found["from_sector"].code(), found["to_sector"].code(), within, self._basis(item, found)
        )

    def _route(self, item: Item) -> parts.Route:
        found = item.table(("from_zone", "to_zone", "k"), ("sectors", *_BASIS))
        return parts.Route(
            found["from_zone"].code(),
            found["to_zone"].code(),
            found["k"].whole(1, 1000),
            self._basis(item, found),
            tuple(each.code() for each in found["sectors"].items()) if "sectors" in found else (),
        )

    def _fee(self, item: Item) -> parts.Fee:
        found = item.table(("zone", "rate"), _BASIS)
        return parts.Fee(found["zone"].code(), found["rate"].decimal(6, 1_000_000), self._basis(item, found))

    def _threshold(self, item: Item) -> parts.Threshold:
        found = item.table(("name", "volume", "operator"), _BASIS)
        return parts.Threshold(
            found["name"].code(),
            found["volume"].decimal(3),
            found["operator"].one_of(("gte", "gt")),
            self._basis(item, found),
        )

    def _clock(self, item: Item) -> parts.Clock:
        found = item.table(("name", "length", "unit"), _BASIS)
        return parts.Clock(
            found["name"].code(),
            found["length"].whole(1, 1000),
            found["unit"].one_of(CLOCK_UNITS),
            self._basis(item, found),
        )

    def _kind(self, item: Item) -> parts.KindRule:
        found = item.table(("kind", "publication"), _BASIS)
        return parts.KindRule(
            found["kind"].one_of(RIGHT_KINDS), found["publication"].boolean(), self._basis(item, found)
        )

    def _carry_over(self, item: Item) -> parts.CarryOver:
        found = item.table(("source_of_water", "keep", "evaporation"), ("spill_risk", *_BASIS))
        return parts.CarryOver(
            source=found["source_of_water"].code(),
            keep_e6=found["keep"].decimal(6, 1_000_000),
            evaporation_e6=found["evaporation"].decimal(6, 1_000_000),
            spillable="spill_risk" in found,
            spill_risk_e6=found["spill_risk"].decimal(6, 1_000_000) if "spill_risk" in found else 0,
            basis=self._basis(item, found),
        )

    def _reserve(self, item: Item) -> parts.ReserveRule:
        found = item.table(("most",), _BASIS)
        return parts.ReserveRule(found["most"].decimal(6, 100_000), self._basis(item, found))

    def _buy_back(self, item: Item) -> parts.BuyBackRule:
        sectors = ("from_sectors", "storage_sectors", "resale_sectors")
        found = item.table(("least_multiple", "most_multiple", "within", *sectors), _BASIS)
        least, most = (found[name].decimal(3, 1_000_000) for name in ("least_multiple", "most_multiple"))
        if not 0 < least <= most:
            raise found["most_multiple"].wrong("must be at least the least multiple, and that above zero")
        named = {name: tuple(each.code() for each in found[name].items()) for name in sectors}
        for name, codes in named.items():
            if not codes or not set(codes) <= self.sectors:
                raise found[name].wrong("must name sectors of this pack")
        if set(named["from_sectors"]) & set(named["storage_sectors"]):
            raise found["storage_sectors"].wrong("must not be sectors that sell into storage")
        within = found["within"].one_of((parts.COUNTY, parts.DISTRICT, parts.CANAL))
        return parts.BuyBackRule(
            least_e3=least,
            most_e3=most,
            from_sectors=named["from_sectors"],
            storage_sectors=named["storage_sectors"],
            resale_sectors=named["resale_sectors"],
            within=within,
            basis=self._basis(item, found),
        )

    def _canal_months(self, item: Item) -> parts.CanalMonths:
        found = item.table(("zone", "months"), _BASIS)
        months = tuple(month.whole(1, 12) for month in found["months"].items())
        if not months or list(months) != sorted(set(months)):
            raise found["months"].wrong("must name months once each, the first first")
        return parts.CanalMonths(found["zone"].code(), months, self._basis(item, found))

    def _negotiated(self, item: Item) -> parts.NegotiatedRule:
        found = item.table(
            ("code", "lane", "within", "signing_days"),
            (
                "from_sector",
                "to_sector",
                "longest_years",
                "publication_days",
                "working_days",
                "tenure",
                *_BASIS,
            ),
        )

        def whole(name: str, most: int) -> int:
            return found[name].whole(1, most) if name in found else 0

        return parts.NegotiatedRule(
            code=found["code"].code(),
            lane=found["lane"].one_of(parts.LANES),
            within=found["within"].one_of((parts.COUNTY, parts.DISTRICT, parts.CANAL)),
            signing_days=found["signing_days"].whole(1, 120),
            basis=self._basis(item, found),
            from_sector=found["from_sector"].code() if "from_sector" in found else None,
            to_sector=found["to_sector"].code() if "to_sector" in found else None,
            longest_years=whole("longest_years", 100) or None,
            publication_days=whole("publication_days", 365),
            working_days=whole("working_days", 120),
            tenure=found["tenure"].one_of(parts.TENURES) if "tenure" in found else parts.ALLOCATION,
        )

    def _platform(self, item: Item) -> parts.Platform:
        found = item.table(("exported", "reason_zh", "reason_en"), _BASIS)
        return parts.Platform(
            found["exported"].boolean(),
            found["reason_zh"].text(),
            found["reason_en"].text(),
            self._basis(item, found),
        )
