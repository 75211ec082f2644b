"""A regulator can read every alert, in two languages, and every threshold says where it comes from."""

from __future__ import annotations

import dataclasses

import pytest

from market.supervision.surveillance import BASES, Thresholds, detect, detector_name, figure_text
from market.supervision.surveillance.evidence import DETECTORS
from market.supervision.surveillance.thresholds import UnusableThreshold
from market.supervision.surveillance.words import DETECTORS as NAMES
from market.supervision.surveillance.words import FIGURES, RULES
from tests.surveillance.scenarios import SCENARIOS


def test_every_threshold_has_a_basis() -> None:
    assert list(BASES) == [one.name for one in dataclasses.fields(Thresholds)]
    assert all(one.source for one in BASES.values())
    assert [name for name, one in BASES.items() if not one.demonstration] == ["idle_years_least"]


@pytest.mark.parametrize("wrong", [
    {"wash_within_hours": 0}, {"orders_share_per_mille": 500}, {"own_marks_least": 1}, {"own_marks_least": 4},
    {"wash_hands_most": 1},
])  # fmt: skip
def test_a_threshold_that_says_something_else_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UnusableThreshold):
        Thresholds(**wrong)


def test_every_detector_has_a_name_and_a_rule() -> None:
    assert set(NAMES) == set(RULES) == set(DETECTORS)
    assert detector_name("hoarding", "zh") == "水权闲置"


def test_every_alert_can_be_read() -> None:
    seen = set()
    for alert in (alert for case in SCENARIOS for alert in detect(case.evidence)):
        assert alert.rule == RULES[alert.detector] and alert.parties and alert.figures
        assert alert.detector in ("concentration_of_rights", "hoarding") or (alert.first_at and alert.last_at)
        for figure in alert.figures:
            assert figure_text(figure, "en") and figure_text(figure, "zh") != figure_text(figure, "en")
        seen |= {name for name, _, _ in alert.figures}
    assert seen == set(FIGURES)


def test_a_stricter_county_sees_more_and_a_laxer_one_less() -> None:
    half = next(one for one in SCENARIOS if one.id == "rights-half-the-zone").evidence
    assert [one.detector for one in detect(half)] == ["concentration_of_rights"]
    assert detect(half, Thresholds(rights_share_per_mille=500)) == ()
    assert len(detect(half, Thresholds(rights_share_per_mille=60))) > 1
