"""Frames between the web workers and the engine: a length in four bytes, then msgpack. Local sockets only."""

from __future__ import annotations

import struct

import msgspec

from market.trading.commands import Answer, Command

_LENGTH = struct.Struct(">I")
MAX_FRAME = 8 * 1024 * 1024


class Ask(msgspec.Struct, frozen=True, array_like=True):
    """Commands of one HTTP request; they are executed in order, in one batch with whatever else is waiting."""

    number: int
    commands: list[Command]


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """The answers to an Ask, or why there are none."""

    number: int
    answers: list[Answer]
    error: str | None = None


_encode = msgspec.msgpack.Encoder().encode
decode_ask = msgspec.msgpack.Decoder(Ask).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode


def frame(message: Ask | Reply) -> bytes:
    """The bytes of one message."""
    body = _encode(message)
    return _LENGTH.pack(len(body)) + body


class Frames:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are whole now. ValueError for one that is too long."""
        buffer = self._buffer
        buffer += data
        whole: list[bytes] = []
        start = 0
        while len(buffer) - start >= 4:
            (length,) = _LENGTH.unpack_from(buffer, start)
            if length > MAX_FRAME:
                raise ValueError(f"a frame of {length} bytes is too long")
            if len(buffer) - start - 4 < length:
                break
            whole.append(bytes(buffer[start + 4 : start + 4 + length]))
            start += 4 + length
        del buffer[:start]
        return whole
