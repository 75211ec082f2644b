"""The embedded database survives what happens to machines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from market.bench import floor
from market.core import db, embedded
from market.core.datadir import OperatorError
from tests.faults.server import place_of_its_own

FAST = {"fsync": "off", "shared_buffers": "32MB"}
STARTER = """
import sys, time
from collections.abc import Iterator
from pathlib import Path
from market.core import embedded
from tests.faults.server import place_of_its_own
embedded.Server(Path(sys.argv[1]), settings={"fsync": "off", "shared_buffers": "32MB"}).start()
print("started", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data directory with a cluster in it, its path too long for a socket."""
    with place_of_its_own() as place:
        directory = place / ("x" * 100)
        directory.mkdir()
        server = embedded.Server(directory, settings=FAST)
        server.start()
        server.stop()
        yield directory


def _postmasters(data_dir: Path) -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["name"]) if str(data_dir / "pg") in _arguments(each)]


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_stopped_server_keeps_its_data_and_starts_again(data_dir: Path) -> None:
    server = embedded.Server(data_dir, settings=FAST)
    server.start()
    with db.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert embedded.running_url(data_dir) == server.url()
    server.stop()
    assert embedded.running_url(data_dir) is None
    server.start()
    with db.connect(server.url()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
    server.stop()
    assert _postmasters(data_dir) == []


def test_a_pid_file_that_names_another_process_is_stale(data_dir: Path) -> None:
    (data_dir / "pg" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{data_dir}/pg\n1\n5432\n/nowhere\n\n1 1\nready\n"
    )
    assert embedded.running_url(data_dir) is None
    server = embedded.Server(data_dir, settings=FAST)
    server.start()
    server.stop()


def test_the_server_ends_when_its_starter_is_killed(data_dir: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(data_dir)], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    with starter.stdout:
        assert starter.stdout.readline() == b"started\n"
    assert _postmasters(data_dir) != []
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    deadline = time.monotonic() + 20
    while _postmasters(data_dir) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _postmasters(data_dir) == []


def test_why_it_does_not_start_is_one_line(data_dir: Path) -> None:
    with pytest.raises(OperatorError, match=r"did not start: .*shared_buffers"):
        embedded.Server(data_dir, settings={"shared_buffers": "many"}).start()


def test_the_server_takes_a_quarter_of_the_memory_from_128_mb_to_2_gb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def of(gib: float) -> int:
        sizes = {"SC_PHYS_PAGES": int(gib * 2**18), "SC_PAGE_SIZE": 4_096}
        monkeypatch.setattr(embedded.os, "sysconf", sizes.__getitem__)
        return embedded.buffers_mb()

    assert [of(gib) for gib in (0.25, 2, 4, 64)] == [128, 512, 1_024, 2_048]


def test_the_floor_is_measured_in_a_database_that_is_dropped(server_url: str) -> None:
    names = "SELECT count(*) FROM pg_database WHERE datname LIKE 'karez\\_floor%'"
    assert floor.measure(server_url, runs=1, clients=2, run_s=1)[0] > 0
    with db.connect(server_url) as connection:
        assert connection.execute(names).fetchone() == (0,)
    assert floor.combine([1, 9, 2], [4, 3, 100]) == 3
