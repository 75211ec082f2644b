"""Arrays of bigint as statement parameters, in PostgreSQL's binary form.

psycopg's own dumper takes about 1 microsecond a value, which for a batch of transfers is more than all the
rest of the work on it; this takes about 0.1. Format: src/backend/utils/adt/arrayfuncs.c, array_recv.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Dumper

_INT8, _INT8_ARRAY = 20, 1016
_EMPTY = struct.pack(">iii", 0, 0, _INT8)
_HEAD = struct.Struct(">iiiii")


class Bigints:
    """A bigint[] parameter: Bigints([1, 2]) for `%s::bigint[]`. No nulls.

    Errors: OverflowError, TypeError.
    """

    __slots__ = ("data",)

    def __init__(self, values: Iterable[int]) -> None:
        numbers = array("q", values)
        if sys.byteorder == "little":
            numbers.byteswap()
        count = len(numbers)
        if count == 0:
            self.data = _EMPTY
            return
        raw = numbers.tobytes()
        body = bytearray(12 * count)  # every value: its length, four bytes, then its eight bytes
        body[3::12] = b"\x08" * count
        for byte in range(8):
            body[4 + byte :: 12] = raw[byte::8]
        self.data = _HEAD.pack(1, 0, _INT8, count, 1) + body


class _BigintsDumper(Dumper):
    format = pq.Format.BINARY
    oid = _INT8_ARRAY

    def dump(self, obj: Any) -> bytes:
        data: bytes = obj.data
        return data


def rows_of(*columns: str, hidden: bool = False) -> str:
    """A SELECT that makes rows of array parameters of one length: "id" is a bigint[], "key text" a text[].

    Arrays in a select list are stepped through together; as a function in FROM they would first be written to a store
    of rows, which takes two to three times as long. `hidden` keeps their lengths from the planner.
    """
    parts = []
    for column in columns:
        name, _, kind = column.partition(" ")
        parameter = f"%s::{kind or 'bigint'}[]"
        parts.append(f"unnest({f'(SELECT {parameter})' if hidden else parameter}) AS {name}")
    return f"SELECT {', '.join(parts)}"


psycopg.adapters.register_dumper(Bigints, _BigintsDumper)
