"""Rights from before their steps were kept get those that are known; the way back is open while it loses nothing."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy.exc
from alembic import command

from market.core import db
from market.proofs.rights import STEPS_SQL

_BEFORE = """
INSERT INTO zones (tree, code, level, name_zh, name_en) VALUES ('admin', 'T', 'township', 'T', 'T'),
                                                               ('river', 'K', 'canal', 'K', 'K');
INSERT INTO participants (kind, name, identifier_kind, identifier_hash, identifier_masked)
VALUES ('household', 'x', 'identity_number', 'x', '***');
INSERT INTO entitlements (participant_id, kind, source, sector, township_zone_id, canal_zone_id, volume_litres,
                          valid_from, valid_to, status, certificate_number, decided_at, decision_reason)
SELECT p.id, 'irrigation_certificate', 'surface', 'agriculture', t.id, k.id, 1000, '2026-01-01', '2030-12-31', s.status,
       CASE WHEN s.status IN ('applied', 'refused') THEN NULL ELSE s.status END,
       CASE WHEN s.status <> 'applied' THEN now() END, s.reason
  FROM participants p, zones t, zones k,
       (VALUES ('applied', NULL), ('refused', 'no water'), ('confirmed', 'checked'), ('suspended', 'dispute'),
               ('cancelled', 'moved')) s (status, reason)
 WHERE t.code = 'T' AND k.code = 'K';
"""


def test_what_is_known_of_rights_from_before_becomes_their_steps(fresh_database_url: str) -> None:
    config = db.migration_config(fresh_database_url)
    command.downgrade(config, "0001")
    with db.connect(fresh_database_url) as connection:
        connection.execute(_BEFORE)
    db.migrate(fresh_database_url)
    with db.connect(fresh_database_url) as connection:
        assert connection.execute(STEPS_SQL).fetchall() == []
        rows = connection.execute(
            "SELECT e.status, array_agg(s.step ORDER BY s.id), max(s.reason) FROM entitlements e"
            " JOIN entitlement_steps s ON s.entitlement_id = e.id GROUP BY e.id ORDER BY e.id"
        ).fetchall()
    assert rows == [
        ("applied", ["apply"], ""),
        ("refused", ["apply", "refuse"], "no water"),
        ("confirmed", ["apply", "confirm"], "checked"),
        ("suspended", ["apply", "confirm", "suspend"], "dispute"),
        ("cancelled", ["apply", "confirm", "cancel"], "moved"),
    ]
    command.downgrade(config, "0001")
    db.migrate(fresh_database_url)


def test_the_way_back_is_refused_while_a_right_is_in_a_new_state(fresh_database_url: str) -> None:
    config = db.migration_config(fresh_database_url)
    with db.connect(fresh_database_url) as connection:
        connection.execute(_BEFORE)
        connection.execute("UPDATE entitlements SET status = 'accepted' WHERE status = 'applied'")
    with pytest.raises(sqlalchemy.exc.IntegrityError) as refusal:
        command.downgrade(config, "0001")
    assert isinstance(refusal.value.orig, psycopg.errors.CheckViolation)
