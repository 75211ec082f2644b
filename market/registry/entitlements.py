"""Entitlements: applied for, confirmed with a certificate number, refused, suspended, reinstated."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import bump_reference, raw
from market.county.current import pack_in_force
from market.registry import assessments, backing, life, places, reference, restrictions, steps
from market.registry.county import certificate_prefix
from market.registry.errors import GroundwaterClosed, TermBackwards, TermTooLong
from market.registry.life_errors import TermNeedsGrounds
from market.registry.models import Entitlement
from market.registry.steps import PERMIT

LONGEST_PERMIT_YEARS = 10
SOURCE_LETTERS = {"surface": "SW", "groundwater": "GW", "reclaimed": "RW"}


def apply(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    kind: str,
    source: str,
    sector: str,
    township: str,
    canal: str,
    volume_litres: int,
    valid_from: dt.date,
    valid_to: dt.date,
    land_mu_e2: int | None = None,
    priority: int = 1,
    basis: str = "",
    assessment_id: int | None = None,
) -> Entitlement:
    """Records an application for a lasting right to `volume_litres` a year; land in 1/100 mu.

    A permit from the county's threshold on names the assessment of its project, and fits into it.
    Errors: UnknownZone, NotAPlace, UnknownSector, UnknownSource, NotFound, ParticipantNotAdmitted,
    TermBackwards, TermTooLong, TermNeedsGrounds, GroundwaterClosed, PlaceOverloaded, AssessmentNeeded,
    AssessmentTooSmall.
    """
    connection = raw(session)
    places.check_kind_of_water(connection, sector=sector, source=source)
    tree = reference.zones(connection)
    township_id, canal_id = places.township_and_canal(tree, township, canal)
    places.check_admitted(connection, participant_id)
    check_term(connection, kind, valid_from, valid_to, basis)
    status = tree.strictest_groundwater(tree.lineage[township_id] | tree.lineage[canal_id])
    if source == "groundwater" and status != "open":
        raise GroundwaterClosed(f"groundwater at {township} and {canal} is {status}", pointer="/source")
    restrictions.check_open(
        connection, township_zone_id=township_id, canal_zone_id=canal_id, source=source, sector=sector
    )
    assessments.check_covers(
        connection,
        participant_id=participant_id,
        assessment_id=assessment_id,
        kind=kind,
        volume_litres=volume_litres,
    )
    entitlement = Entitlement(
        participant_id=participant_id,
        kind=kind,
        source=source,
        sector=sector,
        township_zone_id=township_id,
        canal_zone_id=canal_id,
        volume_litres=volume_litres,
        land_mu_e2=land_mu_e2,
        priority=priority,
        valid_from=valid_from,
        valid_to=valid_to,
        basis=basis,
        assessment_id=assessment_id,
        applied_at=clock.now(),
    )
    session.add(entitlement)
    session.flush()  # its id is needed now
    steps.write(session, actor, entitlement.id, "apply", None, "applied", basis)
    detail = {"participant_id": participant_id, "volume_litres": volume_litres}
    steps.announce(raw(session), actor, "apply", entitlement.id, detail)
    return entitlement


def check_term(
    connection: psycopg.Connection[Any], kind: str, valid_from: dt.date, valid_to: dt.date, basis: str
) -> None:
    """Holds a term to the law: 5 years are usual for a permit, 10 the most (permit regulation art. 25).

    Errors: TermBackwards, TermTooLong, TermNeedsGrounds.
    """
    if valid_to <= valid_from:
        raise TermBackwards(f"a term from {valid_from} ends later than that", pointer="/valid_to")
    if kind != PERMIT:
        return
    pack = pack_in_force(connection)
    longest, usual = (steps.clock_of(pack, f"permit_term_{name}") for name in ("longest", "usual"))
    years = longest.length if longest is not None else LONGEST_PERMIT_YEARS
    last = life.years_after(valid_from, years)
    if valid_to > last:
        raise TermTooLong(
            f"a permit from {valid_from} ends on {last} at the latest",
            pointer="/valid_to",
            limit=f"{years} years",
        )
    if usual is not None and valid_to > life.years_after(valid_from, usual.length) and not basis.strip():
        raise TermNeedsGrounds(
            f"a permit for more than {usual.length} years says why",
            pointer="/basis",
            limit=f"{usual.length} years",
        )


def confirm(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    reason: str = "",
    expected_version: int | None = None,
) -> Entitlement:
    """Confirms an application and gives it the next certificate number of its source and year.

    At once where the county's pack needs no publication for its kind; else after the days for objections.
    Errors: NotFound, StaleVersion, EntitlementState, ParticipantNotAdmitted, PublicationNeeded,
    ObjectionPeriodRunning, ObjectionsUndecided, ObjectionUpheld, ApplicationStopped, PlaceOverloaded.
    """
    entitlement = steps.locked(session, entitlement_id, expected_version)
    steps.check(session, entitlement, "confirm")
    connection = raw(session)
    places.check_admitted(connection, entitlement.participant_id)
    restrictions.check_open(
        connection, township_zone_id=entitlement.township_zone_id, canal_zone_id=entitlement.canal_zone_id,
        source=entitlement.source, sector=entitlement.sector,
    )  # fmt: skip
    [number] = next_numbers(connection, entitlement.source, 1)
    entitlement.certificate_number = number
    steps.take(
        session, actor=actor, entitlement=entitlement, step="confirm", reason=reason,
        detail={"certificate_number": number}, checked=True,
    )  # fmt: skip
    return entitlement


def refuse(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    reason: str,
    expected_version: int | None = None,
) -> Entitlement:
    """Refuses an application, with the reason in writing. Errors: NotFound, StaleVersion,
    EntitlementState, ApplicationStopped.
    """
    entitlement = steps.locked(session, entitlement_id, expected_version)
    steps.take(session, actor=actor, entitlement=entitlement, step="refuse", reason=reason)
    return entitlement


def suspend(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    reason: str,
    expected_version: int | None = None,
) -> Entitlement:
    """Suspends a confirmed right: its accounts neither sell nor buy, and their open orders are cancelled.

    Errors: NotFound, StaleVersion, EntitlementState.
    """
    entitlement = steps.locked(session, entitlement_id, expected_version)
    steps.take(session, actor=actor, entitlement=entitlement, step="suspend", reason=reason, tell=False)
    connection = raw(session)
    accounts = backing.accounts_behind(connection, [entitlement.id])
    bump_reference(connection)
    backing.cancel_orders(connection, actor, accounts, "entitlement_suspended")
    steps.announce(connection, actor, "suspend", entitlement.id, {"water_accounts": accounts})
    return entitlement


def reinstate(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    reason: str = "",
    expected_version: int | None = None,
) -> Entitlement:
    """Ends the suspension of a right. Errors: NotFound, StaleVersion, EntitlementState."""
    entitlement = steps.locked(session, entitlement_id, expected_version)
    steps.take(session, actor=actor, entitlement=entitlement, step="reinstate", reason=reason, tell=False)
    connection = raw(session)
    bump_reference(connection)
    steps.announce(connection, actor, "reinstate", entitlement.id)
    return entitlement


def next_numbers(connection: psycopg.Connection[Any], source: str, count: int) -> list[str]:
    """The next certificate numbers of a source in this year, without a gap."""
    series = f"{certificate_prefix(connection)}-{SOURCE_LETTERS.get(source, 'XW')}-{clock.today().year}"
    row = connection.execute(
        "INSERT INTO number_series (series, last) VALUES (%(series)s, %(count)s) ON CONFLICT (series)"
        " DO UPDATE SET last = number_series.last + %(count)s RETURNING last",
        {"series": series, "count": count},
    ).fetchone()
    assert row is not None
    return [f"{series}-{number:06d}" for number in range(row[0] - count + 1, row[0] + 1)]
