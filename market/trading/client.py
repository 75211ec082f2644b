"""The way to the engine from a web worker: one socket a process, shared by its threads.

The engine may die at any moment. A request whose answer is lost is sent again with the same keys until the engine
answers or the time is up; because a key has one effect, sending twice is safe, and an unknown outcome is never guessed.
"""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from typing import Protocol

from market.core.errors import Unavailable
from market.trading.commands import Answer, Command
from market.trading.wire import Ask, Frames, Reply, decode_reply, frame

ANSWER_WITHIN_S = 20.0


class Exchange(Protocol):
    """What the API needs of the engine."""

    def submit(self, commands: list[Command]) -> list[Answer]:
        """Executes commands and returns their answers once these are committed. Errors: Unavailable."""
        ...

    def answers(self, *, within_s: float = 2.0) -> bool:
        """Whether the engine answers just now; asked once."""
        ...


class _Waiting:
    """One request on its way: the lock is released when the reply, or the loss of the connection, is known."""

    __slots__ = ("lock", "reply")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.reply: Reply | None = None


class EngineClient:
    """Sends commands over the engine's local socket; safe for many threads."""

    def __init__(self, path: str, *, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._path = path
        self._answer_within_s = answer_within_s
        self._numbers = itertools.count(1)
        self._sending = threading.Lock()
        self._socket: socket.socket | None = None
        self._waiting: dict[int, _Waiting] = {}

    def submit(self, commands: list[Command]) -> list[Answer]:
        """Executes commands and returns their answers once these are committed. Errors: Unavailable."""
        deadline = time.monotonic() + self._answer_within_s
        pause = 0.02
        while True:
            reply = self._once(commands, deadline)
            if reply is not None and reply.error is None:
                return reply.answers
            if time.monotonic() + pause >= deadline:
                raise Unavailable(
                    "the exchange engine did not answer in time; the outcome will be the same for the same key"
                )
            time.sleep(pause)
            pause = min(pause * 2, 0.5)

    def answers(self, *, within_s: float = 2.0) -> bool:
        """Whether the engine answers just now; asked once."""
        reply = self._once([], time.monotonic() + within_s)
        return reply is not None and reply.error is None

    def _once(self, commands: list[Command], deadline: float) -> Reply | None:
        number = next(self._numbers)
        waiting = _Waiting()
        try:
            with self._sending:
                connection = self._connected()
                self._waiting[number] = waiting
                connection.sendall(frame(Ask(number, commands)))
        except OSError:
            self._waiting.pop(number, None)
            self._drop()
            return None
        if not waiting.lock.acquire(timeout=max(deadline - time.monotonic(), 0.001)):
            self._waiting.pop(number, None)
            return None
        return waiting.reply

    def _connected(self) -> socket.socket:
        if self._socket is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(self._path)
            except OSError:
                connection.close()
                raise
            self._socket = connection
            threading.Thread(
                target=self._read, args=(connection,), name="engine-replies", daemon=True
            ).start()
        return self._socket

    def _read(self, connection: socket.socket) -> None:
        frames = Frames()
        waiting = self._waiting
        try:
            while data := connection.recv(262_144):
                for body in frames.feed(data):
                    reply = decode_reply(body)
                    waiter = waiting.pop(reply.number, None)
                    if waiter is not None:
                        waiter.reply = reply
                        waiter.lock.release()
        except OSError:
            pass  # the connection is gone: everyone who waits on it is told below
        self._lost(connection)

    def _lost(self, connection: socket.socket) -> None:
        with self._sending:
            if self._socket is connection:
                self._socket = None
            connection.close()
            lost, self._waiting = self._waiting, {}
        for waiter in lost.values():
            waiter.lock.release()

    def _drop(self) -> None:
        with self._sending:
            if self._socket is not None:
                try:
                    self._socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    self._socket = None  # it was closed already


_clients: dict[tuple[int, str], EngineClient] = {}
_making = threading.Lock()


def client(path: str) -> EngineClient:
    """This process's client of the engine at a socket path."""
    key = (os.getpid(), path)
    with _making:
        if key not in _clients:
            _clients[key] = EngineClient(path)
        return _clients[key]
