"""What the registry asks of the county's pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from market.county.current import pack_in_force
from market.county.pack import Pack
from market.registry.rules import SectorRule

USE_PLAN = "use_plan"
PLANNED_SECTORS = frozenset({"industry", "services"})


@dataclass(frozen=True, slots=True)
class PlanThreshold:
    """From how many litres a year an account of these sectors needs a use plan, and by what source."""

    litres: int
    sectors: frozenset[str]
    legal_source: str

    @property
    def without_plan_litres(self) -> int:
        """The most that may be bought without a plan: the threshold itself needs one (以上 includes the number)."""
        return self.litres - 1


def plan_threshold(connection: psycopg.Connection[Any]) -> PlanThreshold:
    """The threshold of use plans (county plan part 3(1)2)."""
    found = pack_in_force(connection).threshold(USE_PLAN)
    # a threshold that excludes its number is reached one litre later
    litres = found.litres if found.operator == "gte" else found.litres + 1
    return PlanThreshold(litres, PLANNED_SECTORS, found.basis.source)


def known_sectors(connection: psycopg.Connection[Any]) -> frozenset[str]:
    """The codes of the county's sectors."""
    return frozenset(sector.code for sector in pack_in_force(connection).sectors)


def known_sources(connection: psycopg.Connection[Any]) -> frozenset[str]:
    """The codes of the county's sources of water."""
    return frozenset(pack_in_force(connection).water_sources)


def certificate_prefix(connection: psycopg.Connection[Any]) -> str:
    """What certificate numbers begin with."""
    return pack_in_force(connection).certificate_prefix


def sector_rules(connection: psycopg.Connection[Any]) -> Mapping[str, SectorRule]:
    """What each sector may do, by its code."""
    return rules_of(pack_in_force(connection))


def rules_of(pack: Pack) -> Mapping[str, SectorRule]:
    """What each sector may do by a pack."""
    return {
        sector.code: SectorRule(
            may_sell=sector.may_sell,
            may_buy=sector.may_buy,
            legal_source=sector.basis.source,
            demonstration=sector.basis.demonstration,
            stores=pack.stores(sector.code),
        )
        for sector in pack.sectors
    }
