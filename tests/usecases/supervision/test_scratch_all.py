import pytest
from tests.surveillance import scenarios
from tests.usecases.supervision.test_evidence import _seen, _in_order
from tests.usecases.supervision.playable import playable
from tests.usecases.supervision.playing import *
from market.supervision.surveillance import detect

IDS = [
    c.id
    for c in scenarios.SCENARIOS
    if all(t.mechanism == "book" and t.transfer_kind == "sale" and t.price_e4 > 0 for t in c.evidence.trades)
    and all(set(a.products) == {"surface-2026"} for a in c.evidence.announcements)
    and all(p.kind != "supplier" for p in c.evidence.parties)
]


@pytest.mark.parametrize("name", IDS)
def test_all(fresh_database_url, name):
    (case,) = [one for one in scenarios.SCENARIOS if one.id == name]
    told = playable(case)
    made = play(fresh_database_url, told)
    seen = _seen(made)
    expected = as_played(told, made, seen.trades, {one.year: one.share_of_year_e6 for one in seen.rights})
    assert _in_order(seen) == _in_order(expected)
    assert detect(seen) == detect(expected)
    missing = [
        l.detector
        for l in case.expected
        if not any(
            o.detector == l.detector and {made.people[p] for p in l.parties} <= set(o.parties)
            for o in detect(seen)
        )
    ]
    print("LABELS", name, len(case.expected), missing)
