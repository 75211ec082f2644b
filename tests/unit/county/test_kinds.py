"""How rights of a kind are confirmed is a rule of the county pack; a pack from before says nothing of it."""

from __future__ import annotations

import pytest

from market.county import loader
from market.county.document import PackError
from tests.unit.county.small import SMALL

DAYS = "clocks:\n  - {name: publication_objection, length: 15, unit: days, demonstration: true}\n"
TIMED = SMALL.replace("clocks:\n", DAYS)
PERMIT = "  - {kind: abstraction_permit, publication: true, source: law art. 1, status: read}\n"


def test_a_pack_without_the_section_publishes_nothing() -> None:
    assert not loader.load(SMALL).publication_needed("abstraction_permit")


def test_a_kind_is_published_where_the_pack_says_so() -> None:
    pack = loader.load(TIMED + "kinds:\n" + PERMIT)
    assert pack.publication_needed("abstraction_permit")
    assert not pack.publication_needed("irrigation_certificate")
    assert type(pack).from_json(pack.to_json()) == pack


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SMALL + "kinds:\n" + PERMIT, "the clock publication_objection is missing"),
        (TIMED + "kinds:\n" + PERMIT + PERMIT, "abstraction_permit stands twice"),
        (TIMED + "kinds:\n" + PERMIT.replace("abstraction_permit", "well"), "must be one of"),
        (TIMED + "kinds:\n" + PERMIT.replace(", source: law art. 1, status: read", ""), "needs a source"),
    ],
)
def test_a_mistake_is_refused_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(PackError, match=reason) as refusal:
        loader.load(text)
    assert f"line {text.count(chr(10))}" in str(refusal.value)
