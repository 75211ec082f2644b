"""Deliveries: tried eight times over a day, each endpoint in a lane of its own, so that a slow one delays itself alone.

The time of the next try is written before a try is made, and no transaction is open during it: who dies in between is
back later, and a receiver may get an event twice, under one id, but never not at all.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

import structlog

from market.core import audit, clock, db, ids
from market.core.config import Settings
from market.core.db import raw
from market.webhooks import guard, sealing, sending, signing, spreading, trying, wording
from market.webhooks.errors import TargetRefused
from market.webhooks.sending import Outcome
from market.webhooks.trying import Try

log = structlog.get_logger("webhooks")

LANES = 16
FOR_FAILING = 8
"""Of the lanes; endpoints that failed last get no more, so that those that work never wait for them."""
LANE_S = 20.0
"""How long one endpoint is served before others that wait have their turn."""
FAILURES_IN_A_ROW = 3
CLOCK = audit.Actor(request_id="jobs")


class Sender:
    """The lanes of one process: threads, each of which serves one endpoint at a time."""

    def __init__(self, url: str, settings: Settings) -> None:
        self._url, self._settings = url, settings
        self._pool = ThreadPoolExecutor(LANES, thread_name_prefix="webhooks")
        self._lock = threading.Lock()
        self._busy: dict[int, tuple[bool, Future[int]]] = {}
        self._stopping = threading.Event()

    def fill(self) -> int:
        """Gives free lanes to endpoints for which something is due; returns to how many. It waits for nothing."""
        with self._lock:
            free = LANES - len(self._busy)
            failing_free = FOR_FAILING - sum(failing for failing, _ in self._busy.values())
            taken = list(self._busy)
        with db.transaction(self._url) as session:
            due = trying.endpoints_due(raw(session), besides=taken, limit=LANES)
        started = 0
        for endpoint, failing in due:
            if started >= free or (failing and failing_free <= 0):
                continue
            failing_free -= failing
            started += 1
            with self._lock:
                self._busy[endpoint] = (failing, self._pool.submit(self._serve, endpoint))
        return started

    def wait(self) -> int:
        """Waits for the lanes that are taken; returns how many events were delivered in them."""
        with self._lock:
            running = [future for _, future in self._busy.values()]
        wait(running)
        return sum(each.result() for each in running)

    def stop(self) -> None:
        """Lets each lane finish its try, and begins none."""
        self._stopping.set()
        self._pool.shutdown(wait=True)

    def _serve(self, endpoint_id: int) -> int:
        """Tries what is due at one endpoint, one after another; returns how many arrived."""
        try:
            return self._lane(endpoint_id)
        except Exception as error:  # one lane must not end the others'; what it had taken is due again
            log.error("webhooks.lane_broke", endpoint=endpoint_id, error=repr(error), exc_info=error)
            return 0
        finally:
            with self._lock:
                self._busy.pop(endpoint_id, None)

    def _lane(self, endpoint_id: int) -> int:
        ends, in_a_row, done = time.monotonic() + LANE_S, 0, 0
        made: tuple[Try, Outcome, int] | None = None
        while True:
            goes_on = time.monotonic() < ends and in_a_row < FAILURES_IN_A_ROW and not self._stopping.is_set()
            with db.transaction(self._url) as session:
                if made is not None:
                    tried, outcome, took_ms = made
                    trying.record(session, tried, outcome, took_ms=took_ms, actor=CLOCK)
                    goes_on = goes_on and outcome.problem != sending.TIMED_OUT
                due = trying.claim(raw(session), endpoint_id) if goes_on else None
            if due is None:
                return done
            made = self._made(due)
            good = made[1].good
            done, in_a_row = done + good, 0 if good else in_a_row + 1

    def _made(self, due: Try) -> tuple[Try, Outcome, int]:
        """Makes a try; what became of it, and the milliseconds that it took."""
        body = wording.body(type=due.type, at=due.at, kind=due.object_kind, number=due.object_id)
        secrets = [sealing.unseal(self._settings, due.endpoint_id, each) for each in due.sealed]
        number = ids.public(wording.PREFIX, due.event_id)
        headers = signing.headers(secrets, number, int(clock.now().timestamp()), body)
        headers |= {"Content-Type": "application/json", "User-Agent": "karez-webhooks/1"}
        began = time.monotonic()
        try:
            target = guard.check(due.url, private=self._settings.webhook_private)
        except TargetRefused as refused:
            outcome = Outcome(None, problem=refused.detail)
        else:
            outcome = sending.post(target, body, headers)
        return due, outcome, int((time.monotonic() - began) * 1000)


_kept: dict[str, Sender] = {}
_kept_lock = threading.Lock()


def sender(url: str, settings: Settings) -> Sender:
    """This process's lanes to a database's endpoints."""
    with _kept_lock:
        if url not in _kept:
            _kept[url] = Sender(url, settings)
        return _kept[url]


def stop(*, wait: bool = False) -> None:
    """Ends this process's lanes: after the tries that are under way, or (wait) when they have done what was due."""
    with _kept_lock:
        for each in _kept.values():
            if wait:
                each.wait()
            each.stop()
        _kept.clear()


def advance(url: str, settings: Settings) -> int:
    """Makes events of what has happened, and has what is due be sent in the background; returns how many it made."""
    made = spreading.spread(url)
    sender(url, settings).fill()
    return made


def forget(url: str) -> int:
    """Deletes what is too old."""
    return spreading.forget(url)
