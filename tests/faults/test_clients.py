"""Two doors to one cap, forced at once, over HTTP. The long run is `make soak`'s."""

from __future__ import annotations

from tests.faults import clients

ROUNDS = 20


def test_of_64_clients_on_the_last_lot_of_a_cap_exactly_one_wins() -> None:
    report = clients.run(ROUNDS, lambda _: None)
    assert (report.rounds, report.requests) == (ROUNDS, ROUNDS * clients.CLIENTS)
    assert report.won_by_orders + report.won_by_announcements == ROUNDS
    assert report.violations == []
