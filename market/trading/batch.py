"""A batch on its way through the engine: what it holds, what it found, and how its commands are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from market.core import audit, clock
from market.trading.book import BUY, Order
from market.trading.commands import Answer, Command, Deal, Outcome, Place, Refused
from market.trading.rows import Rows


class Stale(Exception):
    """The batch was matched on knowledge that is no longer true; it is undone and tried again."""


class BatchFailed(Exception):
    """The database, or a check before it, refused the batch; it is rolled back and undone."""


class EngineUnavailable(Exception):
    """The database did not take the batch after every try; nothing of it is known to have happened."""


class Batch:
    """One try of one batch: commands, or work on the books that no command asked for.

    `ids_from` are the ids from which on it numbered its orders, trades and the rest: where it began, and each further
    block. `extra` are statements that go into its transaction, `phases` the products whose row it changes beside them.
    """

    def __init__(
        self,
        commands: Sequence[Command] = (),
        *,
        work: Callable[[], Any] | None = None,
        action: str = "batch",
        actor: audit.Actor | None = None,
        detail: dict[str, Any] | None = None,
        extra: Callable[[Batch], Sequence[tuple[str, Any]]] | None = None,
        products: Sequence[int] = (),
    ) -> None:
        self.commands = commands
        self.work = work
        self.action = action
        self.actor = actor or audit.Actor()
        self.detail = detail or {}
        self.extra = extra
        self.products = products
        self.preset = repeats(commands)
        self.outcomes: dict[int, Outcome] = {}
        self.result: Any = None
        self.rows = Rows(0, clock.now())
        self.locked: set[int] = set()
        self.ids: list[int] = []
        self.ids_from: list[int] = []
        self.head: tuple[int, bytes] = (0, b"")


REPEAT = Answer(Refused("repeat", "the same key earlier in this batch"))


def accounts_of(request: Any) -> tuple[int, ...]:
    """The water accounts that a request names."""
    if type(request) is Place:
        return (request.water_account,)
    if type(request) is Deal:
        return (request.seller_account, request.buyer_account)
    return ()


def account_side(request: Any, orders: dict[int, Order]) -> str:
    """The side of the order that a request places or changes."""
    if type(request) is Place:
        return request.side
    order = orders.get(request.order)
    return order.side if order is not None else BUY


def key_reused() -> Refused:
    return Refused("idempotency_key_reused", "the idempotency key was used before with another body")


def needs_no_row(answer: Answer) -> bool:
    """Whether an answer needs no row: a replay, a repeat in the batch, or a key that another body holds."""
    return answer.replayed or answer is REPEAT or (
        isinstance(answer.outcome, Refused) and answer.outcome.code == "idempotency_key_reused"
    )  # fmt: skip


def repeats(commands: Sequence[Command]) -> dict[int, Answer]:
    """Commands whose key stands earlier in the same batch: the same body repeats, another is refused."""
    seen: dict[tuple[int, str, int], bytes] = {}
    preset = {}
    for index, command in enumerate(commands):
        name = (command.participant, command.key, command.position)
        if name not in seen:
            seen[name] = command.body_hash
        else:
            preset[index] = REPEAT if seen[name] == command.body_hash else Answer(key_reused())
    return preset


def answers(batch: Batch) -> list[Answer]:
    """The answers to a committed batch's commands, in order; a repeat of a key is answered as its first."""
    found: list[Answer] = []
    given: dict[tuple[int, str, int], Answer] = {}
    for index, command in enumerate(batch.commands):
        name = (command.participant, command.key, command.position)
        answer = batch.preset.get(index) or Answer(batch.outcomes[index])
        if answer is REPEAT:
            answer = Answer(given[name].outcome, replayed=True)
        given.setdefault(name, answer)
        found.append(answer)
    return found
