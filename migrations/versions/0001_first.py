"""Everything: the tables of every feature, the triggers of what is immutable, the installation's one row."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).with_suffix(".sql")
CHAINS = ("api", "engine")
ID_KEY_BYTES = 32
GENESIS = bytes(32)


def upgrade() -> None:
    _run(SCHEMA.read_text(encoding="utf-8"))
    op.execute(
        sa.text("INSERT INTO installation (id, id_key) VALUES (1, :key)").bindparams(
            key=secrets.token_bytes(ID_KEY_BYTES)
        )
    )
    for chain in CHAINS:
        op.execute(
            sa.text("INSERT INTO audit_chains (chain, seq, hash) VALUES (:chain, 0, :hash)").bindparams(
                chain=chain, hash=GENESIS
            )
        )


def downgrade() -> None:
    made = re.findall(r"^CREATE (TABLE|SEQUENCE) (\w+)", SCHEMA.read_text(encoding="utf-8"), re.M)
    for kind, name in reversed(made):
        op.execute(sa.text(f"DROP {kind} {name}"))
    op.execute(sa.text("DROP FUNCTION refuse_change()"))


def _run(script: str) -> None:
    """Runs a whole script as it stands: no parameters, so that no character of it means anything else."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)
