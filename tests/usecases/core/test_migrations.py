"""The schema's one line of migrations."""

from __future__ import annotations

from alembic import command

from market.core import audit, db


def test_the_migrations_make_exactly_the_tables_of_the_models(fresh_database_url: str) -> None:
    command.check(db.migration_config(fresh_database_url))


def test_migrating_again_changes_nothing(fresh_database_url: str) -> None:
    db.migrate(fresh_database_url)


def test_a_new_database_has_its_id_key_and_whole_audit_chains(database_url: str) -> None:
    db.unlock_ids(database_url)
    with db.connect(database_url) as connection:
        assert audit.verify(connection) == []


def test_the_schema_can_be_taken_away_and_made_again(fresh_database_url: str) -> None:
    command.downgrade(db.migration_config(fresh_database_url), "base")
    db.migrate(fresh_database_url)
