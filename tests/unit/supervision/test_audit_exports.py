"""An export of the audit trail says on any machine whether it is what was written."""

from __future__ import annotations

import random

import pytest

from market.core.links import GENESIS
from market.supervision.trail import exports, heads
from tests.unit.supervision import tampering
from tests.unit.supervision.tampering import AT, FORGERS, SECRET, entries, lines_of

KEY = heads.public_key(SECRET)
TAMPERED = 3_000


def test_an_untouched_export_is_whole() -> None:
    whole = {chain: entries(random.Random(1), chain, 20) for chain in tampering.CHAINS}
    published = [heads.sign(SECRET, "api", 7, whole["api"][6].hash, AT)]
    report = exports.check(lines_of(whole), key=KEY, published=published)
    assert report["problems"] == []
    assert report["entries"] == 40
    assert report["keys"] == [KEY.hex()]


def test_every_tampered_copy_is_found() -> None:
    found, missed = tampering.play(TAMPERED, seed=2026)
    assert missed == []
    assert set(found) == {kind.__name__ for kind in tampering.KINDS}


def test_an_export_of_what_came_later_begins_where_the_one_before_ended() -> None:
    found = entries(random.Random(1), "api", 9)
    head = heads.sign(SECRET, "api", 9, found[-1].hash, AT)
    lines = [exports.header({"api": (4, found[3].hash)}, [head]), *map(exports.line, found[4:])]
    before = [heads.sign(SECRET, "api", 4, found[3].hash, AT)]
    assert exports.check(lines, key=KEY, published=before)["problems"] == []
    other = [heads.sign(SECRET, "api", 4, found[2].hash, AT)]
    assert "another past" in exports.check(lines, key=KEY, published=other)["problems"][0]["problem"]


def test_a_forger_who_signs_anew_is_found_by_the_key_alone() -> None:
    whole = {"api": entries(random.Random(1), "api", 3)}
    assert exports.check(lines_of(whole, FORGERS))["problems"] == []
    assert "another key" in exports.check(lines_of(whole, FORGERS), key=KEY)["problems"][0]["problem"]


def test_a_published_head_that_nobody_signed_is_no_evidence() -> None:
    whole = {"api": entries(random.Random(1), "api", 3)}
    head = heads.read(heads.sign(SECRET, "api", 3, whole["api"][-1].hash, AT).document() | {"seq": 2})
    problems = exports.check(lines_of(whole), key=KEY, published=[head])["problems"]
    assert "the published head is not signed with the key" in {each["problem"] for each in problems}


@pytest.mark.parametrize("first", [b"", b"[]", b"{}", b'{"format":"other"}', b"\xff", b"null"])
def test_what_is_no_export_is_said_to_be_none(first: bytes) -> None:
    assert "no header of an export" in exports.check([first])["problems"][0]["problem"]


def test_a_chain_without_entries_is_whole() -> None:
    head = heads.sign(SECRET, "api", 0, GENESIS, AT)
    assert exports.check([exports.header({"api": (0, GENESIS)}, [head])], key=KEY)["problems"] == []
