"""A phase of its own while a call is cleared."""

from __future__ import annotations

from alembic import op

revision = "0011_phases"
down_revision = "0010_deals"
branch_labels = None
depends_on = None

BEFORE = ("pre_open", "open", "auction", "halted", "closed")
AFTER = ("pre_open", "open", "auction", "uncross", "halted", "closed")


def upgrade() -> None:
    _phases(AFTER)


def downgrade() -> None:
    _phases(BEFORE)


def _phases(phases: tuple[str, ...]) -> None:
    op.drop_constraint("ck_products_phase", "products")
    op.create_check_constraint(op.f("ck_products_phase"), "products", f"phase IN {phases}")
