"""Deliveries: tried eight times over a day, each endpoint in a lane of its own, so that a slow one delays itself alone.

The time of the next try is written before a try is made, and no transaction is open during it: who dies in between is
back later, and a receiver may get an event twice, under one id, but never not at all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import structlog

from market.core import audit, clock, db, ids
from market.core.config import Settings
from market.core.db import raw
from market.webhooks import endpoints, guard, sending, signing, spreading, trying, wording
from market.webhooks.errors import TargetRefused
from market.webhooks.models import Event
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
Post = Callable[[guard.Target, bytes, dict[str, str]], Outcome]


class Sender:
    """The lanes of one process: threads, each of which serves one endpoint at a time."""

    def __init__(self, url: str, settings: Settings, *, post: Post = sending.post) -> None:
        self._url, self._settings, self._post = url, settings, post
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
        ends, in_a_row, done = time.monotonic() + LANE_S, 0, 0
        try:
            while time.monotonic() < ends and in_a_row < FAILURES_IN_A_ROW and not self._stopping.is_set():
                outcome = self._try_next(endpoint_id)
                if outcome is None:
                    break
                done += outcome.good
                in_a_row = 0 if outcome.good else in_a_row + 1
                if outcome.problem == sending.TIMED_OUT:
                    break
        except (
            Exception
        ) as error:  # the lane of one endpoint must not end the others'; what was due is due again
            log.error("webhooks.lane_broke", endpoint=endpoint_id, error=repr(error), exc_info=error)
        finally:
            with self._lock:
                self._busy.pop(endpoint_id, None)
        return done

    def _try_next(self, endpoint_id: int) -> Outcome | None:
        """One try of the next delivery that is due; None where there is none."""
        with db.transaction(self._url) as session:
            due = trying.claim(raw(session), endpoint_id)
            if due is None:
                return None
            event = session.get_one(Event, due.event_id)
            signed_by = endpoints.secrets_of(session, self._settings, endpoint_id)
        body, number = wording.body(event), ids.public(wording.PREFIX, event.id)
        began = time.monotonic()
        outcome = self._sent(due, number, body, signed_by)
        took_ms = int((time.monotonic() - began) * 1000)
        with db.transaction(self._url) as session:
            trying.record(session, due, outcome, took_ms=took_ms, actor=CLOCK)
        return outcome

    def _sent(self, due: Try, number: str, body: bytes, signed_by: list[str]) -> Outcome:
        headers = signing.headers(signed_by, number, int(clock.now().timestamp()), body)
        headers |= {"Content-Type": "application/json", "User-Agent": "karez-webhooks/1"}
        try:
            target = guard.check(due.url, private=self._settings.webhook_private)
        except TargetRefused as refused:
            return Outcome(None, problem=refused.detail)
        return self._post(target, body, headers)


_kept: dict[str, Sender] = {}
_kept_lock = threading.Lock()


def sender(url: str, settings: Settings) -> Sender:
    """This process's lanes to a database's endpoints."""
    with _kept_lock:
        if url not in _kept:
            _kept[url] = Sender(url, settings)
        return _kept[url]


def stop() -> None:
    """Ends this process's lanes after the tries that are under way."""
    with _kept_lock:
        for each in _kept.values():
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
