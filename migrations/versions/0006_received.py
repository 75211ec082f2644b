"""What a right counts as received in a water year, in one place."""

from __future__ import annotations

from alembic import op

revision = "0006_received"
down_revision = "0005_trusts"
branch_labels = None
depends_on = None

RECEIVED = """
CREATE VIEW entitlement_received AS
SELECT t.entitlement_id, t.water_year, sum(t.litres)::bigint AS litres, sum(t.share_e6)::bigint AS share_e6
  FROM (SELECT l.entitlement_id, n.water_year, l.litres,
               CASE WHEN n.form = 'share' THEN n.share_e6 ELSE 0 END AS share_e6
          FROM announcement_lines l JOIN announcements n ON n.id = l.announcement_id
         WHERE NOT EXISTS (SELECT FROM reversals v WHERE v.announcement_id = n.id)
        UNION ALL
        SELECT child_id, water_year, litres, share_e6 FROM entitlement_carried) t
 GROUP BY t.entitlement_id, t.water_year
"""
"""Its own announcements but those taken back, and what its predecessors passed on: not its to receive again."""


def upgrade() -> None:
    op.execute(RECEIVED)


def downgrade() -> None:
    op.execute("DROP VIEW entitlement_received")
