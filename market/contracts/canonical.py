"""Canonical JSON of plain values and frozen dataclasses, and its SHA-256: what a signature or a lineage names. Pure.

Keys are sorted, there are no spaces, days are ISO 8601, and a float is written in the fewest digits that give it back
(as Python's `repr` does on every machine), so that equal inputs have equal bytes (SAVINGS section 8, invariant 15).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from typing import Any

_ATOMS = frozenset({str, int, float, bool, type(None)})
_FIELDS: dict[type, tuple[str, ...]] = {}
_TEXT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def plain(value: Any) -> Any:
    """A value as JSON can hold it. A dataclass becomes its fields with its name under `is`. Errors: TypeError."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is tuple or kind is list:
        return [plain(each) for each in value]
    names = _FIELDS.get(kind)
    if names is None and dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = _FIELDS[kind] = tuple(each.name for each in dataclasses.fields(value))
    if names is not None:
        found = {name: plain(getattr(value, name)) for name in names}
        return {"is": kind.__name__, **found}
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, str | int | float):
        return value
    raise TypeError(f"{kind.__name__} has no canonical form")


def canonical(value: Any) -> bytes:
    """The one text of a value. Errors: TypeError; ValueError for infinities and what is no number."""
    return _TEXT(plain(value)).encode()


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical text, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()
