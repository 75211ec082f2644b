"""The pack in force: the newest that was installed, kept by the process until a newer one is."""

from __future__ import annotations

from typing import Any

import psycopg

from market.core.kept import kept
from market.county.pack import Pack

_kept: dict[tuple[Any, ...], Pack] = kept()


def pack_in_force(connection: psycopg.Connection[Any]) -> Pack:
    """The county's rules now. LookupError when no pack is installed."""
    info = connection.info
    row = connection.execute("SELECT max(id) FROM county_packs").fetchone()
    if row is None or row[0] is None:
        raise LookupError("no county pack is installed")
    key = (info.host, info.port, info.dbname, row[0])
    found = _kept.get(key)
    if found is None:
        content = connection.execute("SELECT content FROM county_packs WHERE id = %s", (row[0],)).fetchone()
        assert content is not None
        found = _kept[key] = Pack.from_json(content[0])
    return found
