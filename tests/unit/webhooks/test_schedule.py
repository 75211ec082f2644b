"""When it is tried again: eight times over a day, with growing gaps."""

from __future__ import annotations

from itertools import pairwise

from market.webhooks import trying


def test_eight_tries_with_growing_gaps_fill_a_day() -> None:
    assert trying.TRIES == 8
    assert all(one < other for one, other in pairwise(trying.GAPS_S))
    assert 22 * 3_600 < sum(trying.GAPS_S) <= 24 * 3_600
