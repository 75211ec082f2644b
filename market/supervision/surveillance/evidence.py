"""What surveillance looks at: the tape, the orders, who belongs to whom, rights and use, and what was announced when.

Plain frozen values. Litres and 1/10 000 yuan per m3 at the seller's place are integers; instants bear a zone; numbers
of people and things are whatever ids the source has, compared and never reckoned with.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

BUY = "buy"
SELL = "sell"


@dataclass(frozen=True, slots=True)
class Party:
    """A participant. `owner`: whoever is declared to control it (itself, if nobody else).

    The other fields are what is known of it from admission and sign-in, as opaque marks that are alike where the thing
    is the same: legal representative, bank account for payouts, telephone, address, device or API key it signs in from,
    clerk who acts for it under mandate. Empty: unknown. `kind` is farm, association, works, firm or supplier.
    """

    id: int
    owner: int
    kind: str
    zone: str = ""
    representative: str = ""
    bank_account: str = ""
    telephone: str = ""
    address: str = ""
    device: str = ""
    clerk: str = ""


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One change of an order. `action`: placed, amended, filled, cancelled (by its owner) or ended (by rule or clock).

    `rest` is what is open after it, `price_e4` the limit then.
    """

    at: dt.datetime
    order: int
    party: int
    product: str
    side: str
    action: str
    price_e4: int
    litres: int
    rest: int


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade. `mechanism`: book, call, bidding, negotiated or buy_back. `taker` is the side that came last.

    `reference_e4` is the product's reference price before it; None where there was none. `transfer_kind`: sale, or
    gift, succession, reorganisation for a negotiated deal that names its ground.
    """

    at: dt.datetime
    id: int
    product: str
    seller: int
    buyer: int
    price_e4: int
    litres: int
    mechanism: str = "book"
    taker: str = BUY
    sell_order: int = 0
    buy_order: int = 0
    reference_e4: int | None = None
    transfer_kind: str = "sale"


@dataclass(frozen=True, slots=True)
class Close:
    """The end of a product's session, and the price that the day is remembered by."""

    at: dt.datetime
    product: str
    price_e4: int


@dataclass(frozen=True, slots=True)
class Right:
    """What a party held, used, bought and sold under one right in one water year; all in litres.

    `plan`: the use that its approved plan of the year allows; None where it has none. `excused`: a ground recorded by
    the bureau for unused water (fallow ordered, works out of order, curtailed), empty where there is none.
    `share_of_year_e6`: how much of the year's normal use falls before the day up to which `used` is counted; 1 000 000
    when the year is over. `tradable_class`: whether water of this right may ever be sold.
    """

    party: int
    right: int
    year: int
    source: str
    zone: str
    allocated: int
    used: int
    bought: int = 0
    sold: int = 0
    plan: int | None = None
    excused: str = ""
    share_of_year_e6: int = 1_000_000
    tradable_class: bool = True


@dataclass(frozen=True, slots=True)
class Announcement:
    """A decision that moves prices. `insiders`: parties that knew it (or whose clerk or owner did) before publication.

    `moves`: up or down, where the price of the products named goes once it is known.
    """

    id: int
    decided_at: dt.datetime
    published_at: dt.datetime
    products: tuple[str, ...]
    moves: str
    insiders: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything of one period, each kind in the order of time."""

    parties: tuple[Party, ...]
    orders: tuple[OrderEvent, ...] = ()
    trades: tuple[Trade, ...] = ()
    closes: tuple[Close, ...] = ()
    rights: tuple[Right, ...] = ()
    announcements: tuple[Announcement, ...] = ()


DETECTORS = (
    "wash_trade", "related_parties", "layering", "marking_the_close", "price_outlier", "zero_price",
    "concentration_of_rights", "concentration_of_orders", "hoarding", "selling_over_plan", "unpublished_announcement",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Alert:
    """What a detector found: against whom, on what, by which rule, with the figures that passed which threshold.

    `rule` is the legal source; `figures` are (name, value as text, threshold as text) in the order of the reasoning.
    """

    detector: str
    parties: tuple[int, ...]
    orders: tuple[int, ...]
    trades: tuple[int, ...]
    first_at: dt.datetime | None
    last_at: dt.datetime | None
    rule: str
    figures: tuple[tuple[str, str, str], ...]
