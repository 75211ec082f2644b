"""Limits as a sheet: caps, routes, imports, exports and conversions set from a file, exported with what is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy.orm import Session

from market.core import audit
from market.core.db import raw
from market.core.errors import Refusal
from market.core.sheets.columns import Column, Kind, Register, choices
from market.core.sheets.gathering import Gathered, gather
from market.core.sheets.reading import Row, read
from market.registry import caps, limits, places, reference
from market.registry.county import known_sectors, known_sources
from market.registry.errors import LimitCode, LimitExists
from market.registry.limits import NewLimit
from market.registry.models import LIMIT_KINDS
from market.registry.sheets import SECTOR_CHOICES

KIND_CHOICES = choices(
    dict(
        zip(
            LIMIT_KINDS,
            ("总量控制指标", "区域间限额", "区域流入限额", "区域流出限额", "农业转工业限额"),
            strict=True,
        )
    )
)
LIMITS = Register(
    "limits",
    "用水指标",
    "limits",
    (
        Column("code", "指标代码", "code", required=True, most=64),
        Column("kind", "指标类型", "kind", Kind.CHOICE, required=True, choices=KIND_CHOICES),
        Column("water_year", "水年", "water year", Kind.INTEGER, required=True, least=2000, most=2200),
        Column("limit_litres", "水量(立方米)", "volume (m3)", Kind.DECIMAL, required=True),
        Column("zone", "区域代码", "zone", most=64),
        Column("to_zone", "目的区域代码", "to zone", most=64),
        Column("source", "水源", "source", most=32),
        Column("sector", "行业", "sector", Kind.CHOICE, choices=SECTOR_CHOICES),
        Column("legal_source", "法律依据", "legal source", required=True, most=500),
        Column("reason", "事由", "reason", most=1000),
        Column("demonstration", "是否演示数据", "demonstration", Kind.YES_NO),
        Column("used_litres", "已用(立方米)", "used (m3)", Kind.DECIMAL, shown_only=True),
        Column("held_litres", "预留(立方米)", "held (m3)", Kind.DECIMAL, shown_only=True),
        Column("available_litres", "剩余(立方米)", "available (m3)", Kind.DECIMAL, shown_only=True),
    ),
    ("water_year", "code"),
)


@dataclass(slots=True)
class _Known:
    """What the rows are checked against; `open_years` are locked, so that nothing of it changes until the commit."""

    tree: reference.Zones
    sources: frozenset[str]
    sectors: frozenset[str]
    years: places.Years
    watered: list[caps.Place]
    codes: set[tuple[int, str]]
    nodes: set[tuple[Any, ...]] = field(default_factory=set)


def import_limits(session: Session, *, actor: audit.Actor, data: bytes, partial: bool) -> Gathered:
    """Sets the limits of a file, in set statements. Errors: those of sheets, LimitExists."""
    found = gather(read(data, LIMITS))
    connection = raw(session)
    known = _known(connection, found.good)
    good, wanted = [], []
    for row in found.good:
        try:
            wanted.append(_checked(known, row.values))
        except Refusal as refusal:
            found.refuse_by_rule(row, LIMITS.letter((refusal.pointer or "").removeprefix("/")), refusal)
        else:
            good.append(row)
    found.good = good
    found.check(partial=partial)
    limits.create_many(connection, actor=actor, wanted=wanted)
    return found


def _known(connection: psycopg.Connection[Any], rows: Sequence[Row]) -> _Known:
    tree = reference.zones(connection)
    years = places.years(connection, {row.values["water_year"] for row in rows}, lock=True)
    there = connection.execute(
        "SELECT code, water_year, kind, zone_id, to_zone_id, source, sector FROM limits"
        " WHERE water_year = ANY(%s)",
        (list(years),),
    ).fetchall()
    return _Known(
        tree=tree,
        sources=known_sources(connection),
        sectors=known_sectors(connection),
        years=years,
        watered=limits.watered(connection, tree, years),
        codes={(row[1], row[0]) for row in there},
        nodes={row[1:] for row in there},
    )


def _checked(known: _Known, values: dict[str, Any]) -> NewLimit:
    """The limit that a row asks for; later rows of the file may not have its node.

    Errors: LimitCode, UnknownSector, UnknownSource, UnknownZone, LimitShape, WaterYearNotOpen, CapAfterUse,
    LimitExists.
    """
    if not limits.CODE.fullmatch(values["code"]):
        raise LimitCode("letters, digits, _ . - only", pointer="/code")
    places.check_known(known.sectors, known.sources, sector=values["sector"], source=values["source"])
    zone_id, to_zone_id = (
        places.zone(known.tree, values[name], pointer=f"/{name}").id if values[name] is not None else None
        for name in ("zone", "to_zone")
    )
    limits.check_shape(values["kind"], zone_id, to_zone_id)
    places.check_open(known.years, values["water_year"])
    new = NewLimit(
        code=values["code"],
        kind=values["kind"],
        water_year=values["water_year"],
        limit_litres=values["limit_litres"],
        legal_source=values["legal_source"],
        reason=values["reason"] or "",
        zone_id=zone_id,
        to_zone_id=to_zone_id,
        source=values["source"],
        sector=values["sector"],
        demonstration=bool(values["demonstration"]),
    )
    if (new.water_year, new.code) in known.codes:
        raise LimitExists(f"{new.water_year} has a limit {new.code}", pointer="/code")
    if new.node in known.nodes:
        raise LimitExists("there is a limit of this kind on this node", pointer="/kind")
    if new.kind == caps.CAP:
        limits.check_unused(new, known.watered)
    known.nodes.add(new.node)
    return new


def limit_rows(connection: psycopg.Connection[Any]) -> Iterator[dict[str, Any]]:
    """Every limit as a row of its sheet, with why it has the volume that it has now.

    Used is what was charged and not freed; what a cut has left above a cap counts as used.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "SELECT l.*, z.code AS zone, t.code AS to_zone, c.reason, a.debits_pending AS held_litres,"
            " a.credits_posted - a.debits_posted - a.debits_pending AS available_litres,"
            " l.limit_litres - (a.credits_posted - a.debits_posted)"
            " + coalesce(e.debits_posted - e.credits_posted, 0) AS used_litres"
            " FROM limits l JOIN accounts a ON a.id = l.account_id"
            " LEFT JOIN zones z ON z.id = l.zone_id LEFT JOIN zones t ON t.id = l.to_zone_id"
            " LEFT JOIN cap_excesses x ON x.limit_id = l.id LEFT JOIN accounts e ON e.id = x.account_id"
            " LEFT JOIN LATERAL (SELECT h.reason FROM limit_changes h WHERE h.limit_id = l.id"
            " ORDER BY h.id DESC LIMIT 1) c ON true ORDER BY l.id"
        )
        yield from cursor
