"""What of every cap is issued, used, held and free, as everybody may see it: caps are public, accounts are not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import psycopg

from market.registry import caps, reference
from market.trading.market_data import reckon

# -> the node of each cap, whether its figure is a demonstration, what is charged (beyond the cap too), held, and beyond
CAPS_SQL = """
SELECT l.id, l.account_id, l.code, l.kind, l.water_year, l.zone_id, l.to_zone_id, l.source, l.sector, l.limit_litres,
       l.legal_source, l.demonstration,
       l.limit_litres - (a.credits_posted - a.debits_posted) + coalesce(e.debits_posted - e.credits_posted, 0),
       a.debits_pending, coalesce(e.debits_posted - e.credits_posted, 0)
  FROM limits l JOIN accounts a ON a.id = l.account_id
  LEFT JOIN cap_excesses x ON x.limit_id = l.id LEFT JOIN accounts e ON e.id = x.account_id
 WHERE l.kind = 'cap' AND l.water_year = %(year)s ORDER BY l.id
"""
# -> what was metered of each place: litres, and of them those beyond what the accounts held
USED_SQL = """
WITH here AS (
  SELECT id, township_zone_id, canal_zone_id, sector, source FROM water_accounts WHERE water_year = %(year)s
), counted AS (
  SELECT r.water_account_id, r.use_litres, r.over_use_litres
    FROM meter_intervals i JOIN readings r ON r.id = i.reading_id
  UNION ALL
  SELECT t.water_account_id, t.use_litres, t.over_use_litres
    FROM turn_uses t JOIN turn_sheets s ON s.id = t.turn_sheet_id AND s.status = 'signed'
)
SELECT h.township_zone_id, h.canal_zone_id, h.sector, h.source, sum(c.use_litres), sum(c.over_use_litres)
  FROM counted c JOIN here h ON h.id = c.water_account_id GROUP BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class CapUse:
    """A cap and what became of it, in litres. `over_use_litres` were used beyond what accounts held, or are charged
    beyond the cap since it was cut: none where everybody kept to it.
    """

    node: caps.LimitNode
    demonstration: bool
    issued_litres: int
    held_litres: int
    free_litres: int
    used_litres: int
    over_use_litres: int


def of_year(connection: psycopg.Connection[Any], *, water_year: int, zones: reference.Zones) -> list[CapUse]:
    """Every cap of a water year, by id; none of a year without caps. Errors: ReckoningBusy."""
    asked = {"year": water_year}
    places: dict[caps.Place, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for township, canal, sector, source, used, over in reckon(connection, USED_SQL, asked):
        at = caps.place(
            zones.lineage, township_zone_id=township, canal_zone_id=canal, sector=sector, source=source,
            water_year=water_year,
        )  # fmt: skip
        before = places[at]
        places[at] = before[0] + int(used), before[1] + int(over)
    found = []
    for row in connection.execute(CAPS_SQL, asked).fetchall():
        node = caps.LimitNode(*row[:11])
        issued, held, beyond = row[12:]
        under = [litres for at, litres in places.items() if caps.holds(node, at)]
        found.append(
            CapUse(
                node, row[11], issued, held, max(0, node.limit_litres - issued - held),
                sum(each[0] for each in under), sum(each[1] for each in under) + beyond,
            )
        )  # fmt: skip
    return found
