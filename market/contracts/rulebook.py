"""Which numbers judge a saving, and how long each step of a report takes: the county pack's, dated, else the code's.

A baseline keeps the rules that were in force when it was proposed, and they judge its reports too, whatever the county
states later: what both sides agreed to must come out of the same inputs for ever (SAVINGS section 8, invariant 15). A
clock is of the day on which it starts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import fields

import msgspec
from sqlalchemy.orm import Session

from market.contracts import states
from market.contracts.report_models import ContractBaseline
from market.contracts.savings import Rules
from market.core.db import raw
from market.county.current import pack_in_force

_decode = msgspec.json.Decoder(Rules).decode

_E6 = 1_000_000


def rules_at(session: Session, day: dt.date) -> Rules:
    """The rules that judge a baseline proposed on a day."""
    stated = pack_in_force(raw(session)).savings_on(day)
    values = {
        each.name: stated[each.name].value_e6 // _E6
        if isinstance(each.default, int)
        else stated[each.name].value_e6 / _E6
        for each in fields(Rules)
        if each.name in stated
    }
    return msgspec.convert(values, type=Rules)


def rules_of(row: ContractBaseline) -> Rules:
    """The rules that a baseline, and every report against it, is judged by."""
    return _decode(row.rules_text.encode())


def clock_at(session: Session, name: str, day: dt.date) -> tuple[int, str]:
    """How long a clock is that starts on a day, and in which unit."""
    stated = pack_in_force(raw(session)).savings_on(day).get(name)
    return (stated.length, stated.unit) if stated is not None else states.CLOCKS[name]
