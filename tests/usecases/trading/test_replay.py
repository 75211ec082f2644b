"""What is recorded is enough: a second database that begins alike and replays it is the same to the byte."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import pytest
from click.testing import CliRunner

from market import cli, replay
from market.core import audit, clock, db, inbox
from market.due import CLOCK
from market.trading import call_queries, call_settling, deals
from market.trading.commands import Accepted, Amend, Cancel, Command, Place
from market.trading.engine import Engine
from market.trading.intake import end_expired, take_up
from tests.model.world import FACTORIES, FARMERS, World
from tests.usecases.trading.calling import call_of, held_call
from tests.usecases.trading.ruling import install_rules
from tests.usecases.trading.test_borders import RULE

LOT = 1_000
STEPS = 60
SECOND = "karez_test_second"


@pytest.fixture
def second_url(server_url: str, world: World) -> Iterator[str]:
    """A copy of the world before its first command."""
    name = world.looking.info.dbname
    world.close()  # nobody may be connected to what is copied
    db.dispose(world.url)
    db.drop_database(server_url, SECOND)
    url = db.create_database(server_url, SECOND, template=name)
    world.looking = db.connect(world.url, autocommit=True)
    world.engine = Engine(lambda: db.connect(world.url))
    yield url
    db.dispose(url)
    db.drop_database(server_url, SECOND)


class Life:
    """Batches of orders, amendments and cancels of everybody, the clock, reviews, halts; at random, from a seed."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.known: list[tuple[str, int]] = []
        self.sent: list[str] = []
        self.count = 0

    def go_on(self, steps: int) -> None:
        """So many steps."""
        for _ in range(steps):
            kind = self.chance.random()
            if kind < 0.65:
                self._batch()
            elif kind < 0.78:
                self._review()
            elif kind < 0.88:
                self._batch()
                time.sleep(0.4)  # every GTD order is over by then
                end_expired(self.world.engine)
            elif kind < 0.95:
                self._deals()
            else:
                self._halt()

    def _batch(self) -> None:
        commands = [self._command() for _ in range(self.chance.randint(1, 20))]
        answers = self.world.engine.execute([*commands, commands[0]])  # one is sent twice
        for holder, answer in zip(self.sent, answers, strict=False):
            if isinstance(answer.outcome, Accepted):
                self.known.append((holder, answer.outcome.order))
        self.sent = []

    def _command(self) -> Command:
        chance, names = self.chance, self.world.names
        self.count += 1
        if self.known and chance.random() < 0.3:
            holder, order = chance.choice(self.known[-30:])
            change = Amend(order, chance.randint(1, 30) * LOT, chance.randint(2_800, 3_500))
            request: Place | Amend | Cancel = change if chance.random() < 0.5 else Cancel(order)
        else:
            holder = chance.choice(sorted(FARMERS | FACTORIES))
            side = "buy" if holder in FACTORIES or chance.random() < 0.4 else "sell"
            tif = chance.choice(("GTC", "GTC", "GTD", "IOC", "FOK"))
            soon = (clock.now() + dt.timedelta(milliseconds=chance.randint(1, 400))).timestamp()
            request = Place(
                names.water[holder], names.product, side, chance.randint(1, 30) * LOT, chance.randint(2_800, 3_500),
                tif, expires_at=soon if tif == "GTD" else None,
                client_order_id=f"c{chance.randint(1, 400)}" if chance.random() < 0.3 else None,
            )  # fmt: skip
        command = Command(
            names.participant[holder], names.clerk, None, f"r{self.count}", 0, bytes(32), request,
            origin=f"sign_in:{self.count}" if self.count % 2 else None,
        )  # fmt: skip
        self.sent.append(holder)
        return command

    def _review(self) -> None:
        row = self.world.looking.execute(
            "SELECT count(*) FROM instructions WHERE status = 'awaiting_review'"
        ).fetchone()
        assert row is not None
        if row[0]:
            self.world.decide(self.chance.randrange(row[0]), approve=self.chance.random() < 0.6)

    def _deals(self) -> None:
        """Three deals struck elsewhere, some of which the engine refuses."""
        chance, names = self.chance, self.world.names
        assert names.actor.user_id is not None
        wanted = []
        for number in range(3):
            seller, buyer = chance.sample(sorted(FARMERS | FACTORIES), 2)
            wanted.append(deals.NewDeal(
                number, names.product, names.water[seller], names.water[buyer], chance.choice(("buy", "sell")),
                chance.randint(1, 20) * LOT, chance.randint(2_800, 3_500),
            ))  # fmt: skip
        with db.transaction(self.world.url) as session:
            deals.strike(
                session, actor=names.actor, kind="negotiated", wanted=wanted, user_id=names.actor.user_id
            )
        take_up(self.world.engine)

    def _halt(self) -> None:
        actor = audit.Actor(user_id=self.world.names.clerk, request_id="halt")
        for kind, phase in (("halt", "halted"), ("resume", "auction"), ("phase", "open")):
            with db.connect(self.world.url) as connection:
                inbox.put(connection, kind=kind, actor=actor, product_id=self.world.names.product,
                          payload={"reason": "pump failure", "phase": phase})  # fmt: skip
            take_up(self.world.engine)
            self._batch()


def _count(world: World, what: LiteralString) -> int:
    row = world.looking.execute("SELECT count(*) FROM " + what).fetchone()
    assert row is not None
    return int(row[0])


def _restart(world: World) -> None:
    """Another engine takes over; meanwhile others draw numbers that nobody uses."""
    world.looking.execute("SELECT nextval('engine_ids')")
    world.engine.connection.close()
    world.engine = Engine(lambda: db.connect(world.url))
    world.looking.execute("SELECT nextval('ledger_transfer_ids') FROM generate_series(1, 3)")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_second_database_that_replays_the_log_is_the_same_to_the_byte(
    world: World, second_url: str, seed: int
) -> None:
    life = Life(world, seed)
    for _ in range(3):
        life.go_on(STEPS // 3)
        _restart(world)
    report = replay.run(world.url, second_url)
    assert report["stopped_at"] is None
    assert set(report["same"].values()) == {True}, report
    assert report["batches"] > STEPS // 2
    assert report["decisions"] > 0
    assert _count(world, "trades") > 0
    assert _count(world, "orders WHERE status = 'expired'") > 0
    assert _count(world, "deals WHERE status = 'traded'") > 0
    assert _count(world, "instructions WHERE status = 'rejected'") > 0


def test_a_look_at_the_whole_book_sees_in_the_replay_what_it_saw(world: World, second_url: str) -> None:
    """A new engine whose first act is to be told of a rejection: it looks at its book before it comes to that."""
    world.place("ask", "a", "sell", 190 * LOT, 3_000)
    world.place("first", "f", "buy", 81 * LOT, 3_400)  # all that the route lets through, under review
    world.place("second", "g", "buy", 9 * LOT, 3_400)
    _restart(world)
    world.decide(0, approve=False)
    assert world.status(world.orders["second"]) == "filled"
    report = replay.run(world.url, second_url)
    assert set(report["same"].values()) == {True}, report


def test_a_second_database_that_began_otherwise_is_found_out(world: World, second_url: str) -> None:
    Life(world, 3).go_on(10)
    with db.connect(second_url) as connection:
        connection.execute("UPDATE products SET phase = 'halted'")
    try:
        report = replay.run(world.url, second_url)
    except replay.Differs:
        return
    assert not report["same"]["outcomes"]
    assert report["same"].keys() >= {"orders", "trades", "transfers"}


def test_a_replay_ends_before_the_first_act_that_is_recorded_only_as_a_fact(
    world: World, second_url: str
) -> None:
    life = Life(world, 4)
    life.go_on(3)
    world.use("a", LOT)
    life.go_on(3)
    report = replay.run(world.url, second_url)
    assert report["stopped_at"]["action"].startswith("reading")
    assert report["same"] is None


def test_the_command_says_what_is_the_same(
    world: World, second_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Life(world, 5).go_on(5)
    monkeypatch.setenv("DATABASE_URL", world.url)
    done = CliRunner().invoke(cli.main, ["replay", second_url, "--data-dir", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert done.output.count("the same to the byte") == 11


def test_calls_that_were_settled_and_rejected_are_replayed_to_the_same_bytes(
    world: World, second_url: str
) -> None:
    """Three calls beside the book's own trades: one settles by the clock, a reviewer rejects one and approves one."""
    assert _call(world, "a", "b") == "settled"
    life = Life(world, 6)
    life.go_on(1)
    assert _call(world, "c", "g", approve=True) == "settled"
    life.go_on(2)
    _restart(world)
    assert _call(world, "a", "f", approve=False) == "rejected"
    life.go_on(4)
    report = replay.run(world.url, second_url)
    assert report["stopped_at"] is None
    assert set(report["same"].values()) == {True}, report
    assert report["decisions"] >= 3
    assert _count(world, "(SELECT DISTINCT call_id FROM call_fills) AS filled") == 3
    with db.connect(second_url) as connection:
        connection.execute("UPDATE call_fills SET hold_id = hold_id + 1")
    assert replay.dump(world.looking, "fills of calls") != _dumped(second_url, "fills of calls")


def test_a_call_over_a_border_with_an_account_is_replayed(world: World, second_url: str) -> None:
    for url in (world.url, second_url):
        install_rules(world, url=url, two_way_accounts=(RULE,))
    call_of(world, [("a", "sell", 20 * LOT, 3_000), ("d", "buy", 20 * LOT, 4_000)])
    report = replay.run(world.url, second_url)
    assert set(report["same"].values()) == {True}, report
    assert _count(world, "call_borders WHERE balance_litres = 100000") == 1


def _dumped(url: str, table: str) -> bytes:
    with db.connect(url) as connection:
        return replay.dump(connection, table)


def _call(world: World, seller: str, buyer: str, *, approve: bool | None = None) -> str:
    """A call of one sale and one purchase at a price that nobody else bids or asks; how it ended."""
    call = held_call(world, [(seller, "sell", LOT, 1_000), (buyer, "buy", LOT, 9_000)])
    with db.transaction(world.url) as session:
        if approve is None:
            call_settling.settle(session, actor=CLOCK, call_id=call)
        elif approve:
            call_settling.settle(
                session, actor=world.names.actor, call_id=call, reason="plan checked", reviewed=True
            )
        else:
            call_settling.reject(session, actor=world.names.actor, call_id=call, reason="no plan")
    take_up(world.engine)
    with db.transaction(world.url) as session:
        return call_queries.one(session, call).status
