"""A circuit breaker: who fails again and again is left alone for a while, and then tried once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

FAILURES = 5
REST_S = 30.0


class Breaker:
    """Closed, it lets everybody through; after `failures` in a row it is open for `rest_s` seconds, then one tries."""

    def __init__(
        self, *, failures: int = FAILURES, rest_s: float = REST_S, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._failures, self._rest_s, self._tick = failures, rest_s, tick
        self._changing = threading.Lock()
        self._in_a_row = 0
        self._open_until: float | None = None

    def lets_through(self) -> bool:
        """Whether a call may be made now; who is let through while it is open is the one who tries."""
        with self._changing:
            if self._open_until is None:
                return True
            if self._tick() < self._open_until:
                return False
            self._open_until = self._tick() + self._rest_s
            return True

    def succeeded(self) -> None:
        """A call was answered."""
        with self._changing:
            self._in_a_row, self._open_until = 0, None

    def failed(self) -> None:
        """A call was not answered."""
        with self._changing:
            self._in_a_row += 1
            if self._in_a_row >= self._failures:
                self._open_until = self._tick() + self._rest_s
