"""A village sells at once: all rows or none, the good ones on request, a short budget refused or shared."""

from __future__ import annotations

from typing import Any

import pytest

from market.core import clock, db, ids
from market.core.errors import Refusal
from market.core.sheets.errors import RowsWrong
from market.participants import mandates
from market.trading import buy_back_queries, buy_back_sheets
from market.trading.buy_back_takes import Asked, Taken, take_list
from tests.model.world import ALLOCATED, World
from tests.usecases.trading.storing import LOT, answer, budget, publish

TEN = 10 * LOT
TEN_FEN = 284


def _village(world: World, offer: int, rows: list[tuple[str, int | None]], **how: Any) -> Taken:
    with db.transaction(world.url) as session:
        return take_list(
            session, actor=world.names.actor, buy_back_id=offer, basis="signed by all",
            asked=[Asked(world.names.water[name], litres) for name, litres in rows],
            check=buy_back_sheets.check_rows, **how,
        )  # fmt: skip


def _batches(world: World) -> int:
    with db.connect(world.url) as connection:
        row = connection.execute("SELECT count(DISTINCT batch_id) FROM trades").fetchone()
    assert row is not None
    return int(row[0])


def test_all_rows_are_taken_in_one_batch_of_the_engine(world: World, storage: int) -> None:
    offer = publish(world, zone="KUSHAN-ID")
    found = _village(world, offer, [("a", TEN), ("b", TEN), ("d", None)], share=True)
    assert (len(found.takes), found.refused) == (3, [])
    answer(world, offer)
    assert _batches(world) == 1
    assert world.free("store") > 0


def test_one_bad_row_spoils_the_list_and_every_bad_row_is_told(world: World, storage: int) -> None:
    offer = publish(world)
    with pytest.raises(RowsWrong) as refused:
        _village(world, offer, [("a", TEN), ("c", TEN), ("b", ALLOCATED + LOT), ("a", LOT)])
    told = [(row["row"], row["code"]) for row in refused.value.extra["rows"]]
    assert told == [(2, "outside_buy_back"), (3, "insufficient_water"), (4, "duplicated_row")]
    assert budget(world, offer) == (10_000, 0, 0, 0)


def test_the_good_rows_are_taken_where_that_is_asked_for(world: World, storage: int) -> None:
    offer = publish(world)
    found = _village(world, offer, [("a", TEN), ("c", TEN)], partial=True)
    assert [take.volume_litres for take in found.takes] == [TEN]
    assert [(number, refusal.code) for number, refusal in found.refused] == [(1, "outside_buy_back")]
    answer(world, offer)
    assert budget(world, offer) == (10_000 - TEN_FEN, 0, TEN_FEN, 0)


def test_a_short_budget_refuses_the_list_or_is_shared_in_proportion(world: World, storage: int) -> None:
    offer = publish(world, budget_fen=TEN_FEN)
    with pytest.raises(Refusal) as refused:
        _village(world, offer, [("a", TEN), ("b", TEN)])
    assert refused.value.code == "buy_back_budget_short"
    found = _village(world, offer, [("a", TEN), ("b", TEN)], share=True)
    assert [take.volume_litres for take in found.takes] == [5 * LOT, 5 * LOT]
    assert found.sheet is not None and found.sheet.shared
    assert answer(world, offer) == "used_up"


def test_a_ceiling_counts_the_earlier_rows_of_the_same_list(world: World, storage: int) -> None:
    offer = publish(world, ceiling_e6=500_000)
    found = _village(world, offer, [("a", None)], partial=True)
    assert [take.volume_litres for take in found.takes] == [ALLOCATED // 2]
    answer(world, offer)


def test_a_clerk_sells_for_those_who_gave_it_a_mandate_and_nobody_else(world: World, storage: int) -> None:
    participant, water = world.names.participant, world.names.water
    with db.transaction(world.url) as session:
        user = session.connection().exec_driver_sql(
            f"SELECT id FROM users WHERE participant_id = {participant['d']}"
        ).scalar_one()  # fmt: skip
        asked = {"participant_id": participant["d"], "user_id": user, "water_account_ids": water.values()}
        assert buy_back_queries.may_sell_for(session, **asked) == {water["d"]}
        mandate(session, world, "a")
        assert buy_back_queries.may_sell_for(session, **asked) == {water["d"], water["a"]}
        everyone = buy_back_queries.may_sell_for(session, **asked | {"participant_id": None})
        assert everyone == set(water.values())


def mandate(session: Any, world: World, holder: str) -> None:
    """A holder lets d's user trade for it."""
    mandates.record(
        session, actor=world.names.actor, participant_id=world.names.participant[holder], clerk_login="model-d",
        scope="trade", document="signed", valid_from=clock.now(),
        valid_to=clock.end_of_legal_day(clock.today()),
    )  # fmt: skip


def test_a_sheet_tells_each_bad_row_where_it_stands(world: World, storage: int) -> None:
    offer = publish(world)
    name = {key: ids.public("wac", account) for key, account in world.names.water.items()}
    lines = ["水量账户编号,水量(立方米)", f"{name['a']},10", f"{name['c']},10", f"{name['b']},1.5", "wac_x,1"]
    sheet = {"data": "\n".join(lines).encode(), "basis": "signed", "share": False, "buy_back_id": offer}
    with pytest.raises(RowsWrong) as refused, db.transaction(world.url) as session:
        buy_back_sheets.take_sheet(session, actor=world.names.actor, partial=False, **sheet)  # type: ignore[arg-type]
    told = sorted((row["row"], row["column"], row["code"]) for row in refused.value.extra["rows"])
    assert told == [(3, "A", "outside_buy_back"), (4, "B", "not_whole_lots"), (5, "A", "not_found")]
    with db.transaction(world.url) as session:
        found, taken = buy_back_sheets.take_sheet(session, actor=world.names.actor, partial=True, **sheet)  # type: ignore[arg-type]
    assert (len(found.good), found.refused, len(taken.takes)) == (1, 3, 1)
    answer(world, offer)
