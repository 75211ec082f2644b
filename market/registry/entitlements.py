"""Entitlements: applied for, confirmed with a certificate number, refused, suspended, reinstated."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, clock, inbox, outbox
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.participants.errors import StaleVersion
from market.registry import places, pledge_alerts, reference
from market.registry.county import certificate_prefix
from market.registry.errors import EntitlementState, GroundwaterClosed, TermBackwards, TermTooLong
from market.registry.models import Entitlement

PERMIT = "abstraction_permit"
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
) -> Entitlement:
    """Records an application for a lasting right to `volume_litres` a year; land in 1/100 mu.

    Errors: UnknownZone, NotAPlace, UnknownSector, UnknownSource, NotFound, ParticipantNotAdmitted,
    TermBackwards, TermTooLong, GroundwaterClosed.
    """
    connection = raw(session)
    places.check_kind_of_water(connection, sector=sector, source=source)
    tree = reference.zones(connection)
    township_id, canal_id = places.township_and_canal(tree, township, canal)
    places.check_admitted(connection, participant_id)
    _check_term(kind, valid_from, valid_to)
    status = tree.strictest_groundwater(tree.lineage[township_id] | tree.lineage[canal_id])
    if source == "groundwater" and status != "open":
        raise GroundwaterClosed(f"groundwater at {township} and {canal} is {status}", pointer="/source")
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
        applied_at=clock.now(),
    )
    session.add(entitlement)
    connection = raw(session)
    _tell(
        connection,
        actor,
        "applied",
        entitlement.id,
        {"participant_id": participant_id, "volume_litres": volume_litres},
    )
    return entitlement


def _check_term(kind: str, valid_from: dt.date, valid_to: dt.date) -> None:
    if valid_to <= valid_from:
        raise TermBackwards(f"a term from {valid_from} ends later than that", pointer="/valid_to")
    if kind != PERMIT:
        return
    year = valid_from.year + LONGEST_PERMIT_YEARS
    # a term from 29 February ends, in a common year, on the 28th
    last = valid_from.replace(
        year=year, day=28 if (valid_from.month, valid_from.day) == (2, 29) else valid_from.day
    )
    if valid_to > last:
        raise TermTooLong(
            f"a permit from {valid_from} ends on {last} at the latest",
            pointer="/valid_to",
            limit=f"{LONGEST_PERMIT_YEARS} years",
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

    Errors: NotFound, StaleVersion, EntitlementState, ParticipantNotAdmitted.
    """
    entitlement = _locked(session, entitlement_id, expected_version, "applied")
    connection = raw(session)
    places.check_admitted(connection, entitlement.participant_id)
    entitlement.certificate_number = _next_number(connection, entitlement.source)
    _decide(entitlement, actor, "confirmed", reason)
    detail = {"certificate_number": entitlement.certificate_number}
    _tell(raw(session), actor, "confirmed", entitlement.id, detail)
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
    EntitlementState.
    """
    entitlement = _locked(session, entitlement_id, expected_version, "applied")
    _decide(entitlement, actor, "refused", reason)
    _tell(raw(session), actor, "refused", entitlement.id, {})
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
    entitlement = _locked(session, entitlement_id, expected_version, "confirmed")
    _decide(entitlement, actor, "suspended", reason)
    connection = raw(session)
    accounts = _accounts_behind(connection, entitlement)
    bump_reference(connection)
    for account_id in accounts:
        inbox.put(
            connection,
            kind="cancel_orders",
            actor=actor,
            payload={"water_account_id": account_id, "reason": "entitlement_suspended"},
        )
    _tell(connection, actor, "suspended", entitlement.id, {"water_accounts": accounts})
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
    entitlement = _locked(session, entitlement_id, expected_version, "suspended")
    _decide(entitlement, actor, "confirmed", reason)
    connection = raw(session)
    bump_reference(connection)
    _tell(connection, actor, "reinstated", entitlement.id, {})
    return entitlement


def _locked(session: Session, entitlement_id: int, expected_version: int | None, status: str) -> Entitlement:
    found = session.scalars(
        select(Entitlement)
        .where(Entitlement.id == entitlement_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such entitlement")
    if expected_version is not None and found.version != expected_version:
        raise StaleVersion(f"its version is now {found.version}")
    if found.status != status:
        raise EntitlementState(f"it is {found.status}, this step needs it {status}")
    return found


def _decide(entitlement: Entitlement, actor: audit.Actor, status: str, reason: str) -> None:
    entitlement.status = status
    entitlement.decided_at = clock.now()
    entitlement.decided_by = actor.user_id
    entitlement.decision_reason = reason
    entitlement.version += 1


def _next_number(connection: psycopg.Connection[Any], source: str) -> str:
    series = f"{certificate_prefix(connection)}-{SOURCE_LETTERS.get(source, 'XW')}-{clock.today().year}"
    row = connection.execute(
        "INSERT INTO number_series (series, last) VALUES (%s, 1)"
        " ON CONFLICT (series) DO UPDATE SET last = number_series.last + 1 RETURNING last",
        (series,),
    ).fetchone()
    assert row is not None
    return f"{series}-{row[0]:06d}"


def _accounts_behind(connection: psycopg.Connection[Any], entitlement: Entitlement) -> list[int]:
    rows = connection.execute(
        "WITH own AS (SELECT id FROM water_accounts WHERE participant_id = %s AND township_zone_id = %s"
        " AND canal_zone_id = %s AND sector = %s AND source = %s AND status = 'open')"
        " SELECT id FROM own UNION SELECT t.water_account_id FROM trust_members m JOIN trusts t ON t.id = m.trust_id"
        " WHERE m.water_account_id IN (SELECT id FROM own) AND m.status IN ('accepted', 'leaving') ORDER BY id",
        (
            entitlement.participant_id,
            entitlement.township_zone_id,
            entitlement.canal_zone_id,
            entitlement.sector,
            entitlement.source,
        ),
    ).fetchall()
    return [row[0] for row in rows]


def _tell(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    action: str,
    entitlement_id: int,
    detail: dict[str, Any],
) -> None:
    subject = ("entitlement", entitlement_id)
    if action not in ("applied", "confirmed", "refused"):  # a right that is pledged: its banks are told
        pledge_alerts.publish(connection, entitlement_ids=[entitlement_id], kind=action)
    outbox.publish(connection, topic=f"registry.entitlement.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"entitlement.{action}", subject=subject, detail=detail)
