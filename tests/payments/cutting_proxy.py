"""A small TCP proxy before a server of HTTP/1.1 that cuts connections at random: before, during and after a request."""

from __future__ import annotations

import random
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.I)
NONE, BEFORE, DURING, LOST, HALF = WAYS = ("none", "before", "during", "lost", "half")
"""No cut; nothing sent on; a part of the request sent on; the whole sent on, and no or half an answer given back."""


class CuttingProxy:
    """Listens on `port`; of each request it decides anew. `often`: how many of a hundred are cut."""

    def __init__(self, target: tuple[str, int], *, seed: int, often: int) -> None:
        self.often, self.cuts = often, Counter[str]()
        self._target, self._random, self._deciding = target, random.Random(seed), threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        """Takes connections until it is closed."""
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def close(self) -> None:
        """Takes no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _decide(self, length: int) -> tuple[str, int]:
        """How a request is treated, and after how many bytes of `length` it is cut."""
        with self._deciding:
            way = NONE
            if self._random.randrange(100) < self.often:
                way = self._random.choice(WAYS[1:])
            self.cuts[way] += 1
            return way, self._random.randrange(1, max(2, length))

    def _serve(self, near: socket.socket) -> None:
        with near, suppress(OSError), socket.create_connection(self._target) as far:
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (asked := _message(near)) is not None:
                way, at = self._decide(len(asked))
                if way == BEFORE:
                    return
                if way == DURING:
                    far.sendall(asked[:at])
                    return
                far.sendall(asked)
                answer = _message(far)
                if way == LOST or answer is None:
                    return
                if way == HALF:
                    near.sendall(answer[: at % len(answer)])
                    return
                near.sendall(answer)


def _message(source: socket.socket) -> bytes | None:
    """One whole request or answer, or None at the end of the connection."""
    found = b""
    while b"\r\n\r\n" not in found:
        more = source.recv(65_536)
        if not more:
            return None
        found += more
    head, _, body = found.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    wanted = int(length[1]) if length else 0
    while len(body) < wanted:
        more = source.recv(65_536)
        if not more:
            return None
        body += more
    return head + b"\r\n\r\n" + body


@contextmanager
def cutting(target: tuple[str, int], *, seed: int, often: int) -> Iterator[CuttingProxy]:
    """The proxy runs for the length of a block."""
    proxy = CuttingProxy(target, seed=seed, often=often)
    thread = threading.Thread(target=proxy.run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
