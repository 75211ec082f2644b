"""A small county's pack that is good, to be spoilt line by line and to be asked."""

from __future__ import annotations

SMALL = """\
name: small
version: "1"
zh: 小县
en: Small county
county: C
certificate_prefix: SM

sources:
  - {code: law, title: "A law that was read", status: read}
  - {code: told, title: "A rule that somebody remembers", status: memory}

zones:
  - {code: C, tree: admin, level: county, zh: 县, en: County, source: law art. 1, status: read}
  - {code: T1, tree: admin, level: township, zh: 一乡, parent: C, source: law art. 1, status: read}
  - {code: T2, tree: admin, level: township, zh: 二乡, parent: C, groundwater: restricted, demonstration: true}
  - {code: V1, tree: admin, level: village, zh: 一村, parent: T1, demonstration: true}
  - {code: R, tree: river, level: river, zh: 河, source: law art. 1, status: read}
  - {code: D1, tree: river, level: district, zh: 一灌区, parent: R, source: law art. 1, status: read}
  - {code: D2, tree: river, level: district, zh: 二灌区, parent: R, source: law art. 1, status: read}
  - {code: K1, tree: river, level: canal, zh: 一渠, parent: D1, demonstration: true}
  - {code: K2, tree: river, level: canal, zh: 二渠, parent: D1, demonstration: true}
  - {code: K3, tree: river, level: canal, zh: 三渠, parent: D2, demonstration: true}
  - {code: G1, tree: river, level: gate, zh: 一口, parent: K1, demonstration: true}
  - {code: G2, tree: river, level: gate, zh: 二口, parent: K1, demonstration: true}

water_sources: [surface, groundwater]

sectors:
  - {code: agriculture, zh: 农业, en: Agriculture, may_sell: true, may_buy: true, source: law art. 2, status: read}
  - {code: industry, zh: 工业, en: Industry, may_sell: true, may_buy: true, source: law art. 2, status: read}
  - {code: domestic, zh: 生活, en: Domestic, may_sell: false, may_buy: false, source: law art. 2, status: derived}

water_years:
  - {year: 2026, starts_on: "2026-01-01", ends_on: "2026-12-31"}

products:
  - {code: surface-2026, source_of_water: surface, water_year: 2026, tenure: allocation, lot: "1", demonstration: true}

limits:
  - {code: CAP-C, kind: cap, water_year: 2026, volume: "1000", zone: C, demonstration: true}
  - {code: CAP-T1, kind: cap, water_year: 2026, volume: "600", zone: T1, demonstration: true}
  - {code: CAP-T2, kind: cap, water_year: 2026, volume: "400", zone: T2, demonstration: true}
  - {code: CAP-C-FARM, kind: cap, water_year: 2026, volume: "800", zone: C, sector: agriculture, demonstration: true}
  - {code: CAP-C-WELL, kind: cap, water_year: 2026, volume: "200.5", zone: C, source_of_water: groundwater, demonstration: true}
  - {code: WAY, kind: route, water_year: 2026, volume: "50", zone: D1, to_zone: K3, demonstration: true}
  - {code: OUT, kind: export, water_year: 2026, volume: "70", zone: D1, demonstration: true}
  - {code: IN, kind: import, water_year: 2026, volume: "90", zone: D2, demonstration: true}
  - {code: TURN, kind: conversion, water_year: 2026, volume: "60", demonstration: true}

flows:
  - {from_sector: agriculture, to_sector: industry, within: county, source: law art. 3, status: read}
  - {from_sector: agriculture, to_sector: agriculture, within: district, source: told art. 4, status: memory, demonstration: true}
  - {from_sector: industry, to_sector: industry, within: canal, source: law art. 5, status: read}

routes:
  - {from_zone: K1, to_zone: K2, k: 970, demonstration: true}
  - {from_zone: K2, to_zone: K1, k: 940, demonstration: true}
  - {from_zone: D1, to_zone: D2, k: 900, demonstration: true}
  - {from_zone: K1, to_zone: D2, k: 910, demonstration: true}
  - {from_zone: D1, to_zone: K3, k: 905, sectors: [industry], demonstration: true}

fees:
  - {zone: C, rate: "0.003", demonstration: true}
  - {zone: T2, rate: "0", demonstration: true}

reviews:
  - {code: conversion, from_sector: agriculture, to_sector: industry, working_days: 20, source: law art. 6, status: read}
  - {code: across, crossing_districts: true, from_volume: "100", working_days: 10, demonstration: true}

tariffs:
  - {zone: C, sector: agriculture, price: "0.1418", source: law art. 7, status: read, tiers: [{above: "0", multiple: "2", demonstration: true}, {above: "0.5", multiple: "3", demonstration: true}]}
  - {zone: C, sector: industry, price: "1.2", demonstration: true}
  - {zone: T2, sector: agriculture, price: "0.077", source: law art. 7, status: read}

thresholds:
  - {name: use_plan, volume: "10000", operator: gte, source: law art. 8, status: read}
  - {name: audit, volume: "100000", operator: gt, source: law art. 8, status: read}

clocks:
  - {name: decision, length: 20, unit: working_days, source: law art. 9, status: read}

platform: {exported: false, reason_zh: 示范, reason_en: a demonstration, source: law art. 10, status: read}
"""  # noqa: E501


def spoilt(old: str, new: str) -> str:
    """The small pack with the first occurrence of a text replaced. AssertionError where it has none."""
    assert old in SMALL, old
    return SMALL.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    """The line, from 1, in which a part of a text first stands."""
    assert part in text, part
    return text[: text.index(part)].count("\n") + 1
