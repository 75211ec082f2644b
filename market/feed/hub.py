"""Who watches, and what each of them has seen. Nothing is queued for a watcher: it has a place in what is remembered.

A watcher who does not read is passed over until it does; when what it has not seen is forgotten, or after STALLED_S, it
is dropped. So a watcher costs its socket's buffer and never more.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Protocol

from market.feed.events import HEARTBEAT, Memory, Wanted, event, gap, trade_id

STALLED_S = 20.0
RETRY_MS = 2_000


class Sink(Protocol):
    """Where a watcher's bytes go."""

    def write(self, data: bytes) -> None:
        """Sends, or keeps until it can; may set the watcher's `paused` at once."""

    def abort(self) -> None:
        """Ends the connection at once, whatever was kept."""

    def close(self) -> None:
        """Ends the connection when what was kept is sent."""


class Watcher:
    """One who watches: what it wants, up to where it has seen it, and since when it does not read."""

    __slots__ = ("sink", "address", "wanted", "position", "version", "paused_at")

    def __init__(self, sink: Sink, address: str, wanted: Wanted) -> None:
        self.sink = sink
        self.address = address
        self.wanted = wanted
        self.position = 0
        self.version = 0
        self.paused_at: float | None = None


class Hub:
    """All watchers, and what is told to them."""

    def __init__(self, memory: Memory, *, most: int, most_per_address: int) -> None:
        """At most so many watchers, and of one address (0: no such limit)."""
        self.memory = memory
        self.watchers: set[Watcher] = set()
        self.dropped = 0
        self._most = most
        self._most_per_address = most_per_address
        self._addresses: Counter[str] = Counter()

    def full(self) -> bool:
        """Whether there are as many watchers as there may be."""
        return len(self.watchers) >= self._most

    def crowded(self, address: str) -> bool:
        """Whether there are as many watchers of an address as there may be."""
        return 0 < self._most_per_address <= self._addresses[address]

    def wants(self, kind: str) -> bool:
        """Whether anybody wants events of a kind."""
        return any(kind in each.wanted.kinds for each in self.watchers)

    def join(self, watcher: Watcher, *, seen: int | None, resumes: bool) -> None:
        """Adds a watcher. One who `resumes` has seen the trades up to `seen`; None: nobody knows which.

        It is told where it begins, a gap if what it has missed is not remembered, and then what it has missed.
        """
        memory = self.memory
        begin = memory.after(seen) if seen is not None else None
        missed = resumes and begin is None
        if begin is None:
            begin = memory.begin if resumes else memory.end
        at = trade_id(seen if resumes and seen is not None else memory.newest)
        hello = f"retry: {RETRY_MS}\n".encode() + event(
            "hello", {"events": sorted(watcher.wanted.kinds)}, id=at
        )
        if missed:
            hello += gap(seen, memory.oldest)
        watcher.position = begin
        self.watchers.add(watcher)
        self._addresses[watcher.address] += 1
        watcher.sink.write(hello)
        self.tell(watcher)

    def leave(self, watcher: Watcher) -> None:
        """Forgets a watcher."""
        if watcher in self.watchers:
            self.watchers.discard(watcher)
            self._addresses[watcher.address] -= 1
            if not self._addresses[watcher.address]:
                del self._addresses[watcher.address]

    def pause(self, watcher: Watcher) -> None:
        """Notes that a watcher does not read."""
        watcher.paused_at = time.monotonic()

    def resume(self, watcher: Watcher) -> None:
        """Goes on with a watcher that reads again."""
        watcher.paused_at = None
        self.tell(watcher)

    def tell(self, watcher: Watcher) -> None:
        """Sends a watcher what it has not seen, as long as it reads; drops it if part of that is forgotten."""
        memory = self.memory
        while watcher.paused_at is None and watcher in self.watchers:
            if watcher.position < memory.begin:
                self._drop(watcher)
                return
            data, watcher.position, watcher.version = memory.since(
                watcher.wanted, watcher.position, watcher.version
            )
            if data:
                watcher.sink.write(data)
            if watcher.position == memory.end:
                return

    def tell_all(self) -> None:
        """Sends everybody what is new, and drops who has not read for long."""
        stalled = time.monotonic() - STALLED_S
        for watcher in tuple(self.watchers):
            if watcher.paused_at is None:
                self.tell(watcher)
            elif watcher.paused_at < stalled or watcher.position < self.memory.begin:
                self._drop(watcher)

    def beat(self) -> None:
        """Shows everybody who reads that the feed lives."""
        for watcher in tuple(self.watchers):
            if watcher.paused_at is None:
                watcher.sink.write(HEARTBEAT)

    def close(self) -> None:
        """Ends every stream once what was sent is on its way."""
        for watcher in tuple(self.watchers):
            self.leave(watcher)
            watcher.sink.close()

    def _drop(self, watcher: Watcher) -> None:
        self.dropped += 1
        self.leave(watcher)
        watcher.sink.abort()
