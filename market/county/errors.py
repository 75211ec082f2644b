"""A county pack that is not taken, with the line that is wrong."""

from __future__ import annotations


class PackError(Exception):
    """The pack is refused: the line (from 1), the place in the document, and why."""

    def __init__(self, line: int, place: str, reason: str) -> None:
        super().__init__(f"line {line}, {place or 'document'}: {reason}")
        self.line = line
        self.place = place
        self.reason = reason
