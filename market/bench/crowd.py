"""The farmers of a benchmark: two canals of one district, one side sells and the other buys, all with water and money.

They trade by the county pack that comes with Karez, so a trade has its route with a loss, its fee, and the caps of
two townships; it is settled at once, for farmers of one district need no review.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from ledger import journal
from ledger.units import parse_litres
from market import installation
from market.core import audit, books, clock, db
from market.core.chart import CNY, AccountCode, TransferCode
from market.registry import accounts, allocations, reference, steps
from market.registry.county import plan_threshold

SELLING = ("653123101", "KUSHAN-C1")
BUYING = ("653123102", "KUSHAN-C2")
FARMERS_A_SIDE = 10_000
BUSY_A_SIDE = 32
"""How many of a side also trade over HTTP, with a sign-in and more water."""
WATER_LITRES, BUSY_WATER_LITRES = parse_litres("2000"), parse_litres("500000")
MONEY_FEN = 10**9

_PEOPLE_SQL = """
INSERT INTO participants (kind, name, identifier_kind, identifier_hash, identifier_masked, status)
SELECT 'household', 'Farmer ' || i, 'identity_number', int8send(i), '***', 'admitted' FROM generate_series(1, %s) i
RETURNING id
"""
_USERS_SQL = """
INSERT INTO users (login, name, password_hash, participant_id)
SELECT 'bench-' || id, name, '', id FROM participants ORDER BY id RETURNING id, participant_id
"""
_ROLES_SQL = "INSERT INTO user_roles (user_id, role) SELECT id, 'holder' FROM users"
_MONEY_SQL = """
INSERT INTO money_accounts (participant_id, account_id) SELECT * FROM unnest(%s::bigint[], %s::bigint[])
"""
_RIGHTS_SQL = """
INSERT INTO entitlements (participant_id, kind, source, sector, township_zone_id, canal_zone_id, volume_litres,
                          valid_from, valid_to, status, certificate_number, basis)
SELECT t.participant, 'irrigation_certificate', 'surface', 'agriculture', %s, %s, t.litres, '2020-01-01', '2040-01-01',
       'confirmed', 'BENCH-' || t.participant, 'benchmark'
FROM unnest(%s::bigint[], %s::bigint[]) AS t (participant, litres)
RETURNING id
"""
_FOUND_SQL = "SELECT id, participant_id FROM water_accounts WHERE canal_zone_id = %s ORDER BY participant_id"


@dataclass(frozen=True)
class Farmer:
    """One who trades: row ids of the participant, its user and its water account."""

    participant: int
    user: int
    account: int


@dataclass(frozen=True)
class Crowd:
    """Everybody, by side; the first BUSY_A_SIDE of each have the most water. `product` is a row id."""

    sellers: list[Farmer]
    buyers: list[Farmer]
    product: int


def gather(url: str) -> Crowd:
    """Installs the county on an empty, migrated database and fills it with farmers."""
    installation.run(url)
    db.unlock_ids(url)
    with db.transaction(url) as session:
        connection = db.raw(session)
        people = [row[0] for row in connection.execute(_PEOPLE_SQL, (2 * FARMERS_A_SIDE,)).fetchall()]
        users = {row[1]: row[0] for row in connection.execute(_USERS_SQL).fetchall()}
        connection.execute(_ROLES_SQL)
        batch = journal.Batch()
        _give_money(connection, batch, people)
        selling, buying = people[:FARMERS_A_SIDE], people[FARMERS_A_SIDE:]
        zones = reference.zones(connection).by_code
        _give_rights(connection, zones, selling)
        _open_water(connection, batch, zones, buying)
        batch.execute(connection)
        allocations.announce(
            session, actor=audit.Actor(), water_year=clock.this_year(), source="surface", share_e6=1_000_000,
            sector="agriculture", kind="irrigation_certificate", reason="benchmark",
        )  # fmt: skip
        session.flush()
        sides = [_farmers(connection, zones[canal].id, users) for _, canal in (SELLING, BUYING)]
        row = connection.execute(
            "SELECT id FROM products WHERE source = 'surface' AND water_year = %s", (clock.this_year(),)
        ).fetchone()
        assert row is not None
    with db.connect(url, autocommit=True) as own:
        own.execute("VACUUM ANALYZE")
    return Crowd(sides[0], sides[1], row[0])


def _give_money(connection: psycopg.Connection[Any], batch: journal.Batch, people: list[int]) -> None:
    asset = books.asset_id(connection, CNY)
    opened = journal.open_accounts(
        connection, [journal.NewAccount(asset, AccountCode.HOLDER_MONEY, 1)] * len(people)
    )
    connection.execute(_MONEY_SQL, (people, opened))
    bank = books.system_account(connection, CNY, AccountCode.BANK)
    for account in opened:
        batch.transfer(debit=bank, credit=account, amount=MONEY_FEN, code=TransferCode.DEPOSIT)


def _give_rights(connection: psycopg.Connection[Any], zones: Any, people: list[int]) -> None:
    litres = [BUSY_WATER_LITRES] * BUSY_A_SIDE + [WATER_LITRES] * (len(people) - BUSY_A_SIDE)
    township, canal = SELLING
    rights = connection.execute(_RIGHTS_SQL, (zones[township].id, zones[canal].id, people, litres)).fetchall()
    steps.write_registered(
        connection, actor=audit.Actor(), entitlement_ids=[row[0] for row in rights], reason="benchmark"
    )


def _open_water(
    connection: psycopg.Connection[Any], batch: journal.Batch, zones: Any, people: list[int]
) -> None:
    township, canal = BUYING
    accounts.open_many(
        connection,
        [
            accounts.NewWaterAccount(person, zones[township].id, zones[canal].id, "agriculture", None)
            for person in people
        ],
        source="surface",
        water_year=clock.this_year(),
        threshold=plan_threshold(connection),
        batch=batch,
    )


def _farmers(connection: psycopg.Connection[Any], canal: int, users: dict[int, int]) -> list[Farmer]:
    rows = connection.execute(_FOUND_SQL, (canal,)).fetchall()
    return [Farmer(participant, users[participant], account) for account, participant in rows]
