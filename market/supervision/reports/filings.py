"""Filings: a report frozen for a duty, and what differs from it since, which must be explained.

Permit regulation art. 42 (the year's use by 31 December); the interim measures on trading art. 25 (31 January).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.county.supervision_rows import Duty
from market.supervision import water_years
from market.supervision.errors import ReasonMissing
from market.supervision.reports import catalogue, formats
from market.supervision.reports.differences import Difference, between
from market.supervision.reports.errors import (
    CorrectedAlready,
    DifferencesMoved,
    FiledAlready,
    NoSuchDuty,
    NothingDiffers,
    TooEarly,
    Unexplained,
)
from market.supervision.reports.models import Filing, FilingExplanation


@dataclass(frozen=True, slots=True)
class Held:
    """A filing held against the figures of now: what differs, the SHA-256 of that, and its explanation, if any."""

    filing: Filing
    differences: list[Difference]
    text: str
    explanation: FilingExplanation | None

    @property
    def sha256(self) -> bytes:
        """Of the differences as they are now."""
        return hashlib.sha256(self.text.encode()).digest()

    @property
    def explained(self) -> bool:
        """Whether nothing is left to explain."""
        return not self.differences or self.explanation is not None


def file(session: Session, *, actor: audit.Actor, duty: str, year: int, report: str) -> Filing:
    """Files a report for a duty and a year, as it is today.

    Errors: NoSuchDuty, NoSuchYear, TooEarly, FiledAlready, Unexplained.
    """
    named = _duty(session, duty, report)
    begun = water_years.found(raw(session), year, clock.today())
    if begun.starts_on > clock.today():
        raise TooEarly(f"the water year {year} begins on {begun.starts_on}", pointer="/year")
    _lock(session)
    if _newest(session, duty, year, report) is not None:
        raise FiledAlready
    _check_explained(session, duty, report)
    return _freeze(session, actor, named, year, report, None, "")


def correct(session: Session, *, actor: audit.Actor, filing_id: int, reason: str) -> Filing:
    """Files the figures of today in the place of a filing, which stays. Errors: NotFound, ReasonMissing,
    CorrectedAlready, NothingDiffers, NoSuchDuty.
    """
    if not reason.strip():
        raise ReasonMissing(pointer="/reason")
    _lock(session)
    before = one(session, filing_id)
    newest = _newest(session, before.duty, before.year, before.report)
    assert newest is not None
    if newest.id != before.id:
        raise CorrectedAlready
    named = _duty(session, before.duty, before.report)
    if not held(session, before).differences:
        raise NothingDiffers
    return _freeze(session, actor, named, before.year, before.report, before.id, reason)


def _lock(session: Session) -> None:
    """One filing at a time: what stands is looked at before what is written."""
    raw(session).execute("LOCK TABLE filings IN SHARE ROW EXCLUSIVE MODE")


def _duty(session: Session, code: str, report: str) -> Duty:
    catalogue.named(report)
    for each in pack_in_force(raw(session)).duties:
        if each.code == code and report in each.reports:
            return each
    raise NoSuchDuty("there is no such duty, or it is not filed by this report", pointer="/duty")


def _newest(session: Session, duty: str, year: int, report: str) -> Filing | None:
    statement = select(Filing).where(Filing.duty == duty, Filing.year == year, Filing.report == report)
    return session.scalars(statement.order_by(Filing.id.desc()).limit(1)).one_or_none()


def _check_explained(session: Session, duty: str, report: str) -> None:
    """Of every year the newest filing of this report for this duty. Errors: Unexplained."""
    newest = select(func.max(Filing.id)).where(Filing.duty == duty, Filing.report == report)
    standing = select(Filing).where(Filing.id.in_(newest.group_by(Filing.year))).order_by(Filing.year)
    for each in session.scalars(standing).all():
        if not held(session, each).explained:
            raise Unexplained(
                f"figures of {each.year} differ from what was filed for it", rule=f"filing:{duty}:{each.year}"
            )


def _freeze(
    session: Session,
    actor: audit.Actor,
    duty: Duty,
    year: int,
    report: str,
    replaces: int | None,
    reason: str,
) -> Filing:
    found = catalogue.run(raw(session), report, water_year=year)
    text = formats.to_json(found).decode()
    made = Filing(
        duty=duty.code, year=year, report=report, as_of=found.on, due_on=duty.due_on(year), text=text,
        sha256=hashlib.sha256(text.encode()).digest(), rows=len(found.rows), replaces_id=replaces, reason=reason,
        filed_by=actor.user_id, filed_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()  # events and the record name it
    detail = {
        "duty": duty.code,
        "year": year,
        "report": report,
        "sha256": made.sha256.hex(),
        "replaces": replaces,
    }
    act = "corrected" if replaces else "filed"
    acts.done(
        session, actor=actor, source="supervision", kind="filing", number=made.id, act=act, detail=detail
    )
    return made


def one(session: Session, filing_id: int) -> Filing:
    """A filing. Errors: NotFound."""
    found = session.get(Filing, filing_id)
    if found is None:
        raise NotFound("there is no such filing")
    return found


def listing(session: Session, *, before: int | None, limit: int) -> list[Filing]:
    """Filings, the newest first."""
    statement = select(Filing) if before is None else select(Filing).where(Filing.id < before)
    return list(session.scalars(statement.order_by(Filing.id.desc()).limit(limit)))


def held(session: Session, filing: Filing) -> Held:
    """A filing against the same report now, of the same year and held against the same day."""
    now = catalogue.run(raw(session), filing.report, water_year=filing.year, on=filing.as_of)
    filed: list[dict[str, Any]] = msgspec.json.decode(filing.text)["rows"]
    found = between(filed, now.rows, now.report.keys)
    text = msgspec.json.encode([each._asdict() for each in found]).decode()
    digest = hashlib.sha256(text.encode()).digest()
    explanation = session.scalars(
        select(FilingExplanation).where(
            FilingExplanation.filing_id == filing.id, FilingExplanation.sha256 == digest
        )
    ).one_or_none()
    return Held(filing, found, text, explanation)


def explain(
    session: Session, *, actor: audit.Actor, filing_id: int, differences_sha256: bytes, text: str
) -> Held:
    """Says why the figures differ from a filing: of exactly the differences that were read.

    Errors: NotFound, ReasonMissing, NothingDiffers, DifferencesMoved.
    """
    if not text.strip():
        raise ReasonMissing(pointer="/text")
    _lock(session)
    now = held(session, one(session, filing_id))
    if not now.differences:
        raise NothingDiffers
    if now.sha256 != differences_sha256:
        raise DifferencesMoved
    if now.explanation is None:
        session.add(
            FilingExplanation(
                filing_id=filing_id, differences=now.text, sha256=now.sha256, text=text, explained_by=actor.user_id,
                explained_at=clock.now(),
            )
        )  # fmt: skip
        detail = {"differences": len(now.differences), "sha256": now.sha256.hex(), "text": text}
        acts.done(
            session,
            actor=actor,
            source="supervision",
            kind="filing",
            number=filing_id,
            act="explained",
            detail=detail,
        )
    return held(session, now.filing)
