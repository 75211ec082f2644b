"""The live feed as a process of its own: what happens on the market arrives, once, and goes on where it was broken."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from market.api.tape import STREAM_PATH
from market.core import db
from tests.api.county import County, open_county, product
from tests.api.taped import Tape, at

WITHIN_S = 15
_FEED = "from market import cli; from market.feed import following; following.TOLD_AT_LEAST = {}; cli.main(['feed'])"


@dataclass
class Stream:
    """One who watches: reads events off a socket."""

    opened: socket.socket
    buffer: bytes = b""
    head: bytes = b""
    last_id: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)

    def next(self, kind: str) -> dict[str, Any]:
        """The data of the next event of a kind, passing over others."""
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            part, found, rest = self.buffer.partition(b"\n\n")
            if not found:
                data = self.opened.recv(65_536)
                assert data, "the stream ended"
                self.buffer += data
                continue
            self.buffer = rest
            lines = dict(
                line.split(": ", 1) for line in part.decode().splitlines() if not line.startswith(":")
            )
            self.last_id = lines.get("id", self.last_id)
            if lines.get("event") == kind:
                found_data: dict[str, Any] = json.loads(lines["data"])
                return found_data
        raise AssertionError(f"no {kind} in {WITHIN_S} s")


@dataclass
class Feed:
    """A running feed."""

    port: int
    process: subprocess.Popen[bytes]

    def ask(self, target: str = STREAM_PATH, **headers: str) -> socket.socket:
        """A connection that has asked."""
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=WITHIN_S)
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        opened.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
        return opened

    @contextmanager
    def watch(self, query: str = "", **headers: str) -> Iterator[Stream]:
        """A stream, its head read."""
        with closing(self.ask(STREAM_PATH + query, **headers)) as opened:
            stream = Stream(opened)
            while b"\r\n\r\n" not in stream.buffer:
                stream.buffer += opened.recv(65_536)
            stream.head, _, stream.buffer = stream.buffer.partition(b"\r\n\r\n")
            assert stream.head.startswith(b"HTTP/1.1 200 "), stream.head
            yield stream

    def get(self, target: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of an answer that ends."""
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{target}", method=method, headers=headers
        )
        try:
            with urllib.request.urlopen(asked, timeout=WITHIN_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with water on offer and some trades of the past."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        with db.connect(database_url) as connection:
            tape = Tape.of(connection)
            for day in range(1, 4):
                tape.trade(at(3, day), "farmer", "centre", 10, 3_000)
        yield found


@pytest.fixture(scope="module")
def feed(county: County, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    """The feed of the county's database; six watchers of one address at most."""
    with _running(county, tmp_path_factory.mktemp("feed")) as found:
        yield found


@contextmanager
def _running(county: County, place: Path, *, told_at_once: int = 100) -> Iterator[Feed]:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": county.settings.url(), "KAREZ_FEED_PORT": str(port), "KAREZ_LOG_LEVEL": "warning",
        "KAREZ_FEED_WATCHERS_PER_ADDRESS": "6",
    }  # fmt: skip
    with open(place / "feed.log", "wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", _FEED.format(told_at_once)], env=environment, stderr=said
        )
    try:
        found = Feed(port, process)
        deadline = time.monotonic() + WITHIN_S
        while not _is_ready(found):
            assert time.monotonic() < deadline, (place / "feed.log").read_text(encoding="utf-8")
            time.sleep(0.05)
        yield found
    finally:
        process.terminate()
        assert process.wait(WITHIN_S) == 0, (place / "feed.log").read_text(encoding="utf-8")


def _is_ready(feed: Feed) -> bool:
    try:
        return feed.get("/healthz")[0] == 200
    except OSError:
        return False


def _deal(county: County) -> str:
    """The factory buys 9 of 10 m3 that leave the farmer's field; the id of the trade."""
    for who, side, volume in (("farmer", "sell", "10"), ("factory", "buy", "9")):
        account = county.get(who, "/water-accounts")["data"][0]["id"]
        body = {"product_id": product(county), "water_account_id": account, "side": side, "volume": volume}
        done = county.post(who, "/orders", body | {"price": "0.3" if side == "sell" else "0.5"})
    found: str = done["fills"][0]["trade_id"]
    return found


def test_a_trade_arrives_as_the_tape_shows_it(county: County, feed: Feed) -> None:
    with feed.watch() as stream:
        assert stream.next("hello") == {"events": ["depth", "halt", "phase", "trade"]}
        made = _deal(county)
        told = stream.next("trade")
    shown = county.client.get(f"/v1/products/{product(county)}/tape?limit=1").json["data"][0]
    assert told == shown
    assert told["id"] == stream.last_id == made
    assert b"text/event-stream" in stream.head
    assert b"Access-Control-Allow-Origin: *" in stream.head


def test_depth_and_phase_come_first_as_they_are_and_then_when_they_change(county: County, feed: Feed) -> None:
    account = county.get("farmer", "/water-accounts")["data"][0]["id"]
    order = {"product_id": product(county), "water_account_id": account, "side": "sell", "volume": "7"}
    with feed.watch(f"?product_id={product(county)}&events=depth,phase") as stream:
        assert stream.next("phase") == {"product_id": product(county), "phase": "open", "reason": ""}
        placed = county.post("farmer", "/orders", order | {"price": "5"})
        level = {"price": "5.0000", "volume": "7.000", "orders": 1}
        assert _until(stream, level)["bids"] == []
        county.post("farmer", f"/orders/{placed['id']}/cancel")
        assert stream.next("depth")["asks"] == []
        for step, phase in (("halt", "halted"), ("resume", "open")):
            county.post("supervisor", f"/products/{product(county)}/{step}", {"reason": "a test of the feed"})
            county.exchange.take_up()
            assert stream.next("phase")["phase"] == phase


def test_everybody_is_told_what_the_bureau_has_standing_still_and_when_it_goes_on(
    county: County, feed: Feed
) -> None:
    why = {"orders": "stay", "reason": "a test of the feed", "legal_source": "tests art. 1"}
    with feed.watch(f"?product_id={product(county)}&events=halt") as stream:
        stream.next("hello")
        made = county.post(
            "supervisor", "/interventions/halts", why | {"scope": "zone", "zone": "DEMO-CANAL"}
        )
        assert stream.next("halt") == {
            "product_id": product(county),
            "halts": [why | {"id": made["id"], "scope": "zone", "zone": "DEMO-CANAL", "until": None}],
        }
        county.post("supervisor", f"/interventions/halts/{made['id']}/lift", {"reason": "explained"})
        assert stream.next("halt")["halts"] == []
    county.exchange.take_up()


def _until(stream: Stream, level: dict[str, Any]) -> dict[str, Any]:
    while True:
        told = stream.next("depth")
        if level in told["asks"]:
            return told


def test_who_comes_back_is_told_what_it_missed_and_nothing_twice(county: County, feed: Feed) -> None:
    with feed.watch("?events=trade") as stream:
        stream.next("hello")
        first = _deal(county)
        assert stream.next("trade")["id"] == first
    missed = [_deal(county), _deal(county)]
    with feed.watch("?events=trade") as later:  # so that what was missed is known to be remembered
        later.next("hello")
        assert later.last_id in (first, *missed)
    with feed.watch("?events=trade", Last_Event_ID=stream.last_id) as stream:
        stream.next("hello")
        assert [stream.next("trade")["id"] for _ in missed] == missed
    with feed.watch(f"?events=trade&last_event_id={first}") as stream:
        assert stream.next("trade")["id"] == missed[0]


def test_a_feed_that_is_started_anew_remembers_the_last_trades(
    county: County, feed: Feed, tmp_path: Path
) -> None:
    with feed.watch("?events=trade") as stream:
        stream.next("hello")
        before = stream.last_id
    made = _deal(county)
    with (
        _running(county, tmp_path) as another,
        another.watch("?events=trade", Last_Event_ID=before) as stream,
    ):
        ids = [stream.next("trade")["id"]]
        while ids[-1] != made:
            ids.append(stream.next("trade")["id"])
    with feed.watch("?events=trade", Last_Event_ID="nonsense") as stream:
        assert stream.next("gap")["after"] is None


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("/elsewhere", 404, "not_found"),
        (f"{STREAM_PATH}?events=trade,gossip", 422, "invalid_input"),
        (f"{STREAM_PATH}?product_id=prd_01JXXXXXXXXXXXXXXXXXXXXXXX", 404, "not_found"),
        (f"{STREAM_PATH}?{'&'.join(['a=1'] * 40)}", 400, "bad_request"),
    ],
)
def test_what_there_is_not_is_refused_with_a_problem(feed: Feed, target: str, status: int, code: str) -> None:
    assert feed.get(target)[0] == status
    assert feed.get(target)[1]["code"] == code


def test_a_refusal_speaks_the_readers_language(feed: Feed) -> None:
    assert feed.get("/elsewhere", **{"Accept-Language": "zh-CN"})[1]["title"] == "未找到"
    assert feed.get(STREAM_PATH, "POST")[0] == 405


def test_what_is_no_http_is_refused_and_closed(feed: Feed) -> None:
    for sent in (b"hello there\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: " + b"x" * 20_000 + b"\r\n\r\n"):
        with closing(socket.create_connection(("127.0.0.1", feed.port), timeout=WITHIN_S)) as opened:
            opened.sendall(sent)
            assert opened.recv(65_536).startswith(b"HTTP/1.1 400 ")


def test_one_address_may_not_take_every_place(feed: Feed) -> None:
    opened = [feed.ask() for _ in range(6)]
    try:
        for each in opened:
            assert each.recv(1_024).startswith(b"HTTP/1.1 200 ")
        status, problem = feed.get(STREAM_PATH)
        assert (status, problem["code"]) == (429, "too_many_requests")
    finally:
        for each in opened:
            each.close()


def test_streams_end_when_the_feed_is_stopped(county: County, tmp_path: Path) -> None:
    with _running(county, tmp_path) as found, found.watch() as stream:
        stream.next("hello")
        found.process.send_signal(signal.SIGTERM)
        while stream.opened.recv(65_536):
            pass
        assert found.process.wait(WITHIN_S) == 0


_MANY_SQL = """
INSERT INTO trades SELECT last.id + n, product_id, buy_order_id, sell_order_id, maker, buyer_id, seller_id,
  source_litres, delivered_litres, k, price_e4, value_tick_litres, amount_fen, fee_fen, instruction_id, batch_id,
  traded_at
FROM (SELECT * FROM trades ORDER BY id DESC LIMIT 1) AS last, generate_series(1, %s) AS n
"""


def _rush(county: County, trades: int) -> None:
    """So many trades at once, after all that there were."""
    with db.connect(county.settings.url()) as connection:
        connection.execute(_MANY_SQL, (trades,))
        connection.execute("UPDATE products SET version = version + 1")


def test_in_a_rush_the_last_trades_are_told_and_a_gap_says_where_the_tape_has_the_rest(
    county: County, feed: Feed
) -> None:
    with feed.watch(f"?events=trade&product_id={product(county)}") as stream:
        stream.next("hello")
        before = stream.last_id
        _rush(county, 700)
        gap = stream.next("gap")
        told = [stream.next("trade")["id"] for _ in range(100)]
    assert gap == {"after": before, "before": told[0], "product_id": product(county)}
    tape = county.client.get(f"/v1/products/{product(county)}/tape?limit=200").json["data"]
    assert [each["id"] for each in tape[:100]] == told[::-1]


def test_who_does_not_read_is_dropped_and_costs_others_and_the_feed_nothing(
    county: County, tmp_path: Path
) -> None:
    with (
        _running(county, tmp_path, told_at_once=1_000) as found,
        found.watch("?events=trade") as reads,
        _deaf(found) as deaf,
    ):
        reads.next("hello")
        before = psutil.Process(found.process.pid).memory_info().rss
        for _ in range(8):
            _rush(county, 1_000)
            for _ in range(1_000):
                reads.next("trade")
        grown = psutil.Process(found.process.pid).memory_info().rss - before
        assert grown < 16 * 1024 * 1024  # a third of the events is remembered, for all together
        _ended(deaf)


@contextmanager
def _deaf(feed: Feed) -> Iterator[socket.socket]:
    """A watcher with a small buffer that never reads."""
    with closing(socket.socket()) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        opened.settimeout(WITHIN_S)
        opened.connect(("127.0.0.1", feed.port))
        opened.sendall(f"GET {STREAM_PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        yield opened


def _ended(opened: socket.socket) -> None:
    """Reads what was kept; the connection was ended long before the last event."""
    kept = 0
    with suppress(ConnectionResetError):
        while data := opened.recv(65_536):
            kept += len(data)
    assert kept < 2 * 1024 * 1024
