"""The clock of a test county: where it stops on its way, and that nobody else's moves with it."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest

from market.advancing import is_rare, stops
from market.core import clock
from market.core.config import Settings
from market.jobs import JOBS

HOUR_US = 3_600_000_000
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_two_that_share_a_file_see_one_clock(tmp_path: Path) -> None:
    one, other = clock.Ahead(tmp_path / "clock"), clock.Ahead(tmp_path / "clock")
    assert other.by() == dt.timedelta(0)
    one.set(HOUR_US)
    assert NOON + other == NOON + dt.timedelta(hours=1)
    assert clock.Ahead(tmp_path / "clock").by() == dt.timedelta(hours=1)


def test_the_clock_of_another_county_is_this_threads_and_this_blocks_alone(tmp_path: Path) -> None:
    ahead = clock.Ahead(tmp_path / "clock")
    ahead.set(1_000 * HOUR_US)
    beside: list[dt.datetime] = []
    with clock.ahead(ahead):
        thread = threading.Thread(target=lambda: beside.append(clock.now()))
        thread.start()
        thread.join()
        there = clock.now()
        with clock.standing() as _:
            assert clock.now() - there < dt.timedelta(minutes=1)
        assert clock.now() - clock.of_process() > dt.timedelta(hours=999)
    assert there - clock.now() > dt.timedelta(hours=999)
    assert abs(beside[0] - clock.now()) < dt.timedelta(minutes=1)


def test_a_process_follows_a_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_offset", clock._offset)
    clock.follow(tmp_path / "clock")
    before = clock.now()
    clock.Ahead(tmp_path / "clock").set(HOUR_US)
    assert dt.timedelta(minutes=59) < clock.now() - before < dt.timedelta(minutes=61)


def test_the_clock_stops_at_every_tick_of_a_rare_job_and_at_the_end() -> None:
    schedules = [
        ("late", "30 17 * * *"),
        ("early", "20 17 * * *"),
        ("same", "30 17 * * *"),
        ("monthly", "10 19 1 * *"),
    ]
    change = NOON + dt.timedelta(hours=1)
    found = stops(
        schedules, NOON, NOON + dt.timedelta(days=1), also=[change, NOON, NOON + dt.timedelta(days=2)]
    )
    assert [(each.at.strftime("%d %H:%M"), each.jobs) for each in found] == [
        ("01 13:00", ()), ("01 17:20", ("early",)), ("01 17:30", ("late", "same")), ("01 19:10", ("monthly",)),
        ("02 12:00", ()),
    ]  # fmt: skip


def test_a_tick_at_the_end_is_done_once() -> None:
    end = NOON.replace(hour=17, minute=20)
    first = stops([("early", "20 17 * * *")], NOON, end)
    assert [(each.at, each.jobs) for each in first] == [(end, ("early",))]
    assert stops([("early", "20 17 * * *")], end, end + dt.timedelta(hours=1))[0].jobs == ()


def test_daily_and_monthly_jobs_are_the_rare_ones() -> None:
    rare = {job.name for job in JOBS if is_rare(job.cron)}
    assert {"early-warning", "surveillance", "retention", "audit-heads"} <= rare
    assert not {"calls", "deliveries", "sessions", "rights"} & rare


def test_the_test_county_has_other_secrets_and_no_payment_provider(tmp_path: Path) -> None:
    live = Settings(
        data_dir=tmp_path, database_url="postgresql://x/county", secret_key="k" * 32, gateway_url="https://pay.example",
        gateway_key="sk", gateway_webhook_secrets="w", test_database_url="postgresql://x/county_test",
    )  # fmt: skip
    test = live.of_test_county()
    assert test is not None
    child = Settings.from_environment(test.environment())
    assert (child.gateway_url, child.gateway_key, child.gateway_webhook_secrets) == (None, None, "")
    assert test.environment()["KAREZ_GATEWAY_URL"] == ""  # or the child would take this process's
    assert (child.url(), child.keys_url, child.of_test_county()) == (live.test_database_url, live.url(), None)
    assert child.engine_socket != live.engine_socket
    assert {child.secret(each) for each in ("jwt", "identifier")}.isdisjoint(
        live.secret(each) for each in ("jwt", "identifier")
    )
    assert Settings().of_test_county() is None
