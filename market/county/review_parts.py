"""The parts of a county pack that say what goes before which desk of the bureau. Plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from market.county.parts import Basis

TRADE, PROGRAMME, RIGHT, TRANSFER, FIRM, COMPLAINT, ADMISSION, PLEDGE, REPORT, CLAW_BACK, REFUND = REVIEWED = (
    "trade", "programme", "right", "transfer", "firm", "complaint", "admission", "pledge", "report", "claw_back",
    "refund",
)  # fmt: skip
"""What goes before a desk: trades and calls, purchase programmes, applications for rights, leases and rights that are
sold, firms for the directory, complaints; and what only waits there, its steps being those of its own procedure."""
TRADES_DESK, RIGHTS_DESK, CONTRACTS_DESK, SUPERVISION_DESK = DESKS = (
    "trades", "rights", "contracts", "supervision",
)  # fmt: skip
NOTHING, APPROVED, REFUSED, ESCALATED = SILENCES = ("nothing", "approved", "refused", "escalated")


class ReviewRule(msgspec.Struct, frozen=True):
    """What goes before a desk of the bureau (`of`, one of REVIEWED), from a day on, and how it is decided there.

    None in a sector or kind: any; `crossing`: only across districts. `working_days` 0: the law's clocks or the lane of
    the deal say them. It is published for `publication_days`, with `objection` for others to object. `silence`: what
    it means that nobody decides in time. `four_eyes`: a second person confirms. Its colour turns `warn_days` before.
    """

    code: str
    working_days: int
    basis: Basis
    from_sector: str | None = None
    to_sector: str | None = None
    crossing: bool = False
    from_litres: int = 0
    of: str = TRADE
    kind: str | None = None
    desk: str = TRADES_DESK
    from_on: dt.date | None = None
    until_on: dt.date | None = None
    publication_days: int = 0
    objection: bool = False
    publication_stops: bool = False
    objection_stops: bool = False
    hearing_stops: bool = True
    silence: str = NOTHING
    four_eyes: bool = False
    warn_days: int = 3


class Desk(msgspec.Struct, frozen=True):
    """A desk of the bureau: what its decisions are signed with, and the mark that its notices are numbered under."""

    code: str
    zh: str
    en: str
    mark: str
    basis: Basis


def in_force(rules: Sequence[ReviewRule], day: dt.date) -> tuple[ReviewRule, ...]:
    """The rules in force on a day, in their order: of each code the latest that has begun, until its last day."""
    latest: dict[str, ReviewRule] = {}
    for rule in rules:
        before = latest.get(rule.code)
        if _begins(rule) <= day and (before is None or _begins(before) < _begins(rule)):
            latest[rule.code] = rule
    return tuple(
        rule
        for rule in rules
        if latest.get(rule.code) is rule and (rule.until_on is None or day <= rule.until_on)
    )


def _begins(rule: ReviewRule) -> dt.date:
    return rule.from_on or dt.date.min
