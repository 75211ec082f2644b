"""Two parties negotiate: the last offer counts, both sign one text, and the county's rule says what follows."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

import msgspec
import pytest

from market import installation, jobs
from market.core import audit, clock, db, workdays
from market.core.errors import NotFound, Refusal
from market.county import loader, shipped
from market.trading import deal_publications, negotiated, negotiation_queries
from market.trading.commands import Accepted
from market.trading.intake import take_up
from market.trading.negotiated import Proposal
from tests.model.world import ALLOCATED, MONEY, World

LOT = 1_000


def _in_days(days: int) -> dt.datetime:
    return clock.now() + dt.timedelta(days=days)


class Talk:
    """A negotiation of a seller and a buyer of the world, step by step."""

    def __init__(
        self, world: World, seller: str, buyer: str, volume: int = 10 * LOT, price: int = 3_000, at: str = "sell"
    ) -> None:  # fmt: skip
        self.world, self.who = world, {"sell": seller, "buy": buyer}
        water = world.names.water
        self.id = self._do(
            negotiated.open_negotiation, "sell", product_id=world.names.product, side="sell",
            water_account_id=water[seller], other_water_account_id=water[buyer],
            proposal=Proposal(at, volume, price, _in_days(3), "disputes go to the county court"),
        ).id  # fmt: skip

    def _do(self, step: Any, acting: str, **values: Any) -> Any:
        actor = audit.Actor(
            user_id=self.world.names.clerk, participant_id=self.world.names.participant[self.who[acting]]
        )
        with db.transaction(self.world.url) as session:
            return step(session, actor=actor, **values)

    def step(self, name: str, side: str, **values: Any) -> Any:
        return self._do(getattr(negotiated, name), side, negotiation_id=self.id, side=side, **values)

    def offer(self, side: str, volume: int, price: int, days: int = 3, at: str = "sell") -> None:
        self.step("offer", side, proposal=Proposal(at, volume, price, _in_days(days)))

    def sign(self, side: str) -> None:
        self.step("sign", side, sha256=self.view().negotiation.contract_sha256.hex())

    def concluded(self) -> Talk:
        """Accepted and signed by both."""
        self.step("accept", "buy", number=1)
        self.sign("sell")
        self.sign("buy")
        take_up(self.world.engine)
        return self

    def view(self) -> Any:
        with db.transaction(self.world.url) as session:
            return negotiation_queries.negotiation(session, negotiation_id=self.id)

    def refusal(self, name: str, side: str, **values: Any) -> str:
        with pytest.raises(Refusal) as refused:
            self.step(name, side, **values)
        assert refused.value.legal_source
        return refused.value.code


def _money(world: World, holder: str) -> int:
    row = world.looking.execute(
        "SELECT a.credits_posted - a.debits_posted - a.debits_pending FROM money_accounts m"
        " JOIN accounts a ON a.id = m.account_id WHERE m.participant_id = %s",
        (world.names.participant[holder],),
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_neighbours_of_one_district_only_file_their_deal_and_it_is_settled_at_once(world: World) -> None:
    """10 m3 from canal 1 to canal 2 (970 of 1 000 arrive) at 0.30 yuan."""
    talk = Talk(world, "a", "d").concluded()
    found = talk.view()
    it = found.negotiation
    assert (it.status, it.lane, it.lane_rule) == ("struck", "filing", "in-district")
    assert it.filed_at is not None
    assert it.reported_at <= it.struck_at
    assert (found.deal.status, found.deal.instruction_status) == ("traded", "settled")
    assert world.trade(found.deal.trade_id) == ("sell", 10 * LOT, 9_700, 3_000, 300)
    assert world.free("a") == ALLOCATED - 10 * LOT


def test_a_counter_offer_ends_the_offer_before_it(world: World) -> None:
    talk = Talk(world, "a", "d")
    talk.offer("buy", 8 * LOT, 2_500)
    assert talk.refusal("accept", "buy", number=1) == "offer_is_not_the_last"
    assert talk.refusal("accept", "buy", number=2) == "offer_is_yours"
    talk.step("accept", "sell", number=2)
    talk.sign("buy")
    talk.sign("sell")
    take_up(world.engine)
    assert world.trade(talk.view().deal.trade_id) == ("sell", 8 * LOT, 7_760, 2_500, 200)
    assert [(each.number, each.side) for each in talk.view().offers] == [(1, "sell"), (2, "buy")]


def test_both_sign_one_text_that_says_everything_and_who_signed_is_kept(world: World) -> None:
    talk = Talk(world, "a", "d")
    talk.step("accept", "buy", number=1)
    it = talk.view().negotiation
    text = json.loads(it.contract)
    assert hashlib.sha256(it.contract.encode()).digest() == it.contract_sha256
    assert it.contract == msgspec.json.encode(text, order="sorted").decode()
    told = ("volume_m3", "price_yuan_per_m3", "reaches_buyer_m3", "amount_yuan", "conditions", "use_until")
    assert [text[name] for name in told] == [
        "10.000", "0.3000", "9.700", "3.00", "disputes go to the county court", f"{clock.this_year()}-12-31",
    ]  # fmt: skip
    assert talk.refusal("sign", "sell", sha256="0" * 64) == "another_contract"
    talk.sign("sell")
    assert talk.refusal("sign", "sell", sha256=it.contract_sha256.hex()) == "signed_already"
    assert talk.view().deal is None
    talk.sign("buy")
    take_up(world.engine)
    signed = talk.view().signatures
    names = world.names
    assert [(each.side, each.participant_id, each.user_id) for each in signed] == [
        ("sell", names.participant["a"], names.clerk), ("buy", names.participant["d"], names.clerk),
    ]  # fmt: skip


def test_a_deal_with_a_factory_is_published_with_everything_held_then_reviewed(world: World) -> None:
    talk = Talk(world, "a", "f", volume=20 * LOT).concluded()
    it = talk.view().negotiation
    assert (it.status, it.lane, it.filed_at) == ("published", "publication", None)
    assert it.reported_at is not None
    assert world.free("a") == ALLOCATED - 20 * LOT
    assert _money(world, "f") == MONEY - 600
    with db.transaction(world.url) as session:
        (shown,) = negotiation_queries.published(session)
    assert (shown.negotiation.id, shown.seller_sector, shown.buyer_canal) == (talk.id, "agriculture", "PARK")
    assert jobs.run(world.url, jobs.named("negotiations")) == 0
    over = clock.end_of_legal_day(it.published_until)
    with clock.moved_to(over):
        assert jobs.run(world.url, jobs.named("negotiations")) == 1
        take_up(world.engine)
        due = workdays.after(clock.today(), 20)
    deal = talk.view().deal
    assert (deal.instruction_status, deal.review_rule) == ("awaiting_review", "negotiated:farm-to-industry")
    assert deal.review_due_on == due
    assert world.free("a") == ALLOCATED - 20 * LOT
    world.decide(0, approve=True)
    assert world.trade(deal.trade_id) == ("sell", 20 * LOT, 18 * LOT, 3_000, 600)


def test_where_the_county_says_so_neighbours_need_an_approval_too(world: World) -> None:
    """The lane is the pack's: the same deal, under another version of it, waits for a reviewer."""
    filed = (
        "lane: filing, from_sector: agriculture, to_sector: agriculture, within: district, longest_years: 1,"
    )
    text = shipped.text_of()
    assert filed in text
    asked = filed.replace("filing", "approval").replace("longest_years: 1,", "working_days: 5,")
    version = loader.load(text).version
    pack = loader.load(text.replace(filed, asked).replace(f'"{version}"', f'"{version}.1"', 1))
    with db.transaction(world.url) as session:
        assert installation.install(session, pack=pack, actor=world.names.actor)
    talk = Talk(world, "a", "d").concluded()
    found = talk.view()
    assert (found.negotiation.status, found.negotiation.lane, found.negotiation.filed_at) == (
        "struck", "approval", None,
    )  # fmt: skip
    assert (found.deal.instruction_status, found.deal.review_rule) == (
        "awaiting_review", "negotiated:in-district",
    )  # fmt: skip
    assert found.deal.review_due_on == workdays.after(clock.today(), 5)
    assert world.free("a") == ALLOCATED - 10 * LOT
    world.decide(0, approve=True)
    assert talk.view().deal.instruction_status == "settled"


def test_a_rejected_deal_gives_everything_back(world: World) -> None:
    talk = Talk(world, "a", "f", volume=20 * LOT).concluded()
    with clock.moved_to(clock.end_of_legal_day(talk.view().negotiation.published_until)):
        jobs.run(world.url, jobs.named("negotiations"))
        take_up(world.engine)
    world.decide(0, approve=False)
    assert (world.free("a"), _money(world, "f")) == (ALLOCATED, MONEY)


def test_others_object_to_what_is_published_once_and_its_parties_do_not(world: World) -> None:
    talk = Talk(world, "a", "f", volume=20 * LOT)
    names = world.names

    def lodge(who: str) -> None:
        with db.transaction(world.url) as session:
            deal_publications.object_to(
                session, actor=names.actor, negotiation_id=talk.id, participant_id=names.participant[who],
                grounds="the canal runs dry",
            )  # fmt: skip

    with pytest.raises(NotFound):
        lodge("d")
    talk.concluded()
    lodge("d")
    for who, code in (("d", "objected_already"), ("a", "own_deal"), ("f", "own_deal")):
        with pytest.raises(Refusal) as refused:
            lodge(who)
        assert refused.value.code == code
    with (
        clock.moved_to(clock.end_of_legal_day(talk.view().negotiation.published_until)),
        pytest.raises(NotFound),
    ):
        lodge("b")
    with db.transaction(world.url) as session:
        (told,) = negotiation_queries.objections(session, negotiation_id=talk.id)
    assert told.participant_id == names.participant["d"]


def test_nobody_signs_away_water_or_money_that_is_not_there(world: World) -> None:
    talk = Talk(world, "a", "f", volume=20 * LOT)
    talk.step("accept", "buy", number=1)
    talk.sign("sell")
    assert isinstance(world.place("all", "a", "sell", ALLOCATED, 9_000), Accepted)
    digest = talk.view().negotiation.contract_sha256.hex()
    assert talk.refusal("sign", "buy", sha256=digest) == "insufficient_water"
    dear = Talk(world, "d", "f", volume=20 * LOT, price=200_000)
    dear.step("accept", "buy", number=1)
    dear.sign("sell")
    assert dear.refusal("sign", "buy", sha256=dear.view().negotiation.contract_sha256.hex()) == (
        "insufficient_money"
    )


def test_what_the_engine_refuses_is_said_on_the_negotiation(world: World) -> None:
    talk = Talk(world, "a", "d")
    talk.step("accept", "buy", number=1)
    talk.sign("sell")
    world.place("all", "a", "sell", ALLOCATED, 9_000)
    talk.sign("buy")
    take_up(world.engine)
    deal = talk.view().deal
    assert deal.status == "refused"
    assert json.loads(deal.refusal)["code"] == "insufficient_water"


@pytest.mark.parametrize(
    ("seller", "buyer", "code"),
    [("b", "c", "same_owner"), ("f", "a", "no_right_to_sell"), ("f", "g", "no_right_to_sell")],
)
def test_nobody_negotiates_what_can_never_be_traded(world: World, seller: str, buyer: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        Talk(world, seller, buyer)
    assert refused.value.rule == code
    assert refused.value.legal_source


@pytest.mark.parametrize(
    ("volume", "price", "days", "code"),
    [(1_500, 3_000, 3, "offer_amount"), (LOT, 3_000, -1, "offer_time"), (LOT, 3_000, 400, "offer_time")],
)
def test_an_offer_is_of_whole_lots_and_ends_in_time(
    world: World, volume: int, price: int, days: int, code: str
) -> None:
    talk = Talk(world, "a", "d")
    with pytest.raises(Refusal) as refused:
        talk.offer("buy", volume, price, days)
    assert refused.value.code == code


def test_what_is_not_accepted_or_not_signed_in_time_expires(world: World) -> None:
    talk, other = Talk(world, "a", "d"), Talk(world, "a", "b")
    other.step("accept", "buy", number=1)
    other.sign("sell")
    with clock.moved_to(_in_days(4)):
        assert talk.refusal("accept", "buy", number=1) == "offer_expired"
        assert jobs.run(world.url, jobs.named("negotiations")) == 1
    with clock.moved_to(_in_days(12)):
        digest = other.view().negotiation.contract_sha256.hex()
        assert other.refusal("sign", "buy", sha256=digest) == "offer_expired"
        assert jobs.run(world.url, jobs.named("negotiations")) == 1
        assert jobs.run(world.url, jobs.named("negotiations")) == 0
    assert [each.view().negotiation.status for each in (talk, other)] == ["expired", "expired"]


def test_a_side_breaks_off_until_both_have_signed(world: World) -> None:
    talk = Talk(world, "a", "d")
    talk.step("withdraw", "sell", reason="sold elsewhere")
    assert talk.view().negotiation.end_reason == "sold elsewhere"
    assert talk.refusal("offer", "buy", proposal=Proposal("sell", LOT, 1, _in_days(1))) == "negotiation_state"
    assert (
        Talk(world, "a", "d").concluded().refusal("withdraw", "buy", reason="regret") == "negotiation_state"
    )


def test_a_published_deal_can_be_ended_with_its_year(world: World) -> None:
    talk = Talk(world, "a", "f", volume=20 * LOT).concluded()
    with db.transaction(world.url) as session:
        assert negotiation_queries.unfinished(session, water_year=clock.this_year()) == [talk.id]
        negotiated.cancel(session, actor=world.names.actor, negotiation_id=talk.id, reason="the year is over")
    assert (world.free("a"), _money(world, "f")) == (ALLOCATED, MONEY)


def test_a_deal_that_was_reviewed_before_is_not_reviewed_again(world: World) -> None:
    from market.trading import deals

    names = world.names
    with db.transaction(world.url) as session:
        deals.strike(
            session, actor=names.actor, kind="negotiated", user_id=names.clerk,
            wanted=[
                deals.NewDeal(1, names.product, names.water["a"], names.water["f"], "sell", LOT, 3_000, each)
                for each in (True, False)
            ],
        )  # fmt: skip
    take_up(world.engine)
    rows = world.looking.execute("SELECT status FROM instructions ORDER BY id").fetchall()
    assert rows == [("settled",), ("awaiting_review",)]
