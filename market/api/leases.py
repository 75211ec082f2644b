"""Leases over HTTP: what is let, what became of each year, and the end before its time."""

from __future__ import annotations

from typing import Any

from market.api.errors import wants_chinese
from market.api.http import actor, blueprint, etag, own_only, page, paging, session
from market.api.schemas import leases as shapes
from market.api.schemas.registry import GroundsIn
from market.core.db import raw
from market.registry import lease_queries, leases, reference
from market.registry.lease_models import Lease, LeaseTurn
from market.trading import deals, errors
from market.trading.dealing import LEASE
from market.trading.negotiation_errors import NotAParty

blp = blueprint("leases", "Leases of water (水权租赁): they are agreed on under /negotiations")

_PLAIN = (
    "id", "negotiation_id", "entitlement_id", "lessor_id", "lessee_id", "sector", "source", "first_year", "last_year",
    "starts_on", "ends_on", "short_year", "turn_month", "grace_days", "status", "registered_at", "ended_at",
    "end_reason", "version",
)  # fmt: skip
_OF_TURN = (
    "water_year",
    "status",
    "water_account_id",
    "to_water_account_id",
    "refusal",
    "grace_until",
    "resolved_at",
)


@blp.route("/leases", methods=["GET"])
@blp.arguments(shapes.LeasesQuery, location="query")
@blp.response(200, shapes.LeasePage)
def list_leases(query: dict[str, Any]) -> dict[str, Any]:
    """Leases that one is a party to (the bureau: all), by id."""
    where = paging("lea")
    rows = lease_queries.leases(
        session(), party=own_only(), **query, after=where.after, limit=where.limit + 1
    )
    return page(_out(rows), where.limit)


@blp.route("/leases/<lea:lease_id>", methods=["GET"])
@blp.response(200, shapes.LeaseOut)
def get_lease(lease_id: int) -> dict[str, Any]:
    """One lease, with its years."""
    return _one(lease_id)


@blp.route("/leases/<lea:lease_id>/terminate", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.LeaseOut)
def terminate(body: dict[str, Any], lease_id: int) -> dict[str, Any]:
    """The lessor ends a lease of which a year lapsed since the rent was not there (民法典 art. 722)."""
    found, _ = lease_queries.lease(session(), lease_id=lease_id)
    if own_only() != found.lessor_id:
        raise NotAParty("the lessor terminates")
    leases.terminate(session(), actor=actor().audit, lease_id=lease_id, **body)
    return _one(lease_id)


def _title(rule: str | None) -> str | None:
    """What stood in the way, as its refusal was called; a gate of the registry is none of the exchange's own."""
    if rule is None:
        return None
    kind = errors.BY_CODE.get(rule, errors.AccountGate)
    return kind.title_zh if wants_chinese() else kind.title_en


def _one(lease_id: int) -> dict[str, Any]:
    found = lease_queries.lease(session(), lease_id=lease_id)
    etag(found[0].version)
    return _out([found])[0]


def _out(rows: list[tuple[Lease, list[LeaseTurn]]]) -> list[dict[str, Any]]:
    tree = reference.zones(raw(session())).by_id
    made = deals.of(session(), kind=LEASE, references=[turn.id for _, turns in rows for turn in turns])
    traded = {each.reference: each.trade_id for found in made.values() for each in found if each.trade_id}
    return [
        {name: getattr(lease, name) for name in _PLAIN}
        | {
            "township": tree[lease.township_zone_id].code,
            "canal": tree[lease.canal_zone_id].code,
            "volume": lease.litres,
            "rent": lease.rent_e4,
            "turns": [
                {name: getattr(turn, name) for name in _OF_TURN}
                | {
                    "volume": turn.due_litres, "held": turn.held_litres, "trade_id": traded.get(turn.id),
                    "refusal_title": _title(turn.refusal),
                }
                for turn in turns
            ],
        }
        for lease, turns in rows
    ]  # fmt: skip
