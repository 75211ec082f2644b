"""A database with meters and readings from before comes to the present tables with nothing lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from market.core import db

AFTER = "0004_metering"
ROWS = (
    "SET session_replication_role = replica",  # the accounts and zones behind these rows are not what is tried
    "INSERT INTO water_accounts (id, participant_id, township_zone_id, canal_zone_id, sector, source, water_year,"
    " account_id) VALUES (7, 1, 1, 1, 'agriculture', 'surface', 2026, 1)",
    "INSERT INTO meters (id, water_account_id, serial, start_litres, installed_at)"
    " VALUES (3, 7, 'old', 0, '2026-04-01 00:00+08')",
    "INSERT INTO readings (id, meter_id, read_at, counter_litres, use_litres, posted_litres, over_use_litres,"
    " price_e4, fee_fen) VALUES (1, 3, '2026-05-01 08:00+08', 10, 10, 10, 0, 770, 0),"
    " (2, 3, '2026-06-01 08:00+08', 25, 15, 15, 0, 770, 0)",
)


def _before() -> str:
    script = ScriptDirectory.from_config(db.migration_config("postgresql://"))
    return str(script.get_revision(AFTER).down_revision)


@pytest.fixture
def old_url(server_url: str) -> Iterator[str]:
    """The URL of a database of the version before."""
    url = db.create_database(server_url, "karez_test_upgrade")
    command.upgrade(db.migration_config(url), _before())
    with db.connect(url) as connection:
        for row in ROWS:
            connection.execute(row)
    yield url
    db.dispose(url)
    db.drop_database(server_url, "karez_test_upgrade")


def test_old_readings_get_their_account_and_interval_and_can_go_back(old_url: str) -> None:
    command.upgrade(db.migration_config(old_url), AFTER)
    with db.connect(old_url) as connection:
        found = connection.execute(
            "SELECT r.id, r.water_account_id, r.since = '2026-04-01 00:00+08',"
            " i.period = tstzrange(r.since, r.read_at, '(]')"
            " FROM readings r JOIN meter_intervals i ON i.reading_id = r.id ORDER BY r.id"
        ).fetchall()
    assert found == [(1, 7, True, True), (2, 7, False, True)]
    command.downgrade(db.migration_config(old_url), _before())
    with db.connect(old_url) as connection:
        kept = connection.execute("SELECT id, counter_litres FROM readings ORDER BY id").fetchall()
    assert kept == [(1, 10), (2, 25)]
