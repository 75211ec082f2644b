"""Limits (caps, routes, imports, exports, conversions): set, and changed on a date with a reason."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
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
)
from market.registry.models import Limit, LimitChange


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
    _check_shape(kind, zone_id, to_zone_id)
    places.open_year(session, water_year, lock=True)
    account_id = journal.open_account(
        connection,
        asset_id=books.asset_id(connection, HEADROOM),
        code=AccountCode.LIMIT,
        flags=DEBITS_MUST_NOT_EXCEED_CREDITS,
        system=True,
    )
    limit = Limit(
        code=code,
        kind=kind,
        water_year=water_year,
        zone_id=zone_id,
        to_zone_id=to_zone_id,
        source=source,
        sector=sector,
        limit_litres=limit_litres,
        account_id=account_id,
        legal_source=legal_source,
        demonstration=demonstration,
    )
    if kind == caps.CAP:
        _check_unused(connection, tree, limit)
    _insert(session, limit)
    change = _record_change(session, actor, limit, 0, reason or "set", legal_source)
    connection = raw(session)
    _post(connection, limit, change.id, 0)
    bump_reference(connection)
    _tell(connection, actor, "set", limit, {"code": code, "after": limit_litres})
    return limit


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

    Errors: NotFound, StaleVersion, CurtailmentRunning, LimitBelowUse.
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


def _check_shape(kind: str, zone_id: int | None, to_zone_id: int | None) -> None:
    if (kind == caps.ROUTE) != (to_zone_id is not None):
        raise LimitShape("a route, and only a route, names the zone it leads to", pointer="/to_zone")
    if kind in (caps.ROUTE, caps.IMPORT, caps.EXPORT) and zone_id is None:
        raise LimitShape(f"the kind {kind} names a zone", pointer="/zone")
    if kind == caps.ROUTE and zone_id == to_zone_id:
        raise LimitShape("a route leads from one zone to another", pointer="/to_zone")


_WATERED_SQL = """
SELECT DISTINCT w.township_zone_id, w.canal_zone_id, w.sector, w.source
  FROM water_accounts w JOIN accounts a ON a.id = w.account_id
 WHERE w.water_year = %s AND (a.credits_posted > 0 OR a.credits_pending > 0)
"""


def _check_unused(connection: psycopg.Connection[Any], tree: reference.Zones, limit: Limit) -> None:
    node = caps.LimitNode(
        id=0,
        account_id=limit.account_id,
        code=limit.code,
        kind=limit.kind,
        water_year=limit.water_year,
        zone_id=limit.zone_id,
        to_zone_id=None,
        source=limit.source,
        sector=limit.sector,
        limit_litres=limit.limit_litres,
        legal_source=limit.legal_source,
    )
    for township, canal, sector, source in connection.execute(_WATERED_SQL, (limit.water_year,)).fetchall():
        place = caps.place(
            tree.lineage,
            township_zone_id=township,
            canal_zone_id=canal,
            sector=sector,
            source=source,
            water_year=limit.water_year,
        )
        if caps.holds(node, place):
            raise CapAfterUse(f"water is already on accounts that {limit.code} would hold", pointer="/zone")


def _insert(session: Session, limit: Limit) -> None:
    try:
        with session.begin_nested():
            session.add(limit)
    except IntegrityError as error:
        if "uq_limits" in str(error.orig):
            raise LimitExists(
                f"{limit.water_year} has a limit {limit.code}, or one on the same node", pointer="/code"
            ) from error
        raise


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
