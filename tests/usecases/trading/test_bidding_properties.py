"""Whatever happens to a listing, in any order and at any hour: water and money are conserved and nothing stays held."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from market import prove
from market.core import clock, db
from market.core.errors import Refusal
from market.participants.models import MoneyAccount
from market.payments import transfers
from market.trading.intake import take_up
from tests.model.world import World
from tests.usecases.trading.bidding import DAY, HOUR, LOT, MINUTE, SEALED, Bidding

_numbers = itertools.count(1)
WHO = st.sampled_from("bdfg")
ACTIONS = st.one_of(
    st.tuples(st.just("register"), WHO),
    st.tuples(st.just("withdraw"), WHO),
    st.tuples(st.just("bid"), WHO, st.integers(9, 30)),
    st.tuples(st.sampled_from(["confirm", "accept", "decline"]), WHO),
    st.tuples(st.just("spend"), WHO),
    st.tuples(st.sampled_from(["cancel", "stop", "engine", "job"])),
    st.tuples(st.just("wait"), st.sampled_from([4 * MINUTE, 30 * MINUTE, HOUR, DAY, 3 * DAY])),
)
# Most sequences that are made up get nowhere; these begin where it becomes interesting.
REGISTERED = [("register", who) for who in "bdf"]
OPENED = [*REGISTERED, ("wait", DAY + HOUR)]
DECIDED = [*OPENED, ("bid", "d", 11), ("bid", "b", 15), ("wait", HOUR), ("job",)]
FAILED = [*DECIDED, ("decline", "b")]
BEGINNINGS: list[list[tuple[Any, ...]]] = [
    [], REGISTERED, OPENED, DECIDED, FAILED, [*DECIDED, ("confirm", "b")], [*DECIDED, ("spend", "b")],
    [*DECIDED, ("confirm", "b"), ("spend", "b"), ("engine",)], [*FAILED, ("accept", "d")],
    [*FAILED, ("accept", "d"), ("spend", "d")],
]  # fmt: skip

TOTALS_SQL = """
SELECT x.code, sum(a.credits_posted - a.debits_posted)::bigint
FROM accounts a JOIN assets x ON x.id = a.asset_id
WHERE a.code IN (1, 4, 11, 13) AND x.code <> 'headroom' GROUP BY 1 ORDER BY 1
"""
HELD_SQL = """
SELECT (SELECT sum(held_litres) FROM listings), (SELECT count(*) FROM bidders WHERE status = 'registered'),
       (SELECT count(*) FROM listings WHERE resolved_at IS NULL)
"""
PAID_OUT_SQL = "SELECT coalesce(sum(amount_fen), 0) FROM bank_transfers WHERE direction = 'out'"


def _totals(world: World) -> tuple[dict[str, int], int]:
    """Litres of holders and losses and fen of holders and fees, by asset; fen that were paid out."""
    paid_out = world.looking.execute(PAID_OUT_SQL).fetchone()
    assert paid_out is not None
    return dict(world.looking.execute(TOTALS_SQL).fetchall()), int(paid_out[0])


def _earn(world: World) -> None:
    """Everybody has money again."""
    with db.transaction(world.url) as session:
        for name in "abdfg":
            account = session.scalars(
                select(MoneyAccount.id).where(MoneyAccount.participant_id == world.names.participant[name])
            ).one()
            transfers.record_deposit(
                session, actor=world.names.actor, money_account_id=account, amount_fen=100,
                bank_reference=f"E-{name}-{next(_numbers)}", value_date=clock.today(), note="tests",
            )  # fmt: skip


def _do(lot: Bidding, action: tuple[Any, ...]) -> None:
    kind, *rest = action
    try:
        if kind in ("register", "withdraw"):
            getattr(lot, kind)(rest[0])
        elif kind == "bid":
            lot.bid(rest[0], rest[1] * 100)
        elif kind in ("confirm", "accept", "decline"):
            lot.take(kind, rest[0])
        elif kind == "spend":
            lot.spend(rest[0], min(3, lot.money(rest[0]) - 1))
        elif kind in ("cancel", "stop"):
            lot.end(kind)
        elif kind == "engine":
            take_up(lot.world.engine)
        else:
            lot.job()
    except (Refusal, KeyError):  # refused by a rule, or by somebody who never registered
        pass


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from(BEGINNINGS), st.lists(ACTIONS, max_size=14), st.booleans())
def test_any_sequence_conserves_water_and_money_and_leaves_no_hold_behind(
    world: World, beginning: list[tuple[Any, ...]], then: list[tuple[Any, ...]], sealed: bool
) -> None:
    _earn(world)
    before, out_before = _totals(world)
    lot = Bidding(
        world, volume_litres=LOT, deposit_fen=2, reserve_price_e4=1_000, **(SEALED if sealed else {})
    )
    at = clock.now()
    for action in [*beginning, *then]:
        if action[0] == "wait":
            at += action[1]
            continue
        with clock.moved_to(at):
            _do(lot, action)
    _see_through(lot, at)
    after, out_after = _totals(world)
    assert {key: after[key] - before[key] for key in before} == {
        key: out_before - out_after if key == "CNY" else 0 for key in before
    }
    assert world.looking.execute(HELD_SQL).fetchone() == (0, 0, 0)
    with db.connect(world.url) as connection:
        assert prove.broken(connection, 1, 2, 3, 6, 7, 8, 10, 12) == []


def _see_through(lot: Bidding, at: dt.datetime) -> None:
    """Lets every time of the listing pass: close, the winner's days, the second bidder's."""
    for _ in range(3):
        row = lot.row()
        at = max([at, *(each for each in (row.closes_at, row.due_at) if each is not None)]) + MINUTE
        with clock.moved_to(at):
            lot.job()
    assert lot.row().resolved_at is not None
