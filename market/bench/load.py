"""The load over HTTP: keep-alive connections of one process, each sending its next request when it has its answer.

Plain sockets, so that the generator costs the two cores as little as a generator in Python can. Each connection is
one seller and one buyer; what they may cancel are their own orders that an answer said are open.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from typing import Any

import msgspec

from ledger.units import format_price_e4
from market.bench.stream import SEED, Stream, Wish

WRONG = "the server answered {status}: {body}"


class _Trader(msgspec.Struct):
    """One side of a connection: its sign-in, its account, its open orders."""

    token: str
    account: str
    open: list[str] = msgspec.field(default_factory=list)


class _Fill(msgspec.Struct):
    status: str


class _Done(msgspec.Struct):
    id: str
    status: str
    fills: list[_Fill] = []


class _Member(msgspec.Struct):
    order: _Done | None = None


class _Members(msgspec.Struct):
    data: list[_Member]


class Order(msgspec.Struct):
    """What `drive` is told, as JSON on standard input. `traders`: (token, account id) of seller and buyer by turns."""

    port: int
    product: str
    traders: list[tuple[str, str]]
    batch: int
    run_s: float
    run: int


class _Client:
    """One connection."""

    def __init__(self, order: Order, number: int) -> None:
        self.order = order
        self.stream = Stream(SEED + 1_000 * order.run + number)
        self.sides = {
            side: _Trader(*order.traders[2 * number + place]) for place, side in enumerate(("sell", "buy"))
        }
        self.key = f"{order.run}-{order.batch}-{number}"
        self.sent = 0
        self.buffer = bytearray()
        self.asked_at = 0.0
        self.trader = self.sides["sell"]
        self.socket = socket.create_connection(("127.0.0.1", order.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _order(self, wish: Wish, trader: _Trader) -> str:
        return (
            f'{{"product_id":"{self.order.product}","water_account_id":"{trader.account}","side":"{wish.side}",'
            f'"volume":"{wish.volume_m3}","price":"{format_price_e4(wish.price_e4)}"}}'
        )

    def send(self) -> int:
        """Sends the next request; returns how many commands it holds."""
        wish = self.stream.next()
        trader = self.trader = self.sides[wish.side]
        self.sent += 1
        if self.order.batch == 1:
            path, body = "/v1/orders", ""
            if wish.cancel and trader.open:
                path = f"/v1/orders/{_take(trader, wish)}/cancel"
            else:
                body = self._order(wish, trader)
        else:
            path, body = "/v1/orders/batch", self._members(wish, trader)
        self.asked_at = time.perf_counter()
        self.socket.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {trader.token}\r\n"
            f"Idempotency-Key: {self.key}-{self.sent}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        return self.order.batch

    def _members(self, first: Wish, trader: _Trader) -> str:
        members: list[str] = []
        wish = first
        while len(members) < self.order.batch:
            if wish.cancel and trader.open:
                members.append(f'{{"cancel":{{"order_id":"{_take(trader, wish)}"}}}}')
            elif wish.side == first.side:
                members.append(f'{{"place":{self._order(wish, trader)}}}')
            wish = self.stream.next()
        return f'{{"commands":[{",".join(members)}]}}'

    def receive(self) -> tuple[float, int] | None:
        """Seconds since the request and fills, once the answer is whole. RuntimeError if it is no success."""
        data = self.socket.recv(262_144)
        if not data:
            raise RuntimeError("the server closed a connection")
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return None
        at = self.buffer.lower().find(b"content-length:", 0, head)
        length = int(self.buffer[at + 15 : self.buffer.index(b"\r\n", at)])
        if len(self.buffer) < head + 4 + length:
            return None
        body, status = bytes(self.buffer[head + 4 :]), self.buffer[9:12]
        self.buffer.clear()
        if status == b"409" and b'"order_not_open"' in body:
            return time.perf_counter() - self.asked_at, 0  # what it wanted to cancel was filled meanwhile
        if status[:1] != b"2":
            raise RuntimeError(WRONG.format(status=status.decode(), body=body.decode()))
        return time.perf_counter() - self.asked_at, self._note(body)

    def _note(self, body: bytes) -> int:
        if self.order.batch == 1:
            done = [msgspec.json.decode(body, type=_Done)]
        else:
            members = msgspec.json.decode(body, type=_Members).data
            done = [each.order for each in members if each.order is not None]
        self.trader.open.extend(each.id for each in done if each.status == "open")
        return sum(len(each.fills) for each in done)


def _take(trader: _Trader, wish: Wish) -> str:
    """One of a trader's open orders, which is not open to it afterwards."""
    at = int(wish.pick * len(trader.open))
    trader.open[at], trader.open[-1] = trader.open[-1], trader.open[at]
    return trader.open.pop()


def drive(order: Order) -> dict[str, Any]:
    """Loads the server for `run_s` seconds; counts what was answered within them."""
    clients = [_Client(order, number) for number in range(len(order.traders) // 2)]
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    commands = requests = fills = 0
    waits: list[float] = []
    started = time.perf_counter()
    for client in clients:
        client.send()
    end = started + order.run_s
    while (now := time.perf_counter()) < end:
        for key, _ in selector.select(end - now):
            client = key.data
            answer = client.receive()
            if answer is not None:
                waits.append(answer[0])
                fills += answer[1]
                requests += 1
                commands += order.batch
                client.send()
    seconds = time.perf_counter() - started
    for client in clients:
        client.socket.close()
    waits.sort()
    return {
        "commands_per_s": round(commands / seconds, 1),
        "requests_per_s": round(requests / seconds, 1),
        "trades_per_s": round(fills / seconds, 1),
        "ms_p50": round(waits[len(waits) // 2] * 1_000, 2),
        "ms_p99": round(waits[len(waits) * 99 // 100] * 1_000, 2),
    }


if __name__ == "__main__":
    print(json.dumps(drive(msgspec.json.decode(sys.stdin.read(), type=Order))))
