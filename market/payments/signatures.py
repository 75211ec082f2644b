"""Signatures of events in the scheme `t=…,v1=…`: HMAC-SHA256 over "t.body" by a secret that both sides know."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Iterable

TOLERANCE_S = 300
"""How far the time of a signature may lie from now, on either side."""
_TIME = re.compile(r"[0-9]{1,12}")


def sign(body: bytes, secret: str, at: int) -> str:
    """The header for a body, signed at a Unix time."""
    return f"t={at},v1={_digest(body, secret, str(at))}"


def problem(body: bytes, header: str, secrets: Iterable[str], now: dt.datetime) -> str | None:
    """Why a header does not sign this body with one of the secrets, or None where it does.

    Several secrets, and several v1 in one header, are how a secret is rotated; other schemes (v0) are passed over, so
    that nobody can choose a weaker one. The signature is checked before its time: a forged time tells nothing.
    """
    parts = [each.partition("=") for each in header.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    given = [value for name, _, value in parts if name.strip() == "v1"]
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or not given:
        return "the signature header cannot be read"
    known = [_digest(body, each, times[0]) for each in secrets]
    # Every pair is compared, in constant time: neither which secret nor how much of it fits is told by the time taken.
    fits = [hmac.compare_digest(due.encode(), sent.encode()) for due in known for sent in given]
    if not any(fits):
        return "the signature is not of this body"
    if abs(int(now.timestamp()) - int(times[0])) > TOLERANCE_S:
        return f"the signature is not of the last {TOLERANCE_S} seconds"
    return None


def _digest(body: bytes, secret: str, at: str) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
