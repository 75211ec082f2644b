"""Installing a county pack, the registry's part: water years and limits."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit
from market.core.db import raw
from market.county.pack import Pack
from market.county.parts import LimitSpec
from market.registry import limits, reference
from market.registry.errors import LimitMoved
from market.registry.models import Limit, WaterYear


def install(session: Session, pack: Pack, actor: audit.Actor, *, before: Pack | None = None) -> int:
    """Adds the pack's water years and limits, and changes limits whose volume or source differs; returns how many.

    The county's part is installed already; `before` is the pack that was in force until then. A limit that the
    two packs agree on keeps what a registrar has made of it since. What the pack no longer lists stays in force
    until it is changed by name; a year that is not open gets no new limits.
    Errors: LimitMoved, and those of `limits`.
    """
    kept = set(before.limits) if before is not None else set()
    changed = _install_years(session, pack, actor)
    years = {year.year: year for year in session.scalars(select(WaterYear))}
    known = {(limit.water_year, limit.code): limit for limit in session.scalars(select(Limit))}
    tree = reference.zones(raw(session))
    for spec in pack.limits:
        if years[spec.water_year].status != "open":
            continue
        limit = known.get((spec.water_year, spec.code))
        if limit is None:
            _create(session, spec, pack, actor)
            changed += 1
            continue
        _check_same_node(tree, spec, limit)
        if spec not in kept and (limit.limit_litres, limit.legal_source) != (spec.litres, spec.basis.source):
            limits.change(
                session,
                actor=actor,
                limit_id=limit.id,
                limit_litres=spec.litres,
                reason=_reason(pack),
                legal_source=spec.basis.source,
            )
            changed += 1
    return changed


def _install_years(session: Session, pack: Pack, actor: audit.Actor) -> int:
    known = set(session.scalars(select(WaterYear.year)))
    missing = [year for year in pack.water_years if year.year not in known]
    session.add_all(
        WaterYear(year=year.year, starts_on=year.starts_on, ends_on=year.ends_on) for year in missing
    )
    for year in missing:
        detail = {"starts_on": str(year.starts_on), "ends_on": str(year.ends_on)}
        audit.record(
            raw(session),
            actor=actor,
            action="water_year.opened",
            subject=("water_year", year.year),
            detail=detail,
        )
    return len(missing)


def _create(session: Session, spec: LimitSpec, pack: Pack, actor: audit.Actor) -> None:
    limits.create(
        session,
        actor=actor,
        code=spec.code,
        kind=spec.kind,
        water_year=spec.water_year,
        limit_litres=spec.litres,
        legal_source=spec.basis.source,
        reason=_reason(pack),
        zone=spec.zone,
        to_zone=spec.to_zone,
        source=spec.source,
        sector=spec.sector,
        demonstration=spec.basis.demonstration,
    )


def _reason(pack: Pack) -> str:
    return f"county pack {pack.name} {pack.version}"


def _check_same_node(tree: reference.Zones, spec: LimitSpec, limit: Limit) -> None:
    codes = [tree.by_id[zone].code if zone else None for zone in (limit.zone_id, limit.to_zone_id)]
    there = (limit.kind, *codes, limit.source, limit.sector)
    if there != (spec.kind, spec.zone, spec.to_zone, spec.source, spec.sector):
        raise LimitMoved(f"{spec.code} of {spec.water_year} is a limit of another node: give it another code")
