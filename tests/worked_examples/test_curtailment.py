"""A curtailment on three levels, worked by hand: the county, a township and an irrigation district are cut at once.

Caps before: county 200 m3, township T1 90, district D1 120; all of it is announced. Five holders:

    holder   township  canal (district)  priority  litres
    A        T1        K1 (D1)           1         40 000
    B        T1        K1 (D1)           2         30 000
    C        T1        K2 (D2)           2         20 000
    D        T2        K1 (D1)           2         50 000
    E        T2        K2 (D2)           1         60 000

Cut to: county 150 (-50), T1 70 (-20), D1 80 (-40). The narrow caps come first; the lower priority (2) gives first, and
in a class everybody gives the same share, the last litre by the largest remainder.

1. T1 lacks 20 000: of B and C (30 000 : 20 000) 12 000 and 8 000.
2. D1 lacks 40 000, of which B has given 12 000; the 28 000 left, of B and D (18 000 : 50 000): 7 411.76 and 20 588.24,
   so 7 412 and 20 588.
3. The county lacks 50 000, of which 48 000 are given; the 2 000 left, of B, C and D (10 588 : 12 000 : 29 412): 407.23,
   461.54 and 1 131.23, so 407, 462 and 1 131.

Taken: B 19 819, C 8 462, D 21 719, together 50 000; A and E, of priority 1, give nothing. Left under the caps: county
0, T1 28 281 - 20 000 = 8 281, D1 41 538 - 40 000 = 1 538.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from market import installation
from market.core import db
from market.registry import season
from market.registry.models import Limit
from market.supervision import curtailments
from tests.usecases.registry.county import REGISTRAR, Registry, registrar, small_pack

HOLDERS = {
    "A": ("T1", "K1", 1, "40"), "B": ("T1", "K1", 2, "30"), "C": ("T1", "K2", 2, "20"), "D": ("T2", "K1", 2, "50"),
    "E": ("T2", "K2", 1, "60"),
}  # fmt: skip
CUTS = {"COUNTY": 150_000, "T1": 70_000, "D1": 80_000}
TAKEN = {"A": 0, "B": 19_819, "C": 8_462, "D": 21_719, "E": 0}
LEFT = {"COUNTY": 0, "T1": 8_281, "D1": 1_538}


@pytest.fixture
def registry(fresh_database_url: str) -> Iterator[Registry]:
    """The small county."""
    with db.transaction(fresh_database_url) as session:
        registrar(session)
        installation.install(session, pack=small_pack(), actor=REGISTRAR)
        yield Registry(session)


def test_the_arithmetic_alone() -> None:
    county, t1, d1 = 1, 2, 3
    holders = [
        season.Reachable(1, 1, 40_000, frozenset({county, t1, d1})),
        season.Reachable(2, 2, 30_000, frozenset({county, t1, d1})),
        season.Reachable(3, 2, 20_000, frozenset({county, t1})),
        season.Reachable(4, 2, 50_000, frozenset({county, d1})),
        season.Reachable(5, 1, 60_000, frozenset({county})),
    ]
    found = season.curtail([(t1, 20_000), (d1, 40_000), (county, 50_000)], holders)
    assert found.taken == {2: 19_819, 3: 8_462, 4: 21_719}
    assert found.missing == {county: 0, t1: 0, d1: 0}


def test_the_whole_of_it_in_the_registry(registry: Registry) -> None:
    session: Session = registry.session
    zones = {"COUNTY": "C", "T1": "T1", "D1": "D1"}
    volumes = {"COUNTY": "200", "T1": "90", "D1": "120"}
    caps: dict[str, Limit] = {code: registry.cap(code, zone=zones[code], m3=volumes[code]) for code in zones}
    rights = {
        name: registry.right(volume_m3=volume, township=township, canal=canal, priority=priority)
        for name, (township, canal, priority, volume) in HOLDERS.items()
    }
    registry.announce(share="1")
    cuts = [(caps[code].id, litres) for code, litres in CUTS.items()]
    preview = curtailments.preview(session, water_year=2026, cuts=cuts)
    assert sorted(each.litres for each in preview.takings) == [8_462, 19_819, 21_719]

    ordered = curtailments.order(
        session, actor=REGISTRAR, water_year=2026, cuts=cuts, reason="drought", legal_source="art. 41"
    )
    posted = curtailments.advance(session, actor=REGISTRAR, curtailment_id=ordered.id)

    assert (posted.status, posted.taken_litres) == ("resuming", 50_000)
    for name, right in rights.items():
        [account] = registry.accounts_of(right.participant_id)
        before = right.volume_litres
        assert registry.figures(account.id).available_litres == before - TAKEN[name], name
    assert {code: registry.left(cap) for code, cap in caps.items()} == LEFT
    notices = db.raw(session).execute(
        "SELECT count(*) FROM outbox WHERE topic = 'registry.water_account.curtailed'"
    )
    assert notices.fetchone() == (3,)
