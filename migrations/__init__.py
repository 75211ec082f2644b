"""The one line of schema changes, run by Alembic: `karez migrate`."""
