"""Leases of water and sales of rights."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0018_leases"
down_revision = "0017_buy_back"
branch_labels = None
depends_on = None

# Their checks go with them; what also bound older columns is put back as it was. What has no place in the older schema
# keeps it from coming back, by name: a lease or a right in a negotiation, a year of a lease among the deals.
BACK = """
ALTER TABLE deals DROP CONSTRAINT ck_deals_kind,
    ADD CONSTRAINT ck_deals_kind CHECK (kind IN ('negotiated', 'bidding', 'buy_back', 'resale', 'programme'));
DROP INDEX uq_deals_lease;
DROP INDEX ix_negotiations_running;
ALTER TABLE negotiations
    DROP CONSTRAINT ck_negotiations_status, DROP CONSTRAINT ck_negotiations_accepted,
    DROP CONSTRAINT ck_negotiations_reported, DROP CONSTRAINT ck_negotiations_ended,
    DROP CONSTRAINT ck_negotiations_review, DROP CONSTRAINT ck_negotiations_registered,
    DROP CONSTRAINT ck_negotiations_refused, DROP CONSTRAINT ck_negotiations_registers,
    DROP COLUMN tenure, DROP COLUMN entitlement_id, DROP COLUMN review_due_on, DROP COLUMN decided_by,
    DROP COLUMN decided_at, DROP COLUMN decision_reason, DROP COLUMN registered_at,
    ADD CONSTRAINT ck_negotiations_status CHECK (status IN
        ('open', 'accepted', 'published', 'struck', 'withdrawn', 'expired', 'cancelled')),
    ADD CONSTRAINT ck_negotiations_accepted CHECK
        (status NOT IN ('accepted', 'published', 'struck') OR lane IS NOT NULL),
    ADD CONSTRAINT ck_negotiations_reported CHECK
        (status NOT IN ('published', 'struck') OR reported_at IS NOT NULL),
    ADD CONSTRAINT ck_negotiations_ended CHECK
        ((status IN ('withdrawn', 'expired', 'cancelled')) = (ended_at IS NOT NULL));
CREATE INDEX ix_negotiations_running ON negotiations (id) WHERE status IN ('open', 'accepted', 'published');
ALTER TABLE negotiation_offers
    DROP COLUMN years, DROP COLUMN short_year, DROP COLUMN turn_month, DROP COLUMN grace_days;
"""


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in ("right_sales", "lease_turns", "leases"):
        op.drop_table(table)
    op.execute(sa.text("DROP FUNCTION lease_fits()"))
    op.get_bind().exec_driver_sql(BACK)
