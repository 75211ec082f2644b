"""Everything: the tables of every feature, the triggers of what is immutable, the installation's one row."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from ledger.base import metadata
from ledger.models import immutable_trigger_ddl, ledger_trigger_ddl
from market.core import audit

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

IMMUTABLE = ("audit", "commands")


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    statements = [
        *ledger_trigger_ddl(),
        *(each for table in IMMUTABLE for each in immutable_trigger_ddl(table)),
    ]
    for statement in statements:
        op.execute(sa.text(statement))
    op.execute(
        sa.text("INSERT INTO installation (id, id_key) VALUES (1, :key)").bindparams(
            key=secrets.token_bytes(32)
        )
    )
    for chain in (audit.API, audit.ENGINE):
        op.execute(
            sa.text("INSERT INTO audit_chains (chain, seq, hash) VALUES (:chain, 0, :hash)").bindparams(
                chain=chain, hash=audit.GENESIS
            )
        )


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
    op.execute(sa.text("DROP FUNCTION refuse_change()"))
