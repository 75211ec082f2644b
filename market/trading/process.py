"""The engine's process: whatever is readable is the next batch. One engine a database, guarded by an advisory lock."""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import time
from types import FrameType
from typing import Any

import psycopg
import structlog

from market.core import compiled, db, inbox
from market.trading.batch import EngineUnavailable
from market.trading.commands import Answer, Command
from market.trading.engine import MAX_BATCH, Engine
from market.trading.intake import end_expired, take_up
from market.trading.wire import Ask, Frames, Reply, decode_ask, frame

log = structlog.get_logger("engine")

LOCK_KEY = 0x6B6172657A  # "karez"
TICK_S = 0.5
POLL_INBOX_S = 5.0
SEND_WITHIN_S = 5.0
GATHER_WITHIN_S = 0.004
SWEEP_EVERY_S, SWEEP_WITHIN_S = 5.0, 60.0


class Server:
    """Serves one engine on a local socket until told to stop."""

    def __init__(self, database_url: str, path: str) -> None:
        self._url = database_url
        self._path = path
        self._selector = selectors.DefaultSelector()
        self._frames: dict[socket.socket, Frames] = {}
        self._stopping = False
        self._next_sweep = 0.0
        self._asked_before = 0
        self._notified = False
        self._door: socket.socket | None = None

    def run(self) -> None:
        """Waits for the lock, loads the book, serves; returns after SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        db.unlock_ids(self._url)
        self._listening = self._take_lock()
        self._engine = Engine(lambda: db.connect(self._url))
        sweep()
        self._tick(inbox_too=True)
        door = self._door = self._open_door()
        self._selector.register(door, selectors.EVENT_READ)
        self._selector.register(self._listening, selectors.EVENT_READ)
        log.info("engine.ready", socket=self._path, compiled=compiled.running())
        try:
            self._serve(door)
        finally:
            door.close()
            if os.path.exists(self._path):
                os.unlink(self._path)
            self._engine.connection.close()
            self._listening.close()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _take_lock(self) -> psycopg.Connection[Any]:
        connection = db.connect(self._url, autocommit=True)
        waited = False
        while not self._stopping:
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,)).fetchone()
            if row is not None and row[0]:
                break
            if not waited:
                log.warning("engine.waiting", reason="another engine holds this database")
                waited = True
            time.sleep(0.05)
        connection.execute(f"LISTEN {inbox.CHANNEL}")
        return connection

    def _open_door(self) -> socket.socket:
        if os.path.exists(self._path):
            os.unlink(self._path)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o077)
        try:
            door.bind(self._path)
        finally:
            os.umask(before)
        door.listen(128)
        return door

    def _serve(self, door: socket.socket) -> None:
        next_tick = time.monotonic() + TICK_S
        next_poll = 0.0
        while not self._stopping:
            asks, notified = self._gather(door, max(next_tick - time.monotonic(), 0))
            self._answer(asks)
            now = time.monotonic()
            if (not asks and now >= self._next_sweep) or now >= self._next_sweep + SWEEP_WITHIN_S:
                self._next_sweep = now + SWEEP_EVERY_S
                sweep()
            if notified or self._notified or now >= next_poll:
                self._notified, next_poll = False, now + POLL_INBOX_S
                self._tick(inbox_too=True)
            elif now >= next_tick:
                self._tick(inbox_too=False)
            if now >= next_tick:
                next_tick = now + TICK_S

    def _gather(self, door: socket.socket, wait_s: float) -> tuple[list[tuple[socket.socket, Ask]], bool]:
        """What came in: the asks, and whether something was put into the inbox.

        A batch costs the same round trips whatever its size. While many ask at once, a small one waits a moment for
        those who have just been answered; who asks alone never waits.
        """
        asks, notified = self._read(door, wait_s)
        end = time.monotonic() + GATHER_WITHIN_S
        while asks and len(asks) < self._asked_before and (left := end - time.monotonic()) > 0:
            more, notified_too = self._read(door, left)
            asks += more
            notified = notified or notified_too
        if asks:
            self._asked_before = (3 * self._asked_before + len(asks)) // 4 if len(asks) > 1 else 0
            self._asked_before = max(self._asked_before, len(asks) // 2)
        return asks, notified

    def _read(self, door: socket.socket, wait_s: float) -> tuple[list[tuple[socket.socket, Ask]], bool]:
        asks: list[tuple[socket.socket, Ask]] = []
        notified = False
        for key, _ in self._selector.select(wait_s):
            if key.fileobj is door:
                self._accept(door)
            elif key.fileobj is self._listening:
                notified = True
                for _notice in self._listening.notifies(timeout=0):
                    pass
            elif isinstance(key.fileobj, socket.socket):
                asks.extend((key.fileobj, ask) for ask in self._receive(key.fileobj))
        return asks, notified

    def _tick(self, *, inbox_too: bool) -> None:
        try:
            if inbox_too:
                take_up(self._engine, between=self._answer_waiting)
            end_expired(self._engine)
        except EngineUnavailable as error:
            log.error("engine.tick_failed", error=str(error))

    def _answer_waiting(self) -> None:
        """Orders that came in while something long is done in parts."""
        if self._door is None:  # nobody can ask yet
            return
        asks, notified = self._read(self._door, 0)
        self._notified = self._notified or notified
        self._answer(asks)

    def _accept(self, door: socket.socket) -> None:
        connection, _ = door.accept()
        connection.settimeout(SEND_WITHIN_S)
        self._frames[connection] = Frames()
        self._selector.register(connection, selectors.EVENT_READ)

    def _drop(self, connection: socket.socket) -> None:
        if self._frames.pop(connection, None) is not None:
            self._selector.unregister(connection)
            connection.close()

    def _receive(self, connection: socket.socket) -> list[Ask]:
        try:
            data = connection.recv(1_048_576)
            if data:
                return [decode_ask(body) for body in self._frames[connection].feed(data)]
        except (OSError, ValueError) as error:
            log.warning("engine.bad_client", error=repr(error))
        self._drop(connection)
        return []

    def _answer(self, asks: list[tuple[socket.socket, Ask]]) -> None:
        """Executes what came in as few batches as fit, and answers each asker."""
        while asks:
            commands: list[Command] = []
            taken: list[tuple[socket.socket, Ask]] = []
            while asks and (not taken or len(commands) + len(asks[0][1].commands) <= MAX_BATCH):
                taken.append(asks.pop(0))
                commands.extend(taken[-1][1].commands)
            error: str | None = None
            answers: list[Answer] = []
            try:
                answers = self._engine.execute(commands)
            except EngineUnavailable as failure:
                error = str(failure)
            self._reply(taken, answers, error)

    def _reply(
        self, taken: list[tuple[socket.socket, Ask]], answers: list[Answer], error: str | None
    ) -> None:
        """Answers each asker; those behind one connection together, so that their process wakes once."""
        replies: dict[socket.socket, bytearray] = {}
        start = 0
        for connection, ask in taken:
            end = start + len(ask.commands)
            replies.setdefault(connection, bytearray()).extend(
                frame(Reply(ask.number, answers[start:end], error))
            )
            start = end
        for connection, frames in replies.items():
            if connection not in self._frames:
                continue
            try:
                connection.sendall(frames)
            except OSError as failure:
                log.warning("engine.client_gone", error=repr(failure))
                self._drop(connection)


def sweep() -> None:
    """Collects garbage now and never by itself: it would walk through the books in the middle of a batch.

    What a batch leaves behind is freed by reference counts; rare cycles wait for this. What survives is not looked at
    again, so a sweep costs what came since the last one.
    """
    gc.disable()
    gc.collect()
    gc.freeze()


def main(database_url: str, path: str) -> None:
    """Runs the engine's process; see `karez engine --help`."""
    Server(database_url, path).run()
