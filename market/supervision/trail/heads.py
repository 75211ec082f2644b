"""Signed heads of the audit chains: what a chain ended with at an instant, so that nobody can shorten it unseen. Pure.

Signature: Ed25519 (RFC 8032) over the canonical text below. The key is derived from the installation's one secret; its
public half is published with every head, and whoever checks an export holds the one printed when the market opened.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from market.core.links import instant

PURPOSE = "audit-head"
"""For which the installation's secret gives the signing key."""
_TITLE = "karez audit head 1"


@dataclass(frozen=True)
class Head:
    """The last entry of a chain at an instant, with the signature and the public key that made it."""

    chain: str
    seq: int
    hash: bytes
    at: dt.datetime
    key: bytes
    signature: bytes

    def document(self) -> dict[str, Any]:
        """As JSON: bytes in hexadecimal, the instant in UTC."""
        return {
            "chain": self.chain,
            "seq": self.seq,
            "hash": self.hash.hex(),
            "at": instant(self.at),
            "key": self.key.hex(),
            "signature": self.signature.hex(),
        }


def _text(chain: str, seq: int, digest: bytes, at: dt.datetime) -> bytes:
    return "\n".join((_TITLE, chain, str(seq), digest.hex(), instant(at))).encode()


def sign(secret: bytes, chain: str, seq: int, digest: bytes, at: dt.datetime) -> Head:
    """A head, signed with the key of 32 secret bytes."""
    private = Ed25519PrivateKey.from_private_bytes(secret)
    signature = private.sign(_text(chain, seq, digest, at))
    return Head(chain, seq, digest, at, private.public_key().public_bytes_raw(), signature)


def public_key(secret: bytes) -> bytes:
    """The public half of the key of 32 secret bytes."""
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def is_signed(head: Head) -> bool:
    """Whether the head's key signed it."""
    try:
        public = Ed25519PublicKey.from_public_bytes(head.key)
        public.verify(head.signature, _text(head.chain, head.seq, head.hash, head.at))
    except (InvalidSignature, ValueError):
        return False
    return True


def read(document: Any) -> Head:
    """The reverse of `document`. Errors: ValueError for what is no head."""
    try:
        return Head(
            str(document["chain"]),
            _number(document["seq"]),
            bytes.fromhex(document["hash"]),
            dt.datetime.fromisoformat(document["at"]),
            bytes.fromhex(document["key"]),
            bytes.fromhex(document["signature"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("this is no head of an audit chain") from error


def _number(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("a place in a chain is a whole number")
    return value


def fingerprint(key: bytes) -> str:
    """What people compare of a public key: SHA-256, the first 16 bytes in groups of four characters."""
    digest = hashlib.sha256(key).hexdigest()[:32]
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4))
