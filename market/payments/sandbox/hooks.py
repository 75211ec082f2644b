"""Deliveries of the emulated provider's events: signed, tried again with back-off, twice where the script says so."""

from __future__ import annotations

import heapq
import itertools
import json
import threading
import time

import requests

from market.payments.sandbox.world import Thing, World
from market.payments.signatures import sign
from market.payments.stripe_http import SIGNATURE_HEADER

TRIES = 8
TIMEOUT_S = 5.0


class Hooks(threading.Thread):
    """Sends events to the endpoints of a world until it is stopped; the n-th retry comes after `retry_s`·2^(n−1)."""

    def __init__(self, world: World, *, retry_s: float = 1.0) -> None:
        super().__init__(daemon=True)
        self._world, self._retry_s = world, retry_s
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, int, Thing, Thing]] = []
        self._numbers = itertools.count(1)
        self._stopping = False
        world.told = self._told

    def _told(self, event: Thing) -> None:
        times = 2 if self._world.spoiled("double_delivery", event["type"]) else 1
        for endpoint in self._world.things["webhook_endpoint"].values():
            if {"*", event["type"]} & set(endpoint["enabled_events"]):
                for _ in range(times):
                    self._wait(time.monotonic(), 1, endpoint, event)

    def _wait(self, at: float, attempt: int, endpoint: Thing, event: Thing) -> None:
        with self._changed:
            heapq.heappush(self._waiting, (at, next(self._numbers), attempt, endpoint, event))
            self._changed.notify()

    def run(self) -> None:
        """Delivers."""
        while True:
            with self._changed:
                while not self._stopping and (not self._waiting or self._waiting[0][0] > time.monotonic()):
                    rest = self._waiting[0][0] - time.monotonic() if self._waiting else None
                    self._changed.wait(rest)
                if self._stopping:
                    return
                _, _, attempt, endpoint, event = heapq.heappop(self._waiting)
            if not self._deliver(endpoint, event) and attempt < TRIES:
                self._wait(
                    time.monotonic() + self._retry_s * 2 ** (attempt - 1), attempt + 1, endpoint, event
                )

    def _deliver(self, endpoint: Thing, event: Thing) -> bool:
        body = json.dumps(event).encode()
        secret = self._world.hidden[endpoint["id"]]["secret"]
        headers = {
            SIGNATURE_HEADER: sign(body, secret, self._world.now()), "Content-Type": "application/json",
            "User-Agent": "karez-sandbox (an emulator)",
        }  # fmt: skip
        try:
            answer = requests.post(endpoint["url"], data=body, headers=headers, timeout=TIMEOUT_S)
        except requests.RequestException:
            return False
        return 200 <= answer.status_code < 300

    def stop(self) -> None:
        """Ends the thread; what is not delivered by now is not delivered."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self.join()
