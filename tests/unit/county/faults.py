"""What can be wrong in a county pack: the good text, the spoilt one, and why it is refused."""

from __future__ import annotations

from typing import NamedTuple

from market.county.document import MAX_DEPTH


class Fault(NamedTuple):
    """A text of the good pack, what stands there instead, and the reason; `at` is in the line to be named."""

    name: str
    old: str
    new: str
    reason: str
    at: str = ""


T1 = "zh: 一乡, parent: C"
LOT = 'lot: "1"'
CAP = 'volume: "1000", zone: C'
RATE = 'rate: "0.003"'
BASIS = "source: law art. 8, status: read"
PLAN = "{name: use_plan"

REFERENCES = (
    Fault("a zone under no zone", T1, "zh: 一乡, parent: X", "there is no zone X"),
    Fault("a product of no water", "source_of_water: surface,", "source_of_water: sea,",
          "no source of water sea"),
    Fault("a product of no year", "surface, water_year: 2026", "surface, water_year: 2027",
          "no water year 2027"),
    Fault("a limit of no year", "kind: cap, water_year: 2026", "kind: cap, water_year: 2031",
          "no water year 2031"),
    Fault("a limit of no zone", 'volume: "600", zone: T1', 'volume: "600", zone: T9', "there is no zone T9"),
    Fault("a limit to no zone", "to_zone: K3, demo", "to_zone: K9, demo", "there is no zone K9"),
    Fault("a limit of no sector", "sector: agriculture, demo", "sector: mining, demo",
          "there is no sector mining"),
    Fault("a limit of no water", "source_of_water: groundwater, demo", "source_of_water: rain, demo",
          "of water rain"),
    Fault("a flow from no sector", "{from_sector: industry", "{from_sector: mining",
          "there is no sector mining"),
    Fault("a flow to no sector", "to_sector: industry, within: canal", "to_sector: mining, within: canal",
          "sector mining"),
    Fault("a route from a township", "{from_zone: K1, to_zone: K2", "{from_zone: T1, to_zone: K2",
          "no river node T1"),
    Fault("a route to nowhere", "{from_zone: K1, to_zone: K2", "{from_zone: K1, to_zone: K8",
          "no river node K8"),
    Fault("a route for no sector", "sectors: [industry]", "sectors: [mining]", "there is no sector mining"),
    Fault("a fee of no zone", "{zone: C, rate", "{zone: Z, rate", "there is no zone Z"),
    Fault("a review of no sector", "conversion, from_sector: agriculture",
          "conversion, from_sector: mining", "sector mining"),
    Fault("a tariff of no zone", "{zone: T2, sector: agriculture", "{zone: T7, sector: agriculture",
          "there is no zone T7"),
    Fault("a tariff of no sector", "{zone: C, sector: industry", "{zone: C, sector: mining",
          "there is no sector mining"),
)  # fmt: skip

ZONES = (
    Fault("a cycle", T1, "zh: 一乡, parent: V1", "T1 is above itself"),
    Fault("a zone above itself", T1, "zh: 一乡, parent: T1", "T1 is above itself"),
    Fault("a parent in the other tree", T1, "zh: 一乡, parent: R", "T1 and R are of different trees"),
    Fault("a township under a village", "zh: 二乡, parent: C", "zh: 二乡, parent: V1",
          "township does not lie under a village"),
    Fault("a township of its own", T1, "zh: 一乡", "T1 lies outside the county C"),
    Fault("a canal of its own", "zh: 一渠, parent: D1", "zh: 一渠", "a canal needs a parent"),
    Fault("a level of the other tree", "level: township, zh: 一乡", "level: canal, zh: 一乡",
          "must be one of county, township"),
    Fault("a third tree", "{code: R, tree: river", "{code: R, tree: road", "must be one of admin, river"),
    Fault("a colour of groundwater", "groundwater: restricted", "groundwater: blue",
          "must be one of open, restricted"),
)  # fmt: skip

LIMITS = (
    Fault("a cap below the sum of those within", CAP, 'volume: "999", zone: C',
          "the cap CAP-C is below the sum of its children in the admin tree"),
    Fault("a cap below one within", 'volume: "600", zone: T1', 'volume: "600.001", zone: T1',
          "CAP-C is below the sum of its children", at="code: CAP-C,"),
    Fault("a cap below that of a sector in it", 'volume: "800", zone: C', 'volume: "1001", zone: C',
          "the cap CAP-C is below CAP-C-FARM", at="code: CAP-C,"),
    Fault("a cap below that of a source in it", 'volume: "200.5"', 'volume: "1000.001"',
          "the cap CAP-C is below CAP-C-WELL", at="code: CAP-C,"),
    Fault("a route limit without its end", "zone: D1, to_zone: K3, demo", "zone: D1, demo",
          "a route, and only a route"),
    Fault("a cap that leads somewhere", CAP, CAP + ", to_zone: T1", "a route, and only a route"),
    Fault("an import of no zone", 'volume: "90", zone: D2', 'volume: "90"',
          "a limit of the kind import names a zone"),
    Fault("a route limit onto itself", "zone: D1, to_zone: K3, demo", "zone: D1, to_zone: D1, demo",
          "leads from one zone to"),
    Fault("a route onto itself", "{from_zone: K2, to_zone: K1", "{from_zone: K2, to_zone: K2",
          "leads from one zone to"),
    Fault("a sector that sells and may not", "{from_sector: industry", "{from_sector: domestic",
          "domestic may not sell"),
    Fault("a sector that buys and may not", "to_sector: industry, within: canal",
          "to_sector: domestic, within: canal", "domestic may not buy"),
    Fault("an unknown kind", "kind: export", "kind: exports",
          "must be one of cap, route, import, export, conversion"),
)  # fmt: skip

NUMBERS = (
    Fault("a volume as float", CAP, "volume: 1000.5, zone: C",
          "must be a decimal in quotes, not a number as float"),
    Fault("a volume as number", CAP, "volume: 1000, zone: C",
          "must be a decimal in quotes, not a whole number"),
    Fault("a volume as nothing", CAP, "volume: null, zone: C", "must be a decimal in quotes, not nothing"),
    Fault("a volume of four decimals", CAP, 'volume: "1000.0001", zone: C',
          "must have at most 3 decimals, not 4"),
    Fault("a volume below nil", CAP, 'volume: "-1", zone: C', "must be a plain decimal number"),
    Fault("a volume with an exponent", CAP, 'volume: "1e3", zone: C', "must be a plain decimal number"),
    Fault("a volume of full-width digits", CAP, 'volume: "１０００", zone: C', "must be a plain decimal number"),
    Fault("a price as float", 'price: "1.2"', "price: 1.2", "a number as float"),
    Fault("a price of five decimals", 'price: "0.1418"', 'price: "0.14181"',
          "must have at most 4 decimals, not 5"),
    Fault("a rate above one", RATE, 'rate: "1.000001"', "must be at most 1.000000"),
    Fault("a rate as float", RATE, "rate: 0.003", "a number as float"),
    Fault("a lot of nothing", LOT, 'lot: "0"', "must be at least 1 m3"),
    Fault("a lot below a cubic metre", LOT, 'lot: "0.999"', "must be at least 1 m3"),
    Fault("more that arrives than enters", "k: 970", "k: 1001", "must be from 1 to 1000"),
    Fault("nothing that arrives", "k: 970", "k: 0", "must be from 1 to 1000"),
    Fault("a share that arrives as float", "k: 970", "k: 970.0", "must be a whole number"),
    Fault("a share that arrives in octal", "k: 970", "k: 0o17", "must be a whole number"),
    Fault("a review of no days", "working_days: 10", "working_days: 0", "must be from 1 to 120"),
    Fault("tiers out of order", 'above: "0.5"', 'above: "0"', "must be above that of the tier before"),
    Fault("a day that is none", 'starts_on: "2026-01-01"', 'starts_on: "2026-02-30"', "must be a day"),
    Fault("a day without quotes", 'starts_on: "2026-01-01"', "starts_on: 2026-01-01", "put it in quotes"),
    Fault("a year that ends first", 'ends_on: "2026-12-31"', 'ends_on: "2025-12-31"',
          "must be after the start"),
    Fault("a yes for true", "industry, zh: 工业, en: Industry, may_sell: true",
          "industry, zh: 工业, en: Industry, may_sell: yes", "must be true or false"),
    Fault("a code with a space", "{code: OUT,", '{code: "O T",', "must be a code of letters"),
    Fault("a code as number", "{code: OUT,", "{code: 12,", "must be text, not a whole number"),
)  # fmt: skip

SOURCES = (
    Fault("a figure without a source", f"operator: gte, {BASIS}", "operator: gte",
          "a figure needs a source, or"),
    Fault("a figure that is no demonstration", 'price: "1.2", demonstration: true',
          'price: "1.2", demonstration: false',"a figure needs a source, or"),
    Fault("a tier without a source", 'above: "0.5", multiple: "3", demonstration: true',
          'above: "0.5", multiple: "3"',"a figure needs a source, or"),
    Fault("a zone without a source", "zh: 一村, parent: T1, demonstration: true", "zh: 一村, parent: T1",
          "needs a source, or"),
    Fault("a source that is not listed", BASIS, "source: book art. 8, status: read",
          "there is no source book"),
    Fault("a source without its status", BASIS, "source: law art. 8",
          "a source needs the status of its reading"),
    Fault("a status without its source", BASIS, "status: read", "the status of a reading needs its source"),
    Fault("a status of no kind", BASIS, "source: law art. 8, status: sure",
          "must be one of read, secondary, derived"),
    Fault("a memory that is called read", "source: told art. 4, status: memory",
          "source: told art. 4, status: read", "told is known from memory only"),
    Fault("a memory that is no demonstration",
          "status: memory, demonstration: true}\n  - {from_sector: industry",
          "status: memory}\n  - {from_sector: industry",
          "a figure from memory needs `demonstration: true`"),
    Fault("a platform without a source", ", source: law art. 10, status: read", "",
          "needs a source, or", at="platform:"),
)  # fmt: skip

KEYS = (
    Fault("an unknown key", PLAN, "{colour: red, name: use_plan", "there is no key colour here"),
    Fault("an unknown section", "platform:", "weather: []\nplatform:",
          "there is no key weather here", at="weather"),
    Fault("a missing key", "operator: gte, ", "", "the key operator is missing", at=PLAN),
    Fault("a missing threshold", PLAN, "{name: use_of_plan", "the threshold use_plan is missing", at="thresholds:"),
    Fault("a missing section", "water_sources: [surface, groundwater]\n", "",
          "the key water_sources is missing", at="name: small"),
    Fault("a key that stands twice", PLAN, "{name: use_plan, name: use_plan", "the key name stands twice"),
    Fault("a section that stands twice", "fees:", "fees: []\nfees:",
          "the key fees stands twice", at="fees:\n"),
    Fault("a row that is no table", "  - {code: WAY,", "  - word\n  - {code: WAY,",
          "must be a table", at="- word"),
    Fault("a section that is no list", "water_sources: [surface, groundwater]", "water_sources: surface",
          "must be a list"),
    Fault("a name that is empty", "name: small", 'name: ""', "must be 1 to 500 characters"),
    Fault("a name that is a list", "zh: 小县", "zh: [小县]", "must be text"),
    Fault("an alias", "{zone: T2, rate", "{zone: &a T2, x: *a, rate", "aliases are not taken"),
    Fault("a tag", "{zone: T2, rate", "{zone: !!python/name:os.system T2, rate", "must be text"),
    Fault("YAML that breaks off", "{zone: T2, rate", "{zone: T2, {rate", "is not YAML", at="reviews:"),
    Fault("a tab", "  - {zone: T2, rate", "\t- {zone: T2, rate", "is not YAML"),
    Fault("a character that YAML has not", "zh: 小县", "zh: 小\x00县", "is not allowed"),
    Fault("lists in lists", "[surface, groundwater]", "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
          "is nested deeper"),
)  # fmt: skip

FAULTS = (*REFERENCES, *ZONES, *LIMITS, *NUMBERS, *SOURCES, *KEYS)


class Again(NamedTuple):
    """A row after the one in which `after` stands, and what it says a second time."""

    what: str
    after: str
    row: str
    name: str


MADE_UP = "demonstration: true}"
BOOK = 'water_year: 2026, tenure: allocation, lot: "1"'
EXPORT = 'kind: export, water_year: 2026, volume: "1"'
TWICE = (
    Again("sources", '{code: law, title: "A law', '{code: law, title: "Another", status: read}', "law"),
    Again("zones", "{code: G2", f"{{code: T1, tree: admin, level: township, zh: 乡, parent: C, {MADE_UP}", "T1"),
    Again("sectors", "{code: domestic", f"{{code: industry, zh: 工, en: I, may_sell: true, may_buy: true, {MADE_UP}",
          "industry"),
    Again("water years", "{year: 2026", '{year: 2026, starts_on: "2026-01-01", ends_on: "2026-12-31"}', "2026"),
    Again("product codes", "{code: surface-2026",
          f"{{code: surface-2026, source_of_water: groundwater, {BOOK}, {MADE_UP}",
          "surface-2026"),
    Again("books of one water", "{code: surface-2026", f"{{code: other, source_of_water: surface, {BOOK}, {MADE_UP}",
          "surface 2026 allocation"),
    Again("limit codes", "{code: TURN", f"{{code: OUT, {EXPORT}, zone: D2, {MADE_UP}", "OUT of 2026"),
    Again("limits of one node", "{code: TURN", f"{{code: OUT-2, {EXPORT}, zone: D1, {MADE_UP}",
          "the export of D1 2026"),
    Again("flows", "{from_sector: industry",
          f"{{from_sector: agriculture, to_sector: industry, within: canal, {MADE_UP}",
          "agriculture to industry"),
    Again("routes", "{from_zone: D1, to_zone: K3", f"{{from_zone: K2, to_zone: K1, k: 1, {MADE_UP}", "K2 to K1"),
    Again("fees", "{zone: T2, rate", f'{{zone: C, rate: "0", {MADE_UP}', "C"),
    Again("reviews", "{code: across", f"{{code: conversion, working_days: 1, {MADE_UP}", "conversion"),
    Again("tariffs", "{zone: T2, sector", f'{{zone: C, sector: industry, price: "1", {MADE_UP}', "C industry"),
    Again("thresholds", "{name: audit", f'{{name: use_plan, volume: "1", operator: gt, {MADE_UP}', "use_plan"),
    Again("clocks", "{name: decision", f"{{name: decision, length: 1, unit: days, {MADE_UP}", "decision"),
)  # fmt: skip
