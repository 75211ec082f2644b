"""From the tape of a batch to rows: transfers, trades, instructions, orders, commands. No database here."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from ledger.arrays import Bigints
from ledger.posting import Posting
from market.core.chart import TransferCode
from market.settlement import clearing
from market.trading.book import BUY, Order
from market.trading.calling import CallHold
from market.trading.commands import Command, Outcome, encode
from market.trading.fills import Fill, Held

_ORDER_HOLD = int(TransferCode.ORDER_HOLD)
_CALL_HOLD = int(TransferCode.CALL_HOLD)
_CAP_EXCESS = int(TransferCode.CAP_EXCESS)
SETTLED = "settled"
AWAITING = "awaiting_review"

BooksOf = Callable[[int], clearing.Books]
DueOn = Callable[[int], dt.date]


def texts(values: Iterable[str | None]) -> str:
    """A text[] literal; None becomes NULL."""
    return "{" + ",".join(['"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"' if v is not None else "NULL"
                           for v in values]) + "}"  # fmt: skip


def words(values: Iterable[str]) -> str:
    """A text[] literal of plain words (letters, digits, underscore) that need no quoting."""
    return "{" + ",".join(values) + "}"


class Rows:
    """The rows of one batch. `posting` holds handles until `resolve` learns the drawn transfer ids."""

    def __init__(self, batch_id: int, moment: dt.datetime) -> None:
        self.batch_id = batch_id
        self.moment = moment
        self.posting = Posting()
        self.trades: list[tuple[Any, ...]] = []
        self.instructions: list[tuple[Any, ...]] = []
        self.call_holds: list[tuple[int, int, int]] = []
        self._instruction_holds: list[clearing.Holds | None] = []

    def add_events(
        self, events: Sequence[Any], books_of: BooksOf, due_on: DueOn, new_id: Callable[[], int]
    ) -> None:
        """Turns the tape into transfers, trades and instructions, in order."""
        for event in events:
            if type(event) is Fill:
                self._add_fill(event, books_of(event.buy.account.product), new_id(), due_on)
                continue
            if type(event) is CallHold:
                self._add_call_hold(event, books_of(event.product))
                continue
            if type(event) is not Held:  # a stop: no water, no money
                continue
            order, amount = event.order, event.amount
            account = order.account
            books = books_of(account.product)
            if order.side == BUY:
                debit, credit = account.money, books.money_clearing
            else:
                debit, credit = account.ledger, books.water_clearing
            if amount > 0:
                order.hold_id = self.posting.hold(debit, credit, amount, _ORDER_HOLD, order.id)
            elif order.status == "expired":
                self.posting.expire(order.hold_id, debit, credit, -amount, _ORDER_HOLD, order.id)
            else:
                self.posting.void(order.hold_id, debit, credit, -amount, _ORDER_HOLD, order.id)

    def _add_call_hold(self, held: CallHold, books: clearing.Books) -> None:
        if not held.order:
            credit = books.limit_use
        else:
            credit = books.water_clearing if held.water else books.money_clearing
        handle = self.posting.hold(held.account, credit, held.amount, _CALL_HOLD, held.call)
        self.call_holds.append((held.order, held.account, handle))

    def _add_fill(self, fill: Fill, books: clearing.Books, instruction_id: int, due_on: DueOn) -> None:
        buyer, seller = fill.buy.account, fill.sell.account
        if fill.payees is None:
            payees = [clearing.Payee(seller.money, fill.amount - fill.fee, clearing.SELLER)]
        else:
            payees = list(fill.payees)
        if fill.fee:
            payees.append(clearing.Payee(books.trading_fees, fill.fee, clearing.FEE))
        due = clearing.Obligation(
            instruction_id, seller.ledger, buyer.ledger, buyer.money, fill.source, fill.delivered, fill.amount, payees,
            fill.charges(), tuple((limit, fill.source) for limit in fill.terms.frees),
        )  # fmt: skip
        holds = None
        if fill.review is None:
            clearing.settle(
                self.posting, due, books,
                water_hold=fill.sell.hold_id if fill.sell_held else 0,
                money_hold=fill.buy.hold_id if fill.buy_held else 0,
            )  # fmt: skip
            for limit, above, limit_id, litres in fill.absorbed:
                self.posting.transfer(limit, above, litres, _CAP_EXCESS, limit_id)
        else:
            if fill.sell_held:
                self.posting.void(fill.sell.hold_id, seller.ledger, books.water_clearing, fill.source, _ORDER_HOLD,
                                  fill.sell.id)  # fmt: skip
            if fill.buy_held and fill.amount:
                self.posting.void(fill.buy.hold_id, buyer.money, books.money_clearing, fill.amount, _ORDER_HOLD,
                                  fill.buy.id)  # fmt: skip
            holds = clearing.hold(self.posting, due, books)
        self._instruction_holds.append(holds)
        self.trades.append((
            fill.trade_id, buyer.product, fill.buy.id, fill.sell.id, fill.maker, buyer.participant, seller.participant,
            fill.source, fill.delivered, fill.terms.k, fill.price, fill.value, fill.amount, fill.fee, instruction_id,
        ))  # fmt: skip
        self.instructions.append((
            instruction_id, fill.trade_id, buyer.product, seller.participant, buyer.participant, seller.id, buyer.id,
            seller.ledger, buyer.ledger, buyer.money, fill.source, fill.delivered, fill.amount,
            _json([[payee.account, payee.fen, payee.role] for payee in payees]), _json(due.charges), _json(due.frees),
            SETTLED if fill.review is None else AWAITING,
            fill.review.rule if fill.review else None,
            due_on(fill.review.working_days).isoformat() if fill.review else None,
        ))  # fmt: skip

    def resolve(self, ids: Sequence[int], orders: Iterable[Order]) -> None:
        """Gives orders and instructions the real ids of their holds, once these are drawn."""
        for order in orders:
            if order.hold_id < 0:
                order.hold_id = ids[~order.hold_id]
        self._holds = [
            "[]" if holds is None else _json([[ids[~holds.water], ids[~holds.money] if holds.money else 0,
                                              [ids[~each] for each in holds.charges]]])
            for holds in self._instruction_holds
        ]  # fmt: skip

    def trade_params(self) -> tuple[Any, ...]:
        """The parameters of INSERT_TRADES."""
        c = list(zip(*self.trades, strict=True))
        return (
            self.batch_id, self.moment, *map(Bigints, c[0:4]), words(c[4]), *map(Bigints, c[5:15]),
        )  # fmt: skip

    def instruction_params(self) -> tuple[Any, ...]:
        """The parameters of INSERT_INSTRUCTIONS."""
        c = list(zip(*self.instructions, strict=True))
        return (
            self.batch_id, self.moment, *map(Bigints, c[0:13]), texts(c[13]), texts(c[14]), texts(c[15]),
            texts(self._holds), words(c[16]), texts(c[17]), texts(c[18]),
        )  # fmt: skip

    def new_order_params(self, orders: Sequence[Order]) -> tuple[Any, ...]:
        """The parameters of INSERT_ORDERS."""
        return (
            self.batch_id,
            self.moment,
            Bigints([o.id for o in orders]),
            Bigints([o.account.product for o in orders]),
            Bigints([o.account.participant for o in orders]),
            Bigints([o.account.id for o in orders]),
            words([o.side for o in orders]),
            Bigints([o.volume for o in orders]),
            Bigints([o.rest for o in orders]),
            Bigints([o.price for o in orders]),
            words([o.tif for o in orders]),
            Bigints([1 if o.post_only else 0 for o in orders]),
            Bigints([o.min_fill for o in orders]),
            Bigints([0 if o.expires_at is None else round(o.expires_at * 1_000_000) for o in orders]),
            texts([o.client_order_id for o in orders]),
            Bigints([o.priority for o in orders]),
            Bigints([o.held for o in orders]),
            Bigints([o.hold_id for o in orders]),
            Bigints([o.value for o in orders]),
            Bigints([o.paid for o in orders]),
            words([o.status for o in orders]),
            texts([o.reason for o in orders]),
        )

    def changed_order_params(self, orders: Sequence[Order]) -> tuple[Any, ...]:
        """The parameters of UPDATE_ORDERS."""
        return (
            self.moment,
            Bigints([o.id for o in orders]),
            Bigints([o.volume for o in orders]),
            Bigints([o.rest for o in orders]),
            Bigints([o.price for o in orders]),
            Bigints([o.priority for o in orders]),
            Bigints([o.held for o in orders]),
            Bigints([o.hold_id for o in orders]),
            Bigints([o.value for o in orders]),
            Bigints([o.paid for o in orders]),
            words([o.status for o in orders]),
            texts([o.reason for o in orders]),
        )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class Journal:
    """The command rows of one batch and the digest that its audit link carries."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []

    def add(self, command_id: int, command: Command, outcome: Outcome) -> None:
        """One command and its outcome, as text."""
        self.rows.append((
            command_id, command.participant, command.key, command.position, command.body_hash.hex(), command.user,
            command.mandate or 0, encode(command.request).decode(), encode(outcome).decode(), command.origin,
        ))  # fmt: skip

    def digest(self) -> str:
        """SHA-256 over every field of every row, in order."""
        return command_digest(self.rows)

    def params(self, batch_id: int, moment: dt.datetime) -> tuple[Any, ...]:
        """The parameters of INSERT_COMMANDS."""
        c = list(zip(*self.rows, strict=True))
        return (
            batch_id, moment, Bigints(c[0]), Bigints(c[1]), texts(c[2]), Bigints(c[3]), words(c[4]), Bigints(c[5]),
            Bigints(c[6]), texts(c[7]), texts(c[8]), texts(c[9]),
        )  # fmt: skip


def command_digest(rows: Iterable[tuple[Any, ...]]) -> str:
    """The digest of rows of (id, participant, key, position, body hash, user, mandate or 0, request, outcome, origin).

    Where there is no origin the row ends before it: so every row did before origins were kept.
    """
    digest = hashlib.sha256()
    for row in rows:
        digest.update("\x1f".join(map(str, row if row[-1] is not None else row[:-1])).encode())
        digest.update(b"\x1e")
    return digest.hexdigest()
