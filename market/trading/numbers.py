"""Numbers for orders, trades and priorities, each greater than all before it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

ENDLESS: Final = 1 << 61


class Numbers:
    """Numbers from `first` on to `end` (without it), then from further blocks (first, end) that `draw` fetches."""

    __slots__ = ("_at", "_end", "_draw")

    def __init__(
        self, first: int = 1, end: int = ENDLESS, draw: Callable[[], tuple[int, int]] | None = None
    ) -> None:
        self._at = first
        self._end = end
        self._draw = draw

    def next(self) -> int:
        """The next number. LookupError: there is none left and nowhere to get more."""
        at = self._at
        if at >= self._end:
            if self._draw is None:
                raise LookupError("there are no numbers left")
            at, self._end = self._draw()
        self._at = at + 1
        return at

    def coming(self) -> int | None:
        """The number that comes next, if that is known without fetching."""
        return self._at if self._at < self._end else None

    def jump(self, first: int, end: int) -> None:
        """Goes on from another block; (0, 0): fetches one when it must."""
        self._at, self._end = first, end
