"""What the public sees of service firms, and what the firm and the bureau see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from market.contracts.firm_models import Firm, FirmQualification
from market.core import clock
from market.core.errors import NotFound
from market.participants import credit
from market.participants.models import Participant


@dataclass(frozen=True, slots=True)
class View:
    """A firm with its name, its papers by id, and what counts of its credit record today."""

    firm: Firm
    name: str
    qualifications: Sequence[FirmQualification]
    credit: credit.Extract


def firms(
    session: Session,
    *,
    q: str | None = None,
    works_in: str | None = None,
    qualified: str | None = None,
    status: str | None = None,
    participant_id: int | None = None,
    firm_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[View]:
    """Firms by id. `q`: a part of the name or of what it says of itself, in any case; `qualified`: it has a confirmed
    paper of this kind that is valid today.
    """
    wanted: list[ColumnElement[bool]] = [Firm.id > (after or 0)]
    if q is not None:
        part = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        wanted.append(or_(Participant.name.ilike(part), Firm.about.ilike(part)))
    if works_in is not None:
        wanted.append(Firm.works_in.contains([works_in]))
    if qualified is not None:
        wanted.append(_has_paper(qualified))
    if status is not None:
        wanted.append(Firm.status == status)
    if participant_id is not None:
        wanted.append(Firm.participant_id == participant_id)
    if firm_id is not None:
        wanted.append(Firm.id == firm_id)
    rows = session.execute(
        select(Firm, Participant.name)
        .join(Participant, Participant.id == Firm.participant_id)
        .where(*wanted)
        .order_by(Firm.id)
        .limit(limit)
    ).all()
    return _views(session, [(row[0], row[1]) for row in rows])


def _has_paper(kind: str) -> ColumnElement[bool]:
    today = clock.today()
    return Firm.id.in_(
        select(FirmQualification.firm_id)
        .where(FirmQualification.kind == kind, FirmQualification.status == "confirmed")
        .where(FirmQualification.valid_from <= today)
        .where(func.coalesce(FirmQualification.valid_to, today) >= today)
    )


def _views(session: Session, rows: Sequence[tuple[Firm, str]]) -> list[View]:
    papers: dict[int, list[FirmQualification]] = {firm.id: [] for firm, _ in rows}
    shown = select(FirmQualification).where(FirmQualification.firm_id.in_(papers))
    for paper in session.scalars(shown.order_by(FirmQualification.id)):
        papers[paper.firm_id].append(paper)
    records = credit.extracts(session, (firm.participant_id for firm, _ in rows))
    return [View(firm, name, papers[firm.id], records[firm.participant_id]) for firm, name in rows]


def firm(session: Session, *, firm_id: int, listed: bool = False) -> View:
    """One firm, as the public sees it if `listed`. Errors: NotFound."""
    found = firms(session, firm_id=firm_id, status="listed" if listed else None)
    if not found:
        raise NotFound("there is no such firm")
    return found[0]


def firm_of(session: Session, participant_id: int) -> int:
    """The id of a participant's entry in the directory. Errors: NotFound."""
    found = session.scalar(select(Firm.id).where(Firm.participant_id == participant_id))
    if found is None:
        raise NotFound("this participant is not in the directory of firms")
    return found
