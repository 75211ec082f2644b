"""64 clients released at once on a cap with one lot left: half order water that the cap counts, half announce it.

Whoever comes first takes the lot and nobody else gets a litre. The engine decides about orders and the web workers
about announcements, so that the two doors to one cap are forced at the same instant. `run` plays any number of rounds.
"""

from __future__ import annotations

import http.client
import json
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from market.demo.client import TIMEOUT_S
from tests.faults.server import YEAR, Farmer, Running, Village, announcement, place_of_its_own, running

CLIENTS = 64
BUYERS = 8
LOT_M3 = Decimal(1)
SELLING = ("653123101", "KUSHAN-C1")
BUYING = ("653123102", "KUSHAN-C2")
CAP = "T-653123102"
RIGHT_M3, SHARE = 1_000, "0.001"  # a thousandth of the one right at the canal is the lot
ASK, BID = "0.3", "0.4"
ORDERS_OPEN_AT_MOST = 200
LATEST_S = 0.05


@dataclass
class Report:
    """What the rounds came to: who won how often, how many requests were sent, what `karez prove` found at the end."""

    rounds: int = 0
    won_by_orders: int = 0
    won_by_announcements: int = 0
    requests: int = 0
    violations: list[dict[str, Any]] | None = None


@dataclass(frozen=True)
class Shot:
    """One request of one client, ready to be sent."""

    path: str
    token: str
    body: str
    key: str


class Stage:
    """The cap, those who sell, buy and hold a right under it, and the bureau."""

    def __init__(self, server: Running) -> None:
        self.server = server
        village = Village(server)
        self.registrar = village.registrar
        self.seller = village.household(township=SELLING[0], canal=SELLING[1], right_m3=10_000)
        self.holder = village.household(
            township=BUYING[0], canal=BUYING[1], right_m3=RIGHT_M3, share=SHARE
        )  # fmt: skip
        self.buyers = [
            village.household(township=BUYING[0], canal=BUYING[1], money_yuan=10_000) for _ in range(BUYERS)
        ]
        self.product = server.product()
        limits = self.registrar.get("/v1/limits", water_year=YEAR, kind="cap", zone=BUYING[0])["data"]
        self.cap: str = next(each["id"] for each in limits if each["code"] == CAP)
        self.seller.caller.post("/v1/orders", self.order(self.seller, "sell", Decimal(5_000), ASK))

    def order(
        self, who: Farmer, side: str, volume_m3: Decimal, price: str, validity: str = "GTC"
    ) -> dict[str, Any]:
        """The body of an order."""
        return {
            "product_id": self.product,
            "water_account_id": who.account,
            "side": side,
            "volume": str(volume_m3),
            "price": price,
            "time_in_force": validity,
        }

    def headroom_m3(self) -> Decimal:
        """What is left of the cap."""
        return Decimal(self.registrar.get(f"/v1/limits/{self.cap}")["available"])

    def leave_one_lot(self) -> None:
        """Takes back what still waits for the cap, then sets the cap to what is used of it and one lot more."""
        for buyer in self.buyers:
            waiting = buyer.caller.get("/v1/orders", status="open", limit=ORDERS_OPEN_AT_MOST)["data"]
            if waiting:
                cancels = [{"cancel": {"order_id": each["id"]}} for each in waiting]
                buyer.caller.post("/v1/orders/batch", {"commands": cancels})
        cap = self.registrar.get(f"/v1/limits/{self.cap}")
        used = Decimal(cap["volume"]) - Decimal(cap["available"])
        body = {"volume": str(used + LOT_M3), "reason": "tests", "legal_source": "tests"}
        changed = self.registrar.http.post(
            f"{self.server.url}/v1/limits/{self.cap}/change",
            json=body,
            headers={"If-Match": f'"{cap["version"]}"'},
            timeout=TIMEOUT_S,
        )
        assert changed.status_code == 200, changed.text
        assert self.headroom_m3() == LOT_M3

    def shots(self) -> list[Shot]:
        """What the clients send: orders that rest if they come late, orders that do not, and announcements."""
        shots = []
        announced = json.dumps(announcement(BUYING[1], SHARE))
        registrar = str(self.registrar.http.headers["Authorization"])
        for number in range(CLIENTS // 2):
            buyer = self.buyers[number % BUYERS]
            order = self.order(buyer, "buy", LOT_M3, BID, "GTC" if number < CLIENTS // 4 else "IOC")
            shots.append(Shot("/v1/orders", buyer.token, json.dumps(order), secrets.token_hex(16)))
            shots.append(Shot("/v1/announcements", registrar, announced, secrets.token_hex(16)))
        return shots


def release(
    port: int, shots: list[Shot], start_s: Callable[[Shot], float]
) -> list[tuple[Shot, int, dict[str, Any]]]:
    """Sends every request but its last byte, then all last bytes at once; returns each shot's status and answer.

    `start_s` holds a shot back for so many seconds.
    """
    connections = []
    for shot in shots:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        connection.putrequest("POST", shot.path)
        headers = {
            "Authorization": shot.token,
            "Idempotency-Key": shot.key,
            "Content-Type": "application/json",
            "Content-Length": str(len(shot.body)),
        }
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(shot.body[:-1].encode())
        connections.append(connection)
    began = time.monotonic()
    for start, number in sorted((start_s(shot), number) for number, shot in enumerate(shots)):
        time.sleep(max(began + start - time.monotonic(), 0))
        connections[number].send(shots[number].body[-1:].encode())
    answers = []
    for connection, shot in zip(connections, shots, strict=True):
        response = connection.getresponse()
        answers.append((shot, response.status, json.loads(response.read())))
        connection.close()
    return answers


def play(stage: Stage, report: Report) -> None:
    """One round. AssertionError when it has not exactly one winner, or the cap is not used up exactly."""
    stage.leave_one_lot()
    shots = stage.shots()
    random.shuffle(shots)
    # To decide about an announcement takes longer than about an order: in every second round the orders start as
    # much later as it may take for both to reach the cap together.
    late_s = random.uniform(0, LATEST_S) if report.rounds % 2 else 0.0
    answers = release(stage.server.port, shots, lambda shot: late_s if shot.path == "/v1/orders" else 0.0)
    fills = announcements = 0
    for shot, status, answer in answers:
        if shot.path == "/v1/orders":
            assert status == 201, f"an order was answered {status}: {answer}"
            assert Decimal(answer["filled"]) in (0, LOT_M3), answer
            fills += len(answer["fills"])
        elif status == 201:
            announcements += 1
        else:
            assert (status, answer.get("code")) == (422, "cap_exceeded"), answer
    assert fills + announcements == 1, f"{fills} orders and {announcements} announcements won"
    assert stage.headroom_m3() == 0
    report.rounds += 1
    report.requests += len(answers)
    report.won_by_orders += fills
    report.won_by_announcements += announcements


def run(rounds: int, progress: Callable[[int], None]) -> Report:
    """Plays rounds on an installation of its own, calls `progress` with the number played after each.

    AssertionError for the first round with another number of winners than one.
    """
    report = Report()
    with place_of_its_own() as place, running(place) as server:
        stage = Stage(server)
        for number in range(1, rounds + 1):
            play(stage, report)
            progress(number)
        report.violations = server.violations()
    return report
