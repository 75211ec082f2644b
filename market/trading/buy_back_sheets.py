"""A village's list as a sheet: a water account and a volume in each row, an error for each row that is bad."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from market.core import audit, ids
from market.core.errors import NotFound, Refusal, UnknownId
from market.core.sheets.columns import Column, Kind, Problem, Register
from market.core.sheets.gathering import Gathered, gather
from market.core.sheets.reading import Row, read
from market.trading import buy_back_queries
from market.trading.buy_back_takes import Asked, Taken, take_list

BUY_BACK_LIST = Register(
    "buy-back-list",
    "回购清单",
    "buy-back list",
    (
        Column("water_account_id", "水量账户编号", "water account", required=True, most=40),
        Column("volume_litres", "水量(立方米)", "volume (m3)", Kind.DECIMAL),
    ),
    ("water_account_id",),
)
"""An empty volume is all that may be sold."""


def take_sheet(
    session: Session,
    *,
    actor: audit.Actor,
    buy_back_id: int,
    data: bytes,
    basis: str,
    partial: bool,
    share: bool,
) -> tuple[Gathered, Taken]:
    """Sells what the rows of a file say, for whom the actor may sell. Errors: those of sheets and of `take_list`."""
    found = gather(read(data, BUY_BACK_LIST))
    asked: list[Asked] = []
    known: list[Row] = []
    for row in found.good:
        try:
            account = ids.parse("wac", row.values["water_account_id"])
        except UnknownId:
            found.refuse_by_rule(row, "A", NotFound("there is no such water account"))
            continue
        known.append(row)
        asked.append(Asked(account, row.values["volume_litres"]))
    found.good = known
    theirs = allowed(session, actor, asked)
    rows = {row.number: row for row in known}

    def refuse(refused: Sequence[tuple[int, Refusal]]) -> None:
        for number, refusal in refused:
            column = BUY_BACK_LIST.letter({"/volume": "volume_litres"}.get(refusal.pointer or "", ""))
            found.refuse_by_rule(rows[number], column or "A", refusal)
        found.check(partial=partial)

    taken = take_list(
        session,
        actor=actor,
        buy_back_id=buy_back_id,
        asked=[each for each in asked if each.water_account_id in theirs],
        rows=[row.number for row, each in zip(known, asked, strict=True) if each.water_account_id in theirs],
        refused=[
            (row.number, NotFound("there is no such water account", pointer="/water_account_id"))
            for row, each in zip(known, asked, strict=True)
            if each.water_account_id not in theirs
        ],
        basis=basis,
        partial=partial,
        share=share,
        check=refuse,
    )
    if partial:
        refuse(taken.refused)
    found.good = [row for row in known if row.number not in found.bad]
    return found, taken


def allowed(session: Session, actor: audit.Actor, asked: Sequence[Asked]) -> set[int]:
    """Those of the accounts of a list that the actor may sell from."""
    assert actor.user_id is not None
    return buy_back_queries.may_sell_for(
        session,
        water_account_ids=[each.water_account_id for each in asked],
        participant_id=actor.participant_id,
        user_id=actor.user_id,
    )


def check_rows(refused: Sequence[tuple[int, Refusal]]) -> None:
    """Refuses a whole list of JSON rows if one of them was refused. Errors: RowsWrong."""
    gathered = Gathered()
    for problem in problems(refused):
        gathered.refuse(problem)
    gathered.check(partial=False)


def problems(refused: Sequence[tuple[int, Refusal]]) -> list[Problem]:
    """Rows that were refused, numbered from 1, as a sheet's problems are told."""
    return [Problem(number + 1, "", each.code, each.detail, each.title_zh) for number, each in refused]
