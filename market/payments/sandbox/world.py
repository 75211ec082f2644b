"""What the emulated provider remembers: objects, account, clock, what is due, and what it was told to spoil."""

from __future__ import annotations

import heapq
import itertools
import secrets
import threading
from collections.abc import Callable
from typing import Any

from market.core import clock
from market.payments.sandbox.forms import ApiError, missing
from market.payments.stripe_http import API_VERSION

Thing = dict[str, Any]

FAULTS = (
    "time_out_before", "time_out_after", "error_500", "double_delivery", "late_failure", "wrong_amount",
)  # fmt: skip
KINDS = {
    "pi": "payment_intent", "ch": "charge", "txn": "balance_transaction", "re": "refund", "tr": "transfer",
    "trr": "transfer_reversal", "po": "payout", "pm": "payment_method", "evt": "event", "we": "webhook_endpoint",
}  # fmt: skip


class World:
    """One emulated account. Everything that changes it holds `busy`."""

    def __init__(self, *, funds_fen: int = 0, late_s: int = 5, payout_s: int = 0) -> None:
        self.busy = threading.RLock()
        self.late_s, self.payout_s = late_s, payout_s
        self.ahead_s = 0
        self.base_url = "http://127.0.0.1"
        self.things: dict[str, dict[str, Thing]] = {kind: {} for kind in KINDS.values()}
        self.order: dict[str, list[str]] = {kind: [] for kind in KINDS.values()}
        self.place: dict[str, int] = {}
        self.hidden: dict[str, Thing] = {}  # what an object has that no answer shows
        self.funds_fen = funds_fen
        self.script: list[Thing] = []
        self.told: Callable[[Thing], None] = lambda _event: None
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = itertools.count(1)
        self._request: Thing = {"id": None, "idempotency_key": None}

    def now(self) -> int:
        """The emulator's Unix time: the real one, and how far it was moved ahead."""
        return int(clock.now().timestamp()) + self.ahead_s

    def keep(self, prefix: str, thing: Thing) -> Thing:
        """Gives a new object its id, kind and time, and keeps it."""
        kind = KINDS[prefix]
        made: Thing = {
            "id": f"{prefix}_{secrets.token_hex(12)}",
            "object": kind,
            "created": self.now(),
        } | thing
        self.things[kind][made["id"]] = made
        self.place[made["id"]] = len(self.order[kind])
        self.order[kind].append(made["id"])
        return made

    def get(self, kind: str, number: str) -> Thing:
        """An object. Errors: ApiError (404)."""
        found = self.things[kind].get(number)
        if found is None:
            raise missing(kind, number)
        return found

    def named(self, number: str) -> Thing | None:
        """Whatever has this id."""
        kind = KINDS.get(number.partition("_")[0])
        return self.things[kind].get(number) if kind is not None else None

    def enter(self, kind: str, source: str, amount_fen: int, fee_fen: int = 0) -> Thing:
        """Writes a line of the account."""
        return self.keep(
            "txn",
            {
                "amount": amount_fen, "available_on": self.now(), "balance_type": "payments", "currency": "cny",
                "description": None, "exchange_rate": None, "fee": fee_fen,
                "fee_details": [_fee(fee_fen)] if fee_fen else [], "net": amount_fen - fee_fen,
                "reporting_category": _CATEGORIES.get(kind, kind), "source": source, "status": "available",
                "type": kind,
            },
        )  # fmt: skip

    def balance_fen(self) -> int:
        """What the account has."""
        return self.funds_fen + sum(each["net"] for each in self.things["balance_transaction"].values())

    def later(self, seconds: int, do: Callable[[], None]) -> None:
        """Has something done once the emulator's clock is so far on."""
        heapq.heappush(self._due, (self.now() + seconds, next(self._numbers), do))

    def catch_up(self) -> None:
        """Does what is due."""
        while self._due and self._due[0][0] <= self.now():
            heapq.heappop(self._due)[2]()

    def tell(self, kind: str, thing: Thing) -> None:
        """Writes an event of an object as it is now, and sends it to the endpoints that want it."""
        event = self.keep(
            "evt",
            {
                "api_version": API_VERSION, "data": {"object": _copy(thing)}, "livemode": False,
                "pending_webhooks": len(self.things["webhook_endpoint"]), "request": dict(self._request),
                "type": kind,
            },
        )  # fmt: skip
        self.told(event)

    def asked(self, key: str | None) -> None:
        """Remembers whose request it is that events come from."""
        self._request = {"id": f"req_{secrets.token_hex(7)}", "idempotency_key": key}

    def spoiled(self, fault: str, operation: str) -> bool:
        """Whether this operation is to go wrong in this way; each line of the script counts down."""
        for line in self.script:
            if line["fault"] == fault and operation.startswith(line["on"]):
                line["times"] -= 1
                self.script = [each for each in self.script if each["times"] > 0]
                return True
        return False

    def spoil(self, fault: str, on: str, times: int) -> None:
        """Adds a line to the script. `on`: the beginning of an operation's name, as payouts.create."""
        if fault not in FAULTS:
            raise ApiError(400, None, f"fault must be one of {', '.join(FAULTS)}", param="fault")
        self.script.append({"fault": fault, "on": on, "times": times})


_CATEGORIES = {
    "payout_failure": "payout_reversal", "refund_failure": "refund_failure", "transfer_refund": "transfer_reversal",
}  # fmt: skip


def _fee(fee_fen: int) -> Thing:
    return {
        "amount": fee_fen, "application": None, "currency": "cny", "description": "emulated processing fee",
        "type": "stripe_fee",
    }  # fmt: skip


def _copy(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {name: _copy(each) for name, each in thing.items()}
    return [_copy(each) for each in thing] if isinstance(thing, list) else thing
