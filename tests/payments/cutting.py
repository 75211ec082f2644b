"""Deposits, refunds and payouts through a connection that is cut at random: none double, none lost, the books equal."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from market import prove
from market.core import clock, db
from market.payments import signatures, webhooks
from market.payments.breaker import Breaker
from market.payments.errors import PayoutOverAvailable
from market.payments.gateway_models import GatewayPayment, GatewayPayout, GatewayRefund
from market.payments.sandbox import intents
from market.payments.sandbox.server import Sandbox, running
from market.payments.sandbox.world import World
from market.payments.stripe_http import SIGNATURE_HEADER, StripeGateway
from tests.payments.cutting_proxy import cutting
from tests.payments.house import TREASURER, House, event_bodies, open_house

SECRET = "whsec_cutting"
PEOPLE, ROUNDS = 20, 400
OFTEN = 20


@dataclass
class Cut:
    """What a run came to."""

    deposits: int
    payouts: int
    refunds: int
    cuts: dict[str, int]
    twice: list[str]
    lost: list[str]
    open_calls: int
    violations: list[Any]
    differences: list[Any]
    provider_fen: int
    books_fen: int

    def sound(self) -> bool:
        """Whether nothing is double or lost, and provider and books are equal."""
        return (self.twice, self.lost, self.violations, self.differences, self.open_calls) == (
            [],
            [],
            [],
            [],
            0,
        ) and (self.provider_fen == self.books_fen)


def run(url: str, *, deposits: int, payouts: int, seed: int = 1, often: int = OFTEN) -> Cut:
    """So many deposits and payouts, and a refund of every tenth deposit."""
    world = World(late_s=120)
    with (
        running(Sandbox(world=world)) as sandbox,
        cutting(("127.0.0.1", sandbox.port), seed=seed, often=often) as proxy,
    ):
        provider = StripeGateway(
            f"http://127.0.0.1:{proxy.port}", "sk_test_1", webhook_secrets=(SECRET,), timeouts_s=(5, 10),
            breaker=Breaker(failures=20, rest_s=0.05),
        )  # fmt: skip
        house = open_house(url, provider, world=world, people=PEOPLE)
        drawn = random.Random(seed)
        started = clock.now()
        for each in range(deposits):
            house.start(drawn.randrange(100, 100_000), person=each % PEOPLE)
        ahead = _until_quiet(house, world, drawn, 0)
        for payment_id in _ids(house, GatewayPayment)[::10]:
            house.refund(payment_id, 50)
        for each in range(payouts):
            route, to = drawn.choice(
                (("bank", "ba_1"), ("bank", "ba_fail"), ("bank", "ba_late"), ("account", "acct_1"))
            )
            with suppress(PayoutOverAvailable):
                house.pay_out(drawn.randrange(1, 2_000), person=each % PEOPLE, route=route, to=to)
        ahead = _until_quiet(house, world, drawn, ahead)
        proxy.often = 0
        return _told(house, world, dict(proxy.cuts), started, ahead)


def _until_quiet(house: House, world: World, drawn: random.Random, ahead: int) -> int:
    """The worker runs, payers pay, events come in any order, until nothing is open; returns the seconds that passed."""
    sent = 0
    for _ in range(ROUNDS):
        with clock.moved_to(clock.now() + dt.timedelta(seconds=ahead)):
            house.work(limit=2_000)
            with world.busy:
                for number, intent in list(world.things["payment_intent"].items()):
                    if intent["status"] == "requires_payment_method" and intent["metadata"]:
                        intents.confirm(world, {"payment_method": "pm_card_visa"}, number)
                world.catch_up()
            sent = _events(house, world, drawn, sent)
        ahead += 60
        if _open(house) == 0 and not world._due:
            break
    return ahead


def _events(house: House, world: World, drawn: random.Random, sent: int) -> int:
    """Sends the new events, shuffled; every fifth is lost, every fifth comes twice."""
    new = event_bodies(world, sent)
    told = [each for each in new if drawn.random() > 0.2] + [each for each in new if drawn.random() < 0.2]
    drawn.shuffle(told)
    for start in range(0, len(told), 200):
        with db.transaction(house.url) as session:
            for body in told[start : start + 200]:
                header = signatures.sign(body, SECRET, int(clock.now().timestamp()))
                webhooks.receive(session, house.provider, body=body, headers={SIGNATURE_HEADER: header})
    return sent + len(new)


_OPEN_SQL = """
SELECT (SELECT count(*) FROM gateway_calls WHERE status = 'waiting')
     + (SELECT count(*) FROM gateway_payments WHERE status NOT IN ('captured', 'cancelled', 'expired', 'failed'))
     + (SELECT count(*) FROM gateway_payments WHERE status = 'captured' AND fee_fen IS NULL)
     + (SELECT count(*) FROM gateway_payouts WHERE status IN ('created', 'in_transit'))
     + (SELECT count(*) FROM gateway_refunds WHERE status IN ('created', 'pending'))
"""


def _open(house: House) -> int:
    with db.connect(house.url) as connection:
        row = connection.execute(_OPEN_SQL).fetchone()
    assert row is not None
    return int(row[0])


def _ids(house: House, model: Any) -> list[int]:
    with db.transaction(house.url) as session:
        return [row[0] for row in session.query(model.id).order_by(model.id)]


def _told(house: House, world: World, cuts: dict[str, int], started: dt.datetime, ahead: int) -> Cut:
    with clock.moved_to(clock.now() + dt.timedelta(seconds=ahead, days=2)):
        first = started.astimezone(clock.LEGAL_ZONE).date()
        days = [first + dt.timedelta(days=each) for each in range((clock.today() - first).days)]
        for day in days:  # a late failure that no event told of is seen here, and fetched
            house.compare(day)
        house.work(limit=10_000)
        differences = [each for day in days for each in house.compare(day).found]
    with db.connect(house.url) as connection:
        violations = prove.broken(connection, 1, 2, 4, 6, 12, 15)
    twice, lost = _counted(house, world)
    return Cut(
        deposits=len(_ids(house, GatewayPayment)), payouts=len(_ids(house, GatewayPayout)),
        refunds=len(_ids(house, GatewayRefund)), cuts=cuts, twice=twice, lost=lost, open_calls=_open(house),
        violations=violations, differences=differences, provider_fen=world.balance_fen(),
        books_fen=house.clearing_fen(),
    )  # fmt: skip


def _counted(house: House, world: World) -> tuple[list[str], list[str]]:
    """References that the provider has more than once, and those of ours that it does not have."""
    kinds = ("payment_intent", "refund", "payout", "transfer")
    there = Counter(
        each["metadata"]["karez_reference"] for kind in kinds for each in world.things[kind].values()
    )
    ours: list[str] = []
    with db.transaction(house.url) as session:
        for model in (GatewayPayment, GatewayRefund, GatewayPayout):
            ours += [row[0] for row in session.query(model.reference)]
    assert TREASURER.user_id is not None
    return [each for each, times in there.items() if times > 1], [each for each in ours if each not in there]
