"""What the public sees of saving projects, and who sees which proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from market.contracts import projects
from market.contracts.project_models import Project, ProjectMark, Proposal
from market.core import clock
from market.core.errors import NotFound
from market.county.models import Zone
from market.participants.models import Participant


@dataclass(frozen=True, slots=True)
class View:
    """A project with its user's name and kind, its township's code, its standing marks, how many proposals it has."""

    project: Project
    name: str
    user_kind: str
    township: str
    marks: Sequence[ProjectMark]
    proposals: int


def calls(
    session: Session,
    *,
    kind: str | None = None,
    mode: str | None = None,
    township: str | None = None,
    status: str | None = None,
    mark: str | None = None,
    taking: bool | None = None,
    participant_id: int | None = None,
    project_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[View]:
    """Projects by id. `taking`: still takes proposals now; `mark`: bears such a mark."""
    wanted: list[ColumnElement[bool]] = [Project.id > (after or 0)]
    if taking is not None:
        takes = (Project.status == "open") & (Project.closes_at > clock.now())
        wanted.append(takes if taking else ~takes)
    if mark is not None:
        marked = select(ProjectMark.project_id).where(
            ProjectMark.mark == mark, ProjectMark.removed_at.is_(None)
        )
        wanted.append(Project.id.in_(marked))
    if kind is not None:
        wanted.append(Project.kind == kind)
    if mode is not None:
        wanted.append(Project.mode == mode)
    if township is not None:
        wanted.append(Zone.code == township)
    if status is not None:
        wanted.append(Project.status == status)
    if participant_id is not None:
        wanted.append(Project.participant_id == participant_id)
    if project_id is not None:
        wanted.append(Project.id == project_id)
    rows = session.execute(
        select(Project, Participant.name, Participant.kind, Zone.code)
        .join(Participant, Participant.id == Project.participant_id)
        .join(Zone, Zone.id == Project.township_zone_id)
        .where(*wanted)
        .order_by(Project.id)
        .limit(limit)
    ).all()
    ids = [row[0].id for row in rows]
    marks: dict[int, list[ProjectMark]] = {each: [] for each in ids}
    standing = select(ProjectMark).where(ProjectMark.project_id.in_(ids), ProjectMark.removed_at.is_(None))
    for each in session.scalars(standing.order_by(ProjectMark.id)):
        marks[each.project_id].append(each)
    counted = session.execute(
        select(Proposal.project_id, func.count())
        .where(Proposal.project_id.in_(ids), Proposal.status != "withdrawn")
        .group_by(Proposal.project_id)
    ).all()
    numbers = {row[0]: row[1] for row in counted}
    return [View(*row, marks[row[0].id], numbers.get(row[0].id, 0)) for row in rows]


def call(session: Session, *, project_id: int) -> View:
    """One project. Errors: NotFound."""
    found = calls(session, project_id=project_id)
    if not found:
        raise NotFound("there is no such project")
    return found[0]


def proposals_to(session: Session, *, project_id: int) -> list[Proposal]:
    """What firms propose for a project, by id, once it may be seen. Errors: NotFound, ProposalsSealed."""
    found = session.get(Project, project_id)
    if found is None:
        raise NotFound("there is no such project")
    projects.check_unsealed(found)
    statement = select(Proposal).where(Proposal.project_id == project_id, Proposal.status != "withdrawn")
    return list(session.scalars(statement.order_by(Proposal.id)))


def proposals(
    session: Session, *, participant_id: int | None, status: str | None = None, after: int | None = None,
    limit: int = 50,
) -> list[Proposal]:  # fmt: skip
    """A firm's own proposals by id; None: everybody's."""
    statement = select(Proposal).where(Proposal.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(Proposal.participant_id == participant_id)
    if status is not None:
        statement = statement.where(Proposal.status == status)
    return list(session.scalars(statement.order_by(Proposal.id).limit(limit)))
