"""Saving projects over HTTP: calls for proposals, proposals, the choice, marks."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, etag, own_only, page, paging, session
from market.api.schemas import projects as shapes
from market.api.whose import of_body
from market.contracts import firm_queries, project_queries, projects
from market.contracts.errors import NotAServiceFirm
from market.contracts.project_models import ProjectMark, Proposal
from market.core import clock

blp = blueprint("projects", "Saving projects: what users call for")
offers = blueprint("proposals", "What service firms propose for saving projects")


@blp.route("/projects", methods=["GET"])
@blp.arguments(shapes.ProjectsQuery, location="query")
@blp.response(200, shapes.ProjectPage)
def list_projects(query: dict[str, Any]) -> dict[str, Any]:
    """Saving projects by id."""
    where = paging("prj")
    rows = project_queries.calls(session(), **query, after=where.after, limit=where.limit + 1)
    return page([_out(each) for each in rows], where.limit)


@blp.route("/projects", methods=["POST"])
@blp.arguments(shapes.ProjectIn)
@blp.response(201, shapes.ProjectOut)
def publish(body: dict[str, Any]) -> dict[str, Any]:
    """Call for proposals until a time."""
    made = projects.publish(
        session(),
        actor=actor().audit,
        participant_id=of_body(body.pop("participant_id")),
        use_litres=body.pop("use"),
        **body,
    )
    return _one(made.id)


@blp.route("/projects/<prj:project_id>", methods=["GET"])
@blp.response(200, shapes.ProjectOut)
def get(project_id: int) -> dict[str, Any]:
    """One project."""
    return _one(project_id)


@blp.route("/projects/<prj:project_id>/withdraw", methods=["POST"])
@blp.arguments(shapes.ProjectEndIn)
@blp.response(200, shapes.ProjectOut)
def withdraw(body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Take a call back; its proposals are declined."""
    projects.withdraw(session(), actor=actor().audit, project_id=project_id, reason=body["reason"])
    return _one(project_id)


@blp.route("/projects/<prj:project_id>/proposals", methods=["GET"])
@blp.response(200, shapes.ProposalsOut)
def list_proposals(project_id: int) -> dict[str, Any]:
    """What firms propose for a project of one's own; sealed ones after the deadline."""
    rows = project_queries.proposals_to(session(), project_id=project_id)
    return {"data": [_proposal_out(each) for each in rows]}


@blp.route("/projects/<prj:project_id>/choose", methods=["POST"])
@blp.arguments(shapes.ChoiceIn)
@blp.response(200, shapes.ProjectOut)
def choose(body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Choose a proposal; the others are declined."""
    projects.choose(session(), actor=actor().audit, project_id=project_id, **body)
    return _one(project_id)


@blp.route("/projects/<prj:project_id>/marks", methods=["POST"])
@blp.arguments(shapes.MarkIn)
@blp.response(201, shapes.MarkOut)
def mark(body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Mark a project as a pilot or a demonstration."""
    made = projects.mark(
        session(), actor=actor().audit, project_id=project_id, kind=body["mark"], level=body["level"],
        document=body["document"],
    )  # fmt: skip
    return _mark_out(made)


@blp.route("/project-marks/<mrk:project_mark_id>/remove", methods=["POST"])
@blp.arguments(shapes.ProjectEndIn)
@blp.response(200, shapes.MarkOut)
def unmark(body: dict[str, Any], project_mark_id: int) -> dict[str, Any]:
    """Take a mark away."""
    return _mark_out(
        projects.unmark(session(), actor=actor().audit, mark_id=project_mark_id, reason=body["reason"])
    )


@offers.route("/projects/<prj:project_id>/proposals", methods=["POST"])
@offers.arguments(shapes.ProposalIn)
@offers.response(201, shapes.ProposalOut)
def propose(body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Propose, as a listed firm."""
    participant = own_only()
    if participant is None:
        raise NotAServiceFirm("a firm proposes")
    made = projects.propose(
        session(),
        actor=actor().audit,
        project_id=project_id,
        firm_id=firm_queries.firm_of(session(), participant),
        mode=body["mode"],
        saving_litres=body["saving"],
        investment_fen=body["investment"],
        share_bp=body["share"],
        fee_fen=body["fee"],
        term_months=body["term_months"],
        measures=body["measures"],
    )
    return _proposal_out(made)


@offers.route("/proposals", methods=["GET"])
@offers.arguments(shapes.ProposalsQuery, location="query")
@offers.response(200, shapes.ProposalPage)
def list_own(query: dict[str, Any]) -> dict[str, Any]:
    """One's own proposals, by id."""
    where = paging("prp")
    rows = project_queries.proposals(
        session(), participant_id=own_only(), **query, after=where.after, limit=where.limit + 1
    )
    return page([_proposal_out(each) for each in rows], where.limit)


@offers.route("/proposals/<prp:proposal_id>/withdraw", methods=["POST"])
@offers.response(200, shapes.ProposalOut)
def take_back(proposal_id: int) -> dict[str, Any]:
    """Withdraw a proposal that was not chosen yet."""
    return _proposal_out(projects.take_back(session(), actor=actor().audit, proposal_id=proposal_id))


def _one(project_id: int) -> dict[str, Any]:
    found = project_queries.call(session(), project_id=project_id)
    etag(found.project.version)
    return _out(found)


def _out(each: project_queries.View) -> dict[str, Any]:
    names = (
        "id", "participant_id", "kind", "title", "description", "mode", "longest_months", "sealed", "closes_at",
        "status", "end_reason", "ended_at", "published_at", "version",
    )  # fmt: skip
    project = each.project
    return {name: getattr(project, name) for name in names} | {
        "name": each.name,
        "user_kind": each.user_kind,
        "township": each.township,
        "use": project.use_litres,
        "taking": project.status == "open" and project.closes_at > clock.now(),
        "proposals": each.proposals,
        "marks": [_mark_out(mark) for mark in each.marks],
    }


def _mark_out(each: ProjectMark) -> dict[str, Any]:
    names = ("id", "mark", "level", "document", "given_at", "removed_at", "removal_reason")
    return {name: getattr(each, name) for name in names}


def _proposal_out(each: Proposal) -> dict[str, Any]:
    names = (
        "id", "project_id", "firm_id", "participant_id", "mode", "term_months", "measures", "related", "status",
        "submitted_at", "resolved_at",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names} | {
        "saving": each.saving_litres,
        "investment": each.investment_fen,
        "share": each.share_bp,
        "fee": each.fee_fen,
    }
