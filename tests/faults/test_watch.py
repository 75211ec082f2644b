"""Children are restarted when they fall and never outlive their supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from market.watch import Child, run_logged

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
SUPERVISOR = """
import sys, time
from pathlib import Path
from market.watch import run_logged
print(run_logged([sys.executable, "-c", "import time; time.sleep(600)"], {}, Path(sys.argv[1])).pid, flush=True)
time.sleep(600)
"""


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in 20 s"
        time.sleep(0.02)


def _gone(process_id: int) -> bool:
    return not psutil.pid_exists(process_id) or psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE


def test_a_child_that_is_killed_comes_back_after_ever_longer_pauses(tmp_path: Path) -> None:
    child = Child("sleeper", lambda: run_logged(SLEEPER, {}, tmp_path / "log"))
    child.start()
    pauses = []
    for _ in range(3):
        first = child.process_id
        assert first is not None
        os.kill(first, signal.SIGKILL)
        _until(lambda: child.process_id is None or child.check() < 5)
        pauses.append(child.check())
        _until(lambda first=first: child.check() >= 5 and child.process_id not in (None, first))
    assert pauses[0] < pauses[1] < pauses[2]
    child.stop()
    assert child.process_id is None


def test_a_child_that_does_not_want_to_end_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    child = Child("stubborn", lambda: run_logged([sys.executable, "-c", STUBBORN], {}, path), patience_s=0.2)
    child.start()
    process_id = child.process_id
    assert process_id is not None
    _until(lambda: path.read_text() == "up\n")
    child.stop()
    assert _gone(process_id)


def test_a_child_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path / "log")], stdout=subprocess.PIPE
    )
    assert supervisor.stdout is not None
    with supervisor.stdout:
        child = int(supervisor.stdout.readline())
    assert not _gone(child)
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait()
    _until(lambda: _gone(child))


@pytest.mark.parametrize("arguments", [["--help"], ["up", "--help"], ["audit", "verify", "--help"]])
def test_every_command_explains_itself(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "market.cli", *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Usage:")


def test_what_the_operator_can_put_right_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "market.cli", "prove", "--data-dir", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert done.stderr.strip() == f"karez: there is no database under {tmp_path}: `karez up` makes one"
