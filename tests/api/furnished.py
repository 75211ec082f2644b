"""The furnished county: furnished once a run, and copied from then on."""

from __future__ import annotations

import atexit
import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from market.core import db
from market.participants import tokens
from market.participants.models import User
from tests.api.county import County, furnish, open_county
from tests.api.filling import gone

KEPT = ("mine", "theirs", "logins", "bank", "programme", "offer", "storage", "round")


@dataclass(frozen=True)
class _Copy:
    """A furnished database, and what the county that furnished it knew of it."""

    name: str
    known: dict[str, object]


_furnished_once: dict[str, _Copy] = {}


@contextmanager
def open_furnished(database_url: str, data_dir: Path) -> Iterator[County]:
    """`open_county` with a thing of every kind in it, on an empty database."""
    server_url = db.database_url(database_url, "postgres")
    if server_url not in _furnished_once:
        _furnished_once[server_url] = _furnish(server_url, database_url, data_dir)
    found = _furnished_once[server_url]
    db.dispose(database_url)
    name = database_url.partition("?")[0].rpartition("/")[2]
    db.drop_database(server_url, name)
    db.create_database(server_url, name, template=found.name)
    with open_county(database_url, data_dir) as county:
        for field, value in copy.deepcopy(found.known).items():
            setattr(county, field, value)
        _sign_in(county)
        yield county


def _furnish(server_url: str, database_url: str, data_dir: Path) -> _Copy:
    with open_county(database_url, data_dir) as county:
        furnish(county)
        known = {field: getattr(county, field) for field in KEPT}
    db.dispose(database_url)
    template = database_url.partition("?")[0].rpartition("/")[2]
    name = f"karez_test_{os.getpid()}_furnished"
    db.create_database(server_url, name, template=template)
    atexit.register(gone, server_url, name)
    return _Copy(name, known)


def _sign_in(county: County) -> None:
    """Signs in, by the names that the county knows them by, those who were made when it was furnished."""
    with county.app.app_context(), db.transaction(county.settings.url()) as session:
        users = {user.login: user for user in session.scalars(select(User))}
        for name, login in county.logins.items():
            county.tokens[name] = tokens.sign_in(session, users[login]).access_token
