"""Allocation announcements: a share of a class credited for a water year, exact to the litre, whole or
not at all.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from ledger import journal
from ledger.arrays import Bigints
from ledger.errors import InsufficientBalance
from ledger.units import format_litres
from market.core import audit, books, clock, outbox
from market.core.chart import HEADROOM, AccountCode, TransferCode, water_asset
from market.core.db import bump_reference, raw
from market.core.errors import InvalidInput
from market.registry import accounts, caps, places, pledge_alerts, reference
from market.registry.county import plan_threshold
from market.registry.errors import CapExceeded, NothingToAnnounce, ShareOverEntitlement
from market.registry.models import Announcement, WaterYear
from market.registry.shares import WHOLE_E6, announced_total, split_within


@dataclass(frozen=True, slots=True)
class Line:
    """What one entitlement gets; `water_account_id` None: the announcement opens the account."""

    entitlement_id: int
    participant_id: int
    kind: str
    township_zone_id: int
    canal_zone_id: int
    sector: str
    volume_litres: int
    received_litres: int
    received_share_e6: int
    water_account_id: int | None
    ledger_account_id: int | None
    account_kind: str | None
    litres: int

    @property
    def account_key(self) -> tuple[int, int, int, str]:
        """What, with source and year, names the water account."""
        return self.participant_id, self.township_zone_id, self.canal_zone_id, self.sector


@dataclass(frozen=True, slots=True)
class CapCharge:
    """What an announcement takes of one cap: litres needed, and available when it was looked at."""

    limit: caps.LimitNode
    needed_litres: int
    available_litres: int

    @property
    def missing_litres(self) -> int:
        """What the cap lacks; negative or nil when it suffices."""
        return self.needed_litres - self.available_litres


@dataclass(frozen=True, slots=True)
class Plan:
    """An announcement as it would be made now."""

    total_litres: int
    lines: tuple[Line, ...]
    charges: tuple[CapCharge, ...]


_CLASS_SQL = """
WITH class AS (
  SELECT e.id, e.participant_id, e.kind, e.township_zone_id, e.canal_zone_id, e.sector, e.volume_litres
    FROM entitlements e JOIN participants p ON p.id = e.participant_id
   WHERE e.status = 'confirmed' AND p.status IN ('admitted', 'suspended') AND e.source = %(source)s
     AND (%(sector)s::text IS NULL OR e.sector = %(sector)s)
     AND (%(kind)s::text IS NULL OR e.kind = %(kind)s)
     AND (%(zones)s::bigint[] IS NULL
          OR e.township_zone_id = ANY(%(zones)s) OR e.canal_zone_id = ANY(%(zones)s))
     AND e.valid_from <= %(day)s AND e.valid_to >= %(day)s),
received AS (
  SELECT l.entitlement_id, sum(l.litres)::bigint AS litres, sum(n.share_e6)::bigint AS share_e6
    FROM announcement_lines l JOIN announcements n ON n.id = l.announcement_id
   WHERE n.water_year = %(year)s GROUP BY l.entitlement_id)
SELECT c.*, coalesce(r.litres, 0), coalesce(r.share_e6, 0), w.id, w.account_id, w.right_kind
  FROM class c
  LEFT JOIN received r ON r.entitlement_id = c.id
  LEFT JOIN water_accounts w
         ON w.participant_id = c.participant_id AND w.township_zone_id = c.township_zone_id
        AND w.canal_zone_id = c.canal_zone_id AND w.sector = c.sector AND w.source = %(source)s
        AND w.water_year = %(year)s AND w.origin = 'own'
 ORDER BY c.id
"""


def preview(
    session: Session,
    *,
    water_year: int,
    source: str,
    share_e6: int,
    sector: str | None = None,
    kind: str | None = None,
    zone: str | None = None,
    only_new: bool = False,
) -> Plan:
    """What `announce` would do now; nothing is locked and nothing changes.

    Errors: as `announce`, but not CapExceeded: what each cap lacks is in the plan.
    """
    connection = raw(session)
    year = places.open_year(session, water_year)
    return _plan(connection, year, source, share_e6, sector, kind, zone, only_new)


def announce(
    session: Session,
    *,
    actor: audit.Actor,
    water_year: int,
    source: str,
    share_e6: int,
    reason: str,
    sector: str | None = None,
    kind: str | None = None,
    zone: str | None = None,
    only_new: bool = False,
) -> Announcement:
    """Credits a share (millionths) of the yearly volume of every confirmed right of a class to its
    water account.

    The class is source × sector? × kind? × zone? (a code of either tree, with all below it). The total
    is the share of the sum, whole litres rounded down, split by volume with the largest remainder.
    Missing water accounts are opened. Every cap that holds an account is charged; where one lacks
    headroom nothing happens. Errors: WaterYearNotOpen, UnknownSource, UnknownSector, UnknownZone,
    InvalidInput, NothingToAnnounce, ShareOverEntitlement, CapExceeded.

    `only_new` narrows the class to rights that have had no share of this year yet: those confirmed since.
    """
    year = places.open_year(session, water_year, lock=True)
    connection = raw(session)
    plan = _plan(connection, year, source, share_e6, sector, kind, zone, only_new)
    announcement = Announcement(
        water_year=water_year,
        source=source,
        sector=sector,
        kind=kind,
        zone_id=reference.zones(connection).by_code[zone].id if zone is not None else None,
        share_e6=share_e6,
        total_litres=plan.total_litres,
        entitlements=len(plan.lines),
        reason=reason,
        announced_by=actor.user_id,
        announced_at=clock.now(),
    )
    session.add(announcement)
    connection = raw(session)
    batch = journal.Batch()
    targets = _accounts(connection, plan, source, water_year, batch)
    _write_lines(connection, announcement.id, plan, targets)
    _post(connection, announcement, plan, targets, batch)
    bump_reference(connection)
    subject = ("announcement", announcement.id)
    detail = {"share_e6": share_e6, "total_litres": plan.total_litres, "entitlements": len(plan.lines)}
    outbox.publish(connection, topic="registry.announcement.made", subject=subject, payload=detail)
    rights = [line.entitlement_id for line in plan.lines]
    pledge_alerts.publish(connection, entitlement_ids=rights, kind="announced", reference=announcement.id)
    audit.record(connection, actor=actor, action="announcement.made", subject=subject, detail=detail)
    return announcement


def _plan(
    connection: psycopg.Connection[Any],
    year: WaterYear,
    source: str,
    share_e6: int,
    sector: str | None,
    kind: str | None,
    zone: str | None,
    only_new: bool,
) -> Plan:
    if not 0 < share_e6 <= WHOLE_E6:
        raise InvalidInput("a share is above 0 and at most 1", pointer="/share")
    places.check_kind_of_water(connection, sector=sector, source=source)
    tree = reference.zones(connection)
    rows = _class(connection, tree, year, source, sector, kind, zone)
    if only_new:  # rights confirmed since: what the others have had is not theirs to lose or to repeat
        rows = [row for row in rows if row[8] == 0]
    over = [row for row in rows if row[8] + share_e6 > WHOLE_E6]
    if over:
        left = WHOLE_E6 - max(row[8] for row in over)
        raise ShareOverEntitlement(
            f"{len(over)} entitlements of the class would be credited more than their yearly volume",
            pointer="/share",
            limit=_share_text(WHOLE_E6),
            available=_share_text(left),
            legal_source="取水许可和水资源费征收管理条例 art. 24: the confirmed volume is the most in a year",
        )
    volumes = [row[6] for row in rows]
    total = announced_total(volumes, share_e6)
    if total == 0:
        raise NothingToAnnounce("no confirmed entitlement of this class gets a litre")
    litres = split_within(total, volumes, [row[6] - row[7] for row in rows])
    lines = tuple(Line(*(*row, granted)) for row, granted in zip(rows, litres, strict=True))
    return Plan(sum(litres), lines, _charges(connection, tree, year.year, source, lines))


def _class(
    connection: psycopg.Connection[Any],
    tree: reference.Zones,
    year: WaterYear,
    source: str,
    sector: str | None,
    kind: str | None,
    zone: str | None,
) -> list[tuple[Any, ...]]:
    zones = None
    if zone is not None:
        top = places.zone(tree, zone, pointer="/zone").id
        zones = [zone_id for zone_id, above in tree.lineage.items() if top in above]
    day: dt.date = min(max(clock.today(), year.starts_on), year.ends_on)
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(
            _CLASS_SQL,
            {
                "source": source,
                "sector": sector,
                "kind": kind,
                "zones": zones,
                "day": day,
                "year": year.year,
            },
        ).fetchall()


def _charges(
    connection: psycopg.Connection[Any],
    tree: reference.Zones,
    water_year: int,
    source: str,
    lines: tuple[Line, ...],
) -> tuple[CapCharge, ...]:
    at: Counter[tuple[int, int, str]] = Counter()
    for line in lines:
        at[line.township_zone_id, line.canal_zone_id, line.sector] += line.litres
    limits = reference.limits(connection, water_year=water_year)
    needed: Counter[caps.LimitNode] = Counter()
    for (township, canal, sector), litres in at.items():
        place = caps.place(
            tree.lineage,
            township_zone_id=township,
            canal_zone_id=canal,
            sector=sector,
            source=source,
            water_year=water_year,
        )
        for limit in caps.caps_over(place, limits):
            needed[limit] += litres
    free = reference.available(connection, [limit.account_id for limit in needed])
    return tuple(
        CapCharge(limit, needed[limit], free[limit.account_id])
        for limit in sorted(needed, key=lambda each: each.id)
        if needed[limit]
    )


_KINDS_SQL = """
UPDATE water_accounts w SET right_kind = t.kind, status = 'open', version = w.version + 1
  FROM unnest(%s::bigint[], %s::text[]) t (id, kind)
 WHERE w.id = t.id AND (w.right_kind IS DISTINCT FROM t.kind OR w.status = 'closed')
"""
# Of several rights behind one account the one that may sell least speaks for it.
_STRICTNESS = ("abstraction_permit", "network_certificate", "irrigation_certificate", "regional")


def _accounts(
    connection: psycopg.Connection[Any], plan: Plan, source: str, water_year: int, batch: journal.Batch
) -> dict[tuple[int, int, int, str], tuple[int, int]]:
    """(water account, ledger account) of every line's account key; opens those that are missing."""
    kinds: dict[tuple[int, int, int, str], str] = {}
    known: dict[tuple[int, int, int, str], tuple[int, int]] = {}
    for line in plan.lines:
        key = line.account_key
        known_kinds = (line.kind, kinds.get(key, line.kind), line.account_kind or line.kind)
        kinds[key] = min(known_kinds, key=_STRICTNESS.index)
        if line.water_account_id is not None and line.ledger_account_id is not None:
            known[key] = (line.water_account_id, line.ledger_account_id)
    missing = [key for key in kinds if key not in known]
    opened = accounts.open_many(
        connection,
        [accounts.NewWaterAccount(*key, right_kind=kinds[key]) for key in missing],
        source=source,
        water_year=water_year,
        threshold=plan_threshold(connection),
        batch=batch,
    )
    if known:
        ids = Bigints(pair[0] for pair in known.values())
        connection.execute(_KINDS_SQL, (ids, [kinds[key] for key in known]))
    return known | dict(zip(missing, opened, strict=True))


def _write_lines(
    connection: psycopg.Connection[Any],
    announcement_id: int,
    plan: Plan,
    targets: dict[tuple[int, int, int, str], tuple[int, int]],
) -> None:
    connection.execute(
        "INSERT INTO announcement_lines (announcement_id, entitlement_id, water_account_id, litres)"
        " SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])",
        (
            announcement_id,
            Bigints(line.entitlement_id for line in plan.lines),
            Bigints(targets[line.account_key][0] for line in plan.lines),
            Bigints(line.litres for line in plan.lines),
        ),
    )


def _post(
    connection: psycopg.Connection[Any],
    announcement: Announcement,
    plan: Plan,
    targets: dict[tuple[int, int, int, str], tuple[int, int]],
    batch: journal.Batch,
) -> None:
    asset = water_asset(announcement.source, announcement.water_year)
    issue = books.system_account(connection, asset, AccountCode.WATER_ISSUE)
    limit_use = books.system_account(connection, HEADROOM, AccountCode.LIMIT_USE)
    for charge in plan.charges:
        batch.transfer(
            debit=charge.limit.account_id,
            credit=limit_use,
            amount=charge.needed_litres,
            code=TransferCode.ALLOCATION_CHARGE,
            reference=announcement.id,
        )
    credits: Counter[int] = Counter()
    for line in plan.lines:
        credits[targets[line.account_key][1]] += line.litres
    for account_id, litres in credits.items():
        if litres:
            batch.transfer(
                debit=issue,
                credit=account_id,
                amount=litres,
                code=TransferCode.ALLOCATION,
                reference=announcement.id,
            )
    try:
        batch.execute(connection)
    except InsufficientBalance as error:
        raise _cap_exceeded(connection, plan) from error


def _cap_exceeded(connection: psycopg.Connection[Any], plan: Plan) -> CapExceeded:
    """The refusal that names the cap which lacks most; the accounts are locked, so what is read is what
    is.
    """
    free = reference.available(connection, [charge.limit.account_id for charge in plan.charges])
    worst = max(plan.charges, key=lambda each: each.needed_litres - free[each.limit.account_id])
    available = free[worst.limit.account_id]
    return CapExceeded(
        f"{worst.limit.code} has {format_litres(available)} m3 left,"
        f" the announcement needs {format_litres(worst.needed_litres)}",
        rule=f"cap:{worst.limit.code}",
        limit=format_litres(worst.limit.limit_litres),
        available=format_litres(available),
        legal_source=worst.limit.legal_source,
        extra={"needed": format_litres(worst.needed_litres)},
    )


def _share_text(share_e6: int) -> str:
    return f"{share_e6 // WHOLE_E6}.{share_e6 % WHOLE_E6:06d}"
