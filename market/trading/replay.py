"""The engine's log, and an engine that does it again: same commands, same instants, same numbers, same rows.

The log is the audit chain of the engine: one link a batch, with its instant, what it was, and where its numbering
began; the commands of a batch are its rows in `commands`, and what came by the second door lies in `inbox`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import psycopg

from market.core import clock
from market.core.datadir import OperatorError
from market.trading.batch import Batch
from market.trading.commands import Command, decode_request
from market.trading.engine import Engine, block_end
from market.trading.intake import end_expired, take

_LINKS_SQL = """
SELECT seq, at, action, batch_id, detail FROM audit WHERE chain = 'engine' AND seq > %s ORDER BY seq
"""
_COMMANDS_SQL = """
SELECT participant_id, actor_user_id, mandate_id, key, position, body_hash, request, origin
FROM commands WHERE batch_id = %s ORDER BY id
"""
_INBOX_COLUMNS = "id, kind, product_id, payload, actor_user_id, request_id"
_INBOX_SQL = f"SELECT {_INBOX_COLUMNS} FROM inbox WHERE id = %s"
_NEXT_INBOX_SQL = "SELECT setval(pg_get_serial_sequence('inbox', 'id'), (SELECT max(id) FROM inbox))"
_COPY_INBOX_SQL = f"""
INSERT INTO inbox ({_INBOX_COLUMNS}) OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_DEAL_COLUMNS = (
    "id, kind, reference, product_id, seller_water_account_id, buyer_water_account_id, at, volume_litres, price_e4,"
    " reviewed, review_rule, review_days, struck_by, struck_at"
)
_DEALS_SQL = f"SELECT {_DEAL_COLUMNS} FROM deals WHERE id = ANY(%s) ORDER BY id"
_COPY_DEAL_SQL = f"""
INSERT INTO deals ({_DEAL_COLUMNS}) OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
  %s, %s, %s)
ON CONFLICT DO NOTHING
"""
_NEXT_DEAL_SQL = "SELECT setval(pg_get_serial_sequence('deals', 'id'), (SELECT max(id) FROM deals))"

_CALL_COLUMNS = (
    'id, product_id, "window", commitment, committed, record, record_sha256, paid_fen, received_fen, sold_litres,'
    " bought_litres, review_rule, review_due_on"
)
_FILL_COLUMNS = (
    "call_id, order_id, side, water_account_id, participant_id, litres, price_e4, amount_fen, fee_fen, payees"
)
_LIMIT_COLUMNS = "call_id, account_id, limit_id, litres, worth_e9"
_CALLS_SQL = f"SELECT {_CALL_COLUMNS} FROM calls WHERE id = %s"
_COPY_CALLS_SQL = f"""
INSERT INTO calls ({_CALL_COLUMNS}, status) OVERRIDING SYSTEM VALUE
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'cleared')
"""
_FILLS_SQL = f"SELECT {_FILL_COLUMNS} FROM call_fills WHERE call_id = %s"
_COPY_FILLS_SQL = f"INSERT INTO call_fills ({_FILL_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_LIMITS_SQL = f"SELECT {_LIMIT_COLUMNS} FROM call_limits WHERE call_id = %s"
_COPY_LIMITS_SQL = f"INSERT INTO call_limits ({_LIMIT_COLUMNS}) VALUES (%s, %s, %s, %s, %s)"
_BORDER_COLUMNS = "call_id, code, out_litres, in_litres, out_worth_e9, in_worth_e9"
_BORDERS_SQL = f"SELECT {_BORDER_COLUMNS} FROM call_borders WHERE call_id = %s"
_COPY_BORDERS_SQL = f"INSERT INTO call_borders ({_BORDER_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)"
# Whoever clears is not replayed: a call that was open when the second database was copied stands there unfinished.
_FORGET_CALL_SQL = (
    "DELETE FROM call_prices WHERE call_id = %s",
    "DELETE FROM call_flows WHERE call_id = %s",
    "DELETE FROM call_fills WHERE call_id = %s",
    "DELETE FROM call_limits WHERE call_id = %s",
    "DELETE FROM call_borders WHERE call_id = %s",
    "DELETE FROM calls WHERE id = %s",
)


class Differs(OperatorError):
    """The second database came to something else than the first."""


class Link(msgspec.Struct, frozen=True):
    """One batch of the engine's log."""

    seq: int
    at: dt.datetime
    action: str
    batch_id: int
    ids_from: list[int]
    transfers: list[tuple[int, int]]
    inbox: int | None


def links(connection: psycopg.Connection[Any], after: int) -> list[Link]:
    """The log after that place. Differs where a batch was written before numbering was recorded."""
    found = []
    for seq, at, action, batch_id, detail in connection.execute(_LINKS_SQL, (after,)):
        told = msgspec.json.decode(detail)
        if "ids" not in told:
            raise Differs(f"batch {batch_id} does not say from where it numbered its rows")
        runs = [(first, count) for first, count in told["transfers"]]
        found.append(Link(seq, at, action, batch_id, told["ids"], runs, told.get("inbox")))
    return found


class Replayer(Engine):
    """An engine on the second database (`connect`) that reads the log of the first (`log`) and numbers as that says."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], log: psycopg.Connection[Any]) -> None:
        super().__init__(connect)
        self._log = log
        self._link: Link | None = None
        self._blocks: list[int] = []

    def again(self, link: Link) -> None:
        """Does one batch of the log. Differs where it comes out otherwise."""
        self._link = link
        self.unsure = False  # whether every order was looked at again after a load stands in the log
        batches = self.batches
        with clock.standing(link.at):
            if link.inbox is not None:
                self._take(link.inbox)
            elif link.action == "trading.expire":
                end_expired(self)
            elif link.action == "trading.rematch":
                self.run(lambda: Batch(work=self.exchange.rematch_all, action="rematch"))
            elif link.action == "trading.batch":
                commands = [
                    Command(
                        row[0],
                        row[1],
                        row[2],
                        row[3],
                        row[4],
                        bytes(row[5]),
                        decode_request(row[6]),
                        origin=row[7],
                    )
                    for row in self._log.execute(_COMMANDS_SQL, (link.batch_id,))
                ]
                self.run(lambda: Batch(commands))
            else:
                raise Differs(f"nothing is known of {link.action}")
        if self.batches != batches + 1:
            raise Differs(f"{link.action} {link.batch_id}: there is nothing to do here")

    def _take(self, item: int) -> None:
        """What came by the second door; copied where whoever put it there is not replayed."""
        row = self.connection.execute(_INBOX_SQL, (item,)).fetchone()
        if row is None:
            row = self._log.execute(_INBOX_SQL, (item,)).fetchone()
            if row is None:
                raise Differs(f"the inbox has no row {item}")
            self.connection.execute(_COPY_INBOX_SQL, row)
            self.connection.execute(_NEXT_INBOX_SQL)
        if row[1] == "deals":
            self._copy_deals(msgspec.json.decode(row[3])["deal_ids"])
        elif row[1] == "call":
            self._copy_call(msgspec.json.decode(row[3])["call_id"])
        self.connection.commit()
        take(self, *row)

    def _copy_deals(self, deal_ids: list[int]) -> None:
        """What a mechanism struck, as it stood when the engine took it up, where that mechanism is not replayed."""
        for row in self._log.execute(_DEALS_SQL, (deal_ids,)).fetchall():
            self.connection.execute(_COPY_DEAL_SQL, row)
        self.connection.execute(_NEXT_DEAL_SQL)

    def _copy_call(self, call_id: int) -> None:
        """A call as it was cleared, for whoever cleared it is not replayed."""
        for statement in _FORGET_CALL_SQL:
            self.connection.execute(statement, (call_id,))
        for read, write in (
            (_CALLS_SQL, _COPY_CALLS_SQL), (_FILLS_SQL, _COPY_FILLS_SQL), (_LIMITS_SQL, _COPY_LIMITS_SQL),
            (_BORDERS_SQL, _COPY_BORDERS_SQL),
        ):  # fmt: skip
            for row in self._log.execute(read, (call_id,)).fetchall():
                self.connection.execute(write, row)

    # --- numbers from the log ----------------------------------------------------------------------------------

    def _draw_block(self) -> int:
        if self._link is None:
            return super()._draw_block()
        if not self._blocks:
            raise Differs(f"batch {self._link.batch_id} numbers more rows here")
        return self._blocks.pop()

    def _match(self, batch: Batch) -> None:
        assert self._link is not None
        self._blocks = self._link.ids_from[::-1]
        first = self._blocks.pop() if self._blocks else 0
        self.numbers.jump(first, block_end(first) if first else 0)
        super()._match(batch)

    def _lock(self, batch: Batch) -> None:
        super()._lock(batch)
        assert self._link is not None
        recorded = [each for first, count in self._link.transfers for each in range(first, first + count)]
        if len(recorded) != len(batch.rows.posting.rows):
            raise Differs(
                f"batch {self._link.batch_id} made {len(recorded)} transfers, here {len(batch.rows.posting.rows)}"
            )
        batch.ids[:] = recorded
