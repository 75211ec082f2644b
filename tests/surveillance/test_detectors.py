"""How well the detectors find what the labelled set names, and how seldom they name anybody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from market.supervision.surveillance import detect
from market.supervision.surveillance.evidence import DETECTORS
from tests.surveillance import variants
from tests.surveillance.building import Scenario
from tests.surveillance.dealers import Market
from tests.surveillance.scenarios import SCENARIOS
from tests.surveillance.scoring import score
from tests.surveillance.variants import blurred, dearer, larger, later, other_noise, renamed

Told = Callable[[], Iterable[Scenario]]

TOLD: dict[str, Told] = {
    "dearer by half": lambda: (dearer(case, (3, 2)) for case in SCENARIOS),
    "cheaper by three tenths": lambda: (dearer(case, (7, 10)) for case in SCENARIOS),
    "a third of the volumes": lambda: (larger(case, (1, 3)) for case in SCENARIOS),
    "five times the volumes": lambda: (larger(case, (5, 1)) for case in SCENARIOS),
    "a week later": lambda: (later(case, 1) for case in SCENARIOS),
    "a year later": lambda: (later(case, 52) for case in SCENARIOS),
    "under other names": lambda: (renamed(case, 1) for case in SCENARIOS),
    "blurred": lambda: (blurred(case, seed) for seed in (1, 2) for case in SCENARIOS),
}
"""The same record in other words: nobody would say anything else of it."""

OTHER_MARKETS = range(1000, 9000, 1000)
"""Offsets of the seed of what is ordinary."""


def test_the_labelled_set_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    found = score(SCENARIOS)
    with capsys.disabled():
        print(f"\n{found.table('labelled set')}")
    assert sum(found.expected.values()) == 44
    assert found.recall() >= 0.95, found.misses
    assert found.precision() >= 0.9, found.misses
    for detector in DETECTORS:
        assert found.recall(detector) >= 0.75 and found.precision(detector) >= 0.75, found.misses


@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD.keys())
def test_no_case_is_known_by_its_numbers(told: Told) -> None:
    found = score(told())
    assert found.recall() >= 0.97, found.misses
    assert found.precision() >= 0.97, found.misses


def test_a_case_is_found_among_other_people_too(capsys: pytest.CaptureFixture[str]) -> None:
    found = score(case for offset in OTHER_MARKETS for case in other_noise(offset))
    with capsys.disabled():
        print(f"\n{found.table('in eight other markets')}")
    assert sum(found.expected.values()) == 44 * len(OTHER_MARKETS)
    assert found.recall() >= 0.97, found.misses
    assert found.precision() >= 0.97, found.misses


def test_other_noise_is_other_noise() -> None:
    assert [one.id for one in other_noise(1000)] == [one.id for one in SCENARIOS]
    assert all(one.evidence != case.evidence for one, case in zip(other_noise(1000), SCENARIOS, strict=True))


def test_ordinary_days_are_no_alert() -> None:
    found = score(variants.ordinary(seed) for seed in range(200))
    assert sum(found.false.values()) <= 1, found.misses


def test_dealers_who_mean_no_ill_are_seldom_named() -> None:
    """Chance does what is looked for: some alerts come. There are about a thousand events and 140 trades in each."""
    alerts = [alert for seed in range(40) for alert in detect(Market(seed).evidence())]
    assert len(alerts) <= 8, alerts


def test_the_order_in_which_a_record_is_told_says_nothing() -> None:
    for case in SCENARIOS[::7]:
        seen = case.evidence
        turned = variants.Evidence(
            seen.parties[::-1],
            seen.orders,
            seen.trades,
            seen.closes[::-1],
            seen.rights[::-1],
            seen.announcements,
        )
        assert detect(turned) == detect(seen)
