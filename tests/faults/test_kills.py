"""The engine killed under load, as its clients see it. The long run is `make soak`'s."""

from __future__ import annotations

from tests.faults import kills

KILLS = 20


def test_nothing_is_lost_or_done_twice_when_the_engine_is_killed_20_times_under_load() -> None:
    report = kills.run(KILLS, lambda _: None)
    assert report.kills == KILLS
    assert report.fills > 0
    assert report.unanswered > 0, "no client ever had to ask again: nothing was killed under load"
    assert report.violations == []
