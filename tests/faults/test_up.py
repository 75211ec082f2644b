"""`karez up` whole: started, hurt and stopped, as its operator sees it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

COMMAND = [sys.executable, "-m", "market.cli"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory of this module's own; the first start in it installs the county."""
    return tmp_path_factory.mktemp("karez")


@contextlib.contextmanager
def _running(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A running installation and what it said when it was ready."""
    command = [*COMMAND, "up", "--port", "0", "--data-dir", str(data_dir), "--json"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield process, json.loads(line)
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()
        process.stderr.close()


def _family(process_id: int) -> list[psutil.Process]:
    return psutil.Process(process_id).children(recursive=True)


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


WITHIN_S = 90
"""Minutes would be wrong; seconds are too few beside other work."""


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen in {WITHIN_S} s"
        time.sleep(0.05)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _children(process_id: int, word: str) -> list[psutil.Process]:
    """The direct children whose command line has the word."""
    found = []
    for each in psutil.Process(process_id).children():
        with contextlib.suppress(psutil.Error):
            if any(word in part for part in each.cmdline()):
                found.append(each)
    return found


def test_it_says_where_it_is_and_stops_leaving_nothing(data_dir: Path) -> None:
    with _running(data_dir) as (process, facts):
        assert _is_ready(facts["url"])
        assert facts["sign_ins"] != []
        with urllib.request.urlopen(f"{facts['url']}/v1/market/feed", timeout=5) as answer:
            assert json.load(answer)["url"] == facts["feed_url"]
        with urllib.request.urlopen(facts["feed_url"], timeout=5) as stream:
            assert stream.readline() == b"retry: 2000\n"
        family = _family(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert _alive(family) == []


def test_a_second_one_on_the_same_data_is_refused_in_one_line(data_dir: Path) -> None:
    with _running(data_dir) as (process, facts):
        command = [*COMMAND, "up", "--port", "0", "--data-dir", str(data_dir)]
        second = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
        port = facts["url"].rpartition(":")[2]
        other = [*COMMAND, "up", "--port", port, "--data-dir", str(data_dir / "other")]
        third = subprocess.run(other, capture_output=True, text=True, check=False, env=ENVIRONMENT)
        taken = [*COMMAND, "up", "--port", "0", "--feed-port", port, "--data-dir", str(data_dir / "other")]
        fourth = subprocess.run(taken, capture_output=True, text=True, check=False, env=ENVIRONMENT)
        assert (second.returncode, third.returncode, fourth.returncode) == (1, 1, 1)
        assert fourth.stderr.strip().endswith("choose another with --feed-port")
        assert second.stderr.strip() == f"karez: {data_dir} is in use by `karez up`, process {process.pid}"
        assert third.stderr.startswith(f"karez: cannot listen on 127.0.0.1 port {port}: ")
        assert third.stderr.count("\n") == 1


@pytest.mark.parametrize("word", ["engine", "worker", "feed", "market.serve", "bin/postgres"])
def test_a_part_that_is_killed_comes_back(data_dir: Path, word: str) -> None:
    with _running(data_dir) as (process, facts):
        (part,) = _children(process.pid, word)
        below = part.children(recursive=True)
        part.kill()
        _until(lambda: [each.pid for each in _children(process.pid, word)] not in ([], [part.pid]))
        _until(lambda: _is_ready(facts["url"]) and _alive(below) == [])


def test_nothing_outlives_it_when_it_is_killed(data_dir: Path) -> None:
    with _running(data_dir) as (process, _):
        family = _family(process.pid)
        assert len(family) > 4
        process.kill()
        process.wait()
        _until(lambda: _alive(family) == [])


def test_the_audit_trail_is_whole_beside_the_running_server_and_without_it(data_dir: Path) -> None:
    command = [*COMMAND, "audit", "verify", "--json", "--data-dir", str(data_dir)]
    with _running(data_dir):
        beside = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    after = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert json.loads(beside.stdout) == json.loads(after.stdout) == {"problems": []}
