"""One buyer, many sellers: minimum, maximum to the lot, one review, one contract, and everything held till then."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market import jobs, prove
from market.core import clock, db, ids, workdays
from market.core.errors import Refusal
from market.supervision import year_ends
from market.trading import programme_queries, programmes, subscriptions
from market.trading.commands import Accepted
from market.trading.intake import take_up
from market.trading.subscriptions import Wish
from tests.model.world import ALLOCATED, MONEY, World

LOT = 1_000
PRICE = 3_000


class Plan:
    """A programme of the factory f, step by step."""

    def __init__(
        self, world: World, minimum: int = 5 * LOT, maximum: int = 20 * LOT, zones: list[str] | None = None,
        price: int = PRICE, **other: Any,
    ) -> None:  # fmt: skip
        self.world = world
        names = world.names
        values: dict[str, Any] = {
            "product_id": names.product, "water_account_id": names.water["f"], "price_e4": price,
            "minimum_litres": minimum, "maximum_litres": maximum, "zones": zones or [],
            "deadline": clock.now() + dt.timedelta(days=5),
        } | other  # fmt: skip
        with db.transaction(world.url) as session:
            self.id = programmes.publish(session, actor=names.actor, **values).id
            self.deadline = values["deadline"]

    def subscribe(self, **litres: int) -> list[Any]:
        """Rows of sellers, each by itself; ids of subscriptions, or codes of refusals."""
        names = self.world.names
        wishes = [Wish(names.water[who], amount) for who, amount in litres.items()]
        may = dict.fromkeys((names.participant[who] for who in litres), None)
        with db.transaction(self.world.url) as session:
            found = subscriptions.subscribe(
                session, actor=names.actor, programme_id=self.id, wishes=wishes, may_act_for=may
            )
            return [each.rule if isinstance(each, Refusal) else each.id for each in found]

    def close(self) -> None:
        with clock.moved_to(self.deadline + dt.timedelta(minutes=1)):
            assert jobs.run(self.world.url, jobs.named("programmes")) == 1

    def decide(self, step: Any = programmes.approve, **values: Any) -> None:
        with db.transaction(self.world.url) as session:
            step(session, actor=self.world.names.actor, programme_id=self.id, reason="heard", **values)
        take_up(self.world.engine)

    def view(self) -> programme_queries.View:
        with db.transaction(self.world.url) as session:
            return programme_queries.programme(session, programme_id=self.id)

    def lines(self) -> dict[str, programme_queries.Line]:
        who = {account: name for name, account in self.world.names.water.items()}
        with db.transaction(self.world.url) as session:
            found = programme_queries.lines(session, programme_id=self.id)
        return {who[each.subscription.water_account_id]: each for each in found}

    def states(self) -> dict[str, str]:
        return {who: each.subscription.status for who, each in self.lines().items()}


def _money(world: World, holder: str) -> int:
    row = world.looking.execute(
        "SELECT a.credits_posted - a.debits_posted - a.debits_pending FROM money_accounts m"
        " JOIN accounts a ON a.id = m.account_id WHERE m.participant_id = %s",
        (world.names.participant[holder],),
    ).fetchone()
    assert row is not None
    return int(row[0])


def _all_free(world: World) -> None:
    assert {who: world.free(who) for who in "abd"} == dict.fromkeys("abd", ALLOCATED)
    assert _money(world, "f") == MONEY


def test_one_review_strikes_every_deal_in_one_batch_and_no_deal_is_reviewed_again(world: World) -> None:
    plan = Plan(world)
    plan.subscribe(a=6 * LOT, b=4 * LOT, d=5 * LOT)
    assert world.free("a") == ALLOCATED - 6 * LOT
    assert _money(world, "f") == MONEY - 600 - 10  # the maximum, and half a fen for each of twenty sellers
    plan.close()
    view = plan.view()
    assert (view.programme.status, view.sellers, view.litres, view.fen) == ("under_review", 3, 15 * LOT, 450)
    with clock.moved_to(plan.deadline):
        assert view.programme.review_due_on == workdays.after(clock.today(), 20)
    assert _money(world, "f") == MONEY - 450
    plan.decide()
    deals = [each.deal for each in plan.lines().values()]
    assert {(each.status, each.instruction_status, each.review_rule) for each in deals} == {
        ("traded", "settled", None)
    }
    batches = world.looking.execute("SELECT count(DISTINCT batch_id) FROM trades").fetchone()
    assert batches == (1,)
    assert (world.free("a"), world.free("b"), world.free("d")) == (
        ALLOCATED - 6 * LOT, ALLOCATED - 4 * LOT, ALLOCATED - 5 * LOT,
    )  # fmt: skip
    assert _money(world, "f") == MONEY - 450


def test_who_sells_its_water_elsewhere_before_the_engine_comes_is_refused_by_name_and_spoils_nothing(
    world: World,
) -> None:
    plan = Plan(world)
    plan.subscribe(a=6 * LOT, d=5 * LOT)
    plan.close()
    with db.transaction(world.url) as session:
        programmes.approve(session, actor=world.names.actor, programme_id=plan.id, reason="heard")
    assert isinstance(world.place("quick", "a", "sell", ALLOCATED, 9_000), Accepted)
    take_up(world.engine)
    lines = plan.lines()
    assert (lines["a"].deal.status, lines["d"].deal.status) == ("refused", "traded")
    assert json.loads(lines["a"].deal.refusal)["code"] == "insufficient_water"


def test_one_contract_names_its_annex_by_its_hash(world: World) -> None:
    plan = Plan(world, conditions="metered at the factory's gate")
    (first, second) = plan.subscribe(a=6 * LOT, d=5 * LOT)
    plan.close()
    plan.decide(exceptions={second: "the canal is closed"})
    it = plan.view().programme
    assert it.contract is not None
    assert it.annex is not None
    text, annex = json.loads(it.contract), json.loads(it.annex)
    assert hashlib.sha256(it.contract.encode()).digest() == it.contract_sha256
    assert hashlib.sha256(it.annex.encode()).hexdigest() == text["annex_sha256"]
    assert (text["sellers"], text["volume_m3"], text["amount_yuan"]) == (1, "6.000", "1.80")
    assert [(each["subscription"], each["volume_m3"], each["amount_yuan"]) for each in annex] == [
        (ids.public("sub", first), "6.000", "1.80")
    ]
    assert plan.states() == {"a": "struck", "d": "struck_off"}
    assert plan.lines()["d"].subscription.reason == "the canal is closed"
    assert world.free("d") == ALLOCATED


def test_a_missed_minimum_frees_everything(world: World) -> None:
    plan = Plan(world, minimum=10 * LOT)
    plan.subscribe(a=6 * LOT, d=3 * LOT)
    plan.close()
    assert plan.view().programme.status == "failed"
    assert plan.states() == {"a": "freed", "d": "freed"}
    _all_free(world)


def test_more_than_the_maximum_is_taken_pro_rata_to_the_lot(world: World) -> None:
    """10 m3 of 24: 5 of 12, 3.33 of 8 and 1.67 of 4 by the largest remainder."""
    plan = Plan(world, maximum=10 * LOT)
    plan.subscribe(a=12 * LOT, b=8 * LOT, d=4 * LOT)
    plan.close()
    taken = {who: each.subscription.allotted_litres for who, each in plan.lines().items()}
    assert taken == {"a": 5 * LOT, "b": 3 * LOT, "d": 2 * LOT}
    assert {who: ALLOCATED - world.free(who) for who in "abd"} == taken
    plan.decide()
    assert plan.view().litres == 10 * LOT


def test_the_reviewer_rejects_the_whole_and_everything_is_free(world: World) -> None:
    plan = Plan(world)
    plan.subscribe(a=6 * LOT)
    plan.close()
    plan.decide(programmes.reject)
    assert (plan.view().programme.status, plan.states()) == ("rejected", {"a": "freed"})
    _all_free(world)


def test_exceptions_name_sellers_of_the_annex_and_leave_the_minimum(world: World) -> None:
    plan = Plan(world, minimum=8 * LOT)
    (first, _) = plan.subscribe(a=6 * LOT, d=5 * LOT)
    plan.close()
    for exceptions, code in (({first: "no"}, "below_minimum"), ({999: "no"}, "not_in_the_annex")):
        with pytest.raises(Refusal) as refused:
            plan.decide(exceptions=exceptions)
        assert refused.value.code == code
        assert refused.value.legal_source
    assert plan.states() == {"a": "included", "d": "included"}


def test_each_row_of_a_list_stands_or_is_refused_by_itself(world: World) -> None:
    plan = Plan(world, maximum=200 * LOT, zones=["KUSHAN-C1"], price=1_000)
    world.place("held", "b", "sell", ALLOCATED, 9_000)
    found = plan.subscribe(a=6 * LOT, b=LOT, d=LOT, g=LOT)
    assert found[1:] == ["insufficient_water", "zone_not_eligible", "zone_not_eligible"]
    assert plan.subscribe(a=LOT) == ["subscribed_already"]
    assert Plan(world, price=1_000).subscribe(a=1_500, f=LOT) == ["programme_amounts", "no_right_to_sell"]


def test_nobody_subscribes_water_that_it_may_not_act_for(world: World) -> None:
    plan = Plan(world)
    names = world.names
    with db.transaction(world.url) as session:
        (refused,) = subscriptions.subscribe(
            session, actor=names.actor, programme_id=plan.id, wishes=[Wish(names.water["a"], LOT)],
            may_act_for={names.participant["b"]: None},
        )  # fmt: skip
    assert isinstance(refused, Refusal)
    assert refused.code == "not_found"


def test_a_seller_withdraws_until_the_deadline_and_may_subscribe_anew(world: World) -> None:
    plan = Plan(world)
    (line,) = plan.subscribe(a=6 * LOT)
    with db.transaction(world.url) as session:
        subscriptions.withdraw(session, actor=world.names.actor, subscription_id=line)
    assert world.free("a") == ALLOCATED
    (again,) = plan.subscribe(a=7 * LOT)
    with (
        clock.moved_to(plan.deadline),
        pytest.raises(Refusal) as refused,
        db.transaction(world.url) as session,
    ):
        subscriptions.withdraw(session, actor=world.names.actor, subscription_id=again)
    assert refused.value.code == "deadline_passed"
    plan.close()
    with pytest.raises(Refusal) as refused:
        plan.subscribe(d=LOT)
    assert refused.value.code == "programme_state"


def test_subscribed_water_is_sold_to_nobody_else(world: World) -> None:
    Plan(world).subscribe(a=6 * LOT)
    assert not isinstance(world.place("too much", "a", "sell", ALLOCATED, 9_000), Accepted)
    assert isinstance(world.place("the rest", "a", "sell", ALLOCATED - 6 * LOT, 9_000), Accepted)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"minimum": 21 * LOT}, "programme_amounts"),
        ({"maximum": 20_500}, "programme_amounts"),
        ({"maximum": 900 * LOT}, "insufficient_money"),
        ({"zones": ["NOWHERE"]}, "unknown_zone"),
        ({"deadline": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "deadline_time"),
        ({"deadline": dt.datetime(2030, 1, 1, tzinfo=dt.UTC)}, "deadline_time"),
    ],
)
def test_a_programme_that_cannot_be_kept_is_not_published(
    world: World, values: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        Plan(world, **values)
    assert refused.value.code == code


def test_a_programme_ends_with_its_year(world: World) -> None:
    plan = Plan(world)
    plan.subscribe(a=6 * LOT)
    with db.transaction(world.url) as session:
        assert programme_queries.unfinished(session, water_year=clock.this_year()) == [plan.id]
        programmes.cancel(session, actor=world.names.actor, programme_id=plan.id, reason="the year is over")
    _all_free(world)


def test_the_end_of_the_year_ends_what_was_not_struck_and_leaves_nothing_held(world: World) -> None:
    plan = Plan(world)
    plan.subscribe(a=6 * LOT)
    actor, year = world.names.actor, clock.this_year()
    with clock.moved_to(dt.datetime(year + 1, 1, 5, tzinfo=dt.UTC)):
        for step in (year_ends.begin, year_ends.close):
            with db.transaction(world.url) as session:
                step(session, actor=actor, water_year=year)
            take_up(world.engine)
    assert (plan.view().programme.status, plan.states()) == ("cancelled", {"a": "freed"})
    assert _money(world, "f") == MONEY


AMOUNTS = st.dictionaries(st.sampled_from("abd"), st.integers(1, 30), min_size=1)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)  # fmt: skip
@given(
    subscribed=AMOUNTS,
    minimum=st.integers(1, 15),
    extra=st.integers(0, 15),
    price=st.integers(1, 4_000),
    approve=st.booleans(),
    struck_off=st.sets(st.sampled_from("abd"), max_size=1),
)
def test_holds_and_balances_follow_a_programme_whatever_it_comes_to(
    world: World, subscribed: dict[str, int], minimum: int, extra: int, price: int, approve: bool,
    struck_off: set[str],
) -> None:  # fmt: skip
    """What is held is what is subscribed, then what the annex says; in the end only trades have moved anything."""
    free = {who: world.free(who) for who in "abd"}
    wanted = {who: lots * LOT for who, lots in subscribed.items() if lots * LOT <= free[who]}
    money = _money(world, "f")
    if not wanted or money < 2_000:
        return
    plan = Plan(world, minimum=minimum * LOT, maximum=(minimum + extra) * LOT, price=price)
    plan.subscribe(**wanted)
    assert {who: free[who] - world.free(who) for who in wanted} == wanted
    plan.close()
    found = plan.lines()
    taken = {who: each.subscription.allotted_litres or 0 for who, each in found.items()}
    assert {who: free[who] - world.free(who) for who in wanted} == taken
    assert sum(taken.values()) == min(sum(wanted.values()), (minimum + extra) * LOT) or not any(
        taken.values()
    )
    if plan.view().programme.status == "under_review":
        out = {found[who].subscription.id: "no" for who in struck_off if taken.get(who)}
        left = sum(litres for who, litres in taken.items() if who not in struck_off)
        if approve and left >= minimum * LOT:
            plan.decide(exceptions=out)
        else:
            plan.decide(programmes.reject)
    sold = {
        who: each.subscription.allotted_litres or 0
        for who, each in plan.lines().items()
        if each.deal and each.deal.status == "traded"
    }
    assert {who: free[who] - world.free(who) for who in "abd"} == {"a": 0, "b": 0, "d": 0} | sold
    paid = sum(plan.lines()[who].subscription.amount_fen or 0 for who in sold)
    assert _money(world, "f") == money - paid
    report = prove.run(world.url)
    assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]
