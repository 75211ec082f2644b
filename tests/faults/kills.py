"""The engine killed outright, again and again, under a load of orders, batches and cancels over HTTP.

Every client sends what it got no answer to again, with the same key, until it is answered. In the end every order
that was acknowledged is there, under the key that it was sent with and no other, and the books are sound.
"""

from __future__ import annotations

import http.client
import json
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil

from ledger.units import format_price_e4
from market.bench.stream import Stream
from market.core import db
from market.demo.client import Caller
from market.watch import SETTLED_AFTER_S
from tests.faults.server import Farmer, Running, Village, place_of_its_own, running

SELLING, BUYING = ("653123101", "KUSHAN-C1"), ("653123102", "KUSHAN-C2")
A_SIDE = 4
RIGHT_M3, MONEY_YUAN = 1_000_000, 1_000_000
BATCH = 5
PAUSE_S = 0.01
PATIENCE_S = (0.4, 1.0, 5.0, 30.0)
"""How long a client waits for an answer before it asks again, while the first request may still be on its way."""
GIVES_UP_S = 120.0
EARLY = 0.3
"""The share of kills before an engine has settled: its supervisor waits a little before it starts the next."""
LATEST_S = 0.7
ASKED_AGAIN, LOOKED_AT = 300, 300
_KEYS_SQL = """
SELECT key, count(*), count(DISTINCT position),
       count(*) FILTER (WHERE request LIKE '{"type":"place"%' AND outcome LIKE '{"type":"accepted"%')
FROM commands GROUP BY key
"""


@dataclass
class Report:
    """What happened, and what `karez prove` found at the end.

    `requests` were answered; `unanswered` is how often one was sent again; `replayed` answers said they are repeats.
    """

    kills: int = 0
    requests: int = 0
    orders: int = 0
    fills: int = 0
    unanswered: int = 0
    replayed: int = 0
    violations: list[dict[str, Any]] | None = None


@dataclass
class Sent:
    """One request, and what it was answered in the end."""

    path: str
    body: str
    key: str
    tries: int = 0
    status: int = 0
    answer: dict[str, Any] = field(default_factory=dict)
    replayed: bool = False

    def orders(self) -> list[dict[str, Any]]:
        """The orders that the answer acknowledges as placed by this request."""
        if self.path == "/v1/orders":
            return [self.answer] if self.status == 201 else []
        if self.path != "/v1/orders/batch":
            return []
        commands = json.loads(self.body)["commands"]
        pairs = zip(commands, self.answer["data"], strict=True)
        return [done["order"] for command, done in pairs if "place" in command and done["order"]]

    def members(self) -> int:
        """How many commands it holds."""
        return len(json.loads(self.body)["commands"]) if self.path == "/v1/orders/batch" else 1


class Client(threading.Thread):
    """One connection of one household. It stops when asked to, with its last request answered."""

    def __init__(self, server: Running, farmer: Farmer, side: str, seed: int) -> None:
        super().__init__(name=farmer.login, daemon=True)
        self.server = server
        self.farmer = farmer
        self.sent: list[Sent] = []
        self.failure: BaseException | None = None
        self.stopping = threading.Event()
        self._product = server.product()
        self._side = side
        self.dice = random.Random(seed)
        self._wishes = Stream(seed)
        self._open: list[str] = []
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Sends until it is told to stop, or something is answered that must not be."""
        try:
            while not self.stopping.is_set():
                sent = self._next()
                self.ask(sent)
                self.sent.append(sent)
                self._open.extend(each["id"] for each in sent.orders() if each["status"] == "open")
                time.sleep(PAUSE_S)
        except BaseException as failure:
            self.failure = failure

    def _next(self) -> Sent:
        kind = self.dice.random()
        key = secrets.token_hex(16)
        if kind < 0.2 and self._open:
            return Sent(f"/v1/orders/{self._taken()}/cancel", "{}", key)
        if kind < 0.4:
            members: list[dict[str, Any]] = [{"place": self._order()} for _ in range(BATCH - 1)]
            if self._open:
                members.append({"cancel": {"order_id": self._taken()}})
            return Sent("/v1/orders/batch", json.dumps({"commands": members}), key)
        return Sent("/v1/orders", json.dumps(self._order()), key)

    def _taken(self) -> str:
        return self._open.pop(self.dice.randrange(len(self._open)))

    def _order(self) -> dict[str, Any]:
        wish = next(wish for wish in iter(self._wishes.next, None) if wish.side == self._side)
        return {
            "product_id": self._product,
            "water_account_id": self.farmer.account,
            "side": wish.side,
            "volume": str(wish.volume_m3),
            "price": format_price_e4(wish.price_e4),
        }

    def ask(self, sent: Sent) -> None:
        """Sends a request until it is answered. AssertionError if that takes too long or the answer is a failure."""
        deadline = time.monotonic() + GIVES_UP_S
        while True:
            assert time.monotonic() < deadline, f"{sent.path} was not answered: {sent}"
            sent.tries += 1
            try:
                status, headers, answer = self._exchange(sent)
            except (OSError, http.client.HTTPException):
                self.hang_up()
                time.sleep(0.05)
                continue
            if status == 401:
                caller = Caller(self.server.url, self.farmer.login)
                self.farmer.caller.http.headers["Authorization"] = caller.http.headers["Authorization"]
                continue
            if status == 503:
                assert int(headers["Retry-After"]) >= 0
                time.sleep(0.05)
                continue
            assert status < 500, f"{sent.path} was answered {status}: {answer}"
            sent.status, sent.answer = status, answer
            sent.replayed = headers.get("Idempotent-Replayed") == "true"
            return

    def _exchange(self, sent: Sent) -> tuple[int, http.client.HTTPMessage, dict[str, Any]]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        self._connection.timeout = self.dice.choice(PATIENCE_S)
        if self._connection.sock is not None:
            self._connection.sock.settimeout(self._connection.timeout)
        headers = {
            "Authorization": self.farmer.token,
            "Idempotency-Key": sent.key,
            "Content-Type": "application/json",
        }
        self._connection.request("POST", sent.path, sent.body, headers)
        response = self._connection.getresponse()
        return response.status, response.headers, json.loads(response.read())

    def hang_up(self) -> None:
        """Closes its connection, if it has one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def stop(self) -> None:
        """Waits until it has stopped. Raises what went wrong in it."""
        self.stopping.set()
        self.join()
        if self.failure is not None:
            raise self.failure


def engine_of(server: Running) -> psutil.Process | None:
    """The engine's process, if it runs now."""
    for each in psutil.Process(server.process_id).children():
        try:
            if "engine" in each.cmdline() and each.status() != psutil.STATUS_ZOMBIE:
                return each
        except psutil.NoSuchProcess:
            continue
    return None


def kill_engine(server: Running, moment: random.Random) -> None:
    """Kills the engine outright at some moment of its life: mostly after it has settled, sometimes before."""
    deadline = time.monotonic() + GIVES_UP_S
    while (engine := engine_of(server)) is None:
        assert time.monotonic() < deadline, "the engine was not started again"
        time.sleep(0.01)
    if moment.random() < EARLY:
        time.sleep(moment.uniform(0, SETTLED_AFTER_S))
    else:
        time.sleep(SETTLED_AFTER_S + moment.uniform(0.1, LATEST_S))
    engine.kill()
    engine.wait()


def check(server: Running, clients: list[Client], report: Report) -> None:
    """AssertionError unless every answer was true and every key has one effect."""
    sent = [each for client in clients for each in client.sent]
    placed = [order for each in sent for order in each.orders()]
    report.requests, report.orders = len(sent), len(placed)
    report.fills = sum(len(order["fills"]) for order in placed)
    report.unanswered = sum(each.tries - 1 for each in sent)
    report.replayed = sum(each.replayed for each in sent)
    _check_keys(server, sent)
    for client in clients:
        _check_orders(client)
        _check_replays(client)
    report.violations = server.violations()


def _check_keys(server: Running, sent: list[Sent]) -> None:
    """Under every key there is what was acknowledged under it, once; and there is no other key."""
    with db.connect(server.database_url()) as connection:
        rows = connection.execute(_KEYS_SQL).fetchall()
    there = {key: (commands, positions, placed) for key, commands, positions, placed in rows}
    expected = {each.key: (each.members(), each.members(), len(each.orders())) for each in sent}
    assert there == expected, [
        (key, there.get(key), expected.get(key))
        for key in there.keys() | expected.keys()
        if there.get(key) != expected.get(key)
    ][:5]


def _check_orders(client: Client) -> None:
    """Each acknowledged order is there, and none that was not acknowledged."""
    placed = [order["id"] for each in client.sent for order in each.orders()]
    assert len(set(placed)) == len(placed)
    assert set(_listed(client.farmer.caller)) == set(placed)
    for order in client.dice.sample(placed, min(len(placed), LOOKED_AT // (2 * A_SIDE))):
        assert client.farmer.caller.get(f"/v1/orders/{order}")["id"] == order


def _listed(caller: Caller) -> Iterator[str]:
    query: dict[str, Any] = {"limit": 200}
    while True:
        page = caller.get("/v1/orders", **query)
        yield from (each["id"] for each in page["data"])
        if not page["has_more"]:
            return
        query["starting_after"] = page["data"][-1]["id"]


def _check_replays(client: Client) -> None:
    """A key that is sent again is answered as before, whether or not its first answer was lost."""
    lost = [each for each in client.sent if each.tries > 1]
    others = client.dice.sample(client.sent, min(len(client.sent), ASKED_AGAIN // (2 * A_SIDE)))
    for each in lost + others:
        again = Sent(each.path, each.body, each.key)
        client.ask(again)
        assert again.replayed, each
        assert again.status == each.status, (each, again)
        if each.status < 400:
            assert again.answer == each.answer
        else:
            assert again.answer["code"] == each.answer["code"]


def run(kills: int, progress: Callable[[int], None]) -> Report:
    """Kills the engine so often on an installation of its own, calls `progress` with the number after each.

    AssertionError when an answer was not true in the end.
    """
    report = Report()
    moment = random.Random()
    with place_of_its_own() as place, running(place) as server:
        village = Village(server)
        clients = []
        for number in range(A_SIDE):
            seller = village.household(township=SELLING[0], canal=SELLING[1], right_m3=RIGHT_M3)
            buyer = village.household(township=BUYING[0], canal=BUYING[1], money_yuan=MONEY_YUAN)
            clients.append(Client(server, seller, "sell", 2 * number))
            clients.append(Client(server, buyer, "buy", 2 * number + 1))
        for client in clients:
            client.start()
        try:
            for number in range(1, kills + 1):
                kill_engine(server, moment)
                report.kills = number
                progress(number)
        finally:
            for client in clients:
                client.stopping.set()
        for client in clients:
            client.stop()
        check(server, clients, report)
        for client in clients:
            client.hang_up()
    return report
