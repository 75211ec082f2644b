"""Tighter rules under a node that uses more than its cap: nothing bought from outside its zone, no new right there.

The first is an import limit of nothing, so that every mechanism of the exchange keeps it and names it; it binds what
comes from outside the zone, never a trade within. The second is asked when a right is applied for and confirmed.
Domestic use is exempt from it: it comes first (Water Law art. 21).
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import caps, limits, reference
from market.registry.errors import PlaceOverloaded, RestrictionStands
from market.registry.models import Limit
from market.registry.restriction_models import Restriction

EXEMPT = frozenset({"domestic"})
OPEN_LITRES = 10**14
"""What an import limit is raised to that was set for a restriction alone: more than any county has."""


def impose(
    session: Session, *, actor: audit.Actor, limit_id: int, reason: str, legal_source: str
) -> Restriction:
    """Shuts the node of a cap. Errors: NotFound, RestrictionStands, WaterYearNotOpen, CurtailmentRunning."""
    cap = session.scalars(
        select(Limit).where(Limit.id == limit_id, Limit.kind == caps.CAP).with_for_update(key_share=True)
    ).one_or_none()
    if cap is None:
        raise NotFound("there is no such cap", pointer="/limit_id")
    if session.scalar(_standing(limit_id)) is not None:
        raise RestrictionStands(f"{cap.code} is under a restriction already", pointer="/limit_id")
    gate, before = _shut(session, actor, cap, reason, legal_source)
    found = Restriction(
        limit_id=cap.id, import_limit_id=gate, import_litres=before, reason=reason, legal_source=legal_source,
        imposed_by=actor.user_id, imposed_at=clock.now(),
    )  # fmt: skip
    session.add(found)
    session.flush()  # events and the record name it
    detail = {"limit_id": cap.id, "reason": reason, "legal_source": legal_source}
    acts.done(
        session,
        actor=actor,
        source="registry",
        kind="restriction",
        number=found.id,
        act="imposed",
        detail=detail,
    )
    return found


def _standing(limit_id: int) -> Any:
    return select(Restriction).where(Restriction.limit_id == limit_id, Restriction.lifted_at.is_(None))


def _shut(
    session: Session, actor: audit.Actor, cap: Limit, reason: str, legal_source: str
) -> tuple[int | None, int | None]:
    """The import limit that shuts the node, and what it allowed before; (None, None) where the node is no zone.

    A limit that stands there is cut to what came in already: what was bought is not taken back.
    """
    if cap.zone_id is None:
        return None, None
    gate = session.scalars(
        select(Limit).where(
            Limit.water_year == cap.water_year, Limit.kind == caps.IMPORT, Limit.zone_id == cap.zone_id,
            Limit.source.is_not_distinct_from(cap.source), Limit.sector.is_not_distinct_from(cap.sector),
        )
    ).one_or_none()  # fmt: skip
    if gate is None:
        zone = reference.zones(raw(session)).by_id[cap.zone_id].code
        made = limits.create(
            session, actor=actor, code=f"OVERLOAD-{cap.code}"[:64], kind=caps.IMPORT, water_year=cap.water_year,
            limit_litres=0, legal_source=legal_source, reason=reason, zone=zone, source=cap.source,
            sector=cap.sector, demonstration=cap.demonstration,
        )  # fmt: skip
        return made.id, None
    before = gate.limit_litres
    free = reference.available(raw(session), [gate.account_id])[gate.account_id]
    limits.change(
        session, actor=actor, limit_id=gate.id, limit_litres=before - max(0, free), reason=reason,
        legal_source=legal_source,
    )  # fmt: skip
    return gate.id, before


def lift(session: Session, *, actor: audit.Actor, restriction_id: int, reason: str) -> Restriction:
    """Opens the node again. Errors: NotFound, RestrictionStands (lifted before)."""
    found = session.scalars(
        select(Restriction)
        .where(Restriction.id == restriction_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such restriction")
    if found.lifted_at is not None:
        raise RestrictionStands("the restriction is lifted already")
    found.lifted_by, found.lifted_at, found.lift_reason = actor.user_id, clock.now(), reason
    if found.import_limit_id is not None:
        litres = OPEN_LITRES if found.import_litres is None else found.import_litres
        limits.change(
            session, actor=actor, limit_id=found.import_limit_id, limit_litres=litres, reason=reason,
            legal_source=found.legal_source,
        )  # fmt: skip
    detail = {"limit_id": found.limit_id, "reason": reason}
    acts.done(
        session,
        actor=actor,
        source="registry",
        kind="restriction",
        number=found.id,
        act="lifted",
        detail=detail,
    )
    return found


_OVER_SQL = """
SELECT l.code, r.legal_source
  FROM restrictions r JOIN limits l ON l.id = r.limit_id
 WHERE r.lifted_at IS NULL AND (l.zone_id IS NULL OR l.zone_id = ANY(%s::bigint[]))
   AND coalesce(l.source, %s) = %s AND coalesce(l.sector, %s) = %s
 ORDER BY r.id LIMIT 1
"""


def check_open(
    connection: psycopg.Connection[Any],
    *,
    township_zone_id: int,
    canal_zone_id: int,
    source: str,
    sector: str,
) -> None:
    """Refuses a new right at a place under a restriction. Errors: PlaceOverloaded."""
    if sector in EXEMPT:
        return
    lineage = reference.zones(connection).lineage
    zones = sorted(lineage[township_zone_id] | lineage[canal_zone_id])
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_OVER_SQL, (zones, source, source, sector, sector)).fetchone()
    if row is not None:
        code, legal_source = row
        raise PlaceOverloaded(
            f"{code} is overloaded: nothing new is granted under it until its plan is fulfilled",
            pointer="/township",
            rule=f"overload:{code}",
            available="0.000",
            legal_source=legal_source,
        )
