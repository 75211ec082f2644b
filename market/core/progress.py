"""How far long work is: it tells whoever listens, and knows nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Tell = Callable[[str, int], None]
EVERY_ROWS = 250
"""So many things are done between two tellings."""

_listener: ContextVar[Tell | None] = ContextVar("progress", default=None)


@contextmanager
def told(listener: Tell) -> Iterator[None]:
    """Within the block, work in this thread tells `listener` its stage and how many things it has done."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(stage: str, done: int) -> None:
    """Says how far the work is; nothing happens where nobody listens."""
    listener = _listener.get()
    if listener is not None:
        listener(stage, done)
