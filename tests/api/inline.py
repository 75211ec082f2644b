"""The engine within the test's own process, behind a lock: what the API sees is the same exchange."""

from __future__ import annotations

import threading

from market.core import db
from market.trading.commands import Answer, Command
from market.trading.engine import Engine
from market.trading.intake import take_up


class Inline:
    """Executes commands at once on a connection of its own, and takes up the inbox after each."""

    def __init__(self, url: str) -> None:
        self._lock = threading.Lock()
        self._engine = Engine(lambda: db.connect(url))

    def submit(self, commands: list[Command]) -> list[Answer]:
        with self._lock:
            take_up(self._engine)
            answers = self._engine.execute(commands)
            take_up(self._engine)
            return answers

    def answers(self, *, within_s: float = 2.0) -> bool:
        return within_s > 0

    def take_up(self) -> int:
        """Does what lies in the inbox."""
        with self._lock:
            return take_up(self._engine)

    def close(self) -> None:
        self._engine.connection.close()
