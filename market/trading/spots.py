"""Where a water account stands, as the ways between places ask for it."""

from __future__ import annotations

from dataclasses import dataclass

from market.registry.reference import AccountView, Zones


@dataclass(frozen=True, slots=True)
class Spot:
    """One side of a pair, as plain values."""

    canal_code: str
    township_code: str
    sector: str
    source: str
    origin: str
    public_storage: bool


def spot(view: AccountView, tree: Zones) -> Spot:
    """Where a water account stands, and what it may do."""
    facts = view.facts
    return Spot(
        canal_code=tree.by_id[view.canal_zone_id].code,
        township_code=tree.by_id[view.township_zone_id].code,
        sector=facts.sector,
        source=facts.source,
        origin=facts.origin,
        public_storage=facts.public_storage,
    )
