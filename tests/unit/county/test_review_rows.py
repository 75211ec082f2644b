"""What a county's pack says of its desks: which matters, from which day on, how decided; and how it is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from market.county.errors import PackError
from market.county.loader import load
from market.county.pack import Pack
from tests.unit.county.small import SMALL

LISTED = """
reviews:
  - {code: large, from_sector: agriculture, from_volume: "500", working_days: 20, four_eyes: true, publication_days: 7, objection: true, objection_stops: true, demonstration: true}
  - {code: conversion, from_sector: agriculture, to_sector: industry, working_days: 20, until: "2027-06-30", demonstration: true}
  - {code: across, crossing_districts: true, working_days: 10, silence: approved, demonstration: true}
  - {code: across, crossing_districts: true, working_days: 15, from: "2027-01-01", silence: escalated, demonstration: true}
  - {code: rights, of: right, kind: abstraction_permit, hearing_stops: false, demonstration: true}
  - {code: complaints, of: complaint, working_days: 2, demonstration: true}

desks:
  - {code: trades, zh: 审核岗, en: Trades, mark: 某水审, demonstration: true}
"""  # noqa: E501


def _text(listed: str = LISTED) -> str:
    start = SMALL.index("reviews:")
    end = SMALL.index("tariffs:")
    return SMALL[:start] + SMALL[end:] + listed


def test_a_rule_holds_from_its_day_until_its_last_or_the_next_of_its_code() -> None:
    pack = load(_text())
    assert Pack.from_json(pack.to_json()) == pack and pack.has_dated_reviews
    assert not load(SMALL).has_dated_reviews

    def found(day: str) -> list[tuple[str, int]]:
        rules = pack.review_rules("agriculture", "industry", "K1", "K3", dt.date.fromisoformat(day))
        return [(rule.code, rule.working_days) for rule in rules]

    assert found("2026-12-31") == [("large", 20), ("conversion", 20), ("across", 10)]
    assert found("2027-01-01") == [("large", 20), ("conversion", 20), ("across", 15)]
    assert found("2027-07-01") == [("large", 20), ("across", 15)]
    assert [rule.code for rule in pack.reviews_on(dt.date(2026, 1, 1)) if rule.of != "trade"] == [
        "rights",
        "complaints",
    ]


def test_a_rule_says_its_desk_its_persons_and_its_warning() -> None:
    pack = load(_text())
    rules = {rule.code: rule for rule in pack.reviews_on(dt.date(2026, 1, 1))}
    assert {code: rule.desk for code, rule in rules.items()} == {
        "large": "trades", "conversion": "trades", "across": "trades", "rights": "rights",
        "complaints": "supervision",
    }  # fmt: skip
    large = rules["large"]
    assert (large.four_eyes, large.publication_days, large.objection, large.silence) == (
        True,
        7,
        True,
        "nothing",
    )
    assert (large.warn_days, rules["complaints"].warn_days, rules["rights"].hearing_stops) == (3, 2, False)
    desk = pack.desk("trades")
    assert desk is not None and (desk.mark, pack.desk("rights")) == ("某水审", None)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("of: right, kind", "of: wrong, kind", "must be one of trade"),
        ("of: complaint,", "of: complaint, kind: regional,", "a rule of complaint does not say this"),
        ("of: complaint,", 'of: complaint, from_volume: "1",', "a rule of complaint does not say this"),
        ("of: complaint,", "of: complaint, publication_days: 3,", "a rule of complaint does not say this"),
        ("of: complaint, working_days: 2,", "of: complaint,", "the key working_days is missing"),
        ("hearing_stops: false", "working_days: 9", "the days of right stand in clocks and negotiated"),
        ("of: complaint, working_days: 2,", "of: claw_back, four_eyes: true,", "a rule of claw_back does not say this"),
        ("of: complaint, working_days: 2,", "of: refund, working_days: 2, silence: nothing,",
         "a rule of refund does not say this"),
        ('until: "2027-06-30"', 'from: "2027-07-01", until: "2027-06-30"', "ends before it begins"),
        ("publication_days: 7, objection", "objection", "publication_days is missing"),
        ("publication_days: 7, objection: true, objection_stops", "publication_stops", "nothing is published here"),
        ("objection: true, objection_stops", "objection_stops", "nobody objects here"),
        ("working_days: 2,", "working_days: 2, warn_days: 3,", "warns before it begins"),
        ("of: complaint, working_days: 2,", "of: complaint, working_days: 2, silence: approved,",
         "silence decides of trades only"),
        ("of: complaint, working_days: 2,", "of: complaint, working_days: 2, silence: escalated,",
         "there is no desk above supervision"),
        ("silence: approved", "silence: approved, four_eyes: true", "where two persons decide, silence does not"),
        ("silence: approved", "silence: perhaps", "must be one of nothing, approved, refused, escalated"),
        ("desks:\n  - {code: trades", "desks:\n  - {code: kitchen", "must be one of trades"),
        (', from: "2027-01-01"', "", "across stands twice, first in line"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_its_line(old: str, new: str, reason: str) -> None:
    text = _text(LISTED.replace(old, new, 1))
    assert text != _text()
    with pytest.raises(PackError) as refused:
        load(text)
    assert reason in str(refused.value)
    assert refused.value.line > _text("").count("\n")
