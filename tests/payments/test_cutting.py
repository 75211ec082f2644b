"""The connection to the provider is cut at random before, during and after calls (`make soak` has 10 000 of each)."""

from __future__ import annotations

from tests.payments import cutting


def test_nothing_is_double_or_lost_when_connections_are_cut(database_url: str) -> None:
    report = cutting.run(database_url, deposits=150, payouts=150, seed=7)
    assert report.sound(), report
    assert all(report.cuts.get(way, 0) > 0 for way in ("before", "during", "lost", "half")), report
    assert (report.deposits, report.refunds) == (150, 15)
    assert report.payouts > 100
