"""Who is behind an account that sells for others: whose the water is, who is paid for it, and on what terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from ledger.arrays import Bigints
from market.core import clock
from market.registry.rules import Barrier

TRUST = "trust"
AGENCY = "民法典 arts 919, 922: an agent acts as the principal has instructed"
SUSPENDED = "取水许可和水资源费征收管理条例 arts 41, 51"


@dataclass(frozen=True, slots=True)
class Behind:
    """Who is behind an account that sells for others, and on what terms: (money account, weight, owner) of each.

    `fee_account_id` gets `fee_per_mille`; the least price is 1/10 000 yuan per m3; `ends_at` a UNIX time or 0.
    `stopped` is why it does not sell at all; `owners` are those who may not buy from it.
    """

    shares: tuple[tuple[int, int, int], ...]
    fee_account_id: int
    fee_per_mille: int
    floor_price_e4: int
    ends_at: int
    stopped: Barrier | None
    owners: frozenset[int]


_TRUSTS_SQL = """
SELECT r.water_account_id, m.account_id, r.fee_per_mille, r.floor_price_e4, r.ends_on, r.selling, r.status,
       coalesce(g.id, 0)
  FROM trusts r
  LEFT JOIN money_accounts m ON m.participant_id = r.trustee_id
  LEFT JOIN LATERAL (SELECT id FROM trust_generations WHERE trust_id = r.id ORDER BY mark DESC LIMIT 1) g ON true
 WHERE r.water_account_id = ANY(%s)
"""
_SHARES_SQL = """
SELECT s.generation_id, a.account_id, s.litres, coalesce(p.owner_group_id, p.id),
       EXISTS (SELECT FROM entitlements e WHERE e.participant_id = w.participant_id AND e.status = 'suspended'
               AND e.source = w.source AND e.sector = w.sector AND e.township_zone_id = w.township_zone_id
               AND e.canal_zone_id = w.canal_zone_id)
  FROM trust_shares s
  JOIN trust_members m ON m.id = s.member_id
  JOIN water_accounts w ON w.id = m.water_account_id
  JOIN participants p ON p.id = m.participant_id
  JOIN money_accounts a ON a.participant_id = m.participant_id
 WHERE s.generation_id = ANY(%s) AND s.litres > 0
 ORDER BY s.generation_id, s.member_id
"""


def trusts(connection: psycopg.Connection[Any], water_account_ids: Iterable[int]) -> dict[int, Behind]:
    """Who is behind those of these water accounts that are pools of trusts."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        pools = cursor.execute(_TRUSTS_SQL, (Bigints(water_account_ids),)).fetchall()
        rows = cursor.execute(_SHARES_SQL, (Bigints(row[7] for row in pools),)).fetchall() if pools else []
    shares: dict[int, list[tuple[int, int, int]]] = {}
    suspended: set[int] = set()
    for generation, account, litres, owner, is_suspended in rows:
        shares.setdefault(generation, []).append((account, litres, owner))
        if is_suspended:
            suspended.add(generation)
    return {
        row[0]: Behind(
            shares=tuple(shares.get(row[7], ())),
            fee_account_id=row[1] or 0,
            fee_per_mille=row[2],
            floor_price_e4=row[3],
            ends_at=int(clock.end_of_legal_day(row[4]).timestamp()),
            stopped=_stopped(row[5], row[6], row[7] in suspended),
            owners=frozenset(owner for _, _, owner in shares.get(row[7], ())),
        )
        for row in pools
    }


def _stopped(selling: str, status: str, suspended: bool) -> Barrier | None:
    if status != "open":
        return Barrier("trust_ended", "the agreement under which this account sells is over", AGENCY)
    if selling == "nobody":
        return Barrier("trust_does_not_sell", "the terms of the trust let nobody sell its water", AGENCY)
    if suspended:
        return Barrier(
            "entitlement_suspended",
            "the right of a member is suspended: its share has to leave first",
            SUSPENDED,
        )
    return None


# Neither the holder nor a bank of its pledges, nor who owns them, buys what is sold of them.
_PLEDGED_SQL = """
SELECT s.water_account_id, s.proceeds_account_id, s.floor_price_e4,
       array_agg(DISTINCT coalesce(p.owner_group_id, p.id)), bool_or(e.status = 'suspended')
  FROM pledge_sales s
  JOIN pledge_sale_parts x ON x.sale_id = s.id
  JOIN pledges g ON g.id = x.pledge_id
  JOIN participants p ON p.id IN (g.bank_id, g.participant_id)
  JOIN entitlements e ON e.id = g.entitlement_id
 WHERE s.water_account_id = ANY(%s) GROUP BY s.id
"""


def pledged(connection: psycopg.Connection[Any], water_account_ids: Iterable[int]) -> dict[int, Behind]:
    """Who is behind those of these water accounts that sell pledged water: all proceeds wait to be paid out by rank."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_PLEDGED_SQL, (Bigints(water_account_ids),)).fetchall()
    return {
        account: Behind(
            shares=((proceeds, 1, owners[0]),),
            fee_account_id=0,
            fee_per_mille=0,
            floor_price_e4=floor,
            ends_at=0,
            stopped=Barrier("entitlement_suspended", "the pledged right is suspended", SUSPENDED)
            if suspended
            else None,
            owners=frozenset(owners),
        )
        for account, proceeds, floor, owners, suspended in rows
    }


# What a lot sells is paid by the contract's basis points; none of its parties buys it.
_LOTS_SQL = """
SELECT o.water_account_id, m.account_id, s.bp, coalesce(p.owner_group_id, p.id), o.floor_price_e4, l.expires_on,
       l.status, EXISTS (SELECT FROM entitlements e WHERE e.id = l.entitlement_id AND e.status = 'suspended')
  FROM lot_offers o
  JOIN saving_lots l ON l.id = o.lot_id
  JOIN lot_offer_shares s ON s.offer_id = o.id
  JOIN participants p ON p.id = s.participant_id
  JOIN money_accounts m ON m.participant_id = p.id
 WHERE o.water_account_id = ANY(%s) AND o.closed_at IS NULL ORDER BY o.id, s.rank
"""
LOT = "saving_lot"
SAVED = "取水许可和水资源费征收管理条例 art. 27; 节约用水条例 arts 40, 41"


def lots(connection: psycopg.Connection[Any], water_account_ids: Iterable[int]) -> dict[int, Behind]:
    """Who is behind those of these water accounts that have a lot of saved water on offer."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_LOTS_SQL, (Bigints(water_account_ids),)).fetchall()
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return {account: _lot(some) for account, some in found.items()}


def _lot(rows: list[tuple[Any, ...]]) -> Behind:
    *_, floor, expires_on, status, suspended = rows[0]
    stopped = None
    if status != "open":
        stopped = Barrier("lot_blocked", "the saving behind the lot is looked at again, or over", SAVED)
    elif suspended:
        stopped = Barrier("entitlement_suspended", "the right behind the lot is suspended", SUSPENDED)
    return Behind(
        shares=tuple((account, bp, owner) for _, account, bp, owner, *_ in rows),
        fee_account_id=0,
        fee_per_mille=0,
        floor_price_e4=floor,
        ends_at=int(clock.end_of_legal_day(expires_on).timestamp()),
        stopped=stopped,
        owners=frozenset(row[3] for row in rows),
    )


NOTHING_ON_OFFER = Behind(
    (), 0, 0, 0, 0, Barrier("lot_not_on_offer", "no lot is on offer on this account", SAVED), frozenset()
)
"""What is behind an account of saved water that has nothing on offer: it does not sell."""

ORIGINS_BEHIND = (TRUST, "pledged", LOT)


def of(connection: psycopg.Connection[Any], water_account_ids: Iterable[int]) -> dict[int, Behind]:
    """Who is behind those of these water accounts that sell for others."""
    ids = list(water_account_ids)
    return trusts(connection, ids) | pledged(connection, ids) | lots(connection, ids)
