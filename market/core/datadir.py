"""The data directory: everything an installation keeps lies in it, and one process at a time has charge of it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_SOCKET_DIR = 88
"""A Unix socket's path has at most 107 bytes (103 on some systems); names of ours have at most 14."""


class OperatorError(Exception):
    """What the person at the command line can put right; the command prints it as one line and exits 1."""


def prepare(data_dir: Path) -> Path:
    """Makes the directory if need be and returns its absolute path. Errors: OperatorError."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(f"cannot make the data directory {data_dir}: {error.strerror}") from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise OperatorError(f"cannot write to the data directory {data_dir}")
    return data_dir.resolve()


def socket_dir(data_dir: Path) -> Path:
    """Where local sockets of this data directory are: in it, or where the path is too long, in a short place."""
    return _short_enough(data_dir.resolve() / "run", "run")


def short_dir(preferred: Path, *, name: str, owner: int) -> Path:
    """`preferred` itself if sockets fit in it, else a directory that only `owner` can enter. Errors: OperatorError."""
    chosen = _short_enough(preferred, name)
    if chosen != preferred:
        _make_private(chosen, owner)
    return chosen


def make_socket_dir(data_dir: Path) -> Path:
    """Makes the directory for local sockets, closed to others. Errors: OperatorError."""
    chosen = socket_dir(data_dir)
    _make_private(chosen, os.geteuid())
    return chosen


def _short_enough(preferred: Path, name: str) -> Path:
    if len(os.fsencode(preferred)) <= LONGEST_SOCKET_DIR:
        return preferred
    digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:12]
    # Made private, or refused, before anything is put there.
    places = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108
    for place in places:
        chosen = place / f"karez-{name}-{digest}"
        if len(os.fsencode(chosen)) <= LONGEST_SOCKET_DIR:
            return chosen
    raise OperatorError("no directory for temporary files has a path short enough for a socket")


def _make_private(directory: Path, owner: int) -> None:
    """A directory of mode 0700; one that another user put there first is refused."""
    try:
        directory.mkdir(mode=0o700)
        if os.geteuid() != owner:
            os.chown(directory, owner, -1)
    except FileExistsError:
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
            raise OperatorError(f"{directory} is there already and belongs to another user") from None
        if found.st_uid != owner:
            os.chown(directory, owner, -1)
        directory.chmod(0o700)


@contextmanager
def in_charge(data_dir: Path, command: str) -> Iterator[None]:
    """Holds the data directory for the length of a block. Errors: OperatorError while another process does.

    The lock is the kernel's and ends with the process, however it ends.
    """
    with open(data_dir / "lock", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise OperatorError(f"{data_dir} is in use by {holder}") from None
        file.truncate(0)
        file.write(f"`{command}`, process {os.getpid()}")
        file.flush()
        yield
        file.truncate(0)
