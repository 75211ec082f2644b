"""The small county, installed; each test in a transaction that is rolled back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from market import installation
from market.core import clock, db
from tests.usecases.registry.county import REGISTRAR, Registry, registrar, small_pack


@pytest.fixture(scope="module")
def county_url(database_url: str) -> str:
    """The URL of a database with the small county."""
    _install(database_url)
    return database_url


@pytest.fixture
def committed_county(fresh_database_url: str) -> str:
    """The URL of a database with the small county, the test's own, where it may commit."""
    _install(fresh_database_url)
    return fresh_database_url


def _install(url: str) -> None:
    with db.transaction(url) as session:
        registrar(session)
        installation.install(session, pack=small_pack(), actor=REGISTRAR)


@pytest.fixture
def registry(county_url: str) -> Iterator[Registry]:
    """A registrar in the small county, at the end of this legal day; whatever it does is rolled back.

    What a test dates some hours back is of the same day, and what the database dates is over, at whatever hour it runs.
    """
    late = dt.datetime.combine(clock.today(), dt.time(23, 59, 59), clock.LEGAL_ZONE)
    with (
        clock.moved_to(late),
        db.engine(county_url).connect() as connection,
        connection.begin() as transaction,
    ):
        with Session(
            bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield Registry(session)
        transaction.rollback()
