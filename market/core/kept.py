"""What a process keeps of databases because it never changes there: forgotten when a database is made anew."""

from __future__ import annotations

from typing import Any

_all: list[dict[Any, Any]] = []


def kept() -> dict[Any, Any]:
    """A dict of its own for a module, whose keys name the database."""
    made: dict[Any, Any] = {}
    _all.append(made)
    return made


def forget() -> None:
    """Forgets all of it, of every database: it is read again."""
    for each in _all:
        each.clear()
