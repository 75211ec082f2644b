"""Steps whose changes count also when they refuse: a failed try at a password or a code, a stolen session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from market.api.http import settings
from market.core import db
from market.core.errors import Refusal

Made = TypeVar("Made")


def even_if_refused(step: Callable[[Session], Made]) -> Made:
    """Runs a step in a transaction of its own, which is committed also when the step refuses."""
    refusal: Refusal | None = None
    with db.transaction(settings().url()) as own:
        try:
            return step(own)
        except Refusal as error:
            refusal = error
    raise refusal
