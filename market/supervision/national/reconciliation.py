"""What was sent against what came back, record by record. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ACCEPTED, REJECTED, UNANSWERED, UNKNOWN = STATES = ("accepted", "rejected", "unanswered", "unknown")
RECORD = "record_no"


@dataclass(frozen=True, slots=True)
class Line:
    """What the other side says of one record; `values` are those that it repeats, by the names of the field list."""

    record_no: str
    status: str
    reason: str | None = None
    national_no: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """How one record stands; `differences` are (field, what was sent, what came back)."""

    record_no: str
    status: str
    reason: str | None
    national_no: str | None
    differences: tuple[tuple[str, str | None, str | None], ...]


def reconcile(sent: Sequence[Mapping[str, Any]], lines: Iterable[Line]) -> list[Record]:
    """Every record in the order in which it was sent, then those that were answered and never sent.

    Of several lines of a record the last counts. A value that the other side does not repeat does not differ.
    """
    said = {each.record_no: each for each in lines}
    known = {str(row[RECORD]): row for row in sent}
    found = [_record(number, row, said.get(number)) for number, row in known.items()]
    found.extend(
        Record(each.record_no, UNKNOWN, each.reason, each.national_no, ())
        for each in said.values()
        if each.record_no not in known
    )
    return found


def _record(number: str, row: Mapping[str, Any], line: Line | None) -> Record:
    if line is None:
        return Record(number, UNANSWERED, None, None, ())
    differing = tuple(
        (name, None if row[name] is None else str(row[name]), value)
        for name, value in line.values.items()
        if name in row and ("" if row[name] is None else str(row[name])) != value
    )
    return Record(number, line.status, line.reason, line.national_no, differing)


def counts(records: Iterable[Record]) -> dict[str, int]:
    """How many records stand in each state, and how many have differences."""
    found = dict.fromkeys((*STATES, "differing"), 0)
    for each in records:
        found[each.status] += 1
        found["differing"] += bool(each.differences)
    return found
