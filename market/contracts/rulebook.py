"""Which numbers judge a saving: those in force when its baseline was proposed, kept with it for good."""

from __future__ import annotations

import datetime as dt

import msgspec
from sqlalchemy.orm import Session

from market.contracts.report_models import ContractBaseline
from market.contracts.savings import Rules


def rules_at(session: Session, day: dt.date) -> Rules:
    """The rules that judge a baseline proposed on a day."""
    return Rules()


def rules_of(row: ContractBaseline) -> Rules:
    """The rules that a baseline, and every report against it, is judged by."""
    return msgspec.json.decode(row.rules_text.encode(), type=Rules)
