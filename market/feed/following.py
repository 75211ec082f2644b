"""Following the market: one look at the database every half second, for all watchers together.

A look is one short query over the products; only where a version moved are trades read, by their number, and depth, if
anybody wants it, at most once a second and never for more than a twentieth of the time.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any

import psycopg
import structlog

from market.feed import events
from market.feed.hub import Hub
from market.trading import market_data

log = structlog.get_logger("feed")

LOOK_EVERY_S = 0.5
DEPTH_EVERY_S = 1.0
DEPTH_SHARE = 20
"""Reading depth takes at most one part in so many of the time."""
TRADES_AT_ONCE = 500
TOLD_A_SECOND, TOLD_AT_LEAST, TOLD_AT_MOST = 50, 25, 1_000
"""So many trades of a product are told at a look; in a greater rush the rest is for the tape, and a gap says so."""
REMEMBERED_AT_START = 1_000
AGAIN_AFTER_S = 1.0
LATE_AFTER_S = 10.0

PRODUCTS_SQL = "SELECT id, version, phase, phase_reason FROM products WHERE tenure = 'allocation'"
HALTS_SQL = """
SELECT h.id, h.scope, h.product_id, z.code, h.orders, h.until, h.reason, h.legal_source
FROM halts h LEFT JOIN zones z ON z.id = h.zone_id
WHERE h.lifted_at IS NULL AND h.scope <> 'participant' ORDER BY h.id
"""


class Follower:
    """Keeps a hub up to date with a database."""

    def __init__(self, url: str, hub: Hub) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://")
        self._hub = hub
        self._memory = hub.memory
        self._versions: dict[int, int] = {}
        self._deep: set[int] = set()
        self._halted: set[int] = set()
        self._depth_due = 0.0
        self._last = -1
        self._looked_at = 0.0

    @property
    def late(self) -> bool:
        """Whether the last look is too long ago."""
        return time.monotonic() - self._looked_at > LATE_AFTER_S

    async def follow(self) -> None:
        """Looks again and again until it is cancelled; a lost connection is made anew."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    if self._last < 0:
                        await self._begin(connection)
                    while True:
                        started = time.monotonic()
                        await self.look(connection)
                        self._looked_at = time.monotonic()
                        await asyncio.sleep(max(LOOK_EVERY_S - (self._looked_at - started), 0.05))
            except psycopg.Error as error:
                log.warning("feed.database_lost", error=str(error).partition("\n")[0])
                await asyncio.sleep(AGAIN_AFTER_S)

    async def _begin(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Remembers the last trades, so that those who come back after a restart of the feed miss none."""
        found = await connection.execute(market_data.LAST_TRADES_SQL, (REMEMBERED_AT_START,))
        rows = await found.fetchall()
        if len(rows) == REMEMBERED_AT_START:
            self._memory.forget_before()
        self._remember(rows[::-1])
        self._last = rows[0][0] if rows else 0

    async def look(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Looks once, and tells everybody."""
        products = await (await connection.execute(PRODUCTS_SQL)).fetchall()
        moved = {product for product, version, _, _ in products if self._versions.get(product) != version}
        self._versions = {product: version for product, version, _, _ in products}
        for product, _, name, reason in products:
            self._memory.set_state("phase", product, events.phase(product, name, reason))
        await self._read_halts(connection)
        if moved:
            await self._read_trades(connection)
        await self._read_depth(connection, moved)
        self._hub.tell_all()

    async def _read_halts(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """What stands still of each product; a product of which nothing does is told so once."""
        rows = await (await connection.execute(HALTS_SQL)).fetchall()
        if not rows and not self._halted:
            return
        for product in self._versions:
            own = [row for row in rows if row[2] in (None, product)]
            if own or product in self._halted:
                self._memory.set_state("halt", product, events.halts(product, own))
        self._halted = {
            product for product in self._versions if any(row[2] in (None, product) for row in rows)
        }

    async def _read_trades(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Remembers the trades since the last look, the last ones of each product where there are too many."""
        most = min(
            max(int(TOLD_A_SECOND * (time.monotonic() - self._looked_at)), TOLD_AT_LEAST), TOLD_AT_MOST
        )
        told: dict[int, deque[tuple[Any, ...]]] = {}
        skipped: dict[int, int] = {}
        last = self._last
        rows: list[tuple[Any, ...]] = []
        while not rows or len(rows) == TRADES_AT_ONCE:
            found = await connection.execute(market_data.NEXT_TRADES_SQL, (last, TRADES_AT_ONCE))
            rows = await found.fetchall()
            if not rows:
                break
            last = rows[-1][0]
            for row in rows:
                kept = told.setdefault(row[4], deque(maxlen=most))
                if len(kept) == most:
                    skipped[row[4]] = kept[0][0]
                kept.append(row)
        for product, number in skipped.items():
            gap = events.gap(self._last, told[product][0][0], product=product)
            self._memory.add_trades([(number, product, gap)])
        self._remember(sorted(row for kept in told.values() for row in kept))
        self._last = last

    def _remember(self, rows: list[tuple[Any, ...]]) -> None:
        for at in range(0, len(rows), TOLD_AT_MOST):
            self._memory.add_trades(
                (row[0], row[4], events.trade(row)) for row in rows[at : at + TOLD_AT_MOST]
            )
            self._hub.tell_all()  # before more of them push what was not told out of memory

    async def _read_depth(self, connection: psycopg.AsyncConnection[Any], moved: set[int]) -> None:
        self._deep |= moved
        if not self._deep:
            return
        if not self._hub.wants("depth"):
            for product in self._deep:
                self._memory.drop_state("depth", product)
            return
        started = time.monotonic()
        if started < self._depth_due:
            return
        asked = sorted(self._deep)
        found = market_data.best(await (await connection.execute(market_data.BEST_SQL, (asked,))).fetchall())
        for product in asked:
            self._memory.set_state("depth", product, events.depth(product, found.get(product, {})))
        self._deep.clear()
        spent = time.monotonic() - started
        self._depth_due = started + max(DEPTH_EVERY_S, DEPTH_SHARE * spent)
