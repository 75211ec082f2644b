"""Runs migrations on the database whose URL `market.core.db.migration_config` puts into the configuration.

A transaction a migration, under an advisory lock: two processes that start at once do not migrate twice.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from ledger.base import metadata
from market.core import db

LOCK_KEY = 0x6D6967726174  # "migrat"


def run() -> None:
    """Migrates over a connection of its own."""
    db.load_models()
    url = context.config.attributes["url"]
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            compare_type=True,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
        connection.commit()
    engine.dispose()


if context.is_offline_mode():
    raise RuntimeError("migrations run on a database, not into a file")
run()
