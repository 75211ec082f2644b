"""The closing of a year against what others do to its accounts at the same moment: no litre stays behind."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest

from ledger.units import parse_litres
from market import prove
from market.core import clock, db
from market.core.errors import Refusal
from market.metering import corrections
from market.registry import years
from tests.usecases.registry.county import REGISTRAR, Registry

AFTER_2026 = dt.datetime(2026, 12, 31, 16, 0, 1, tzinfo=dt.UTC)
"""One second into 1 January 2027 in Asia/Shanghai."""


def _close(url: str) -> int:
    with db.transaction(url) as session:
        return years.close(session, actor=REGISTRAR, water_year=2026).remained_litres


def _broken(url: str) -> list[dict[str, Any]]:
    """What `karez prove` finds, but for the county's first rows, which nobody audited."""
    return [each for each in prove.run(url)["invariants"] if each["violations"] and each["number"] != 13]


def _beside(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Runs work in a thread until it waits for a lock; what it returns or refuses comes into the list."""
    done: list[Any] = []

    def run() -> None:
        try:
            done.append(work())
        except Refusal as refusal:
            done.append(type(refusal).__name__)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(0.5)
    return thread, done


@pytest.fixture
def closing(committed_county: str) -> tuple[str, int, int]:
    """A closing year with an account of 100 m3, 40 of them used: (URL, meter, reading)."""
    with clock.moved_to(AFTER_2026 - dt.timedelta(days=1)), db.transaction(committed_county) as session:
        registry = Registry(session)
        meter = registry.meter(registry.watered(m3="100").id)
    with clock.moved_to(AFTER_2026), db.transaction(committed_county) as session:
        reading = Registry(session).read(meter, "40", at=AFTER_2026 - dt.timedelta(hours=1))
        years.begin_closing(session, actor=REGISTRAR, water_year=2026)
    return committed_county, meter.id, reading.id


def test_a_closing_waits_for_a_correction_and_carries_what_it_gave_back(
    closing: tuple[str, int, int],
) -> None:
    url, _, reading_id = closing
    with clock.moved_to(AFTER_2026):
        with db.transaction(url) as session:
            corrections.correct(
                session,
                actor=REGISTRAR,
                reading_id=reading_id,
                counter_litres=parse_litres("20"),
                reason="misread",
            )
            other, remained = _beside(lambda: _close(url))
            assert remained == []
        other.join(10)
    assert remained == [80_000]
    assert _broken(url) == []


def test_a_correction_that_waits_for_a_closing_is_refused(closing: tuple[str, int, int]) -> None:
    url, _, reading_id = closing

    def correct() -> None:
        with db.transaction(url) as session:
            corrections.correct(
                session,
                actor=REGISTRAR,
                reading_id=reading_id,
                counter_litres=parse_litres("20"),
                reason="misread",
            )

    with clock.moved_to(AFTER_2026):
        with db.transaction(url) as session:
            made = years.close(session, actor=REGISTRAR, water_year=2026)
            other, done = _beside(correct)
            assert done == []
        other.join(10)
    assert (made.remained_litres, done) == (60_000, ["WaterYearClosed"])
    assert _broken(url) == []
