"""What stands beside the books: balances, accounts and products, as the exchange knows them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mypy_extensions import mypyc_attr

if TYPE_CHECKING:
    from market.settlement.clearing import Beneficiaries
    from market.trading.book import Book, Ladder


class Halt(Protocol):
    """Why something stands still, by the bureau's order, and until when at the latest (RFC 3339; "": by order only)."""

    @property
    def detail(self) -> str:
        """In words."""

    @property
    def until(self) -> str:
        """When it is lifted."""

    @property
    def legal_source(self) -> str:
        """By what law."""


@mypyc_attr(acyclic=True)
class Balance:
    """What may still be debited on one ledger account: litres, fen, or a limit's litres.

    `saved_in` is the stretch of the undo log that has kept it as it was.
    """

    __slots__ = ("free", "saved_in")

    def __init__(self, free: int) -> None:
        self.free = free
        self.saved_in = 0


@dataclass(slots=True)
class Account:
    """What the exchange knows of a water account: whose, where, its ledger accounts, and its two gates.

    `owner` is the beneficial owner's group; `pool` whatever makes accounts alike to matching; a gate is None or
    (rule, detail, legal source); `beneficiaries` those who are paid for what it sells (None: its participant);
    `stores`: public storage, whose gates only its own mechanisms pass; `halt`: what the bureau ordered to stand still
    of which this is part (its participant, or a zone it is in). An exchange that has looked them up once keeps in
    `book`, `bids` and `asks` where its orders stand, in `water` and `cash` the balances of `ledger` and `money`.
    """

    id: int
    participant: int
    owner: int
    ledger: int
    money: int
    plan: int
    product: int
    pool: Any
    lot: int = 1
    sell_gate: tuple[str, str, str] | None = None
    buy_gate: tuple[str, str, str] | None = None
    beneficiaries: Beneficiaries | None = None
    stores: bool = False
    halt: Halt | None = None
    book: Book | None = None
    bids: Ladder | None = None
    asks: Ladder | None = None
    water: Balance | None = None
    cash: Balance | None = None


@dataclass(slots=True)
class Product:
    """One order book's rules now. `closes_at` is a UNIX time; `stop` what its guard has stopped it by, 0 if nothing.

    `halt`: the bureau's order that it, or the whole market, stands still, whatever its phase.
    """

    id: int
    code: str
    phase: str
    lot: int
    closes_at: float
    version: int = 0
    phase_reason: str = ""
    stop: int = 0
    halt: Halt | None = None

    def fields(self) -> tuple[str, str, int]:
        """What an undo must bring back."""
        return self.phase, self.phase_reason, self.stop

    def restore(self, fields: tuple[str, str, int]) -> None:
        """The reverse of `fields`."""
        self.phase, self.phase_reason, self.stop = fields
