"""Plays a case of the labelled set through the engine: the same people, rights, orders and trades, in the database.

A story's noise knows no matching engine: what the engine would match otherwise is left out before
(`playable`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from ledger import journal
from market import installation
from market.core import audit, books, clock, db
from market.core.chart import CNY, HEADROOM, AccountCode, TransferCode, water_asset
from market.county import parts
from market.supervision.surveillance import Evidence
from market.supervision.surveillance.evidence import OrderEvent, Party, Trade
from market.supervision.watching.window import Window
from market.trading.commands import Accepted, Amend, Cancel, Command, Place
from market.trading.engine import Engine
from market.trading.intake import end_expired
from tests.surveillance.building import LEGAL_TIME, SURFACE
from tests.usecases.registry.county import BASIS, registrar, small_pack

PLENTY = 10**12
KINDS = {"farm": "household", "association": "association", "works": "enterprise", "firm": "service_firm"}
MARKS = ("representative", "bank_account", "telephone", "address", "device")
MIDNIGHT = dt.time(0, tzinfo=LEGAL_TIME)


@dataclass
class Played:
    """A database in which a case was played: the rows that its people, orders, trades and rights became."""

    url: str
    window: Window
    people: dict[int, int] = field(default_factory=dict)
    clerks: dict[str, int] = field(default_factory=dict)
    accounts: dict[int, int] = field(default_factory=dict)
    rights: dict[int, int] = field(default_factory=dict)
    orders: dict[int, int] = field(default_factory=dict)
    news: dict[int, int] = field(default_factory=dict)
    product: int = 0


def pack() -> Any:
    """The small county with a book for canal water, and a trading day from ten to five."""
    years = tuple(
        parts.WaterYear(year, dt.date(year, 1, 1), dt.date(year, 12, 31)) for year in range(2021, 2028)
    )
    steps = tuple(parts.SessionStep(dt.time(hour), phase) for hour, phase in ((10, "open"), (17, "night")))
    return small_pack(
        water_years=years,
        products=(parts.Product(SURFACE, "surface", 2026, "allocation", 1000, BASIS),),
        flows=(parts.Flow("agriculture", "agriculture", "county", BASIS),),
        sessions=(parts.SessionRule((1, 2, 3, 4, 5), False, steps, BASIS),),
    )


def play(url: str, evidence: Evidence) -> Played:
    """Makes a case happen in a migrated database."""
    days = [one.at.astimezone(LEGAL_TIME).date() for one in evidence.closes]
    since = dt.datetime.combine(days[0], MIDNIGHT)
    made = Played(url, Window(days[-1], since, clock.end_of_legal_day(days[-1])))
    with clock.standing(since - dt.timedelta(days=2)), db.transaction(url) as session:
        registrar(session)
        installation.install(session, pack=pack(), actor=audit.Actor(user_id=1))
        connection = db.raw(session)
        made.product = connection.execute("SELECT id FROM products").fetchone()[0]
        _people(connection, made, evidence.parties)
        _rights(connection, made, evidence)
        _water_and_money(connection, made)
        _references(connection, made, evidence)
        _news(connection, made, evidence)
    _orders(made, evidence)
    return made


def _people(connection: psycopg.Connection[Any], made: Played, parties: Iterable[Party]) -> None:
    early = made.window.since - dt.timedelta(days=2)
    for one in parties:
        row = connection.execute(
            "INSERT INTO participants (kind, name, identifier_kind, identifier_hash, identifier_masked, status)"
            " VALUES (%s, 'x', 'uscc', %s, '***', 'admitted') RETURNING id",
            (KINDS[one.kind], one.id.to_bytes(8)),
        ).fetchone()
        made.people[one.id] = row[0]
        for kind in MARKS:
            if mark := getattr(one, kind):
                connection.execute(
                    "INSERT INTO party_marks (participant_id, kind, digest, document, recorded_by, recorded_at)"
                    " VALUES (%s, %s, %s, 't', 1, %s)",
                    (row[0], kind, hashlib.sha256(mark.encode()).digest(), early),
                )
    for one in parties:
        if one.owner != one.id:
            connection.execute(
                "UPDATE participants SET owner_group_id = %s WHERE id = %s",
                (made.people[one.owner], made.people[one.id]),
            )
        if one.clerk:
            _mandate(connection, made, one)


def _mandate(connection: psycopg.Connection[Any], made: Played, one: Party) -> None:
    if one.clerk not in made.clerks:
        made.clerks[one.clerk] = connection.execute(
            "INSERT INTO users (login, name, password_hash) VALUES (%s, 'x', 'x') RETURNING id",
            (f"clerk-{one.id}",),
        ).fetchone()[0]
    connection.execute(
        "INSERT INTO mandates (participant_id, clerk_user_id, scope, document, valid_from, valid_to, recorded_by)"
        " VALUES (%s, %s, 'trade', 't', %s, %s, 1)",
        (made.people[one.id], made.clerks[one.clerk], made.window.since - dt.timedelta(days=2),
         made.window.until + dt.timedelta(days=400)),
    )  # fmt: skip


def _account(
    connection: psycopg.Connection[Any], made: Played, party: int, year: int, source: str, canal: str
) -> int:
    """A water account with plenty under its use plan, so that only the story's own limits bind."""
    asset = books.asset_id(connection, water_asset(source, year))
    ledger = journal.open_account(connection, asset_id=asset, code=AccountCode.HOLDER_WATER, flags=1)
    return connection.execute(
        "INSERT INTO water_accounts (participant_id, township_zone_id, canal_zone_id, sector, source, water_year,"
        " right_kind, account_id) SELECT %s, t.id, c.id, 'agriculture', %s, %s, 'irrigation_certificate', %s"
        " FROM zones t, zones c WHERE t.code = 'T1' AND c.code = %s RETURNING id",
        (made.people[party], source, year, ledger, canal),
    ).fetchone()[0]


def _rights(connection: psycopg.Connection[Any], made: Played, evidence: Evidence) -> None:
    """Rights with what was credited, used, bought and sold under them; a second one of a source on another canal."""
    canals: dict[tuple[int, str, int], str] = {}
    tape: dict[tuple[int, str], int] = {}
    for trade in evidence.trades:
        for key in ((trade.seller, "sold"), (trade.buyer, "bought")):
            tape[key] = tape.get(key, 0) + trade.litres
    for one in sorted(evidence.rights, key=lambda right: (right.year, right.right)):
        mine = [key for key in canals if key[:2] == (one.party, one.source)]
        canal = canals.setdefault((one.party, one.source, one.right), f"G{len(mine)}" if mine else "K1")
        account = _account(connection, made, one.party, one.year, one.source, canal)
        if one.right not in made.rights:
            made.rights[one.right] = _entitlement(connection, made, one, canal)
        _credited(connection, one, made.rights[one.right], account)
        _used(connection, made, one, account)
        trades = one.year == 2026 and one.source == "surface" and one.party not in made.accounts
        if trades:
            made.accounts[one.party] = account
        for column, litres in (("seller", one.sold), ("buyer", one.bought)):
            told = tape.get((one.party, "sold" if column == "seller" else "bought"), 0) if trades else 0
            _moved(connection, made, account, column, litres - told)
        if one.plan is not None:
            _planned(connection, account, one.plan)
        if one.excused:
            _excused(connection, made.rights[one.right], one.year, one.excused)
        if not one.tradable_class:
            permit = "UPDATE water_accounts SET right_kind = 'abstraction_permit' WHERE id = %s"
            connection.execute(permit, (account,))
    for party in made.people:
        if party not in made.accounts:
            made.accounts[party] = _account(connection, made, party, 2026, "surface", "K1")


def _entitlement(connection: psycopg.Connection[Any], made: Played, one: Any, canal: str) -> int:
    return connection.execute(
        "INSERT INTO entitlements (participant_id, kind, source, sector, township_zone_id, canal_zone_id,"
        " volume_litres, valid_from, valid_to, status, certificate_number)"
        " SELECT %s, 'irrigation_certificate', %s, 'agriculture', t.id, c.id, %s,"
        " '2020-01-01', '2035-01-01', 'confirmed', %s FROM zones t, zones c"
        " WHERE t.code = 'T1' AND c.code = %s RETURNING id",
        (made.people[one.party], one.source, max(1, one.allocated), f"T-{one.right}", canal),
    ).fetchone()[0]


def _excused(connection: psycopg.Connection[Any], right: int, year: int, why: str) -> None:
    connection.execute(
        "INSERT INTO entitlement_steps (entitlement_id, step, from_status, to_status, at, reason, legal_source, detail)"
        " VALUES (%s, 'excuse', 'confirmed', 'confirmed', %s, %s, 't', %s)",
        (right, dt.datetime(year, 1, 2, tzinfo=LEGAL_TIME), why, f'{{"until": "{year}-12-30"}}'),
    )


def _news(connection: psycopg.Connection[Any], made: Played, evidence: Evidence) -> None:
    for one in evidence.announcements:
        insiders = [made.people[each] for each in one.insiders]
        made.news[one.id] = connection.execute(
            "INSERT INTO price_decisions (subject, moves, product_ids, insider_ids, decided_at, published_at,"
            " recorded_by) VALUES ('t', %s, %s, %s, %s, %s, 1) RETURNING id",
            (one.moves, [made.product], insiders, one.decided_at, one.published_at),
        ).fetchone()[0]


def _credited(connection: psycopg.Connection[Any], one: Any, right: int, account: int) -> None:
    row = connection.execute(
        "INSERT INTO announcements (water_year, source, share_e6, total_litres, entitlements, reason, announced_at)"
        " VALUES (%s, %s, 1000000, %s, 1, 't', %s) RETURNING id",
        (one.year, one.source, one.allocated, dt.datetime(one.year, 1, 1, tzinfo=LEGAL_TIME)),
    ).fetchone()
    connection.execute(
        "INSERT INTO announcement_lines VALUES (%s, %s, %s, %s)", (row[0], right, account, one.allocated)
    )


def _used(connection: psycopg.Connection[Any], made: Played, one: Any, account: int) -> None:
    since = dt.datetime(one.year, 1, 1, tzinfo=LEGAL_TIME)
    until = min(dt.datetime(one.year, 12, 31, tzinfo=LEGAL_TIME), made.window.since)
    meter = connection.execute(
        "INSERT INTO meters (water_account_id, serial, start_litres) VALUES (%s, %s, 0) RETURNING id",
        (account, f"M-{account}"),
    ).fetchone()[0]
    reading = connection.execute(
        "INSERT INTO readings (meter_id, water_account_id, since, read_at, counter_litres, use_litres, posted_litres,"
        " over_use_litres, price_e4, fee_fen) VALUES (%s, %s, %s, %s, %s, %s, %s, 0, 0, 0) RETURNING id",
        (meter, account, since, until, one.used, one.used, one.used),
    ).fetchone()[0]
    connection.execute(
        "INSERT INTO meter_intervals (meter_id, period, reading_id) VALUES (%s, tstzrange(%s, %s), %s)",
        (meter, since, until, reading),
    )


def _moved(connection: psycopg.Connection[Any], made: Played, account: int, column: str, litres: int) -> None:
    """What was sold or bought in the year beside the story's own trades: an instruction with somebody else."""
    if litres <= 0:
        return
    seller, buyer = (account, 0) if column == "seller" else (0, account)
    connection.execute(
        "INSERT INTO instructions (id, kind, reference, product_id, seller_id, buyer_id, seller_water_account_id,"
        " buyer_water_account_id, seller_account, buyer_account, buyer_money_account, source_litres, delivered_litres,"
        " amount_fen, payees, charges, frees, holds, status, batch_id, instructed_at, resolved_at) VALUES"
        " (nextval('engine_ids'), 'trade', 0, 0, 0, 0, %s, %s, 0, 0, 0, %s, %s, 0, '[]', '[]', '[]', '[]', 'settled',"
        " 0, %s, %s)",
        (seller, buyer, litres, litres, made.window.since, made.window.since),
    )


def _planned(connection: psycopg.Connection[Any], account: int, litres: int) -> None:
    plan = journal.open_account(
        connection, asset_id=books.asset_id(connection, HEADROOM), code=AccountCode.LIMIT, flags=1
    )
    batch = journal.Batch()
    batch.transfer(
        debit=books.system_account(connection, HEADROOM, AccountCode.LIMIT_ISSUE), credit=plan, amount=PLENTY,
        code=TransferCode.PLAN_SET,
    )  # fmt: skip
    batch.execute(connection)
    connection.execute(
        "UPDATE water_accounts SET plan_account_id = %s, plan_litres = %s WHERE id = %s",
        (plan, litres, account),
    )


def _water_and_money(connection: psycopg.Connection[Any], made: Played) -> None:
    batch = journal.Batch()
    issue = books.system_account(connection, water_asset("surface", 2026), AccountCode.WATER_ISSUE)
    bank = books.system_account(connection, CNY, AccountCode.BANK)
    ledgers = dict(connection.execute("SELECT id, account_id FROM water_accounts").fetchall())
    for party, account in made.accounts.items():
        money = journal.open_account(
            connection, asset_id=books.asset_id(connection, CNY), code=AccountCode.HOLDER_MONEY, flags=1
        )
        connection.execute(
            "INSERT INTO money_accounts (participant_id, account_id) VALUES (%s, %s)",
            (made.people[party], money),
        )
        batch.transfer(debit=issue, credit=ledgers[account], amount=PLENTY, code=TransferCode.ALLOCATION)
        batch.transfer(debit=bank, credit=money, amount=PLENTY, code=TransferCode.DEPOSIT)
    batch.execute(connection)


def _references(connection: psycopg.Connection[Any], made: Played, evidence: Evidence) -> None:
    """Each day's reference price is the close before it."""
    first = next(one.reference_e4 for one in evidence.trades)
    price = first
    days = [one.at.astimezone(LEGAL_TIME).date() for one in evidence.closes]
    before = made.window.since.date() - dt.timedelta(days=1)
    for day, following in zip(
        [before, *days], [first, first, *(one.price_e4 for one in evidence.closes)], strict=False
    ):
        price = following
        connection.execute(
            "INSERT INTO reference_prices (product_id, price_e4, basis, from_day, reason, legal_source, set_by, set_at)"
            " VALUES (%s, %s, 'bureau', %s, 't', 't', 1, %s)",
            (made.product, price, day, dt.datetime.combine(day, MIDNIGHT)),
        )  # fmt: skip


def _orders(made: Played, evidence: Evidence) -> None:
    """Every order, amendment, cancellation and end at its time; the fills come by themselves."""
    ends = {one.order: one.at for one in evidence.orders if one.action == "ended"}
    engine = Engine(lambda: db.connect(made.url))
    try:
        for number, event in enumerate(evidence.orders):
            with clock.standing(event.at):
                if event.action == "ended":
                    end_expired(engine)
                elif event.action != "filled":
                    _say(engine, made, event, number, ends.get(event.order))
    finally:
        engine.connection.close()


def _say(engine: Engine, made: Played, event: OrderEvent, number: int, ends_at: dt.datetime | None) -> None:
    if event.action == "placed":
        request: Any = Place(
            made.accounts[event.party], made.product, event.side, event.litres, event.price_e4,
            "GTD" if ends_at else "GTC", expires_at=ends_at.timestamp() if ends_at else None,
        )  # fmt: skip
    elif event.action == "amended":
        request = Amend(made.orders[event.order], event.litres, event.price_e4)
    else:
        request = Cancel(made.orders[event.order])
    command = Command(made.people[event.party], 0, None, f"p{number}", 0, bytes(32), request)
    (answer,) = engine.execute([command])
    assert isinstance(answer.outcome, Accepted), answer.outcome
    made.orders.setdefault(event.order, answer.outcome.order)


# ---- the same words -------------------------------------------------------------------------------------------------


def as_played(evidence: Evidence, made: Played, trades: tuple[Trade, ...], share: dict[int, int]) -> Evidence:
    """Hand-built evidence by the database's numbers; the season's share is the county's own (`share` of a year)."""
    numbers = {one.id: other.id for one, other in zip(evidence.trades, trades, strict=True)}
    order = {0: 0} | made.orders

    def mark(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest() if text else ""

    return Evidence(
        tuple(
            replace(
                one, id=made.people[one.id], owner=made.people[one.owner], zone="T1",
                clerk=str(made.clerks[one.clerk]) if one.clerk else "",
                **{name: mark(getattr(one, name)) for name in MARKS},
            )
            for one in evidence.parties
        ),
        tuple(replace(one, order=order[one.order], party=made.people[one.party]) for one in evidence.orders),
        tuple(
            replace(
                one, id=numbers[one.id], seller=made.people[one.seller], buyer=made.people[one.buyer],
                sell_order=order[one.sell_order], buy_order=order[one.buy_order],
            )
            for one in evidence.trades
        ),
        evidence.closes,
        tuple(
            sorted(
                (
                    replace(
                        one, party=made.people[one.party], right=made.rights[one.right], zone="T1",
                        share_of_year_e6=share[one.year],
                    )
                    for one in evidence.rights
                ),
                key=lambda one: (one.year, one.right),
            )
        ),
        tuple(
            replace(one, id=made.news[one.id], insiders=tuple(made.people[each] for each in one.insiders))
            for one in evidence.announcements
        ),
    )  # fmt: skip
