"""Versions of the small county's pack with other rules."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec

from market.core import db
from market.county.pack import Pack
from tests.model.world import World

_versions = itertools.count(100)  # a process keeps the packs that it has read, by database and number


def install_rules(world: World, *, url: str = "", **sections: Any) -> None:
    """Installs a version of the pack with these sections, as an installation does; at `url`, a copy."""
    with db.connect(url or world.url) as connection:
        row = connection.execute(
            "SELECT name, version, sha256, content FROM county_packs ORDER BY id DESC LIMIT 1"
        ).fetchone()
        assert row is not None
        pack = msgspec.structs.replace(Pack.from_json(row[3]), **sections)
        connection.execute(
            "INSERT INTO county_packs (id, name, version, sha256, content) VALUES (%s, %s, %s, %s, %s)",
            (next(_versions), row[0], f"{row[1]}+", bytes(row[2])[::-1], pack.to_json()),
        )
        db.bump_reference(connection)
