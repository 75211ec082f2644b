"""`karez up`: database, engine, worker, feed and web workers, started in order, watched, and stopped in order."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog

from market.api.tape import STREAM_PATH
from market.core import datadir, db, embedded
from market.core.config import Settings
from market.core.datadir import OperatorError
from market.watch import Child, Signals, run_logged, watch

log = structlog.get_logger("karez")

READY_WITHIN_S = 180.0
FALLS_BEFORE_GIVING_UP = 3


def up(settings: Settings, *, demonstration: bool, test_county: bool, as_json: bool) -> None:
    """Runs the installation until SIGINT, SIGTERM or SIGHUP, a test county beside it if one is wanted.

    Errors: OperatorError if it cannot start.
    """
    data_dir = datadir.prepare(settings.data_dir)
    settings = dataclasses.replace(settings, data_dir=data_dir, demonstration=demonstration)
    settings = _with_ports(settings)
    signals = Signals()
    with datadir.in_charge(data_dir, "karez up"), signals.caught():
        try:
            with _database(settings) as (url, children):
                settings = dataclasses.replace(settings, database_url=url)
                db.migrate(url)
                sign_ins = _sign_ins(settings) if demonstration else []
                _ensure_county(url)
                settings, test = _with_test_county(settings, wanted=test_county)
                with _started(settings, test, children):
                    _wait_until_ready(settings, children, signals)
                    _announce(settings, sign_ins, as_json=as_json)
                    signals.armed = True
                    watch(children, signals)
        except KeyboardInterrupt:
            signals.stopping = True
    if not as_json:
        print("Stopped.", file=sys.stderr)


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[tuple[str, list[Child]]]:
    """The database's URL, and the embedded server as a child to watch if DATABASE_URL names no other."""
    if settings.database_url is not None:
        yield settings.database_url, []
        return
    server = embedded.Server(settings.data_dir)

    def launch() -> subprocess.Popen[bytes]:
        server.launch()
        assert server.process is not None
        return server.process

    child = Child("database", launch, ending=signal.SIGINT, patience_s=embedded.STOP_WITHIN_S)
    try:
        server.start()
        child.take_over(server.process)
        yield server.url(), [child]
    finally:
        child.take_over(server.process)
        child.stop()


def _with_test_county(settings: Settings, *, wanted: bool) -> tuple[Settings, Settings | None]:
    """The settings of the two counties; a test county that is wanted is made first. No process hears of another."""
    if not wanted:
        return dataclasses.replace(settings, test_database_url=None), None
    counties = import_module("market.test_county")
    settings = counties.with_its_database(settings)
    return settings, counties.prepare(settings)


@contextlib.contextmanager
def _started(settings: Settings, test: Settings | None, children: list[Child]) -> Iterator[None]:
    """Engines, workers, feed and web workers run for the length of a block; the web goes first when it ends."""
    datadir.make_socket_dir(settings.data_dir)
    mine = [_engine(settings), _worker(settings)]
    if test is not None:
        mine += [_engine(test, "test-engine"), _worker(test, "test-worker")]
    mine += [_feed(settings), _web(settings)]
    children.extend(mine)
    try:
        for child in mine:
            child.start()
        yield
    finally:
        for child in reversed(mine):
            child.stop()


def _engine(settings: Settings, name: str = "engine") -> Child:
    command = [sys.executable, "-m", "market.cli", "engine", "--socket", str(settings.engine_socket)]
    log_path = settings.data_dir / "log" / f"{name}.log"
    return Child(name, lambda: run_logged(command, settings.environment(), log_path))


def _worker(settings: Settings, name: str = "worker") -> Child:
    log_path = settings.data_dir / "log" / f"{name}.log"
    command = [sys.executable, "-m", "market.cli", "worker"]
    return Child(name, lambda: run_logged(command, settings.environment(), log_path))


def _feed(settings: Settings) -> Child:
    log_path = settings.data_dir / "log" / "feed.log"
    command = [sys.executable, "-m", "market.cli", "feed"]
    return Child("feed", lambda: run_logged(command, settings.environment(), log_path))


def _web(settings: Settings) -> Child:
    metrics = datadir.socket_dir(settings.data_dir) / "metrics"
    environment = {**settings.environment(), "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
    log_path = settings.data_dir / "log" / "web.log"

    def launch() -> subprocess.Popen[bytes]:
        # Workers share their counters through files here; those of dead workers would be counted again.
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir(parents=True)
        return run_logged([sys.executable, "-m", "market.serve"], environment, log_path)

    return Child("web", launch)


def _sign_ins(settings: Settings) -> list[dict[str, Any]]:
    """The demonstration county's sign-ins; it is installed if the database is empty."""
    found = import_module("market.demo.seed").ensure(settings.url(), settings)
    return [dict(each) if isinstance(each, dict) else dataclasses.asdict(each) for each in found]


def _ensure_county(url: str) -> None:
    """Installs the county pack that comes with Karez unless one is in force."""
    with db.connect(url) as connection:
        row = connection.execute("SELECT EXISTS (SELECT FROM county_packs)").fetchone()
    if row is not None and not row[0]:
        import_module("market.installation").run(url)


def _with_ports(settings: Settings) -> Settings:
    """Settings with the two ports to listen on: without one for the feed, the next. Errors: OperatorError."""
    port = _free_port(settings.host, settings.port)
    wanted = settings.feed_port
    if wanted is None:
        wanted = port + 1 if settings.port else 0
    feed_port = port
    while feed_port == port:
        if wanted == port:
            raise OperatorError(
                f"the feed needs a port of its own, not {port}; choose another with --feed-port"
            )
        feed_port = _free_port(settings.host, wanted, "--feed-port")
    return dataclasses.replace(settings, port=port, feed_port=feed_port)


def _free_port(host: str, port: int, option: str = "--port") -> int:
    """The port if nobody listens on it (any free one for 0). Errors: OperatorError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "no such port"
            raise OperatorError(
                f"cannot listen on {host} port {port}: {why}; choose another with {option}"
            ) from error
        return int(probe.getsockname()[1])


def _wait_until_ready(settings: Settings, children: list[Child], signals: Signals) -> None:
    """Waits for /readyz, and the feed. Errors: OperatorError when a child keeps falling or the time is up."""
    deadline = time.monotonic() + READY_WITHIN_S
    while not _is_ready(settings):
        for child in children:
            child.check()
            if child.falls >= FALLS_BEFORE_GIVING_UP:
                path = settings.data_dir / "log" / f"{child.name}.log"
                raise OperatorError(f"the {child.name} process keeps ending: {_last_line(path)} (see {path})")
        if time.monotonic() > deadline:
            raise OperatorError(f"not ready after {READY_WITHIN_S:.0f} s: see {settings.data_dir / 'log'}")
        signals.sleep(0.05)


def _is_ready(settings: Settings) -> bool:
    return _answers(settings, settings.port, "/readyz") and _answers(settings, settings.feed_port, "/healthz")


def _answers(settings: Settings, port: int | None, path: str) -> bool:
    # Nothing is bound here: a server that listens everywhere is asked at the loopback address.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines() if path.exists() else []
    return lines[-1] if lines else "it said nothing"


def _announce(settings: Settings, sign_ins: list[dict[str, Any]], *, as_json: bool) -> None:
    host = f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}"
    address, feed = f"{host}:{settings.port}", f"{host}:{settings.feed_port}{STREAM_PATH}"
    if as_json:
        facts = {
            "url": address,
            "feed_url": feed,
            "data_dir": str(settings.data_dir),
            "engine_socket": str(settings.engine_socket),
            "process_id": os.getpid(),
            "sign_ins": sign_ins,
        }
        print(json.dumps(facts, ensure_ascii=False), flush=True)
        return
    lines = [
        "Karez is running.",
        f"  people     {address}/",
        f"  programs   {address}/v1",
        f"  live feed  {feed}",
        f"  health     {address}/healthz  {address}/readyz",
        *(["  test keys  /v1/test-county (a second county)"] if settings.test_database_url else []),
        f"  data       {settings.data_dir} (logs in {settings.data_dir / 'log'})",
    ]
    if sign_ins:
        lines.append("  sign-ins of the demonstration county:")
        lines += [_sign_in_line(each) for each in sign_ins]
    print("\n".join([*lines, "Ctrl-C stops everything."]), flush=True)


def _sign_in_line(each: dict[str, Any]) -> str:
    return f"    {each['login']:<14}{each['password']:<26}{', '.join(each['roles']):<15}{each['name']}"
