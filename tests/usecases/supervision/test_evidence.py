"""What the database says of a case that was played through the engine is what the case was written as."""

from __future__ import annotations

from dataclasses import replace

import pytest

from market.core import db
from market.supervision.surveillance import Evidence, Thresholds, detect
from market.supervision.watching import gathering
from tests.surveillance import scenarios
from tests.usecases.supervision.playable import playable
from tests.usecases.supervision.playing import Played, as_played, pack, play

CASES = (
    "wash-there-and-back",
    "layering-three-bids",
    "hoarding-two-years",
    "plan-past-already",
    "hoarding-not-fallow",
    "news-before-the-cut",
)


def _in_order(evidence: Evidence) -> Evidence:
    """Events of one instant in an order of their own: the story tells a fill of the seller first.

    What was only bought, under no right, the story leaves out.
    """
    rank = {"placed": 0, "amended": 1, "filled": 2, "cancelled": 3, "ended": 3}
    events = sorted(evidence.orders, key=lambda one: (one.at, one.order, rank[one.action], -one.rest))
    rights = tuple(one for one in evidence.rights if one.right > 0)
    return replace(evidence, orders=tuple(events), rights=rights)


def _seen(made: Played) -> Evidence:
    with db.connect(made.url) as connection:
        return gathering.evidence(connection, pack(), made.window, Thresholds())


@pytest.mark.parametrize("name", CASES)
def test_evidence_out_of_the_database_is_that_of_the_story_and_gives_the_same_alerts(
    fresh_database_url: str, name: str
) -> None:
    (case,) = [one for one in scenarios.SCENARIOS if one.id == name]
    told = playable(case)
    made = play(fresh_database_url, told)
    seen = _seen(made)
    expected = as_played(told, made, seen.trades, {one.year: one.share_of_year_e6 for one in seen.rights})
    assert _in_order(seen) == _in_order(expected)
    alerts = detect(seen)
    assert alerts == detect(expected)
    for label in case.expected:
        named = {made.people[party] for party in label.parties}
        assert any(one.detector == label.detector and named <= set(one.parties) for one in alerts)
