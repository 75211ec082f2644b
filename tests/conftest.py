"""Databases for tests: the server of DATABASE_URL, or an embedded one of this run; a fresh database from a template."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog
from psycopg import sql

from market.core import clock, compiled, datadir, db, embedded
from market.webhooks import topics

VAR = Path(__file__).resolve().parents[1] / "var"
SHARED_MEMORY = Path("/dev/shm")
ROOM_IN_MEMORY = 6 << 30
RUNS_AT_ONCE = 16
FAST = {
    "fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "autovacuum_naptime": "10s",
    "min_wal_size": "32MB", "max_wal_size": "256MB",
}  # fmt: skip
"""For tests the machine need not survive a power cut; a killed process loses nothing either way."""

structlog.configure(
    wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING)
)  # what failed, not what ran
_numbers = itertools.count(1)

# The sources themselves are tested, also where they have been compiled; KAREZ_COMPILED=true tests what was compiled.
os.environ.setdefault(compiled.VARIABLE, "false")
DAYS_ON = int(os.environ.get("KAREZ_TEST_DAYS_ON", "0"))
"""The tests run as if so many days had passed (a server of a test's own stays): nothing may end with a year.

Moved before other modules are read, as some take the year when they are.
"""
_moved = ExitStack()
if DAYS_ON:
    _moved.enter_context(clock.moved_to(clock.now() + dt.timedelta(days=DAYS_ON)))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The URL of a database server where databases may be made and dropped."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    with ExitStack() as stack:
        if _room_in_memory():
            place = SHARED_MEMORY / f"karez-{os.getuid()}"
            data_dir = _free_data_dir(stack, place)
            stack.callback(shutil.rmtree, data_dir, ignore_errors=True)
        else:
            data_dir = _free_data_dir(stack, VAR)
        server = embedded.Server(data_dir, settings=FAST)
        server.start()
        stack.callback(server.stop)
        yield server.url("postgres")


def _room_in_memory() -> bool:
    """Whether databases of tests may lie in memory.

    A database has some 2 000 files, and most modules make one and drop it: on a disk with ext4, which is slow to give
    the numbers of deleted files to new ones, that takes several times what the tests do.
    """
    try:
        return shutil.disk_usage(SHARED_MEMORY).free >= ROOM_IN_MEMORY and os.access(SHARED_MEMORY, os.W_OK)
    except OSError:
        return False


def _free_data_dir(stack: ExitStack, place: Path) -> Path:
    """A data directory in `place` that no other run of the tests holds."""
    for number in range(1, RUNS_AT_ONCE + 1):
        data_dir = datadir.prepare(place / f"test-{number}")
        try:
            stack.enter_context(datadir.in_charge(data_dir, "pytest"))
        except datadir.OperatorError:
            continue
        return data_dir
    raise datadir.OperatorError(f"{RUNS_AT_ONCE} runs of the tests hold {place}/test-* already")


@pytest.fixture(scope="session")
def template_name(server_url: str) -> Iterator[str]:
    """The name of a database that the migrations made and nobody uses; this process speaks its public ids."""
    with db.connect(server_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'karez\\_test\\_%'"
        ).fetchall()
        if "DATABASE_URL" not in os.environ:  # what an earlier, broken run left behind
            for (name,) in found:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    name = _new_name()
    url = db.create_database(server_url, name)
    db.migrate(url)
    db.unlock_ids(url)
    yield name
    db.drop_database(server_url, name)


@pytest.fixture(scope="module")
def database_url(server_url: str, template_name: str) -> Iterator[str]:
    """The URL of a database as the migrations make it, the module's own."""
    yield from _fresh(server_url, template_name)


@pytest.fixture
def fresh_database_url(server_url: str, template_name: str) -> Iterator[str]:
    """The URL of a database as the migrations make it, the test's own."""
    yield from _fresh(server_url, template_name)


def _fresh(server_url: str, template: str) -> Iterator[str]:
    name = _new_name()
    url = db.create_database(server_url, name, template=template)
    yield url
    unknown = _unknown_topics(url)
    db.dispose(url)
    db.drop_database(server_url, name)
    assert unknown == [], "market/webhooks/topics.py lists what is published"


def _unknown_topics(url: str) -> list[str]:
    """What a test published that is not on the list."""
    with db.connect(url) as connection:
        found = connection.execute("SELECT DISTINCT topic FROM outbox ORDER BY topic").fetchall()
    return [topic for (topic,) in found if topic not in topics.TYPES]


def _new_name() -> str:
    return f"karez_test_{os.getpid()}_{next(_numbers)}"
