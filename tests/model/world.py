"""A small county on a real database, driven through the product's own doors, for the model to be compared with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
from sqlalchemy import select

from ledger.units import parse_litres
from market import installation
from market.core import audit, clock, db
from market.core.errors import Refusal
from market.demo import people
from market.metering import readings
from market.participants import admission, users
from market.participants.models import MoneyAccount
from market.payments import transfers
from market.registry import accounts, allocations, entitlements, limits
from market.registry.models import Limit, WaterAccount
from market.supervision import reviews
from market.trading.commands import Accepted, Amend, Cancel, Command, Place, Refused
from market.trading.engine import Engine
from market.trading.intake import take_up
from tests.model.model import Holder, Model, Way

YEAR = clock.this_year()
C1, C2, PARK = ("653123101", "KUSHAN-C1"), ("653123102", "KUSHAN-C2"), ("653123401", "PARK")
FARMERS = {"a": C1, "b": C1, "c": C2, "d": C2}
FACTORIES = {"f": PARK, "g": PARK}
RIGHT, FIRST_SHARE_E6, MONEY = parse_litres("400"), 500_000, 20_000
ALLOCATED = RIGHT * FIRST_SHARE_E6 // 1_000_000
ROUTE, CAP_C1, CAP_C2 = "R-KUSHAN-ID-PARK", "T-653123101", "T-653123102"
HEADROOM = {ROUTE: parse_litres("90"), CAP_C1: parse_litres("25"), CAP_C2: parse_litres("35")}
"""Limits small enough to bind: what is free under each at the start."""
WAYS = {
    ("C1", "C1"): Way(1000, [], [], False),
    ("C2", "C2"): Way(1000, [], [], False),
    ("C1", "C2"): Way(970, [(CAP_C2, False)], [CAP_C1], False),
    ("C2", "C1"): Way(970, [(CAP_C1, False)], [CAP_C2], False),
    ("C1", "PARK"): Way(900, [(ROUTE, True)], [CAP_C1], True),
    ("C2", "PARK"): Way(900, [(ROUTE, True)], [CAP_C2], True),
}
PLACES = {C1: "C1", C2: "C2", PARK: "PARK"}


@dataclass
class Names:
    """Row ids of what the world is made of."""

    participant: dict[str, int] = field(default_factory=dict)
    water: dict[str, int] = field(default_factory=dict)
    meter: dict[str, int] = field(default_factory=dict)
    limit_account: dict[str, int] = field(default_factory=dict)
    product: int = 0
    clerk: int = 0

    @property
    def actor(self) -> audit.Actor:
        """The bureau's one user, who does everything that is done at the bureau."""
        return audit.Actor(user_id=self.clerk, request_id="model")


def furnish(url: str) -> Names:
    """Fills a migrated database: four farmers on two canals, b and c of one owner, and two factories in the park."""
    installation.run(url)
    db.unlock_ids(url)
    names = Names()
    with db.transaction(url) as session:
        names.clerk = users.create(
            session, actor=audit.Actor(), login="model", name="model", password="correct horse battery",
            roles=("registrar",),
        ).id  # fmt: skip
        actor = names.actor
        for number, (name, (township, canal)) in enumerate((FARMERS | FACTORIES).items()):
            made = admission.apply(
                session, actor=actor, secret=b"model" * 8, kind="household", name=name,
                identifier=people.identity_number(number + 1), contact="", login=f"model-{name}",
                password="correct horse battery", user_name=name, roles=("holder",),
            )  # fmt: skip
            admission.admit(session, actor=actor, participant_id=made.id)
            names.participant[name] = made.id
            money = session.scalars(
                select(MoneyAccount.id).where(MoneyAccount.participant_id == made.id)
            ).one()
            transfers.record_deposit(
                session, actor=actor, money_account_id=money, amount_fen=MONEY, bank_reference=f"M-{name}",
                value_date=clock.today(), note="model",
            )  # fmt: skip
            if name in FACTORIES:
                accounts.open_account(
                    session, actor=actor, participant_id=made.id, township=township, canal=canal, sector="industry",
                    source="surface", water_year=YEAR,
                )  # fmt: skip
                continue
            right = entitlements.apply(
                session, actor=actor, participant_id=made.id, kind="irrigation_certificate", source="surface",
                sector="agriculture", township=township, canal=canal, volume_litres=RIGHT, land_mu_e2=100,
                priority=1, valid_from=dt.date(YEAR, 1, 1), valid_to=dt.date(YEAR + 4, 12, 31), basis="model",
            )  # fmt: skip
            entitlements.confirm(session, actor=actor, entitlement_id=right.id)
        allocations.announce(
            session, actor=actor, water_year=YEAR, source="surface", share_e6=FIRST_SHARE_E6, sector="agriculture",
            kind="irrigation_certificate", reason="model",
        )  # fmt: skip
        _look_up(session, names)
    with db.connect(url) as connection:
        connection.execute(
            "UPDATE participants SET owner_group_id = %s WHERE id = ANY (%s)",
            (names.participant["b"], [names.participant["b"], names.participant["c"]]),
        )
        row = connection.execute("SELECT id FROM products WHERE code = %s", (f"surface-{YEAR}",)).fetchone()
        assert row is not None
        names.product = row[0]
    return names


def _look_up(session: Any, names: Names) -> None:
    actor = names.actor
    for name, participant in names.participant.items():
        account = session.scalars(
            select(WaterAccount).where(WaterAccount.participant_id == participant)
        ).one()
        names.water[name] = account.id
        if name in FARMERS:
            names.meter[name] = readings.register_meter(
                session, actor=actor, water_account_id=account.id, serial=f"M-{name}", start_litres=0
            ).id
        elif account.plan_account_id is not None:
            names.limit_account[f"plan-{name}"] = account.plan_account_id
    for code, headroom in HEADROOM.items():
        limit = session.scalars(select(Limit).where(Limit.code == code, Limit.water_year == YEAR)).one()
        names.limit_account[code] = limit.account_id
        used = (
            0 if code == ROUTE else 2 * ALLOCATED
        )  # two farmers' allocations stand under each township's cap
        limits.change(
            session, actor=actor, limit_id=limit.id, limit_litres=used + headroom, reason="model", legal_source="model"
        )  # fmt: skip


class World:
    """The product on one database; every command goes through the engine, every decision through a use case."""

    def __init__(self, url: str, names: Names) -> None:
        self.url = url
        self.names = names
        self.engine = Engine(lambda: db.connect(url))
        self.looking = db.connect(url, autocommit=True)
        self.orders: dict[str, int] = {}
        self._count = 0
        self.counters: dict[str, int] = dict.fromkeys(FARMERS, 0)

    def model(self) -> Model:
        """The model of the same beginning."""
        with db.connect(self.url) as connection:
            limits = _headroom(connection, self.names.limit_account)
        holders = {
            name: Holder(
                name, "b" if name == "c" else name, PLACES[place], ALLOCATED if name in FARMERS else 0, MONEY,
                may_sell=name in FARMERS, plan=None if name in FARMERS else f"plan-{name}",
            )
            for name, place in (FARMERS | FACTORIES).items()
        }  # fmt: skip
        announced = {CAP_C1: FIRST_SHARE_E6, CAP_C2: FIRST_SHARE_E6}
        return Model(holders, limits, WAYS, right=RIGHT, announced=announced)

    def send(self, holder: str, request: Place | Amend | Cancel) -> Accepted | Refused:
        """One command of a holder, and what lies in the inbox after it."""
        self._count += 1
        command = Command(self.names.participant[holder], 0, None, f"m{self._count}", 0, bytes(32), request)
        (answer,) = self.engine.execute([command])
        return answer.outcome

    def place(
        self, key: str, holder: str, side: str, volume: int, price: int, **terms: Any
    ) -> Accepted | Refused:
        """A new order, known by its key from here on."""
        outcome = self.send(
            holder, Place(self.names.water[holder], self.names.product, side, volume, price, **terms)
        )
        if isinstance(outcome, Accepted):
            self.orders[key] = outcome.order
        return outcome

    def decide(self, index: int, *, approve: bool) -> None:
        """Decides the index-th oldest trade under review."""
        with db.transaction(self.url) as session:
            waiting = session.connection().exec_driver_sql(
                "SELECT id FROM instructions WHERE status = 'awaiting_review' ORDER BY id"
            ).scalars().all()  # fmt: skip
            decide = reviews.approve if approve else reviews.reject
            decide(session, actor=self.names.actor, instruction_id=waiting[index], reason="model")
        take_up(self.engine)

    def announce(self, canal: str, share_e6: int) -> str:
        """An announcement for one canal: "ok", or the refusal's code."""
        try:
            with db.transaction(self.url) as session:
                allocations.announce(
                    session, actor=self.names.actor, water_year=YEAR, source="surface", share_e6=share_e6,
                    sector="agriculture", kind="irrigation_certificate", zone=canal, reason="model",
                )  # fmt: skip
        except Refusal as refusal:
            return refusal.code
        take_up(self.engine)
        return "ok"

    def use(self, holder: str, litres: int) -> int:
        """A meter reading; its id, or that of the finding that it was."""
        self.counters[holder] += litres
        with db.transaction(self.url) as session:
            return readings.record(
                session, actor=self.names.actor, meter_id=self.names.meter[holder], read_at=clock.now(),
                counter_litres=self.counters[holder],
            ).id  # fmt: skip

    def picture(self) -> dict[str, Any]:
        """Everything that the model knows too, from the database."""
        connection = self.looking
        free = connection.execute(
            "SELECT w.id, a.credits_posted - a.debits_posted - a.debits_pending,"
            " b.credits_posted - b.debits_posted - b.debits_pending"
            " FROM water_accounts w JOIN accounts a ON a.id = w.account_id"
            " JOIN money_accounts m ON m.participant_id = w.participant_id JOIN accounts b ON b.id = m.account_id"
        ).fetchall()
        orders = connection.execute(
            "SELECT id, volume_litres, rest_litres, price_e4, held, status FROM orders"
        )
        trades = connection.execute(
            "SELECT buy_order_id, sell_order_id, source_litres, delivered_litres, price_e4, amount_fen, fee_fen"
            " FROM trades ORDER BY id"
        ).fetchall()
        limits = _headroom(connection, self.names.limit_account)
        key_of = {order: key for key, order in self.orders.items()}
        name_of = {account: name for name, account in self.names.water.items()}
        return {
            "free": {name_of[row[0]]: (row[1], row[2]) for row in free},
            "orders": {key_of[row[0]]: tuple(row[1:]) for row in orders.fetchall()},
            "trades": [(key_of[row[0]], key_of[row[1]], *row[2:]) for row in trades],
            "limits": limits,
        }

    def trade(self, trade_id: int | None) -> tuple[Any, ...]:
        """A trade's maker, litres given up and delivered, price and amount."""
        row = self.looking.execute(
            "SELECT maker, source_litres, delivered_litres, price_e4, amount_fen FROM trades WHERE id = %s",
            (trade_id,),
        ).fetchone()
        assert row is not None
        return tuple(row)

    def fund(self) -> int:
        """What the public fund has."""
        return int(self._one("SELECT credits_posted - debits_posted FROM accounts WHERE code = %s", 17))

    def free(self, holder: str) -> int:
        """What is free on a holder's water account."""
        return int(self._one(
            "SELECT a.credits_posted - a.debits_posted - a.debits_pending FROM water_accounts w"
            " JOIN accounts a ON a.id = w.account_id WHERE w.id = %s", self.names.water[holder],
        ))  # fmt: skip

    def status(self, order: int) -> str:
        """The status of an order."""
        return str(self._one("SELECT status FROM orders WHERE id = %s", order))

    def rest(self, order: int) -> int:
        """The litres that an order still asks for."""
        return int(self._one("SELECT rest_litres FROM orders WHERE id = %s", order))

    def count(self) -> int:
        """How many orders there are."""
        return int(self._one("SELECT count(*) FROM orders WHERE id > %s", 0))

    def _one(self, query: LiteralString, value: int) -> Any:
        row = self.looking.execute(query, (value,)).fetchone()
        assert row is not None
        return row[0]

    def close(self) -> None:
        """Lets go of the database."""
        self.engine.connection.close()
        self.looking.close()


def _headroom(connection: psycopg.Connection[Any], accounts: dict[str, int]) -> dict[str, int]:
    """What is free under each limit, by its name here."""
    rows = connection.execute(
        "SELECT id, credits_posted - debits_posted - debits_pending FROM accounts WHERE id = ANY (%s)",
        (list(accounts.values()),),
    ).fetchall()
    free = dict(rows)
    return {name: free[account] for name, account in accounts.items()}


@contextmanager
def fresh_world(server_url: str, template: str, names: Names, name: str) -> Iterator[World]:
    """A world on a copy of the furnished database."""
    url = db.create_database(server_url, name, template=template)
    world = World(url, names)
    try:
        yield world
    finally:
        world.close()
        db.dispose(url)
        db.drop_database(server_url, name)
