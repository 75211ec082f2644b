"""localstripe (GPL) as another server of the same shapes: a process of its own, spoken to over a loopback port only."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from market.core import leash

FAULTS = frozenset(
    {
        "names no methods",  # allowed_payment_method_types is an unknown parameter
        "no wallets",
        "no filter by time",
        "ignores keys",
        "captures after cancel",
        "captures a part as the whole",  # and refunds the rest
        "refunds too much",
        "payouts in euro only",
        "no transfers",
    }
)
"""What it is known to do otherwise than the provider; each is held by a test, so that the list stays true."""

# It would write a file to /tmp at each change; and it would listen on every address.
_PROGRAM = """
import sys
from aiohttp import web
from localstripe import resources
from localstripe.server import app
resources.Store.dump_to_disk = lambda self: None
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""
READY_WITHIN_S = 30.0


@contextmanager
def running() -> Iterator[str]:
    """Its base URL for the length of a block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(port)], preexec_fn=leash.tied())
    try:
        _wait(port, child)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait()


def _wait(port: int, child: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if child.poll() is not None or time.monotonic() > ends:
                raise
            time.sleep(0.05)
