"""One request: to an address that was checked, in the name of its host, with no redirect, no proxy and a time limit.

The standard library's client is used because it does nothing by itself: it follows no redirect, reads neither proxy
nor .netrc from the environment, and connects to whatever its `connect` is made to connect to.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from market.webhooks.guard import Target
from market.webhooks.models import LONGEST_ANSWER

CONNECT_S, WHOLE_S = 4.0, 10.0
"""How long connecting to one address and the whole of a try may take."""
MOST_ADDRESSES = 3
TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a try: a status with the beginning of the answer, or why there is none."""

    status: int | None
    answer: str | None = None
    problem: str | None = None

    @property
    def good(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was looked up before; only the Host header and TLS know the name."""

    def __init__(self, target: Target, tls: ssl.SSLContext | None, over: threading.Event) -> None:
        super().__init__(target.host, target.port)
        self.default_port = 443 if target.https else 80
        self._target, self._tls, self._over = target, tls, over

    def connect(self) -> None:
        """Connects, and holds what can be cut from the first moment on: a handshake may drip as well."""
        self.sock = _reached(self._target)
        if self._target.https:
            context = self._tls or _tls()
            wrapped = context.wrap_socket(
                self.sock, server_hostname=self._target.host, do_handshake_on_connect=False
            )
            self.sock = wrapped
            self._check_time()
            wrapped.do_handshake()
        self._check_time()

    def _check_time(self) -> None:
        if self._over.is_set():
            raise TimeoutError


def _reached(target: Target) -> socket.socket:
    """A socket to the first address that answers. Errors: OSError."""
    last: OSError | None = None
    for address in target.addresses[:MOST_ADDRESSES]:
        try:
            found = socket.create_connection((address, target.port), CONNECT_S)
        except OSError as error:
            last = error
            continue
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # headers and body are written one by one
        return found
    raise last or OSError("no address")


def post(
    target: Target, body: bytes, headers: Mapping[str, str], *, whole_s: float = WHOLE_S,
    tls: ssl.SSLContext | None = None,
) -> Outcome:  # fmt: skip
    """Sends a body, and says what became of it. `tls` replaces the usual trust, for a test's own certificate."""
    over = threading.Event()
    connection = _Pinned(target, tls, over)

    def cut() -> None:
        over.set()
        if connection.sock is not None:
            _cut(connection.sock)

    # A socket's own time-out begins anew with every byte; a receiver that drips would never be done.
    timer = threading.Timer(whole_s, cut)
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", target.path, body, dict(headers))
        answer = connection.getresponse()
        said = answer.read(LONGEST_ANSWER * 4).decode("utf-8", "replace").replace("\x00", "")
        if over.is_set():  # a connection that was cut reads like one that was ended
            return Outcome(None, problem=TIMED_OUT)
        return Outcome(answer.status, said[:LONGEST_ANSWER])
    except (OSError, http.client.HTTPException, ValueError) as error:
        if over.is_set() or isinstance(error, TimeoutError):
            return Outcome(None, problem=TIMED_OUT)
        return Outcome(None, problem=f"{type(error).__name__}: {error}"[:LONGEST_ANSWER])
    finally:
        timer.cancel()
        connection.close()


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed meanwhile
        sock.shutdown(socket.SHUT_RDWR)
