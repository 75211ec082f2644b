"""A right as it is shown on the wire, with its running clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from market.api.http import etag, session
from market.core.db import raw
from market.registry import clocks, reference
from market.registry.models import Entitlement


def one(entitlement: Entitlement) -> dict[str, Any]:
    """One right; its version becomes the answer's ETag."""
    etag(entitlement.version)
    return many([entitlement])[0]


def many(rights: Sequence[Entitlement]) -> list[dict[str, Any]]:
    """Rights in order; their clocks are read in one statement."""
    connection = raw(session())
    tree, running = reference.zones(connection), clocks.of_rights(connection, rights)
    return [_out(tree, each) | {"clocks": [asdict(view) for view in running[each.id]]} for each in rights]


def _out(tree: reference.Zones, each: Entitlement) -> dict[str, Any]:
    return {
        "id": each.id,
        "participant_id": each.participant_id,
        "kind": each.kind,
        "source": each.source,
        "sector": each.sector,
        "township": tree.by_id[each.township_zone_id].code,
        "canal": tree.by_id[each.canal_zone_id].code,
        "volume": each.volume_litres,
        "land_mu": each.land_mu_e2,
        "priority": each.priority,
        "valid_from": each.valid_from,
        "valid_to": each.valid_to,
        "status": each.status,
        "certificate_number": each.certificate_number,
        "basis": each.basis,
        "assessment_id": each.assessment_id,
        "decision_reason": each.decision_reason,
        "applied_at": each.applied_at,
        "decided_at": each.decided_at,
        "version": each.version,
    }
