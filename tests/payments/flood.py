"""Events by the hundred thousand: shuffled, repeated, forged, late. No effect is double, what is forged is refused."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from market import prove
from market.core import clock, db
from market.payments import signatures, webhooks
from market.payments.gateway_errors import EventNotSigned
from market.payments.sandbox import intents
from market.payments.sandbox.server import Sandbox, running
from market.payments.sandbox.world import World
from market.payments.stripe_http import SIGNATURE_HEADER, StripeGateway
from tests.payments.house import House, event_bodies, open_house

OLD, NEW = "whsec_before", "whsec_now"
A_TRANSACTION = 250


@dataclass
class Flood:
    """What a run came to: `taken` were new; of `forged`, `refused` were."""

    payments: int
    sent: int
    taken: int
    events: int
    forged: int
    refused: int
    captures: int = 0
    credited_fen: int = 0
    captured_fen: int = -1
    violations: list[Any] = field(default_factory=list)

    def sound(self) -> bool:
        """Whether every event was taken once, every forged one refused, and every payment credited once."""
        return (
            (self.taken, self.refused, self.captures) == (self.events, self.forged, self.payments)
            and self.credited_fen == self.captured_fen
            and self.violations == []
        )


def run(url: str, *, payments: int, times: int, seed: int = 1) -> Flood:
    """So many payments, of which every event comes so many times, and as many forged ones as a third of all."""
    drawn = random.Random(seed)
    with running(Sandbox(world=World())) as sandbox:
        world = sandbox.world
        house = open_house(
            url, StripeGateway(sandbox.url, "sk_test_1", webhook_secrets=(OLD, NEW)), world=world
        )
        for _ in range(payments):
            house.start(drawn.randrange(100, 10_000))
        while house.work(limit=2_000):
            pass
        for number in list(world.things["payment_intent"]):
            intents.confirm(world, {"payment_method": "pm_card_visa"}, number)
        bodies = event_bodies(world) + [_unknown(number) for number in range(payments // 10)]
        sent = [(each, True) for each in bodies for _ in range(times)]
        sent += [(drawn.choice(bodies), False) for _ in range(len(sent) // 3)]
        drawn.shuffle(sent)
        half = len(sent) // 2
        taken, refused = _send(house, sent[:half], drawn)
        house.work(seconds=1, limit=10 * payments)
        more, worse = _send(house, sent[half:], drawn)
        house.work(seconds=2, limit=10 * payments)
        taken, refused = taken + more, refused + worse
        return _told(
            house, world, Flood(payments, len(sent), taken, len(bodies), len(sent) - _good(sent), refused)
        )


def _good(sent: list[tuple[bytes, bool]]) -> int:
    return sum(good for _, good in sent)


def _send(house: House, sent: list[tuple[bytes, bool]], drawn: random.Random) -> tuple[int, int]:
    """How many were taken as new, how many were refused."""
    taken = refused = 0
    for start in range(0, len(sent), A_TRANSACTION):
        with db.transaction(house.url) as session:
            for body, good in sent[start : start + A_TRANSACTION]:
                try:
                    new = webhooks.receive(
                        session, house.provider, body=body, headers=_signed(body, good, drawn)
                    )
                    taken += new
                except EventNotSigned:
                    refused += 1
    return taken, refused


def _signed(body: bytes, good: bool, drawn: random.Random) -> dict[str, str]:
    """A header: a good one by one of the two secrets, or forged in one of five ways."""
    now = int(clock.now().timestamp())
    if good:
        return {SIGNATURE_HEADER: signatures.sign(body, drawn.choice((OLD, NEW)), now - drawn.randrange(200))}
    header = {
        0: signatures.sign(body, "whsec_wrong", now),
        1: signatures.sign(body + b" ", NEW, now),
        2: signatures.sign(body, NEW, now - 400),  # a replay that comes late
        3: signatures.sign(body, NEW, now).replace("v1=", "v0="),
        4: signatures.sign(body, NEW, now - 400).replace(f"t={now - 400}", f"t={now}"),
    }[drawn.randrange(5)]
    return {SIGNATURE_HEADER: header}


def _unknown(number: int) -> bytes:
    return (
        b'{"id": "evt_unknown_%d", "object": "event", "type": "moon.rose", "created": 1795660000,'
        b' "data": {"object": {"object": "moon", "id": "moon_1"}}}' % number
    )


def _told(house: House, world: World, flood: Flood) -> Flood:
    flood.credited_fen = house.money()[0]
    flood.captured_fen = sum(each["amount_received"] for each in world.things["payment_intent"].values())
    with db.connect(house.url) as connection:
        row = connection.execute("SELECT count(*) FROM gateway_movements WHERE kind = 'capture'").fetchone()
        assert row is not None
        flood.captures = row[0]
        flood.violations = prove.broken(connection, 1, 2, 4, 6, 12, 15)
    return flood
