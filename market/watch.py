"""Children that are started, watched, restarted when they die, and stopped in order."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

import structlog

from market.core import leash

log = structlog.get_logger("karez")

SETTLED_AFTER_S = 3.0
"""A child that lived this long has started well: its next restart is at once."""
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
LARGEST_LOG_BYTES = 64 * 1024 * 1024


class Child:
    """One process: what starts it, how it is asked to end, how often it has fallen lately."""

    def __init__(
        self,
        name: str,
        launch: Callable[[], subprocess.Popen[bytes]],
        *,
        ending: int = signal.SIGTERM,
        patience_s: float = 15.0,
    ) -> None:
        """`launch` must start a session of its own (so that stragglers can be ended with it)."""
        self.name = name
        self.falls = 0
        self._launch = launch
        self._ending = ending
        self._patience_s = patience_s
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._restart_at = 0.0

    @property
    def process_id(self) -> int | None:
        """Its number while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Starts it now."""
        self._process = self._launch()
        self._started_at = time.monotonic()

    def take_over(self, process: subprocess.Popen[bytes] | None) -> None:
        """Watches a process that was started already."""
        self._process = process
        self._started_at = time.monotonic()

    def check(self) -> float:
        """Restarts it if it is down and due; returns the seconds after which to look again at the latest."""
        now = time.monotonic()
        if self._process is not None:
            if not _has_ended(self._process.pid):
                return LONGEST_PAUSE_S
            self._bury(now)
        if now >= self._restart_at:
            self.start()
            return LONGEST_PAUSE_S
        return self._restart_at - now

    def stop(self) -> None:
        """Asks it to end, waits, and ends it by force if it does not; returns when it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        for ending in (self._ending, signal.SIGKILL):
            process.send_signal(ending)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self._patience_s)
                break
        _end_group(process.pid)

    def _bury(self, now: float) -> None:
        assert self._process is not None
        _end_group(self._process.pid)
        code = self._process.wait()
        self.falls = self.falls + 1 if now - self._started_at < SETTLED_AFTER_S else 0
        pause = min(FIRST_PAUSE_S * 2 ** (self.falls - 1), LONGEST_PAUSE_S) if self.falls else 0.0
        self._restart_at = now + pause
        self._process = None
        log.error("child.ended", child=self.name, code=code, restart_in_s=pause)


class Signals:
    """Sleep that a signal ends: SIGINT, SIGTERM and SIGHUP ask to stop, SIGCHLD says that a child ended.

    Before `armed`, a request to stop breaks into whatever runs, as KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self.stopping = False
        self.armed = False
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Catches the signals for the length of a block."""
        before = {
            each: signal.signal(each, self._on_stop)
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
        descriptor = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(descriptor)
            for each, handler in before.items():
                signal.signal(each, handler)

    def sleep(self, seconds: float) -> None:
        """Sleeps that long, or until a signal comes."""
        select.select([self._read], [], [], max(seconds, 0.0))
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 4096)

    def _on_stop(self, _signal: int, _frame: FrameType | None) -> None:
        again, self.stopping = self.stopping, True
        if not self.armed and not again:
            raise KeyboardInterrupt


def watch(children: Sequence[Child], signals: Signals) -> None:
    """Restarts whatever dies until a signal asks to stop."""
    while not signals.stopping:
        signals.sleep(min(child.check() for child in children))


def run_logged(
    command: Sequence[str], environment: dict[str, str], log_path: Path
) -> subprocess.Popen[bytes]:
    """Starts a process whose output goes to a log file, in a session of its own, tied to this process."""
    log_path.parent.mkdir(parents=True, exist_ok=True)
    if log_path.exists() and log_path.stat().st_size > LARGEST_LOG_BYTES:
        log_path.replace(log_path.with_suffix(".log.1"))
    with open(log_path, "ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment, leash.VARIABLE: "1"},
            start_new_session=True,
            preexec_fn=leash.tied(),
        )


def _has_ended(process_id: int) -> bool:
    """Whether a child has ended, leaving it to be waited for: until then its number stays its own."""
    return os.waitid(os.P_PID, process_id, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end_group(process_id: int) -> None:
    """Ends by force what a child left behind in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process_id, signal.SIGKILL)
