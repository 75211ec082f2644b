"""The one database: engines and sessions for use cases, plain psycopg connections for set statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from market.core import ids

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

MODEL_MODULES = (
    "ledger.models",
    "market.core.models",
    "market.county.models",
    "market.participants.models",
    "market.participants.credit_models",
    "market.participants.privacy_models",
    "market.participants.external_models",
    "market.registry.models",
    "market.registry.life_models",
    "market.registry.season_models",
    "market.registry.trust_models",
    "market.registry.pledge_models",
    "market.registry.lease_models",
    "market.registry.restriction_models",
    "market.metering.models",
    "market.billing.models",
    "market.fees.models",
    "market.sheet_runs.models",
    "market.payments.models",
    "market.payments.gateway_models",
    "market.payments.bank_models",
    "market.settlement.models",
    "market.settlement.delivery_models",
    "market.settlement.reversal_models",
    "market.trading.models",
    "market.trading.deal_models",
    "market.trading.call_models",
    "market.trading.bidding_models",
    "market.trading.negotiation_models",
    "market.trading.programme_models",
    "market.trading.session_models",
    "market.trading.buy_back_models",
    "market.trading.storage_models",
    "market.contracts.firm_models",
    "market.contracts.project_models",
    "market.contracts.point_models",
    "market.contracts.night_models",
    "market.contracts.contract_models",
    "market.contracts.report_models",
    "market.contracts.lot_models",
    "market.contracts.trust_models",
    "market.contracts.invoice_models",
    "market.contracts.household_models",
    "market.supervision.models",
    "market.supervision.desks.models",
    "market.supervision.intervention_models",
    "market.supervision.trail.models",
    "market.supervision.watching.models",
    "market.supervision.cases.models",
    "market.supervision.warning.models",
    "market.supervision.reports.models",
    "market.supervision.national.models",
    "market.webhooks.models",
)


def load_models() -> None:
    """Imports every module with tables, so that the metadata is whole."""
    for name in MODEL_MODULES:
        import_module(name)


def _sqlalchemy_url(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


@lru_cache(maxsize=8)
def engine(url: str, pool_size: int = 20) -> Engine:
    """The SQLAlchemy engine of a database URL; one a process and URL."""
    load_models()  # foreign keys between features resolve only when every table is known
    return create_engine(
        _sqlalchemy_url(url), pool_size=pool_size, max_overflow=10, pool_pre_ping=True, pool_timeout=10
    )


@lru_cache(maxsize=8)
def _readers(url: str) -> Engine:
    """Connections that commit each statement by themselves, for `look_up`."""
    return create_engine(
        _sqlalchemy_url(url), pool_size=4, max_overflow=8, pool_timeout=10, isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
    )  # fmt: skip


def look_up(url: str, query: LiteralString, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The one row of a query, or None; one round trip, outside of every transaction.

    A connection that was lost meanwhile is replaced once. Errors: psycopg's.
    """
    for last in (False, True):
        connection = _readers(url).raw_connection()
        try:
            driver = connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            row: tuple[Any, ...] | None = driver.execute(query, parameters).fetchone()
            return row
        except psycopg.OperationalError:
            connection.invalidate()
            if last:
                raise
        finally:
            connection.close()
    raise AssertionError("unreachable")


def dispose(url: str) -> None:
    """Closes every connection that this process keeps to a database."""
    engine(url).dispose()
    _readers(url).dispose()


@contextmanager
def transaction(url: str) -> Iterator[Session]:
    """A session in a transaction of its own: commits at the end of the block, rolls back on any error."""
    with sessionmaker(engine(url), expire_on_commit=False)() as session, session.begin():
        yield session


def raw(session: Session) -> psycopg.Connection[Any]:
    """The psycopg connection under a session, inside the session's transaction; pending ORM writes go first."""
    session.flush()  # the set statements that follow must see what the session has written
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection


def connect(url: str, **options: Any) -> psycopg.Connection[Any]:
    """A plain psycopg connection (no autocommit)."""
    return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), **options)


def unlock_ids(url: str) -> None:
    """Reads the installation's id key, so that this process can speak public ids."""
    with connect(url) as connection:
        row = connection.execute("SELECT id_key FROM installation WHERE id = 1").fetchone()
    if row is None:
        raise RuntimeError("the database has no installation row: run the migrations first")
    ids.set_key(bytes(row[0]))


def bump_reference(connection: psycopg.Connection[Any]) -> None:
    """Says that something changed which the engine caches (accounts' status, limits, routes, rules, phases)."""
    connection.execute("UPDATE installation SET reference_version = reference_version + 1 WHERE id = 1")


def create_database(url: str, name: str, *, template: str | None = None) -> str:
    """Creates the database `name` on the server of `url` (from a template if given) and returns its URL."""
    with connect(url, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            # A copy of the files takes a sixth of the time of a copy through the log.
            statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
        connection.execute(statement)
    return database_url(url, name)


def rename_database(url: str, before: str, name: str) -> None:
    """Gives the database `before`, to which nobody is connected, the name `name`."""
    with connect(url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(before), sql.Identifier(name))
        )


def drop_database(url: str, name: str) -> None:
    """Drops the database `name`, whoever is connected to it."""
    with connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def database_url(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    head, _, query = url.partition("?")
    base, _, _ = head.rpartition("/")
    return f"{base}/{name}" + (f"?{query}" if query else "")


def migrate(url: str) -> None:
    """Brings the database's schema to the newest version; does nothing if it is there. One at a time a database."""
    from alembic import command

    command.upgrade(migration_config(url), "head")


def migration_config(url: str) -> Config:
    """Alembic's configuration, made here so that no file and no working directory is needed."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["url"] = url
    return config
