"""Databases with the demonstration county: filled once a run, and copied from then on."""

from __future__ import annotations

import atexit
import contextlib
import os

import psycopg

from market.core import db
from market.core.config import Settings
from market.demo import seed

_filled_once: dict[str, str] = {}


def filled(database_url: str, settings: Settings) -> None:
    """Fills an empty database with the demonstration county: the first of a run for real, the others are its copies."""
    server_url = db.database_url(database_url, "postgres")
    name = database_url.partition("?")[0].rpartition("/")[2]
    with db.connect(database_url) as connection:
        is_empty = connection.execute("SELECT NOT EXISTS (SELECT FROM users)").fetchone() == (True,)
    db.dispose(database_url)
    if is_empty and server_url in _filled_once:
        db.drop_database(server_url, name)
        db.create_database(server_url, name, template=_filled_once[server_url])
        return
    seed.ensure(database_url, settings)
    if not is_empty:
        return
    db.dispose(database_url)
    copy = f"karez_test_{os.getpid()}_county"
    db.create_database(server_url, copy, template=name)
    _filled_once[server_url] = copy
    atexit.register(gone, server_url, copy)


def gone(server_url: str, name: str) -> None:
    """Drops the copy, where the server outlives the run."""
    with contextlib.suppress(psycopg.OperationalError):
        db.drop_database(server_url, name)
