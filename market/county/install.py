"""Installing a county pack: its zones become rows, its waters get books, its text is kept as it was installed."""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from market.core import audit, books, clock, outbox
from market.core.db import bump_reference, raw
from market.core.errors import Conflict
from market.county.models import CountyPack
from market.county.pack import Pack
from market.county.parts import Zone


class PackVersionUsed(Conflict):
    """Another pack of this name and version is installed: a changed pack needs a version of its own."""

    code = "pack_version_used"
    title_en = "This version was installed with other content"
    title_zh = "该版本已以不同内容安装"


class ZoneDropped(Conflict):
    """A newer pack lacks a zone that is installed: rights and accounts may name it, and its rules are asked for."""

    code = "zone_dropped"
    title_en = "A zone of the county is missing"
    title_zh = "缺少已安装的区域"


def in_force_before(session: Session) -> Pack | None:
    """The pack that is in force before an installation, or None; locks out other installations."""
    connection = raw(session)
    connection.execute("SELECT FROM installation WHERE id = 1 FOR UPDATE")
    row = connection.execute("SELECT content FROM county_packs ORDER BY id DESC LIMIT 1").fetchone()
    return Pack.from_json(row[0]) if row is not None else None


def install(session: Session, pack: Pack, actor: audit.Actor) -> bool:
    """Installs a checked pack; False, and nothing changed, when it is the one in force.

    Water years, limits and products are installed by the packages above. Errors: PackVersionUsed, ZoneDropped.
    """
    connection = raw(session)
    # Two installations at once: the second waits here, and then sees the first one's pack.
    connection.execute("SELECT FROM installation WHERE id = 1 FOR UPDATE")
    content = pack.to_json()
    digest = hashlib.sha256(content.encode()).digest()
    newest = connection.execute("SELECT sha256 FROM county_packs ORDER BY id DESC LIMIT 1").fetchone()
    if newest is not None and bytes(newest[0]) == digest:
        return False
    used = connection.execute(
        "SELECT sha256 FROM county_packs WHERE name = %s AND version = %s AND sha256 <> %s",
        (pack.name, pack.version, digest),
    ).fetchone()
    if used is not None:
        raise PackVersionUsed(f"{pack.name} {pack.version} is installed with other content")
    books.open_books(
        connection, water=[(source, year.year) for year in pack.water_years for source in pack.water_sources]
    )
    changed = _install_zones(connection, pack)
    row = CountyPack(
        name=pack.name, version=pack.version, sha256=digest, content=content, installed_at=clock.now()
    )
    session.add(row)
    connection = raw(session)
    bump_reference(connection)
    detail = {"name": pack.name, "version": pack.version, "sha256": digest.hex(), "zones_changed": changed}
    outbox.publish(connection, topic="county.pack.installed", subject=("county_pack", row.id), payload=detail)
    audit.record(
        connection,
        actor=actor,
        action="county_pack.installed",
        subject=("county_pack", row.id),
        detail=detail,
    )
    return True


_ZONE_SQL = """
INSERT INTO zones (tree, code, parent_id, level, name_zh, name_en, groundwater, demonstration)
VALUES (%(tree)s, %(code)s, (SELECT id FROM zones WHERE code = %(parent)s), %(level)s, %(zh)s, %(en)s,
        %(groundwater)s, %(demonstration)s)
ON CONFLICT (code) DO UPDATE SET tree = excluded.tree, parent_id = excluded.parent_id, level = excluded.level,
   name_zh = excluded.name_zh, name_en = excluded.name_en, groundwater = excluded.groundwater,
   demonstration = excluded.demonstration
 WHERE (zones.tree, zones.parent_id, zones.level, zones.name_zh, zones.name_en, zones.groundwater,
        zones.demonstration)
   IS DISTINCT FROM (excluded.tree, excluded.parent_id, excluded.level, excluded.name_zh, excluded.name_en,
        excluded.groundwater, excluded.demonstration)
"""


def _install_zones(connection: psycopg.Connection[Any], pack: Pack) -> int:
    """Writes the zones, parents first; returns how many are new or changed. Errors: ZoneDropped."""
    codes = {zone.code for zone in pack.zones}
    known = {row[0] for row in connection.execute("SELECT code FROM zones").fetchall()}
    if not known <= codes:
        raise ZoneDropped(f"the pack lacks {', '.join(sorted(known - codes)[:5])}")
    changed = 0
    with connection.cursor() as cursor:
        for zone in sorted(pack.zones, key=lambda each: len(pack.ancestors(each.code))):
            cursor.execute(_ZONE_SQL, _zone_values(zone))
            changed += cursor.rowcount
    return changed


def _zone_values(zone: Zone) -> dict[str, Any]:
    return {
        "tree": zone.tree,
        "code": zone.code,
        "parent": zone.parent,
        "level": zone.level,
        "zh": zone.zh,
        "en": zone.en,
        "groundwater": zone.groundwater,
        "demonstration": zone.demonstration,
    }
