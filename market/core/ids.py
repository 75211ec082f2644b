"""Typed public ids at the edge, plain bigints inside.

`ord_01J…` has the shape of a ULID: 26 Crockford characters, ordered by creation within a type. Its first 48 bits are
an epoch plus the internal id, the other 80 a keyed hash of type and id: an id can be neither guessed nor enumerated,
and turning one back into a number needs no query. The time in it is therefore not a time of day: ids are opaque.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from market.core.errors import UnknownId

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_BODY = re.compile(f"[{_ALPHABET}]{{26}}")
_TO_BASE_32 = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z: keeps ids looking like those of their time
_MAC_BITS = 80
_MAX_ID = (1 << 46) - 1

_key: bytes | None = None


def set_key(key: bytes) -> None:
    """Sets this process's key (32 bytes, kept in `installation.id_key`)."""
    global _key
    if len(key) != 32:
        raise ValueError("the id key has 32 bytes")
    if key != _key:
        _key = key
        public.cache_clear()
        parse.cache_clear()


def _mac(prefix: str, number: int) -> int:
    if _key is None:
        raise RuntimeError("ids.set_key was not called: public ids need the installation's key")
    digest = hashlib.blake2b(f"{prefix}:{number}".encode(), key=_key, digest_size=_MAC_BITS // 8).digest()
    return int.from_bytes(digest)


@lru_cache(maxsize=65_536)
def public(prefix: str, number: int) -> str:
    """The public id of row `number` of the type `prefix`."""
    if not 0 < number <= _MAX_ID:
        raise ValueError(f"{number} is outside the range of ids")
    bits = (_EPOCH_MS + number) << _MAC_BITS | _mac(prefix, number)
    return prefix + "_" + "".join(_PAIRS[(bits >> shift) & 1023] for shift in range(120, -1, -10))


@lru_cache(maxsize=65_536)
def parse(prefix: str, text: str) -> int:
    """The row number behind a public id. UnknownId for anything that `public` never gave out."""
    head, _, body = text.partition("_")
    if head != prefix or not _BODY.fullmatch(body):
        raise UnknownId(prefix=prefix)
    number = (int(body.translate(_TO_BASE_32), 32) >> _MAC_BITS) - _EPOCH_MS
    if not 0 < number <= _MAX_ID or public(prefix, number) != text:
        raise UnknownId(prefix=prefix)
    return number
