"""Signatures by Standard Webhooks: HMAC-SHA256 over "id.timestamp.body", `v1,` and base64. Pure.

Not the scheme of `payments.signatures`, by which the payment provider signs: there the id is not signed, and the digest
is hexadecimal.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32
"""The specification allows 24 to 64."""


def new_secret() -> str:
    """A secret as its owner is shown it, once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, number: str, at: int, body: bytes) -> str:
    """The signature of an event (its public id) that is sent at a Unix time."""
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    signed = f"{number}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(signing: Iterable[str], number: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers; a signature for each secret, so that a receiver may know either while one is rotated."""
    return {
        "webhook-id": number,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(sign(each, number, at, body) for each in signing),
    }
