"""What the engine and the queries know of places, limits and accounts, read in set statements.

All of it changes seldom; who changes it calls `core.db.bump_reference`, and a cache of it is good until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from ledger.arrays import Bigints
from market.registry import behind, caps, halts
from market.registry.rules import AccountFacts, Barrier, SectorRule

_GROUNDWATER_STRICTNESS = {"open": 0, "restricted": 1, "overdrawn": 2, "banned": 3}


@dataclass(frozen=True, slots=True)
class ZoneView:
    """A zone as a row."""

    id: int
    tree: str
    code: str
    parent_id: int | None
    level: str
    name_zh: str
    name_en: str
    groundwater: str
    demonstration: bool


@dataclass(frozen=True, slots=True)
class Zones:
    """Both trees: zones by id and by code, and for each id the ids of itself and of all above it."""

    by_id: Mapping[int, ZoneView]
    by_code: Mapping[str, ZoneView]
    lineage: Mapping[int, frozenset[int]]
    roots: frozenset[int]

    def strictest_groundwater(self, zones: Iterable[int]) -> str:
        """The strictest groundwater status among these zones."""
        return max((self.by_id[zone].groundwater for zone in zones), key=_GROUNDWATER_STRICTNESS.__getitem__)


@dataclass(frozen=True, slots=True)
class AccountView:
    """A water account with what the rules need to know of it. `owner_id` is who is at the end of its
    ownership.
    """

    id: int
    participant_id: int
    owner_id: int
    township_zone_id: int
    canal_zone_id: int
    account_id: int
    plan_account_id: int | None
    place: caps.Place
    facts: AccountFacts
    behind: behind.Behind | None = None


def zones(connection: psycopg.Connection[Any]) -> Zones:
    """Both zone trees."""
    rows = _rows(
        connection,
        "SELECT id, tree, code, parent_id, level, name_zh, name_en, groundwater, demonstration FROM zones",
    )
    views = [ZoneView(*row) for row in rows]
    return Zones(
        by_id={view.id: view for view in views},
        by_code={view.code: view for view in views},
        lineage=caps.lineages({view.id: view.parent_id for view in views}),
        roots=frozenset(view.id for view in views if view.parent_id is None),
    )


def limits(connection: psycopg.Connection[Any], *, water_year: int | None = None) -> list[caps.LimitNode]:
    """Every limit, or those of one water year, by id."""
    rows = _rows(
        connection,
        "SELECT id, account_id, code, kind, water_year, zone_id, to_zone_id, source, sector, limit_litres,"
        " legal_source FROM limits WHERE %s::int IS NULL OR water_year = %s ORDER BY id",
        (water_year, water_year),
    )
    return [caps.LimitNode(*row) for row in rows]


_ACCOUNTS_SQL = """
SELECT w.id, w.participant_id, coalesce(p.owner_group_id, p.id), w.township_zone_id, w.canal_zone_id,
       w.account_id, w.plan_account_id, w.sector, w.source, w.water_year, w.origin, w.right_kind, w.status,
       p.status, p.public_storage, y.status,
       EXISTS (SELECT FROM entitlements e WHERE e.participant_id = w.participant_id AND e.status = 'suspended'
               AND e.source = w.source AND e.sector = w.sector AND e.township_zone_id = w.township_zone_id
               AND e.canal_zone_id = w.canal_zone_id)
  FROM water_accounts w
  JOIN participants p ON p.id = w.participant_id
  JOIN water_years y ON y.year = w.water_year
 WHERE w.id = ANY ((SELECT %s::bigint[])::bigint[])
"""
# An array within (SELECT ...) hides its length, so that the plan goes by the index (see ledger.posting).


def accounts(
    connection: psycopg.Connection[Any],
    tree: Zones,
    sector_rules: Mapping[str, SectorRule],
    *,
    ids: Iterable[int],
) -> dict[int, AccountView]:
    """Water accounts by id, those that exist. `sector_rules` are the pack's."""
    rows = _rows(connection, _ACCOUNTS_SQL, (Bigints(ids),))
    selling = [row[0] for row in rows if row[10] in behind.ORIGINS_BEHIND]
    owners = behind.of(connection, selling) if selling else {}
    nothing = {row[0]: behind.NOTHING_ON_OFFER for row in rows if row[10] == behind.LOT}
    owners = nothing | owners
    standing = halts.in_force(connection)
    return {row[0]: _view(tree, sector_rules, row, owners.get(row[0]), standing) for row in rows}


def _view(
    tree: Zones, sector_rules: Mapping[str, SectorRule], row: tuple[Any, ...], owners: behind.Behind | None,
    standing: Sequence[halts.Halt],
) -> AccountView:  # fmt: skip
    (account, participant, owner, township, canal, ledger_account, plan_account, sector, source, year) = row[
        :10
    ]
    origin, right_kind, status, participant_status, public_storage, year_status, suspended = row[10:]
    place = caps.place(
        tree.lineage,
        township_zone_id=township,
        canal_zone_id=canal,
        sector=sector,
        source=source,
        water_year=year,
    )
    halt = halts.over(
        standing, participant=participant, owner=owner, zones=place.zones, source=source, water_year=year
    )
    facts = AccountFacts(
        participant_status=participant_status,
        public_storage=public_storage,
        account_status=status,
        year_status=year_status,
        sector=sector,
        source=source,
        origin=origin,
        right_kind=right_kind,
        right_suspended=suspended and origin != "trust",
        groundwater=tree.strictest_groundwater(place.zones),
        sector_rule=sector_rules.get(sector),
        stopped=owners.stopped if owners is not None else None,
        halted=Barrier("halted", halt.detail, halt.legal_source) if halt is not None else None,
    )
    return AccountView(
        account, participant, owner, township, canal, ledger_account, plan_account, place, facts, owners
    )


def _rows(connection: psycopg.Connection[Any], statement: Any, parameters: Any = ()) -> list[tuple[Any, ...]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(statement, parameters).fetchall()


def available(connection: psycopg.Connection[Any], account_ids: Iterable[int]) -> dict[int, int]:
    """What is free now on each of these ledger accounts: credits posted - debits posted - debits pending."""
    rows = _rows(
        connection,
        "SELECT id, credits_posted - debits_posted - debits_pending FROM accounts WHERE id = ANY(%s)",
        (Bigints(account_ids),),
    )
    return dict(rows)
