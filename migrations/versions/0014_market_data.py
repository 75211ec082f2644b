"""Trades are found by their time, for candles, prices and the index."""

from __future__ import annotations

from alembic import op

revision = "0014_market_data"
down_revision = "0013_bidding"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_trades_traded_at", "trades", ["traded_at"], postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_trades_traded_at", "trades")
