"""The test county: a second county beside the live one, with a database, an engine and a worker of its own.

Programs reach it at the same addresses with keys of the kind test. It begins as the demonstration county, its people
are made up, and its clock can be moved. It has the id key of the live county, so that one process speaks both.
"""

from __future__ import annotations

import dataclasses
from urllib.parse import urlsplit

from psycopg import errors as database_errors
from sqlalchemy import update

from market.core import clock, db, moving
from market.core.config import Settings
from market.core.datadir import OperatorError, make_socket_dir
from market.core.models import LIVE, TEST, Installation
from market.demo import seed

SUFFIX, NEW = "_test", "_new"
_NAMED_SQL = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = %s)"
_COUNTY_SQL = "SELECT county FROM installation"
_KEY_SQL = "SELECT id_key FROM installation"


def with_its_database(settings: Settings) -> Settings:
    """The live county's settings with the URL of the test county's database: beside its own, unless one is named."""
    if settings.test_database_url is not None:
        return settings
    url = settings.url()
    return dataclasses.replace(settings, test_database_url=db.database_url(url, _name(url) + SUFFIX))


def _name(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def prepare(settings: Settings) -> Settings:
    """Makes the test county where there is none, and brings it to the newest version; returns its settings.

    Its clock goes on from where it was. Errors: OperatorError (a database that is a live county's, or cannot be made).
    """
    test = settings.of_test_county()
    assert test is not None
    assert test.clock_file is not None
    _make(settings.url(), test.url())
    make_socket_dir(settings.data_dir)
    ahead = clock.Ahead(test.clock_file)
    with db.transaction(test.url()) as session:
        ahead.set(moving.ahead_of(session))
    db.unlock_ids(test.url())
    with clock.ahead(ahead):
        seed.ensure(test.url(), test)
    return test


def _make(live: str, url: str) -> None:
    _ensure_database(live, url)
    db.migrate(url)
    _mark(live, url)


def _ensure_database(live: str, url: str) -> None:
    with db.connect(live, autocommit=True) as connection:
        row = connection.execute(_NAMED_SQL, (_name(url),)).fetchone()
    if row is not None and row[0]:
        return
    try:
        db.create_database(live, _name(url))
    except database_errors.InsufficientPrivilege as error:
        raise OperatorError(
            f"this user may not make the database {_name(url)}: make it, or name one in KAREZ_TEST_DATABASE_URL"
        ) from error


def _mark(live: str, url: str) -> None:
    """Says that a new database is a test county's, which it stays. Errors: OperatorError for a live county's."""
    with db.connect(live) as connection:
        row = connection.execute(_KEY_SQL).fetchone()
    assert row is not None
    try:
        with db.transaction(url) as session:
            session.execute(
                update(Installation)
                .where(Installation.county == LIVE)
                .values(county=TEST, id_key=bytes(row[0]))
            )
    except Exception as error:
        if "people are in it" not in str(error):
            raise
        raise OperatorError(f"the database {_name(url)} is a live county's, not a test county's") from error


def reset(settings: Settings) -> None:
    """Makes the test county anew, also beside a running server, which then does without it for a moment.

    Errors: OperatorError (there is none).
    """
    settings = with_its_database(settings)
    test = settings.of_test_county()
    assert test is not None
    assert test.clock_file is not None
    _check_is_one(settings.url(), test.url())
    name = _name(test.url())
    fresh = dataclasses.replace(test, database_url=db.database_url(test.url(), name + NEW))
    db.drop_database(settings.url(), name + NEW)  # what a broken attempt left
    _make(settings.url(), fresh.url())
    db.unlock_ids(fresh.url())
    seed.ensure(fresh.url(), fresh)
    for each in (fresh, test):
        db.dispose(each.url())
    db.drop_database(settings.url(), name)  # its engine and worker end, and are started again
    db.rename_database(settings.url(), name + NEW, name)
    make_socket_dir(settings.data_dir)
    clock.Ahead(test.clock_file).begin_anew()


def _check_is_one(live: str, url: str) -> None:
    with db.connect(live, autocommit=True) as connection:
        row = connection.execute(_NAMED_SQL, (_name(url),)).fetchone()
    if row is None or not row[0]:
        raise OperatorError("there is no test county: `karez up --test-county` makes one")
    with db.connect(url) as connection:
        marked = connection.execute(_COUNTY_SQL).fetchone()
    if marked is None or marked[0] != TEST:
        raise OperatorError(f"the database {_name(url)} is not a test county's")
