"""Names before the public: the first character stays, the rest is masked."""

from __future__ import annotations

from market.participants.privacy import Kind
from market.participants.privacy import masked as _masked


def masked(name: str) -> str:
    """What the public sees of a name: its length is not told either."""
    return _masked(Kind.NAME, name)
