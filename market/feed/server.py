"""The feed's process: HTTP on a port of its own, one thread, as many watchers as may be. Public; nobody signs in.

h11 reads requests; what is streamed is written to each connection as it is, until the connection ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import h11
import msgspec
import structlog

from market.api.tape import EVENTS, STREAM_PATH
from market.core import db, ids
from market.core.config import Settings
from market.core.errors import UnknownId
from market.core.refusals import in_chinese
from market.feed.events import LARGEST_WRITE, START, Memory, Wanted
from market.feed.following import Follower
from market.feed.hub import Hub, Watcher

log = structlog.get_logger("feed")

NICE = 10
"""Watchers wait for orders, never orders for watchers: where the processor is short, the feed is later."""
LARGEST_HEAD = 8 * 1024
KERNEL_KEEPS = 128 * 1024
"""What the system may keep for a watcher that does not read; left alone it would keep megabytes."""
ASK_WITHIN_S = 10.0
HEARTBEAT_S = 15.0
END_WITHIN_S = 3.0
SPARE = 256
"""Connections beside those of watchers: who is about to ask, who is refused, who asks for health."""

_OPEN = (
    ("Access-Control-Allow-Origin", "*"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)
_STREAM = (("Content-Type", "text/event-stream; charset=utf-8"), ("X-Accel-Buffering", "no"), *_OPEN)
_REFUSALS = {
    400: ("bad_request", "The request cannot be read", "请求无效"),
    404: ("not_found", "Not found", "未找到"),
    405: ("method_not_allowed", "Method not allowed", "不支持该方法"),
    422: ("invalid_input", "Invalid input", "输入无效"),
    429: ("too_many_requests", "Too many watchers of one address", "同一地址的订阅过多"),
    503: ("unavailable", "Not available just now", "暂时不可用"),
}


class _Refused(Exception):
    """A request that is answered with a problem document."""

    def __init__(self, status: int, detail: str = "", **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


class Connection(asyncio.Protocol):
    """One connection: it asks once, and is then a watcher until one of the two ends it."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._parser: h11.Connection | None = h11.Connection(
            h11.SERVER, max_incomplete_event_size=LARGEST_HEAD
        )
        self._watcher: Watcher | None = None
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._feed.let_in(self):
            transport.abort()
            return
        transport.set_write_buffer_limits(high=LARGEST_WRITE)
        opened = transport.get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_KEEPS)
        self._patience = asyncio.get_running_loop().call_later(ASK_WITHIN_S, transport.abort)

    def connection_lost(self, _error: Exception | None) -> None:
        self._feed.let_out(self)
        if self._patience is not None:
            self._patience.cancel()
        if self._watcher is not None:
            self._feed.hub.leave(self._watcher)

    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            return  # it has asked; whatever else it sends is thrown away
        language = ""
        try:
            self._parser.receive_data(data)
            asked = self._parser.next_event()
            if asked is h11.NEED_DATA:
                return
            if not isinstance(asked, h11.Request):
                raise _Refused(400)
            language = _header(asked, b"accept-language")
            self._parser = None
            self._answer(asked)
        except h11.RemoteProtocolError as error:
            self._refuse(_Refused(400, str(error)), language)
        except _Refused as refused:
            self._refuse(refused, language)
        except ValueError:  # a target that is no address, or a query of too many parts
            self._refuse(_Refused(400), language)

    def pause_writing(self) -> None:
        if self._watcher is not None:
            self._feed.hub.pause(self._watcher)

    def resume_writing(self) -> None:
        if self._watcher is not None:
            self._feed.hub.resume(self._watcher)

    def _answer(self, asked: h11.Request) -> None:
        """Errors: _Refused."""
        parts = urlsplit(asked.target.decode("ascii"))
        if parts.path not in (STREAM_PATH, "/healthz"):
            raise _Refused(404)
        if asked.method != b"GET":
            raise _Refused(405, Allow="GET")
        if parts.path == "/healthz":
            if self._feed.follower.late:
                raise _Refused(503, "the database has not answered for a while", **{"Retry-After": "1"})
            self._end(200, "application/json", b'{"status":"ok"}')
            return
        query = parse_qs(parts.query, max_num_fields=16, keep_blank_values=True)
        wanted = _wanted(query)
        last = _header(asked, b"last-event-id") or query.get("last_event_id", [""])[-1]
        address = self.address
        if self._feed.hub.full():
            raise _Refused(503, "there are as many watchers as there may be", **{"Retry-After": "30"})
        if self._feed.hub.crowded(address):
            raise _Refused(
                429, "there are as many watchers of this address as there may be", **{"Retry-After": "30"}
            )
        assert self._transport is not None
        if self._patience is not None:
            self._patience.cancel()
        self._transport.write(_head(200, _STREAM))
        self._watcher = Watcher(self._transport, address, wanted)
        self._feed.hub.join(self._watcher, seen=_seen(last), resumes=last != "")

    @property
    def address(self) -> str:
        """Where the other end is."""
        assert self._transport is not None
        peer = self._transport.get_extra_info("peername")
        return str(peer[0]) if peer else ""

    def _refuse(self, refused: _Refused, language: str) -> None:
        self._parser = None
        code, english, chinese = _REFUSALS[refused.status]
        title = chinese if language.lower().startswith("zh") else english
        body = {"type": f"/problems/{code}", "title": title, "status": refused.status, "code": code}
        if refused.detail:
            body["detail"] = in_chinese(refused.detail) if title == chinese else refused.detail
        self._end(refused.status, "application/problem+json", msgspec.json.encode(body), refused.headers)

    def _end(self, status: int, media_type: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        assert self._transport is not None
        length = ("Content-Length", str(len(body)))
        self._transport.write(
            _head(status, (("Content-Type", media_type), length, *_OPEN, *(headers or {}).items())) + body
        )
        self._transport.close()


def _head(status: int, headers: Any) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode("ascii")


def _header(asked: h11.Request, name: bytes) -> str:
    return next((value.decode("latin-1").strip() for key, value in asked.headers if key == name), "")


def _wanted(query: dict[str, list[str]]) -> Wanted:
    """Errors: _Refused for a product or an event that there is not."""
    kinds = frozenset(",".join(query.get("events", EVENTS)).split(","))
    if not kinds <= set(EVENTS):
        raise _Refused(422, f"events must be some of {', '.join(EVENTS)}")
    product = query.get("product_id", [None])[-1]
    try:
        return Wanted(ids.parse("prd", product) if product is not None else None, kinds)
    except UnknownId as error:
        raise _Refused(404, str(error)) from error


def _seen(last: str) -> int | None:
    """The number of the last trade that a watcher has seen; None if that cannot be told."""
    if last == START:
        return 0
    try:
        return ids.parse("trd", last)
    except UnknownId:
        return None


class Feed:
    """The process's parts: memory, hub, follower, connections."""

    def __init__(self, settings: Settings) -> None:
        self.hub = Hub(
            Memory(), most=settings.feed_watchers, most_per_address=settings.feed_watchers_per_address
        )
        self.follower = Follower(settings.url(), self.hub)
        self._settings = settings
        self._connections: set[Connection] = set()

    def let_in(self, connection: Connection) -> bool:
        """Counts a connection; whether there is room for it."""
        self._connections.add(connection)
        return len(self._connections) <= self._settings.feed_watchers + SPARE

    def let_out(self, connection: Connection) -> None:
        """Forgets a connection."""
        self._connections.discard(connection)

    async def serve(self) -> None:
        """Serves until SIGTERM or SIGINT; streams are ended with what was sent on its way."""
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, stopping.set)
        following = asyncio.create_task(self.follower.follow())
        beating = asyncio.create_task(self._beat())
        server = await loop.create_server(
            lambda: Connection(self), self._settings.host, self._settings.feed_port, backlog=1_024
        )
        log.info("feed.ready", port=server.sockets[0].getsockname()[1])
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait((stopped, following, beating), return_when=asyncio.FIRST_COMPLETED)
        server.close()
        self.hub.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_WITHIN_S):
                while self._connections:
                    await asyncio.sleep(0.02)
        for task in (following, beating):
            if task.done():
                task.result()  # it ended by an error of ours
            task.cancel()
        await asyncio.gather(following, beating, return_exceptions=True)
        log.info("feed.stopped", dropped=self.hub.dropped)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            self.hub.beat()


def main(settings: Settings) -> None:
    """Runs the feed until it is told to stop."""
    db.unlock_ids(settings.url())
    with contextlib.suppress(OSError):
        os.nice(NICE)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(Feed(settings).serve())
