"""Water-resource assessments (水资源论证) of projects: recorded by the registrar, named by permit applications."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.units import format_litres
from market.core import audit, clock, outbox
from market.core.db import raw
from market.core.errors import InvalidInput, NotFound
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.county.parts import Threshold
from market.registry import places
from market.registry.life_errors import AssessmentExists, AssessmentNeeded, AssessmentTooSmall
from market.registry.life_models import WaterAssessment
from market.registry.steps import PERMIT

THRESHOLD = "water_assessment"

# Rights that a step may still refuse count, so that two applications never share the same litres.
_NAMED_SQL = """
SELECT a.volume_litres,
       (SELECT coalesce(sum(e.volume_litres), 0)::bigint FROM entitlements e WHERE e.assessment_id = a.id
           AND e.status IN ('applied', 'accepted', 'published', 'confirmed', 'suspended'))
  FROM water_assessments a WHERE a.id = %s AND a.participant_id = %s
"""


_ALL_NAMED_SQL = """
SELECT (SELECT sum(volume_litres)::bigint FROM water_assessments WHERE participant_id = %(participant)s),
       (SELECT coalesce(sum(e.volume_litres), 0)::bigint
          FROM entitlements e JOIN water_assessments a ON a.id = e.assessment_id
         WHERE a.participant_id = %(participant)s
           AND e.status IN ('applied', 'accepted', 'published', 'confirmed', 'suspended'))
"""


def record(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    number: str,
    authority: str,
    project: str,
    approved_on: dt.date,
    volume_litres: int,
) -> WaterAssessment:
    """Records an approved assessment of a participant's project, for `volume_litres` a year.

    Errors: NotFound, ParticipantNotAdmitted, InvalidInput (a day to come), AssessmentExists.
    """
    places.check_admitted(raw(session), participant_id)
    if approved_on > clock.today():
        raise InvalidInput("an assessment was approved today or before", pointer="/approved_on")
    found = WaterAssessment(
        participant_id=participant_id,
        number=number,
        authority=authority,
        project=project,
        approved_on=approved_on,
        volume_litres=volume_litres,
        recorded_by=actor.user_id,
        recorded_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(found)
    except IntegrityError as error:
        raise AssessmentExists(f"{authority} gave {number} already", pointer="/number") from error
    subject, detail = ("water_assessment", found.id), {"volume_litres": volume_litres}
    connection = raw(session)
    outbox.publish(connection, topic="registry.water_assessment.recorded", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action="water_assessment.recorded", subject=subject, detail=detail)
    return found


def threshold(pack: Pack) -> Threshold | None:
    """From how many litres a year a permit needs an assessment, or None where the pack has no rule."""
    return next((each for each in pack.thresholds if each.name == THRESHOLD), None)


def reached(rule: Threshold, litres: int) -> bool:
    """Whether a yearly volume reaches the threshold: 以上 includes the number, 超过 does not (Civil Code 1259)."""
    return litres >= rule.litres if rule.operator == "gte" else litres > rule.litres


def check_covers(
    connection: psycopg.Connection[Any],
    *,
    participant_id: int,
    assessment_id: int | None,
    kind: str,
    volume_litres: int,
) -> None:
    """Holds an application to the assessment that it names. Errors: AssessmentNeeded, NotFound, AssessmentTooSmall."""
    if assessment_id is None:
        rule = threshold(pack_in_force(connection))
        if kind == PERMIT and rule is not None and reached(rule, volume_litres):
            raise AssessmentNeeded(
                f"a permit for {format_litres(volume_litres)} m3 a year names the assessment of its project",
                pointer="/assessment_id",
                limit=format_litres(rule.litres),
                available=format_litres(volume_litres),
                legal_source=rule.basis.source,
            )
        return
    connection.execute("SELECT FROM water_assessments WHERE id = %s FOR UPDATE", (assessment_id,))
    row = connection.execute(_NAMED_SQL, (assessment_id, participant_id)).fetchone()
    if row is None:
        raise NotFound("the participant has no such assessment", pointer="/assessment_id")
    assessed, named = row
    if named + volume_litres > assessed:
        raise AssessmentTooSmall(
            f"{format_litres(assessed)} m3 a year were assessed, {format_litres(named)} are applied for or granted",
            pointer="/volume",
            limit=format_litres(assessed),
            available=format_litres(assessed - named),
        )


def of_participant(connection: psycopg.Connection[Any], participant_id: int) -> tuple[int | None, int]:
    """What a participant's projects were assessed for (None: nothing recorded), and the rights that name it."""
    row = connection.execute(_ALL_NAMED_SQL, {"participant": participant_id}).fetchone()
    assert row is not None
    return row[0], row[1]


def listed(
    session: Session, *, participant_id: int | None = None, after: int | None = None, limit: int = 50
) -> list[WaterAssessment]:
    """Assessments by id; of one participant, or all."""
    statement = select(WaterAssessment)
    if participant_id is not None:
        statement = statement.where(WaterAssessment.participant_id == participant_id)
    if after is not None:
        statement = statement.where(WaterAssessment.id > after)
    return list(session.scalars(statement.order_by(WaterAssessment.id).limit(limit)))
