"""`karez up` whole: started, hurt and stopped, as its operator sees it."""

from __future__ import annotations

import contextlib
import datetime as dt
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

from market.core import clock
from market.demo.client import Caller
from tests.faults.server import place_of_its_own

COMMAND = [sys.executable, "-m", "market.cli"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
    "KAREZ_WORKERS": "2"
}


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data directory of this module's own; the first start in it installs the county."""
    with place_of_its_own() as place:
        yield place


@contextlib.contextmanager
def _running(data_dir: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A running installation and what it said when it was ready."""
    command = [*COMMAND, "up", "--port", "0", "--data-dir", str(data_dir), "--json", *options]
    log = data_dir / "up.log"  # not a pipe: nobody reads it, and one that is full stops who writes
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True, env=ENVIRONMENT)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, log.read_text(encoding="utf-8")
        yield process, json.loads(line)
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def _family(process_id: int) -> list[psutil.Process]:
    return psutil.Process(process_id).children(recursive=True)


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if _lives(each)]


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it went between the two questions
        return False


WITHIN_S = 180
"""Minutes would be wrong; seconds are too few beside other work."""


def _until(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, f"{what}: it did not happen in {WITHIN_S} s"
        time.sleep(0.2)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            status = int(answer.status)
    except urllib.error.HTTPError as error:
        status = error.code
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    assert status in (200, 503)  # what does not answer is no error of ours
    return status == 200


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


def test_it_refuses_a_second_one_heals_and_leaves_nothing(data_dir: Path) -> None:
    """One start for all of it, as a start is what takes the time."""
    verify = [*COMMAND, "audit", "verify", "--json", "--data-dir", str(data_dir)]
    with _running(data_dir) as (process, facts):
        _refuses_a_second_one(data_dir, process.pid, facts["url"].rpartition(":")[2])
        for word in ("engine", "worker", "feed", "market.serve", "bin/postgres"):
            _heals(process.pid, word, facts["url"])
        beside = subprocess.run(verify, capture_output=True, text=True, check=False, env=ENVIRONMENT)
        family = _family(process.pid)
        assert len(family) > 4
        process.kill()
        process.wait()
        _until("nothing outlives it", lambda: _alive(family) == [])
    after = subprocess.run(verify, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert json.loads(beside.stdout) == json.loads(after.stdout) == {"problems": []}


def test_a_test_county_beside_it_moves_its_clock_and_is_made_anew(data_dir: Path) -> None:
    """Two counties on one server: what the clock brings about in the one is not seen in the other."""
    with _running(data_dir, "--test-county") as (_process, facts):
        live = Caller(facts["url"], "factory")
        key = live.post("/v1/api-keys", {"label": "t", "scopes": ["read", "trade"], "acts_as": "farmer"})[
            "secret"
        ]
        test = Caller(facts["url"])
        test.http.headers["Authorization"] = f"Bearer {key}"
        now = dt.datetime.fromisoformat(test.get("/v1/test-clock")["now"])
        order = _order(test, now + dt.timedelta(hours=5))
        move = test.post("/v1/test-clock/advance", {"to": (now + dt.timedelta(days=1)).isoformat()})["id"]
        _until("the clock is there", lambda: test.get(f"/v1/test-clock/advances/{move}")["status"] == "done")
        assert test.get(f"/v1/orders/{order}")["status"] == "expired"
        assert live.get("/v1/orders")["data"] == []
        reset = [*COMMAND, "test-county", "reset", "--data-dir", str(data_dir)]
        done = subprocess.run(reset, capture_output=True, text=True, check=False, env=ENVIRONMENT)
        assert done.returncode == 0, done.stderr
        assert abs(dt.datetime.fromisoformat(test.get("/v1/test-clock")["now"]) - now) < dt.timedelta(hours=1)
        assert test.get("/v1/orders")["data"] == []
        assert _order(test, now + dt.timedelta(hours=5))  # its engine is back
        move = test.post("/v1/test-clock/advance", {"to": (now + dt.timedelta(hours=2)).isoformat()})["id"]
        _until("its worker is back", lambda: test.get(f"/v1/test-clock/advances/{move}")["status"] == "done")


def _order(test: Caller, expires_at: dt.datetime) -> str:
    """An order of the farmer's that nobody takes."""
    account = test.get("/v1/water-accounts")["data"][0]["id"]
    products = test.get("/v1/products")["data"]
    year = clock.this_year()
    body = {
        "product_id": next(each["id"] for each in products if each["code"] == f"surface-{year}"),
        "water_account_id": account, "side": "sell", "volume": "1", "price": "9", "time_in_force": "GTD",
        "expires_at": expires_at.isoformat(),
    }  # fmt: skip
    return str(test.post("/v1/orders", body)["id"])


def _refuses_a_second_one(data_dir: Path, process_id: int, port: str) -> None:
    """A second one on the same data, and one on a taken port, end with one line each."""
    other = str(data_dir / "other")
    same_data, same_port, same_feed_port = (
        subprocess.run(
            [*COMMAND, "up", *options], capture_output=True, text=True, check=False, env=ENVIRONMENT
        )
        for options in (
            ["--port", "0", "--data-dir", str(data_dir)],
            ["--port", port, "--data-dir", other],
            ["--port", "0", "--feed-port", port, "--data-dir", other],
        )
    )
    assert (same_data.returncode, same_port.returncode, same_feed_port.returncode) == (1, 1, 1)
    assert same_data.stderr.strip() == f"karez: {data_dir} is in use by `karez up`, process {process_id}"
    assert same_port.stderr.startswith(f"karez: cannot listen on 127.0.0.1 port {port}: ")
    assert same_port.stderr.count("\n") == 1
    assert same_feed_port.stderr.strip().endswith("choose another with --feed-port")


def _heals(process_id: int, word: str, url: str) -> None:
    """A part that is killed comes back, and nothing below it stays behind."""
    (part,) = _children(process_id, word)
    below = part.children(recursive=True)
    part.kill()
    _until(
        f"{word} is started",
        lambda: [each.pid for each in _children(process_id, word)] not in ([], [part.pid]),
    )
    _until(f"ready after {word}", lambda: _is_ready(url))
    _until(f"nothing stays below {word}", lambda: _alive(below) == [])
