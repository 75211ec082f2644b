"""Where a right or a water account is: the codes that a request names, checked against the county's trees."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core.errors import NotFound
from market.registry.county import known_sectors, known_sources
from market.registry.errors import (
    NotAPlace,
    ParticipantNotAdmitted,
    UnknownSector,
    UnknownSource,
    UnknownZone,
    WaterYearNotOpen,
)
from market.registry.models import WaterYear
from market.registry.reference import Zones, ZoneView


def zone(tree: Zones, code: str, *, pointer: str) -> ZoneView:
    """The zone of this code. Errors: UnknownZone."""
    found = tree.by_code.get(code)
    if found is None:
        raise UnknownZone(f"there is no zone {code}", pointer=pointer)
    return found


def township_of(tree: Zones, code: str) -> int:
    """The id of the township of this code. Errors: UnknownZone, NotAPlace."""
    found = zone(tree, code, pointer="/township")
    if (found.tree, found.level) != ("admin", "township"):
        raise NotAPlace(f"{code} is not a township", pointer="/township")
    return found.id


def township_and_canal(tree: Zones, township: str, canal: str) -> tuple[int, int]:
    """The ids of a place's two zones, by their codes. Errors: UnknownZone, NotAPlace."""
    admin_id = township_of(tree, township)
    river = zone(tree, canal, pointer="/canal")
    if (river.tree, river.level) != ("river", "canal"):
        raise NotAPlace(f"{canal} is not a canal", pointer="/canal")
    return admin_id, river.id


def check_kind_of_water(connection: psycopg.Connection, *, sector: str | None, source: str | None) -> None:
    """Errors: UnknownSector, UnknownSource; None is any."""
    check_known(known_sectors(connection), known_sources(connection), sector=sector, source=source)


def check_known(
    sectors: Collection[str], sources: Collection[str], *, sector: str | None, source: str | None
) -> None:
    """As `check_kind_of_water`, against what was read before."""
    if sector is not None and sector not in sectors:
        raise UnknownSector(f"there is no sector {sector}", pointer="/sector")
    if source is not None and source not in sources:
        raise UnknownSource(f"there is no source {source}", pointer="/source")


def check_admitted(connection: psycopg.Connection, participant_id: int) -> None:
    """Errors: NotFound, ParticipantNotAdmitted."""
    row = connection.execute("SELECT status FROM participants WHERE id = %s", (participant_id,)).fetchone()
    if row is None:
        raise NotFound("there is no such participant", pointer="/participant_id")
    if row[0] != "admitted":
        raise ParticipantNotAdmitted(f"the participant is {row[0]}", pointer="/participant_id")


def check_all_admitted(connection: psycopg.Connection, participant_ids: Iterable[int], pointer: str) -> None:
    """As `check_admitted`, of many. Errors: NotFound, ParticipantNotAdmitted."""
    wanted = set(participant_ids)
    rows = connection.execute(
        "SELECT id, status FROM participants WHERE id = ANY(%s)", (Bigints(wanted),)
    ).fetchall()
    if len(rows) < len(wanted):
        raise NotFound("there is no such participant", pointer=pointer)
    for _, status in rows:
        if status != "admitted":
            raise ParticipantNotAdmitted(f"a participant is {status}", pointer=pointer)


def open_year(session: Session, year: int, *, lock: bool = False) -> WaterYear:
    """The water year, if open. `lock` keeps others from announcing or setting caps in it until the commit.

    Errors: WaterYearNotOpen.
    """
    statement = select(WaterYear).where(WaterYear.year == year)
    if lock:
        statement = statement.with_for_update(key_share=True)
    found = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    check_open({found.year: found.status} if found is not None else {}, year)
    assert found is not None
    return found


Years = Mapping[int, str]
"""Water years and their status."""


def years(connection: psycopg.Connection[Any], wanted: Iterable[int], *, lock: bool = False) -> Years:
    """Those of these water years that there are. `lock` as in `open_year`."""
    statement = "SELECT year, status FROM water_years WHERE year = ANY(%s) ORDER BY year"
    rows = connection.execute(
        statement + (" FOR NO KEY UPDATE" if lock else ""), (sorted(wanted),)
    ).fetchall()  # fmt: skip
    return dict(rows)


def check_open(known: Years, year: int) -> None:
    """Errors: WaterYearNotOpen."""
    if year not in known:
        raise WaterYearNotOpen(f"there is no water year {year}", pointer="/water_year")
    if known[year] != "open":
        raise WaterYearNotOpen(f"the water year {year} is {known[year]}", pointer="/water_year")
