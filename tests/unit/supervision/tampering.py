"""Copies of an export of the audit trail that somebody has tampered with, one way or another, drawn from a seed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace

import msgspec

from market.core.links import GENESIS, Actor, Entry, Link, link_hash
from market.supervision.trail import exports, heads

SECRET, FORGERS = b"k" * 32, b"f" * 32
AT = dt.datetime(2026, 7, 1, 9, tzinfo=dt.UTC)
CHAINS = ("api", "engine")


def entries(chance: random.Random, chain: str, count: int) -> list[Entry]:
    """A whole chain."""
    made: list[Entry] = []
    previous = GENESIS
    for seq in range(1, count + 1):
        actor = Actor(
            chance.choice((None, 3, 14)), chance.choice((None, 7)), chance.choice((None, 2)), f"req-{seq}",
            chance.choice((None, "sign_in:4", "api_key:9")),
        )  # fmt: skip
        link = Link(
            actor, chance.choice(("order.placed", "review.approved")), chance.choice((None, "trade")),
            chance.randrange(1, 99), chance.choice((None, seq)), f'{{"before":{seq},"after":"水 {chance.random()}"}}',
            AT + dt.timedelta(seconds=seq),
        )  # fmt: skip
        digest = link_hash(chain, seq, previous, link)
        made.append(Entry(chain, seq, previous, digest, link))
        previous = digest
    return made


def chained(found: list[Entry]) -> list[Entry]:
    """The same links with new numbers and hashes, as a forger would chain them again."""
    made: list[Entry] = []
    previous = GENESIS
    for seq, each in enumerate(found, 1):
        digest = link_hash(each.chain, seq, previous, each.link)
        made.append(Entry(each.chain, seq, previous, digest, each.link))
        previous = digest
    return made


def lines_of(chains: dict[str, list[Entry]], secret: bytes = SECRET) -> list[bytes]:
    """An export of these chains, signed."""
    ends = [heads.sign(secret, chain, len(found), found[-1].hash, AT) for chain, found in chains.items()]
    first = exports.header(dict.fromkeys(chains, (0, GENESIS)), ends)
    return [first, *(exports.line(each) for found in chains.values() for each in found)]


Chains = dict[str, list[Entry]]
Tamper = Callable[[random.Random, Chains], list[bytes]]


def _edited(chance: random.Random, entry: Entry) -> Entry:
    link, actor = entry.link, entry.link.actor
    changed = chance.choice(
        (
            replace(link, action=link.action + "x"),
            replace(link, detail=link.detail.replace("before", "Before")),
            replace(link, at=link.at + dt.timedelta(microseconds=1)),
            replace(link, subject_id=(link.subject_id or 0) + 1),
            replace(link, batch_id=(link.batch_id or 0) + 1),
            replace(link, subject_type=f"{link.subject_type}s"),
            replace(link, actor=replace(actor, user_id=(actor.user_id or 0) + 1)),
            replace(link, actor=replace(actor, participant_id=(actor.participant_id or 0) + 1)),
            replace(link, actor=replace(actor, mandate_id=(actor.mandate_id or 0) + 1)),
            replace(link, actor=replace(actor, request_id=f"{actor.request_id}0")),
            replace(link, actor=replace(actor, origin=None if actor.origin else "sign_in:1")),
        )
    )
    return replace(entry, link=changed)


def _one(chance: random.Random, chains: Chains) -> tuple[list[Entry], int]:
    found = chains[chance.choice(CHAINS)]
    return found, chance.randrange(len(found))


def edit(chance: random.Random, chains: Chains) -> list[bytes]:
    """One field of one entry, the hashes left."""
    whole = lines_of(chains)
    found, at = _one(chance, chains)
    whole[whole.index(exports.line(found[at]))] = exports.line(_edited(chance, found[at]))
    return whole


def edit_hashed(chance: random.Random, chains: Chains) -> list[bytes]:
    """One field, and this entry's own hash with it."""
    whole = lines_of(chains)
    found, at = _one(chance, chains)
    changed = _edited(chance, found[at])
    changed = replace(changed, hash=link_hash(changed.chain, changed.seq, changed.previous, changed.link))
    whole[whole.index(exports.line(found[at]))] = exports.line(changed)
    return whole


def edit_chained(chance: random.Random, chains: Chains) -> list[bytes]:
    """One field, every hash after it made anew, under the true head."""
    first = lines_of(chains)[0]
    found, at = _one(chance, chains)
    found[at] = _edited(chance, found[at])
    found[:] = chained(found)
    return [first, *lines_of(chains)[1:]]


def edit_signed(chance: random.Random, chains: Chains) -> list[bytes]:
    """The same, and a new head with the forger's own key."""
    found, at = _one(chance, chains)
    found[at] = _edited(chance, found[at])
    found[:] = chained(found)
    return lines_of(chains, FORGERS)


def delete(chance: random.Random, chains: Chains) -> list[bytes]:
    """One line is missing."""
    whole = lines_of(chains)
    del whole[chance.randrange(1, len(whole))]
    return whole


def delete_chained(chance: random.Random, chains: Chains) -> list[bytes]:
    """One entry is missing, and the rest is numbered and chained anew under the true head."""
    first = lines_of(chains)[0]
    found, at = _one(chance, chains)
    del found[at]
    found[:] = chained(found)
    return [first, *lines_of(chains)[1:]]


def swap(chance: random.Random, chains: Chains) -> list[bytes]:
    """Two entries of one chain have changed places."""
    whole = lines_of(chains)
    found = chains[chance.choice(CHAINS)]
    one, other = (whole.index(exports.line(each)) for each in chance.sample(found, 2))
    whole[one], whole[other] = whole[other], whole[one]
    return whole


def insert(chance: random.Random, chains: Chains) -> list[bytes]:
    """One entry stands there twice, or one more with good hashes of its own."""
    whole = lines_of(chains)
    found, at = _one(chance, chains)
    more = found[at]
    if chance.random() < 0.5:
        link = _edited(chance, more).link
        more = Entry(
            more.chain, more.seq + 1, more.hash, link_hash(more.chain, more.seq + 1, more.hash, link), link
        )
    whole.insert(whole.index(exports.line(found[at])) + 1, exports.line(more))
    return whole


def truncate(chance: random.Random, chains: Chains) -> list[bytes]:
    """The last lines are missing."""
    whole = lines_of(chains)
    return whole[: -chance.randint(1, len(whole) - 1)]


def truncate_signed(chance: random.Random, chains: Chains) -> list[bytes]:
    """A chain ends earlier, with a true head from that time: only what was published later tells."""
    found = chains[chance.choice(CHAINS)]
    del found[chance.randrange(1, len(found)) :]
    return lines_of(chains)


def write(chance: random.Random, chains: Chains) -> list[bytes]:
    """Any one byte of any line."""
    whole = lines_of(chains)
    at = chance.randrange(len(whole))
    text = bytearray(whole[at])
    place = chance.randrange(len(text))
    text[place] = (text[place] + chance.randrange(1, 256)) % 256
    whole[at] = bytes(text)
    return whole


def header(chance: random.Random, chains: Chains) -> list[bytes]:
    """The first line says something else."""
    whole = lines_of(chains)
    found = msgspec.json.decode(whole[0])
    head = chance.choice(found["heads"])
    begin = found["from"][head["chain"]]
    chance.choice(
        (
            lambda: head.update(seq=head["seq"] + 1),
            lambda: head.update(at="2026-07-01T09:00:00.000001+00:00"),
            lambda: head.update(hash="00" * 32),
            lambda: begin.update(seq=1),
            lambda: found["heads"].remove(head),
            lambda: found["from"].pop(head["chain"]),
        )
    )()
    whole[0] = msgspec.json.encode(found)
    return whole


KINDS: tuple[Tamper, ...] = (
    edit, edit_hashed, edit_chained, edit_signed, delete, delete_chained, swap, insert, truncate, truncate_signed,
    write, header,
)  # fmt: skip


def play(count: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """Tampers so many times; returns how often each kind was found, and the kinds that were not."""
    chance = random.Random(seed)
    key = heads.public_key(SECRET)
    found: dict[str, int] = {}
    missed: list[str] = []
    for number in range(count):
        if number % 500 == 0:
            whole = {chain: entries(chance, chain, chance.randint(2, 12)) for chain in CHAINS}
            known = [heads.sign(SECRET, chain, len(each), each[-1].hash, AT) for chain, each in whole.items()]
            assert exports.check(lines_of(whole), key=key, published=known)["problems"] == []
        kind = chance.choice(KINDS)
        copy = {chain: list(each) for chain, each in whole.items()}
        report = exports.check(kind(chance, copy), key=key, published=known)
        if report["problems"]:
            found[kind.__name__] = found.get(kind.__name__, 0) + 1
        else:
            missed.append(kind.__name__)
    return found, missed
