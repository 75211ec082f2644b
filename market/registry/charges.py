"""What water at many places charges the caps above it, or frees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from ledger import journal
from ledger.units import format_litres
from market.core import books
from market.core.chart import HEADROOM, AccountCode, TransferCode
from market.registry import caps, reference
from market.registry.errors import CapExceeded

At = tuple[int, int, str]
"""A township's id, a canal's id and a sector: with source and year, what caps see of a water account."""


@dataclass(frozen=True, slots=True)
class CapCharge:
    """What an announcement takes of one cap: litres needed, and available when it was looked at."""

    limit: caps.LimitNode
    needed_litres: int
    available_litres: int

    @property
    def missing_litres(self) -> int:
        """What the cap lacks; negative or nil when it suffices."""
        return self.needed_litres - self.available_litres


def over(
    connection: psycopg.Connection[Any],
    rows: Iterable[tuple[int, int, str, int]],
    *,
    water_year: int,
    source: str,
) -> tuple[CapCharge, ...]:
    """What litres at these places (township, canal, sector, litres) take of every cap that holds them, by its id."""
    tree = reference.zones(connection)
    limits = reference.limits(connection, water_year=water_year)
    needed: Counter[caps.LimitNode] = Counter()
    for township, canal, sector, litres in rows:
        place = caps.place(
            tree.lineage,
            township_zone_id=township,
            canal_zone_id=canal,
            sector=sector,
            source=source,
            water_year=water_year,
        )
        for limit in caps.caps_over(place, limits):
            needed[limit] += int(litres)
    free = reference.available(connection, [limit.account_id for limit in needed])
    return tuple(
        CapCharge(limit, needed[limit], free[limit.account_id])
        for limit in sorted(needed, key=lambda each: each.id)
        if needed[limit]
    )


def charge(
    connection: psycopg.Connection[Any],
    batch: journal.Batch,
    charges: Iterable[CapCharge],
    *,
    code: TransferCode,
    reference_id: int,
) -> None:
    """Adds what the caps are charged to a batch."""
    use = books.system_account(connection, HEADROOM, AccountCode.LIMIT_USE)
    for each in charges:
        batch.transfer(
            debit=each.limit.account_id,
            credit=use,
            amount=each.needed_litres,
            code=code,
            reference=reference_id,
        )


def free(
    connection: psycopg.Connection[Any],
    batch: journal.Batch,
    charges: Iterable[CapCharge],
    *,
    code: TransferCode,
    reference_id: int,
) -> None:
    """Adds what the caps are freed of to a batch."""
    use = books.system_account(connection, HEADROOM, AccountCode.LIMIT_USE)
    for each in charges:
        batch.transfer(
            debit=use,
            credit=each.limit.account_id,
            amount=each.needed_litres,
            code=code,
            reference=reference_id,
        )


def exceeded(
    connection: psycopg.Connection[Any], charges: tuple[CapCharge, ...], what: str = "the announcement"
) -> CapExceeded:
    """The refusal that names the cap which lacks most; the accounts are locked, so what is read is what
    is.
    """
    now = reference.available(connection, [each.limit.account_id for each in charges])
    worst = max(charges, key=lambda each: each.needed_litres - now[each.limit.account_id])
    available = now[worst.limit.account_id]
    return CapExceeded(
        f"{worst.limit.code} has {format_litres(available)} m3 left,"
        f" {what} needs {format_litres(worst.needed_litres)}",
        rule=f"cap:{worst.limit.code}",
        limit=format_litres(worst.limit.limit_litres),
        available=format_litres(available),
        legal_source=worst.limit.legal_source,
        extra={"needed": format_litres(worst.needed_litres)},
    )
