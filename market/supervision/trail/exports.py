"""The text of an export of the audit trail, and its check. Pure: runs on a machine that has no database.

An export is lines of JSON. The first says what it is, where each chain begins (`from`: the entry before the first,
which the export before ended with) and the signed heads that it ends with; every other line is one entry. A line that
is not exactly what the exporter would have written is a change like any other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from market.core.links import GENESIS, Actor, Entry, Link, Walk, instant
from market.supervision.trail import heads
from market.supervision.trail.heads import Head

FORMAT = "karez-audit-export/1"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_FIELDS = 15


def header(begins: Mapping[str, tuple[int, bytes]], ends: Iterable[Head]) -> bytes:
    """The first line."""
    return _encode(
        {
            "format": FORMAT,
            "from": {chain: {"seq": seq, "hash": digest.hex()} for chain, (seq, digest) in begins.items()},
            "heads": [each.document() for each in ends],
        }
    )


def line(entry: Entry) -> bytes:
    """One entry's line."""
    link, actor = entry.link, entry.link.actor
    return _encode(
        [
            entry.chain, entry.seq, entry.previous.hex(), entry.hash.hex(), instant(link.at), actor.user_id,
            actor.participant_id, actor.mandate_id, link.action, link.subject_type, link.subject_id, link.batch_id,
            actor.request_id, link.detail, actor.origin,
        ]
    )  # fmt: skip


def _entry(text: bytes) -> Entry:
    """The reverse of `line`. Errors: ValueError."""
    found = _decode(text)
    if not isinstance(found, list) or len(found) != _FIELDS:
        raise ValueError("not an entry")
    actor = Actor(found[5], found[6], found[7], found[12], found[14])
    at = dt.datetime.fromisoformat(found[4])
    link = Link(actor, found[8], found[9], found[10], found[11], found[13], at)
    entry = Entry(found[0], found[1], bytes.fromhex(found[2]), bytes.fromhex(found[3]), link)
    if line(entry) != text:
        raise ValueError("not as an exporter writes it")
    return entry


def check(
    lines: Iterable[bytes], *, key: bytes | None = None, published: Iterable[Head] = ()
) -> dict[str, Any]:
    """What is wrong with an export: {"entries", "heads", "keys", "problems": [{chain, seq, problem}]}.

    `key`: the public key that must have signed (without it the one in the export is believed, which finds everything
    but a forger who signs anew). `published`: heads that were made known before; each must lie on its chain.
    """
    source = iter(lines)
    try:
        begins, ends = _opening(next(source, b""))
    except (ValueError, msgspec.DecodeError) as error:
        return _report(0, (), [_problem("", 0, f"the first line is no header of an export: {error}")])
    problems = [_problem(each.chain, each.seq, words) for each, words in _bad_heads(ends, key)]
    known: dict[str, dict[int, Head]] = {}
    for each in published:
        if not heads.is_signed(each) or (key is not None and each.key != key):
            problems.append(_problem(each.chain, each.seq, "the published head is not signed with the key"))
        known.setdefault(each.chain, {})[each.seq] = each
    walks = {chain: Walk(chain, seq, digest) for chain, (seq, digest) in begins.items()}
    count = 0
    for entry, fault in _entries(source):
        count += 1
        if entry is None or entry.chain not in walks:
            problems.append(_problem("", count, fault or "of a chain that the export does not have"))
            continue
        walks[entry.chain].take(entry)
        expected = known.get(entry.chain, {}).get(entry.seq)
        if expected is not None and expected.hash != entry.hash:
            problems.append(_problem(entry.chain, entry.seq, "a published head says otherwise"))
    for each in ends:
        if each.chain in walks:
            walks[each.chain].end(each.seq, each.hash)
    for walk in walks.values():
        problems += walk.problems
        problems += _beyond(walk, begins[walk.chain], known.get(walk.chain, {}))
    return _report(count, ends, problems)


def _opening(first: bytes) -> tuple[dict[str, tuple[int, bytes]], list[Head]]:
    found = _decode(first)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError("its format is unknown")
    try:
        begins = {
            chain: (int(each["seq"]), bytes.fromhex(each["hash"])) for chain, each in found["from"].items()
        }
        ends = [heads.read(each) for each in found["heads"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("a part of it is missing") from error
    if sorted(begins) != sorted(each.chain for each in ends):
        raise ValueError("each chain has one beginning and one head")
    if any(seq == 0 and digest != GENESIS for seq, digest in begins.values()):
        raise ValueError("a chain does not begin where chains begin")
    if header(begins, ends) != first:
        raise ValueError("not as an exporter writes it")
    return begins, ends


def _bad_heads(ends: Iterable[Head], key: bytes | None) -> Iterator[tuple[Head, str]]:
    for each in ends:
        if not heads.is_signed(each):
            yield each, "its head is not signed"
        elif key is not None and each.key != key:
            yield each, "its head is signed with another key"


def _entries(lines: Iterator[bytes]) -> Iterator[tuple[Entry | None, str]]:
    for text in lines:
        try:
            yield _entry(text), ""
        except (ValueError, TypeError, AttributeError, msgspec.DecodeError):
            yield None, "a line that is no entry, or not as an exporter writes it"


def _beyond(walk: Walk, began: tuple[int, bytes], known: Mapping[int, Head]) -> Iterator[dict[str, Any]]:
    """Published heads that the export should hold and does not: it was cut, or begins with another past."""
    for seq, head in known.items():
        if seq > walk.seq:
            yield _problem(walk.chain, seq, "the export ends before a head that was published")
        elif seq == began[0] and head.hash != began[1]:
            yield _problem(walk.chain, seq, "the export begins with another past than was published")


def _problem(chain: str, seq: int, words: str) -> dict[str, Any]:
    return {"chain": chain, "seq": seq, "problem": words}


def _report(entries: int, ends: Iterable[Head], problems: list[dict[str, Any]]) -> dict[str, Any]:
    documents = [each.document() for each in ends]
    return {
        "entries": entries,
        "heads": documents,
        "keys": sorted({each["key"] for each in documents}),
        "problems": problems,
    }
