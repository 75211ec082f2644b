"""The schema's one line of migrations, and what the schema itself refuses."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from psycopg import sql

from ledger.base import metadata
from market.core import audit, db
from migrations.freeze import IMMUTABLE

# What a database has, as its own catalogue says it; Alembic's comparison knows nothing of checks.
_MADE_SQL = """
SELECT 'column', c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) || ' '
       || a.attnotnull || ' ' || a.attidentity::text || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 't'  -- no triggers, of either sort
UNION ALL
SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'sequence', sequencename, start_value || ' ' || max_value || ' ' || increment_by
FROM pg_sequences WHERE schemaname = 'public'
UNION ALL
SELECT 'options', relname, reloptions::text FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    url = db.create_database(server_url, "karez_test_empty")
    yield url
    db.dispose(url)
    db.drop_database(server_url, "karez_test_empty")


def test_the_migrations_make_the_tables_of_the_models(fresh_database_url: str) -> None:
    command.check(db.migration_config(fresh_database_url))


def test_the_migrations_make_exactly_what_the_models_would(
    fresh_database_url: str, empty_database_url: str
) -> None:
    """If this fails after a change of a model: `python -m migrations.freeze` (until the first release)."""
    metadata.create_all(db.engine(empty_database_url))
    assert _made(fresh_database_url) == _made(empty_database_url)


def _made(url: str) -> set[tuple[str, ...]]:
    with db.connect(url) as connection:
        rows = connection.execute(_MADE_SQL).fetchall()
    return {row for row in rows if "alembic_version" not in row[1]}


def test_migrating_again_changes_nothing(fresh_database_url: str) -> None:
    before = _made(fresh_database_url)
    db.migrate(fresh_database_url)
    assert _made(fresh_database_url) == before != set()


def test_a_new_database_has_its_id_key_and_whole_audit_chains(database_url: str) -> None:
    db.unlock_ids(database_url)
    with db.connect(database_url) as connection:
        assert audit.verify(connection) == []


def test_the_schema_can_be_taken_away_and_made_again(fresh_database_url: str) -> None:
    before = _made(fresh_database_url)
    command.downgrade(db.migration_config(fresh_database_url), "base")
    assert _made(fresh_database_url) == set()
    db.migrate(fresh_database_url)
    assert _made(fresh_database_url) == before


@pytest.mark.parametrize("table", ["assets", "transfers", *IMMUTABLE])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_change_what_is_immutable(database_url: str, table: str, change: str) -> None:
    column = sql.Identifier(metadata.tables[table].columns.keys()[-1])
    statement = sql.SQL(change).format(sql.Identifier(table), column, column)  # type: ignore[arg-type]
    with (
        db.connect(database_url) as connection,
        pytest.raises(psycopg.errors.RestrictViolation, match="its rows are immutable"),
    ):
        connection.execute(statement)
