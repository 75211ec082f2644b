"""External ids over HTTP: what a participant's programs call its things, and finding them by it."""

from __future__ import annotations

from typing import Any

from market.api import ownership
from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import webhooks as shapes
from market.core import ids
from market.core.errors import InvalidInput
from market.participants import external_ids
from market.participants.external_models import KINDS, ExternalId

blp = blueprint("external_ids", "One's own ids for one's things (外部编号)")
_BY_PREFIX = {prefix: kind for kind, prefix in KINDS.items()}


@blp.route("/external-ids", methods=["GET"])
@blp.arguments(shapes.ExternalIdsQuery, location="query")
@blp.response(200, shapes.ExternalIdPage)
def list_external_ids(query: dict[str, Any]) -> dict[str, Any]:
    """One's own external ids, by id; with `kind` and `external_id` the one thing that it names."""
    where = paging("xid")
    kind, number = query["kind"], None
    if query["object_id"] is not None:
        named, number = _object(query["object_id"])
        if kind not in (None, named):
            return page([], where.limit)
        kind = named
    rows = external_ids.listed(
        session(), participant_id=own_only(), kind=kind, object_id=number, external_id=query["external_id"],
        after=where.after, limit=where.limit + 1,
    )  # fmt: skip
    return page([_out(each) for each in rows], where.limit)


@blp.route("/external-ids", methods=["POST"])
@blp.arguments(shapes.ExternalIdIn)
@blp.response(200, shapes.ExternalIdOut)
def put(body: dict[str, Any]) -> dict[str, Any]:
    """Give one of one's own things an id of one's own, or another one. The same again changes nothing. An order takes
    its own as `client_order_id` when it is placed.
    """
    kind, number = _object(body["object_id"])
    who = actor()
    assert who.participant_id is not None  # only participants have these roles
    ownership.check(session(), kind, {ownership.OWNERS[kind][0]: number}, who)
    made = external_ids.put(
        session(), actor=who.audit, participant_id=who.participant_id, kind=kind, object_id=number,
        external_id=body["external_id"],
    )  # fmt: skip
    return _out(made)


@blp.route("/external-ids/<xid:external_id_id>/remove", methods=["POST"])
@blp.arguments(shapes.ExternalIdRemoval)
@blp.response(200, shapes.ExternalIdRemoved)
def remove(body: dict[str, Any], external_id_id: int) -> dict[str, Any]:
    """Forget an external id; the thing stays."""
    external_ids.remove(session(), actor=actor().audit, external_id_id=external_id_id, **body)
    return {"id": external_id_id}


def _object(text: str) -> tuple[str, int]:
    """Errors: NotFound (never given out), InvalidInput (what bears no external id)."""
    prefix = text.partition("_")[0]
    if prefix not in _BY_PREFIX:
        raise InvalidInput(
            "such a thing bears no external id; an order has its client_order_id", pointer="/object_id"
        )
    return _BY_PREFIX[prefix], ids.parse(prefix, text)


def _out(each: ExternalId) -> dict[str, Any]:
    return {
        "id": each.id,
        "participant_id": each.participant_id,
        "kind": each.kind,
        "object_id": ids.public(KINDS[each.kind], each.object_id),
        "external_id": each.external_id,
        "set_at": each.set_at,
    }
