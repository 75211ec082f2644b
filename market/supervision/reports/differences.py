"""What differs between a report as it was filed and as it is now, row by row and column by column. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """One value that differs. `column` None: the whole row is new, or gone; `filed` or `now` is then None."""

    key: tuple[str | None, ...]
    column: str | None
    filed: str | None
    now: str | None


Row = Mapping[str, Any]


def between(filed: Sequence[Row], now: Sequence[Row], keys: Sequence[str]) -> list[Difference]:
    """Every difference, rows in the order of the filing and columns in that of now, new rows last.

    Columns that only one side has are passed over: a column that a later version of the report added says nothing of
    the figures.
    """
    then, today = _by_key(filed, keys), _by_key(now, keys)
    found = [each for key, row in then.items() for each in _of_row(key, row, today.get(key), keys)]
    found.extend(
        Difference(key, None, None, _text(row, keys)) for key, row in today.items() if key not in then
    )
    return found


def _by_key(rows: Sequence[Row], keys: Sequence[str]) -> dict[tuple[str | None, ...], Row]:
    return {tuple(_word(row[name]) for name in keys): row for row in rows}


def _of_row(
    key: tuple[str | None, ...], filed: Row, now: Row | None, keys: Sequence[str]
) -> Iterator[Difference]:
    if now is None:
        yield Difference(key, None, _text(filed, keys), None)
        return
    for name in now:
        if name in filed and name not in keys and filed[name] != now[name]:
            yield Difference(key, name, _word(filed[name]), _word(now[name]))


def _word(value: Any) -> str | None:
    return None if value is None else str(value)


def _text(row: Row, keys: Sequence[str]) -> str:
    return "; ".join(f"{name}={row[name]}" for name in row if name not in keys and row[name] is not None)
