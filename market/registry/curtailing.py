"""Curtailment, the registry's part: what a cut of caps takes back from whom, and posting both together.

Source: 取水许可和水资源费征收管理条例 arts 24, 41, 42: the authority may cut what a permit draws, with
notice. Who is cut first is the county's published priority (entitlements.priority); within a class everybody
gives the same share.
The process around it, with the exchange halted, is market.supervision.curtailments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.arrays import Bigints
from market.core import audit, books, clock, outbox
from market.core.chart import HEADROOM, AccountCode, TransferCode, water_asset
from market.core.db import bump_reference, raw
from market.registry import caps, charges, excess, reach, reference, season
from market.registry.models import Limit, LimitChange
from market.registry.season_models import Curtailment, CurtailmentCut


@dataclass(frozen=True, slots=True)
class Holder:
    """A water account under the caps that are cut: litres free now, and held by what a curtailment reaches."""

    water_account_id: int
    account_id: int
    participant_id: int
    township_zone_id: int
    canal_zone_id: int
    sector: str
    source: str
    priority: int
    free_litres: int
    spillable_litres: int
    ordered_litres: int
    pledged_litres: int
    reviewed_litres: int

    @property
    def reachable_litres(self) -> int:
        """All that can be taken."""
        held = self.spillable_litres + self.ordered_litres + self.pledged_litres + self.reviewed_litres
        return max(0, self.free_litres) + held


class Parts(NamedTuple):
    """Litres by what holds them, in the order in which they are taken."""

    free: int
    spillable: int
    ordered: int
    pledged: int
    reviewed: int


@dataclass(frozen=True, slots=True)
class Taking:
    """What is taken from one holder."""

    holder: Holder
    litres: int

    @property
    def parts(self) -> Parts:
        """What of it is free, may spill, and is held by open sales, by pledges and by reviews."""
        holder, left, found = self.holder, self.litres, []
        for most in (
            max(0, holder.free_litres),
            holder.spillable_litres,
            holder.ordered_litres,
            holder.pledged_litres,
            holder.reviewed_litres,
        ):
            found.append(min(most, left))
            left -= found[-1]
        return Parts(*found)


class Offered(NamedTuple):
    """Litres by water account that open sales hold, and that wait for a review of their sale."""

    ordered: Mapping[int, int]
    reviewed: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """A curtailment as it would be posted now; `missing` by limit: what cannot be taken back."""

    takings: tuple[Taking, ...]
    missing: Mapping[int, int]
    limits: tuple[caps.LimitNode, ...]

    @property
    def taken_litres(self) -> int:
        """All that is taken."""
        return sum(each.litres for each in self.takings)


# Of several rights behind an account the best protected speaks for it; a right that is suspended protects too.
_HOLDERS_SQL = """
WITH rights AS (
  SELECT participant_id, township_zone_id, canal_zone_id, sector, source, min(priority) AS priority
    FROM entitlements WHERE status IN ('confirmed', 'suspended') GROUP BY 1, 2, 3, 4, 5)
SELECT w.id, w.account_id, w.participant_id, w.township_zone_id, w.canal_zone_id, w.sector, w.source,
       coalesce(r.priority, %(last)s)::int, a.credits_posted - a.debits_posted - a.debits_pending
  FROM water_accounts w
  JOIN accounts a ON a.id = w.account_id
  LEFT JOIN rights r USING (participant_id, township_zone_id, canal_zone_id, sector, source)
 WHERE w.water_year = %(year)s AND a.credits_posted > a.debits_posted ORDER BY w.id
"""


def plan(
    connection: psycopg.Connection[Any],
    *,
    water_year: int,
    cuts: Sequence[tuple[int, int]],
    offered: Callable[[], Offered],
    lock: bool = False,
    beside: Iterable[int] = (),
) -> Plan:
    """What cutting caps to these figures (limit id, litres) takes from whom now.

    `offered` reads, under the locks, what open sales and reviews hold and give back when they are ended. Narrow caps
    go first. `lock` locks every account that posting touches, the whole set once, and those of `beside` with them.
    """
    tree = reference.zones(connection)
    limits = reference.limits(connection, water_year=water_year)
    after = dict(cuts)
    chosen = [limit for limit in limits if limit.id in after]
    chosen.sort(key=lambda limit: (-_depth(tree, limit), limit.id))
    if lock:
        _lock(connection, water_year, limits, beside)
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_HOLDERS_SQL, {"year": water_year, "last": season.LAST_PRIORITY}).fetchall()
    sales, held, none = offered(), reach.held(connection, water_year), reach.Held()
    holders = []
    for row in rows:
        spillable, pledged = held.get(row[0], none)
        ordered, reviewed = sales.ordered.get(row[0], 0), sales.reviewed.get(row[0], 0)
        holders.append(Holder(*(*row, spillable, ordered, pledged, reviewed)))
    reachable = []
    for holder in holders:
        above = frozenset(limit.id for limit in chosen if caps.holds(limit, _place(tree, holder, water_year)))
        if above:
            litres = holder.reachable_litres
            reachable.append(season.Reachable(holder.water_account_id, holder.priority, litres, above))
    free = reference.available(connection, [limit.account_id for limit in chosen])
    needed = [
        (limit.id, max(0, limit.limit_litres - after[limit.id] - free[limit.account_id])) for limit in chosen
    ]
    found = season.curtail(needed, reachable)
    takings = tuple(
        Taking(holder, found.taken[holder.water_account_id])
        for holder in holders
        if holder.water_account_id in found.taken
    )
    return Plan(takings, found.missing, tuple(chosen))


def post(session: Session, *, actor: audit.Actor, curtailment: Curtailment, made: Plan) -> None:
    """Posts cut and curtailment together; `made` was planned under the locks and reaches into no order or review.

    What may spill or is pledged is freed as far as it is taken. Each account's litres go to the year's curtailed water
    and free its caps; each cap is cut to its figure, and what of the cut could not be taken back stands on its excess
    account.
    """
    connection = raw(session)
    parts = {each.holder.water_account_id: each.parts for each in made.takings}
    wanted = {key: reach.Held(each.spillable, each.pledged) for key, each in parts.items()}
    reach.give_back(session, actor=actor, curtailment=curtailment, wanted=wanted)
    batch = journal.Batch()
    by_source: dict[str, list[tuple[int, int, str, int]]] = {}
    for each in made.takings:
        holder = each.holder
        asset = water_asset(holder.source, curtailment.water_year)
        batch.transfer(
            debit=holder.account_id,
            credit=books.system_account(connection, asset, AccountCode.WATER_CURTAILED),
            amount=each.litres,
            code=TransferCode.CURTAILED,
            reference=curtailment.id,
        )
        at = (holder.township_zone_id, holder.canal_zone_id, holder.sector, each.litres)
        by_source.setdefault(holder.source, []).append(at)
    for source, rows in by_source.items():
        freed = charges.over(connection, rows, water_year=curtailment.water_year, source=source)
        charges.free(connection, batch, freed, code=TransferCode.CURTAILED, reference_id=curtailment.id)
    _cut(session, actor, curtailment, made, batch)
    limits = reference.limits(connection, water_year=curtailment.water_year)
    excess.execute(connection, batch, (limit.account_id for limit in limits))
    _write_lines(connection, curtailment.id, made)
    connection.execute(_NOTICES_SQL, (curtailment.reason, curtailment.legal_source, curtailment.id))
    bump_reference(connection)


def _cut(
    session: Session,
    actor: audit.Actor,
    curtailment: Curtailment,
    made: Plan,
    batch: journal.Batch,
) -> None:
    """Adds the cuts: what is missing first stands beside the cap, then the cap falls to its figure."""
    connection = raw(session)
    issue = books.system_account(connection, HEADROOM, AccountCode.LIMIT_ISSUE)
    ids = [limit.id for limit in made.limits]
    limits = {each.id: each for each in session.scalars(select(Limit).where(Limit.id.in_(ids)))}
    cuts = session.scalars(select(CurtailmentCut).where(CurtailmentCut.curtailment_id == curtailment.id))
    for cut in sorted(cuts, key=lambda each: each.limit_id):
        limit, missing = limits[cut.limit_id], made.missing[cut.limit_id]
        cut.excess_litres = missing
        change = LimitChange(
            limit_id=limit.id,
            old_litres=limit.limit_litres,
            new_litres=cut.after_litres,
            reason=curtailment.reason,
            legal_source=curtailment.legal_source,
            changed_by=actor.user_id,
            changed_at=clock.now(),
        )
        session.add(change)
        session.flush()  # the ledger names the change by its id
        if missing:
            batch.transfer(
                debit=excess.account_of(connection, limit.id),
                credit=limit.account_id,
                amount=missing,
                code=TransferCode.CAP_EXCESS,
                reference=limit.id,
            )
        batch.transfer(
            debit=limit.account_id,
            credit=issue,
            amount=limit.limit_litres - cut.after_litres,
            code=TransferCode.LIMIT_SET,
            reference=change.id,
        )
        limit.limit_litres, limit.legal_source = cut.after_litres, curtailment.legal_source
        limit.version += 1
        subject = ("limit", limit.id)
        detail = {"before": change.old_litres, "after": change.new_litres, "excess_litres": missing}
        outbox.publish(connection, topic="registry.limit.changed", subject=subject, payload=detail)
    session.flush()


def _lock(
    connection: psycopg.Connection[Any],
    water_year: int,
    limits: Sequence[caps.LimitNode],
    beside: Iterable[int],
) -> None:
    """Locks the accounts of the year's holders, of its caps and their excess, and the contra accounts."""
    held = reach.lock(connection, water_year)
    rows = connection.execute(
        "SELECT w.account_id, w.source FROM water_accounts w JOIN accounts a ON a.id = w.account_id"
        " WHERE w.water_year = %s AND a.credits_posted > a.debits_posted",
        (water_year,),
    ).fetchall()
    wanted = held | {*beside} | {row[0] for row in rows} | {limit.account_id for limit in limits}
    for source in {row[1] for row in rows}:
        asset = water_asset(source, water_year)
        wanted.add(books.system_account(connection, asset, AccountCode.WATER_CURTAILED))
    for code in (AccountCode.LIMIT_ISSUE, AccountCode.LIMIT_USE):
        wanted.add(books.system_account(connection, HEADROOM, code))
    journal.lock(connection, wanted | excess.beside(connection, (limit.account_id for limit in limits)))


def _depth(tree: reference.Zones, limit: caps.LimitNode) -> int:
    return len(tree.lineage[limit.zone_id]) if limit.zone_id is not None else 0


def _place(tree: reference.Zones, holder: Holder, water_year: int) -> caps.Place:
    return caps.place(
        tree.lineage,
        township_zone_id=holder.township_zone_id,
        canal_zone_id=holder.canal_zone_id,
        sector=holder.sector,
        source=holder.source,
        water_year=water_year,
    )


def _write_lines(connection: psycopg.Connection[Any], curtailment_id: int, made: Plan) -> None:
    connection.execute(
        "INSERT INTO curtailment_lines"
        " (curtailment_id, water_account_id, priority, litres, spillable_litres, pledged_litres)"
        " SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])",
        (
            curtailment_id,
            Bigints(each.holder.water_account_id for each in made.takings),
            Bigints(each.holder.priority for each in made.takings),
            Bigints(each.litres for each in made.takings),
            Bigints(each.parts.spillable for each in made.takings),
            Bigints(each.parts.pledged for each in made.takings),
        ),
    )


# The notice in writing that art. 42 asks for, one a holder.
_NOTICES_SQL = """
INSERT INTO outbox (topic, subject_type, subject_id, payload)
SELECT 'registry.water_account.curtailed', 'water_account', water_account_id,
       json_build_object('curtailment_id', curtailment_id, 'litres', litres, 'priority', priority,
                         'spillable_litres', spillable_litres, 'pledged_litres', pledged_litres,
                         'reason', %s::text, 'legal_source', %s::text)::text
  FROM curtailment_lines WHERE curtailment_id = %s ORDER BY water_account_id
"""
