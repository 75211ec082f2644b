"""What the bureau has standing still: read with the other facts of accounts, and held against each of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from market.core import ids

_HALTS_SQL = """
SELECT h.id, coalesce(h.product_id, 0), coalesce(h.zone_id, 0), coalesce(h.participant_id, 0),
       CASE WHEN h.with_owners THEN coalesce(p.owner_group_id, p.id) ELSE 0 END, h.until, h.reason, h.legal_source,
       coalesce(d.source, ''), coalesce(d.water_year, 0)
FROM halts h LEFT JOIN participants p ON p.id = h.participant_id LEFT JOIN products d ON d.id = h.product_id
WHERE h.lifted_at IS NULL ORDER BY h.id
"""


@dataclass(frozen=True, slots=True)
class Halt:
    """The bureau's order that something stands still: the whole market, a product, a zone or a participant (0: none).

    `name` is its public id, `owner` a participant's group of beneficial owners where the order goes that far (else 0),
    `until` when it is lifted at the latest (RFC 3339; "": by order only), `source` and `water_year` the product's.
    """

    id: int
    name: str
    product: int
    zone: int
    participant: int
    owner: int
    until: str
    reason: str
    legal_source: str
    source: str = ""
    water_year: int = 0

    @property
    def detail(self) -> str:
        """What a refusal says of it."""
        if self.until:
            return f"halted by order {self.name} until {self.until}: {self.reason}"
        return f"halted by order {self.name}: {self.reason}"

    def holds(self, participant: int, owner: int, zones: frozenset[int]) -> bool:
        """Whether it is about this participant, its group or a zone among these."""
        return (
            participant == self.participant
            or (self.owner != 0 and owner == self.owner)
            or (self.zone != 0 and self.zone in zones)
        )

    def covers(self, source: str, water_year: int) -> bool:
        """Whether it is about all that trades this water: its product, or the market."""
        if self.zone or self.participant:
            return False
        return not self.product or (self.source, self.water_year) == (source, water_year)


def in_force(connection: psycopg.Connection[Any]) -> tuple[Halt, ...]:
    """Every halt that stands, the oldest first."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_HALTS_SQL).fetchall()
    return tuple(_halt(*row) for row in rows)


def _halt(
    number: int, product: int, zone: int, participant: int, owner: int, until: dt.datetime | None, reason: str,
    legal_source: str, source: str, water_year: int,
) -> Halt:  # fmt: skip
    lifted = until.astimezone(dt.UTC).isoformat() if until is not None else ""
    name = ids.public("hlt", number)
    return Halt(
        number, name, product, zone, participant, owner, lifted, reason, legal_source, source, water_year
    )


def over(
    halts: Iterable[Halt], *, participant: int, owner: int, zones: frozenset[int], source: str, water_year: int
) -> Halt | None:  # fmt: skip
    """The first halt that keeps a water account from trading."""
    for halt in halts:
        if halt.holds(participant, owner, zones) or halt.covers(source, water_year):
            return halt
    return None
