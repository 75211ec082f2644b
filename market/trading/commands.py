"""What travels between the web workers, the engine and its log: commands in, outcomes out. Plain data.

Ids are internal, volumes litres, prices 1/10 000 yuan per m3. The request and the outcome are kept as JSON text in
`commands`, so these structs are also the format of the audit detail: add fields at the end, never change one.
"""

from __future__ import annotations

import msgspec


class Place(msgspec.Struct, frozen=True, tag="place", omit_defaults=True):
    """A new order from a water account. `expires_at` is a UNIX time in seconds (GTD only)."""

    water_account: int
    product: int
    side: str
    volume: int
    price: int
    tif: str = "GTC"
    post_only: bool = False
    min_fill: int = 0
    expires_at: float | None = None
    client_order_id: str | None = None


class Amend(msgspec.Struct, frozen=True, tag="amend", omit_defaults=True):
    """A new total volume and/or price. Only a smaller volume at the same price keeps the order's priority."""

    order: int
    volume: int | None = None
    price: int | None = None


class Cancel(msgspec.Struct, frozen=True, tag="cancel", omit_defaults=True):
    """Takes an order's rest out of the book."""

    order: int


class Deal(msgspec.Struct, frozen=True, tag="deal", omit_defaults=True):
    """A deal struck elsewhere (row `deal` of deals): litres and price are counted at the place of the side `at`.

    It never comes from a client: the engine's inbox makes it. `reviewed`: a reviewer has approved it before it was
    struck, and the county's rules ask no second time. `review_rule` and `review_days` (working days): the mechanism's
    own rule has it reviewed, whatever its size. `kind` is the mechanism that struck it.
    """

    deal: int
    seller_account: int
    buyer_account: int
    product: int
    volume: int
    price: int
    at: str = "sell"
    reviewed: bool = False
    review_rule: str = ""
    review_days: int = 0
    kind: str = ""


Request = Place | Amend | Cancel | Deal


class Command(msgspec.Struct, frozen=True):
    """One request with who sends it: for whom, by whom, under which mandate and idempotency key.

    `origin` is the sign-in or API key that it came through, as the audit trail names it (`Actor.origin`).
    """

    participant: int
    user: int
    mandate: int | None
    key: str
    position: int
    body_hash: bytes
    request: Request
    request_id: str = ""
    origin: str | None = None


class FillView(msgspec.Struct, frozen=True, array_like=True):
    """One fill as the sender of a command sees it. `amount` is what the buyer pays, `fee` the seller's fee, in fen."""

    trade: int
    source: int
    delivered: int
    price: int
    maker: str
    amount: int
    fee: int
    status: str
    k: int


class Accepted(msgspec.Struct, frozen=True, tag="accepted", omit_defaults=True):
    """The order after the command, and the fills the command caused.

    Of a deal it is the order of the sale, and `counterpart` that of the purchase.
    """

    order: int
    status: str
    volume: int
    rest: int
    price: int
    held: int
    priority: int
    reason: str | None = None
    fills: tuple[FillView, ...] = ()
    counterpart: int = 0


class Refused(msgspec.Struct, frozen=True, tag="refused", omit_defaults=True):
    """A rule forbids the command; nothing changed. Limit and available are wire strings in the rule's unit."""

    code: str
    detail: str
    pointer: str | None = None
    limit: str | None = None
    available: str | None = None
    legal_source: str | None = None


Outcome = Accepted | Refused


class Answer(msgspec.Struct, frozen=True):
    """An outcome and whether it was given before, to the same key and body."""

    outcome: Outcome
    replayed: bool = False


encode = msgspec.json.Encoder().encode
decode_outcome = msgspec.json.Decoder(Outcome).decode
decode_request = msgspec.json.Decoder(Request).decode
