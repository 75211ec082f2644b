"""Limits (caps, routes, imports, exports, conversions): set, and changed on a date with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.errors import InsufficientBalance
from ledger.units import format_litres
from market.core import audit, books, clock, inbox, outbox
from market.core.chart import DEBITS_MUST_NOT_EXCEED_CREDITS, HEADROOM, AccountCode, TransferCode
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.participants.errors import StaleVersion
from market.registry import caps, excess, places, reference
from market.registry.errors import (
    CapAfterUse,
    CurtailmentRunning,
    LimitBelowUse,
    LimitExists,
    LimitShape,
    RestrictionStands,
)
from market.registry.models import Limit, LimitChange

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class NewLimit(NamedTuple):
    """A limit to set (litres a water year); zones by their ids, None is every zone, source or sector."""

    code: str
    kind: str
    water_year: int
    limit_litres: int
    legal_source: str
    reason: str = ""
    zone_id: int | None = None
    to_zone_id: int | None = None
    source: str | None = None
    sector: str | None = None
    demonstration: bool = False

    @property
    def node(self) -> tuple[Any, ...]:
        """What no two limits have alike."""
        return self.water_year, self.kind, self.zone_id, self.to_zone_id, self.source, self.sector


def create(
    session: Session,
    *,
    actor: audit.Actor,
    code: str,
    kind: str,
    water_year: int,
    limit_litres: int,
    legal_source: str,
    reason: str = "",
    zone: str | None = None,
    to_zone: str | None = None,
    source: str | None = None,
    sector: str | None = None,
    demonstration: bool = False,
) -> Limit:
    """Sets a new limit (litres a water year); zones by their codes, None is every zone, source or sector.

    A cap is set before water under it is announced, because what was used earlier would not be counted.
    Errors: UnknownZone, UnknownSector, UnknownSource, LimitShape, WaterYearNotOpen, CapAfterUse, LimitExists.
    """
    connection = raw(session)
    places.check_kind_of_water(connection, sector=sector, source=source)
    tree = reference.zones(connection)
    zone_id = places.zone(tree, zone, pointer="/zone").id if zone is not None else None
    to_zone_id = places.zone(tree, to_zone, pointer="/to_zone").id if to_zone is not None else None
    check_shape(kind, zone_id, to_zone_id)
    places.open_year(session, water_year, lock=True)
    new = NewLimit(
        code, kind, water_year, limit_litres, legal_source, reason, zone_id, to_zone_id, source, sector,
        demonstration,
    )  # fmt: skip
    if kind == caps.CAP:
        check_unused(new, watered(connection, tree, [water_year]))
    [limit_id] = create_many(connection, actor=actor, wanted=[new])
    return session.get_one(Limit, limit_id)


_INSERT_SQL = """
INSERT INTO limits (code, kind, water_year, limit_litres, legal_source, zone_id, to_zone_id, source, sector,
                    demonstration, account_id)
SELECT n.code, n.kind, n.year, n.litres, n.legal_source, n.zone, n.to_zone, n.source, n.sector, n.demonstration,
       n.account
  FROM unnest(%s::text[], %s::text[], %s::smallint[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::text[],
              %s::text[], %s::boolean[], %s::bigint[]) WITH ORDINALITY
       AS n (code, kind, year, litres, legal_source, zone, to_zone, source, sector, demonstration, account, position)
 ORDER BY n.position
    ON CONFLICT DO NOTHING
RETURNING id, account_id
"""
_CHANGES_SQL = """
INSERT INTO limit_changes (limit_id, old_litres, new_litres, reason, legal_source, changed_by, changed_at)
SELECT n.limit_id, 0, n.litres, n.reason, n.legal_source, %s::bigint, %s::timestamptz
  FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) WITH ORDINALITY
       AS n (limit_id, litres, reason, legal_source, position)
 ORDER BY n.position
RETURNING id, limit_id
"""


def create_many(
    connection: psycopg.Connection[Any], *, actor: audit.Actor, wanted: Sequence[NewLimit]
) -> list[int]:
    """Sets limits in set statements; their ids in the same order. The caller checked them and holds their years.

    Errors: LimitExists.
    """
    if not wanted:
        return []
    headroom = journal.NewAccount(
        books.asset_id(connection, HEADROOM), AccountCode.LIMIT, DEBITS_MUST_NOT_EXCEED_CREDITS
    )
    accounts = journal.open_accounts(connection, [headroom] * len(wanted), system=True)
    columns = zip(*((each[:5] + each[6:]) for each in wanted), strict=True)
    rows = connection.execute(_INSERT_SQL, [*map(list, columns), accounts]).fetchall()
    if len(rows) < len(wanted):
        which = f"{wanted[0].water_year} has a limit {wanted[0].code}" if len(wanted) == 1 else "one is known"
        raise LimitExists(f"{which}, or one on the same node", pointer="/code")
    id_of = {account: limit_id for limit_id, account in rows}
    made = [(id_of[account], account, each) for account, each in zip(accounts, wanted, strict=True)]
    _issue(connection, actor, made)
    bump_reference(connection)
    details = [
        (limit_id, {"code": each.code, "after": each.limit_litres}) for limit_id, _, each in made
    ]  # fmt: skip
    outbox.publish_many(connection, topic="registry.limit.set", subject_type="limit", payloads=details)
    audit.record_many(connection, actor=actor, action="limit.set", subject_type="limit", details=details)
    return [limit_id for limit_id, _, _ in made]


def _issue(
    connection: psycopg.Connection[Any], actor: audit.Actor, made: Sequence[tuple[int, int, NewLimit]]
) -> None:
    """Writes the first change of new limits (id, ledger account, what was set) and credits their headroom."""
    rows = connection.execute(
        _CHANGES_SQL,
        (
            actor.user_id,
            clock.now(),
            [limit_id for limit_id, _, _ in made],
            [each.limit_litres for _, _, each in made],
            [each.reason or "set" for _, _, each in made],
            [each.legal_source for _, _, each in made],
        ),
    ).fetchall()
    change_of = {limit_id: change_id for change_id, limit_id in rows}
    issue = books.system_account(connection, HEADROOM, AccountCode.LIMIT_ISSUE)
    batch = journal.Batch()
    for limit_id, account, each in made:
        if each.limit_litres:
            batch.transfer(
                debit=issue,
                credit=account,
                amount=each.limit_litres,
                code=TransferCode.LIMIT_SET,
                reference=change_of[limit_id],
            )
    batch.execute(connection)


def change(
    session: Session,
    *,
    actor: audit.Actor,
    limit_id: int,
    limit_litres: int,
    reason: str,
    legal_source: str,
    expected_version: int | None = None,
) -> Limit:
    """Changes a limit from now on. A cut may take only what is neither used nor held.

    Errors: NotFound, StaleVersion, CurtailmentRunning, RestrictionStands, LimitBelowUse.
    """
    limit = session.scalars(
        select(Limit)
        .where(Limit.id == limit_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if limit is None:
        raise NotFound("there is no such limit")
    if expected_version is not None and limit.version != expected_version:
        raise StaleVersion(f"its version is now {limit.version}")
    _check_not_curtailed(raw(session), limit)
    _check_not_restricted(raw(session), limit)
    before = limit.limit_litres
    if limit_litres == before and legal_source == limit.legal_source:
        return limit
    limit.limit_litres, limit.legal_source = limit_litres, legal_source
    limit.version += 1
    done = _record_change(session, actor, limit, before, reason, legal_source)
    connection = raw(session)
    _post(connection, limit, done.id, before)
    bump_reference(connection)
    if limit_litres > before:
        inbox.put(connection, kind="rematch", actor=actor)
    _tell(connection, actor, "changed", limit, {"before": before, "after": limit_litres})
    return limit


def _check_not_curtailed(connection: psycopg.Connection[Any], limit: Limit) -> None:
    row = connection.execute(
        "SELECT FROM curtailment_cuts c JOIN curtailments t ON t.id = c.curtailment_id"
        " WHERE c.limit_id = %s AND t.posted_at IS NULL",
        (limit.id,),
    ).fetchone()
    if row is not None:
        raise CurtailmentRunning(f"{limit.code} is being cut by a curtailment")


def _check_not_restricted(connection: psycopg.Connection[Any], limit: Limit) -> None:
    """What shuts an overloaded place is opened by the end of its plan alone. Errors: RestrictionStands."""
    row = connection.execute(
        "SELECT FROM restrictions WHERE import_limit_id = %s AND lifted_at IS NULL", (limit.id,)
    ).fetchone()
    if row is not None:
        raise RestrictionStands(f"{limit.code} shuts an overloaded place", pointer="/volume")


def check_shape(kind: str, zone_id: int | None, to_zone_id: int | None) -> None:
    """Refuses a limit that does not name the zones of its kind. Errors: LimitShape."""
    if (kind == caps.ROUTE) != (to_zone_id is not None):
        raise LimitShape("a route, and only a route, names the zone it leads to", pointer="/to_zone")
    if kind in (caps.ROUTE, caps.IMPORT, caps.EXPORT) and zone_id is None:
        raise LimitShape(f"the kind {kind} names a zone", pointer="/zone")
    if kind == caps.ROUTE and zone_id == to_zone_id:
        raise LimitShape("a route leads from one zone to another", pointer="/to_zone")


_WATERED_SQL = """
SELECT DISTINCT w.township_zone_id, w.canal_zone_id, w.sector, w.source, w.water_year
  FROM water_accounts w JOIN accounts a ON a.id = w.account_id
 WHERE w.water_year = ANY(%s) AND (a.credits_posted > 0 OR a.credits_pending > 0)
"""


def watered(
    connection: psycopg.Connection[Any], tree: reference.Zones, years: Iterable[int]
) -> list[caps.Place]:
    """Where accounts of these water years have had water."""
    return [
        caps.place(
            tree.lineage,
            township_zone_id=township,
            canal_zone_id=canal,
            sector=sector,
            source=source,
            water_year=year,
        )
        for township, canal, sector, source, year in connection.execute(
            _WATERED_SQL, (list(years),)
        ).fetchall()
    ]


def check_unused(new: NewLimit, at: Iterable[caps.Place]) -> None:
    """Refuses a cap that would hold a place where water is already. Errors: CapAfterUse."""
    node = caps.LimitNode(
        id=0,
        account_id=0,
        code=new.code,
        kind=new.kind,
        water_year=new.water_year,
        zone_id=new.zone_id,
        to_zone_id=None,
        source=new.source,
        sector=new.sector,
        limit_litres=new.limit_litres,
        legal_source=new.legal_source,
    )
    if any(caps.holds(node, place) for place in at):
        raise CapAfterUse(f"water is already on accounts that {new.code} would hold", pointer="/zone")


def _record_change(
    session: Session, actor: audit.Actor, limit: Limit, before: int, reason: str, legal_source: str
) -> LimitChange:
    done = LimitChange(
        limit_id=limit.id,
        old_litres=before,
        new_litres=limit.limit_litres,
        reason=reason,
        legal_source=legal_source,
        changed_by=actor.user_id,
        changed_at=clock.now(),
    )
    session.add(done)
    session.flush()  # the ledger names the change by its id
    return done


def _post(connection: psycopg.Connection[Any], limit: Limit, change_id: int, before: int) -> None:
    difference = limit.limit_litres - before
    if difference == 0:
        return
    issue = books.system_account(connection, HEADROOM, AccountCode.LIMIT_ISSUE)
    legs = (issue, limit.account_id) if difference > 0 else (limit.account_id, issue)
    batch = journal.Batch()
    batch.transfer(
        debit=legs[0],
        credit=legs[1],
        amount=abs(difference),
        code=TransferCode.LIMIT_SET,
        reference=change_id,
    )
    try:
        excess.execute(connection, batch, [limit.account_id])
    except InsufficientBalance as error:
        raise LimitBelowUse(
            f"{limit.code} can be cut by {format_litres(error.available)} m3 at most",
            pointer="/volume",
            rule=f"{limit.kind}:{limit.code}",
            limit=format_litres(before),
            available=format_litres(error.available),
            legal_source=limit.legal_source,
        ) from error


def _tell(
    connection: psycopg.Connection[Any], actor: audit.Actor, action: str, limit: Limit, detail: dict[str, Any]
) -> None:
    subject = ("limit", limit.id)
    outbox.publish(connection, topic=f"registry.limit.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"limit.{action}", subject=subject, detail=detail)
