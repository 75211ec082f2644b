"""The links of an audit chain and how one is held against the one before it. Pure; no database.

A link's hash covers its predecessor's hash and every field, so that an edit, a deletion, an insertion or a
re-ordering breaks the chain. No personal data goes in: actors and subjects are ids, and `origin` names the sign-in or
the API key through which the actor came; from which address that was is kept apart from the chain, and not for ever.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any

import msgspec

GENESIS = bytes(32)


@dataclass(frozen=True)
class Actor:
    """Who acts: the user, the participant acted for, the mandate under which if it is not the user's own, from where.

    `origin`: `sign_in:N`, `api_key:N`; None where a job or the engine acts.
    """

    user_id: int | None = None
    participant_id: int | None = None
    mandate_id: int | None = None
    request_id: str | None = None
    origin: str | None = None


@dataclass(frozen=True)
class Link:
    """One entry before it is chained."""

    actor: Actor
    action: str
    subject_type: str | None
    subject_id: int | None
    batch_id: int | None
    detail: str
    at: dt.datetime


@dataclass(frozen=True)
class Entry:
    """A link at its place in a chain, as it is kept or was exported."""

    chain: str
    seq: int
    previous: bytes
    hash: bytes
    link: Link


def instant(at: dt.datetime) -> str:
    """The one text of an instant: UTC, microseconds."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")


def digest(
    chain: str, seq: int, previous: str, at: str, actor: Actor, action: str, subject_type: str | None,
    subject_id: int | None, batch_id: int | None, detail: str,
) -> hashlib._Hash:  # fmt: skip
    """SHA-256 over the predecessor's hash (hexadecimal) and the canonical text of every field."""
    fields: list[Any] = [
        chain,
        seq,
        previous,
        at,
        actor.user_id,
        actor.participant_id,
        actor.mandate_id,
        action,
        subject_type,
        subject_id,
        batch_id,
        actor.request_id,
        detail,
    ]
    if actor.origin is not None:  # links from before origins were kept have the hash that they always had
        fields.append(actor.origin)
    return hashlib.sha256(msgspec.json.encode(fields))


def link_hash(chain: str, seq: int, previous: bytes, link: Link) -> bytes:
    """The hash of a link at its place."""
    return digest(
        chain, seq, previous.hex(), instant(link.at), link.actor, link.action, link.subject_type, link.subject_id,
        link.batch_id, link.detail,
    ).digest()  # fmt: skip


@dataclass
class Walk:
    """One chain, walked from a known place; `take` says what is wrong with the next entry."""

    chain: str
    seq: int = 0
    hash: bytes = GENESIS
    problems: list[dict[str, Any]] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        """Holds the next entry against the one before it, and goes on from it whatever was found."""
        problem = self._problem(entry)
        if problem is not None:
            self.problems.append({"chain": self.chain, "seq": entry.seq, "problem": problem})
        self.seq, self.hash = entry.seq, entry.hash

    def _problem(self, entry: Entry) -> str | None:
        if entry.chain != self.chain or entry.seq != self.seq + 1:
            return "a link is missing before this one"
        if entry.previous != self.hash:
            return "does not name its predecessor's hash"
        if link_hash(entry.chain, entry.seq, entry.previous, entry.link) != entry.hash:
            return "its content was changed"
        return None

    def end(self, seq: int, digest: bytes) -> None:
        """The chain must end at this head."""
        if (self.seq, self.hash) != (seq, digest):
            self.problems.append(
                {"chain": self.chain, "seq": self.seq, "problem": "the chain does not end at its head"}
            )
