"""Public bidding (one-way, 单向竞价): what a listing's terms may be, which bid counts, who wins, who failed. Pure.

Prices are 1/10 000 yuan per m3 at the seller's place, volumes litres, money fen, instants aware datetimes. No law found
fixes deposit, bid step or hours of a bidding for water (county rules, section 9): what has no other source here is a
service rule of the exchange and a demonstration until the county publishes its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ledger.units import (
    MAX_FEN,
    MAX_PRICE_E4,
    TICK_LITRES_A_FEN,
    fen_floor,
    format_fen,
    format_litres,
    format_price_e4,
    value_tick_litres,
)

OPEN, SEALED = "open", "sealed"
MODES = (OPEN, SEALED)

SERVICE_RULE = (
    "service rule of the exchange (demonstration: the county has published no rule on public bidding)"
)
DEPOSIT_RULE = "民法典 art. 586: earnest money is at most a fifth of the value of the main contract"
FORFEIT_RULE = "民法典 art. 587: who gave earnest money and does not perform has no claim to its return"

LEAST_DEPOSIT_PER_MILLE = 10  # demonstration
MOST_DEPOSIT_PER_MILLE = 200  # DEPOSIT_RULE
MOST_INCREMENT_PER_MILLE = 200  # demonstration: of the start price
LEAST_PUBLICATION = dt.timedelta(hours=24)  # demonstration: from the listing to the opening
LEAST_BIDDING = dt.timedelta(minutes=10)  # demonstration
MOST_MINUTES = 30  # demonstration: of the last minutes, and of what a bid in them adds
MOST_EXTENSIONS = 20  # demonstration
MOST_WORKING_DAYS = 10  # demonstration: to confirm, and to take the second bidder's right up

WINNERS_FAULT = frozenset({"insufficient_money"})
"""For what the engine refuses a deal that is the buyer's failure; for everything else nobody forfeits."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a listing offers and how it is bid for. `reserve_price_e4` None: it sells at the first valid bid.

    A bid within the last `window_minutes` moves the close by `extension_minutes`, at most `most_extensions` times.
    The winner has `confirm_days` working days to confirm, the second bidder as many to take its right up.
    """

    volume_litres: int
    mode: str
    start_price_e4: int
    reserve_price_e4: int | None
    reserve_public: bool
    increment_e4: int
    deposit_fen: int
    registration_closes_at: dt.datetime
    opens_at: dt.datetime
    closes_at: dt.datetime
    window_minutes: int
    extension_minutes: int
    most_extensions: int
    confirm_days: int


class Broken(NamedTuple):
    """A bound that terms do not keep: the rule, its place in the request, its figure, what was given, its source."""

    rule: str
    pointer: str
    limit: str
    given: str
    legal_source: str


class Standing(NamedTuple):
    """A bidder's last bid; `bid_id` grows with time."""

    bidder_id: int
    price_e4: int
    bid_id: int


class Decision(NamedTuple):
    """Who wins and who has the second right (bidder ids); no winner: `reason` says why."""

    winner: Standing | None
    second: Standing | None
    reason: str


def floor_e4(terms: Terms) -> int:
    """The least price at which a first bid is taken: the start price, or the reserve where everybody knows it."""
    if terms.reserve_public and terms.reserve_price_e4 is not None:
        return max(terms.start_price_e4, terms.reserve_price_e4)
    return terms.start_price_e4


def least_bid_e4(terms: Terms, best_e4: int | None) -> int:
    """The least price of the next bid; in a sealed bidding nobody's bid moves it."""
    if terms.mode == SEALED or best_e4 is None:
        return floor_e4(terms)
    return best_e4 + terms.increment_e4


def most_bid_e4(terms: Terms) -> int:
    """The highest price that the market can settle for the volume."""
    return min(MAX_PRICE_E4, MAX_FEN * TICK_LITRES_A_FEN // terms.volume_litres)


def extended(
    terms: Terms, *, closes_at: dt.datetime, extensions: int, at: dt.datetime
) -> tuple[dt.datetime, int]:
    """When the bidding closes after a bid at that instant, and how often it was extended by then."""
    late = at >= closes_at - dt.timedelta(minutes=terms.window_minutes)
    if not late or extensions >= terms.most_extensions:
        return closes_at, extensions
    return closes_at + dt.timedelta(minutes=terms.extension_minutes), extensions + 1


def latest_close(terms: Terms) -> dt.datetime:
    """When the bidding is over at the very latest."""
    return terms.closes_at + dt.timedelta(minutes=terms.extension_minutes) * terms.most_extensions


def decide(standings: Iterable[Standing], reserve_e4: int | None) -> Decision:
    """The highest bid wins, of equal ones the earlier; the second right is the next bidder's, if it meets the reserve.

    `standings` has each bidder once, with its last bid.
    """
    ranked = sorted(standings, key=lambda each: (-each.price_e4, each.bid_id))
    if not ranked:
        return Decision(None, None, "nobody_bid")
    enough = [each for each in ranked if reserve_e4 is None or each.price_e4 >= reserve_e4]
    if not enough:
        return Decision(None, None, "reserve_not_met")
    return Decision(enough[0], enough[1] if len(enough) > 1 else None, "")


def is_winners_fault(code: str) -> bool:
    """Whether what the engine refused a deal for is the buyer's failure to pay."""
    return code in WINNERS_FAULT


def start_value_fen(terms: Terms) -> int:
    """What the lot costs at the least price that is bid, rounded down: the measure of the deposit."""
    return fen_floor(value_tick_litres(terms.volume_litres, floor_e4(terms)))


def broken(terms: Terms, *, now: dt.datetime, longest_days: int, listing_source: str) -> Broken | None:
    """The first bound that the terms do not keep, or None.

    `longest_days`: for how long a listing runs at most, from now to its first close, by `listing_source`.
    """
    return (
        _broken_price(terms)
        or _broken_times(terms, now, longest_days, listing_source)
        or _broken_extension(terms)
    )


def _broken_price(terms: Terms) -> Broken | None:
    most = most_bid_e4(terms)
    if not 0 < floor_e4(terms) <= most:
        return _price("start_price", "/start_price", most, floor_e4(terms))
    reserve = terms.reserve_price_e4
    if reserve is not None and not terms.start_price_e4 <= reserve <= most:
        return _price("reserve_not_below_start", "/reserve_price", terms.start_price_e4, reserve)
    step = terms.start_price_e4 * MOST_INCREMENT_PER_MILLE // 1000
    if terms.mode == OPEN and not 0 < terms.increment_e4 <= max(1, step):
        return _price("increment", "/increment", max(1, step), terms.increment_e4)
    value = start_value_fen(terms)
    least = -(-value * LEAST_DEPOSIT_PER_MILLE // 1000)
    if terms.deposit_fen < max(1, least):
        return Broken(
            "least_deposit",
            "/deposit",
            format_fen(max(1, least)),
            format_fen(terms.deposit_fen),
            SERVICE_RULE,
        )
    most_fen = max(1, value * MOST_DEPOSIT_PER_MILLE // 1000)
    if terms.deposit_fen > most_fen:
        return Broken(
            "most_deposit", "/deposit", format_fen(most_fen), format_fen(terms.deposit_fen), DEPOSIT_RULE
        )
    return None


def _price(rule: str, pointer: str, limit: int, given: int) -> Broken:
    return Broken(rule, pointer, format_price_e4(limit), format_price_e4(given), SERVICE_RULE)


def _broken_times(terms: Terms, now: dt.datetime, longest_days: int, listing_source: str) -> Broken | None:
    earliest = now + LEAST_PUBLICATION
    if terms.opens_at < earliest:
        return _instant("publication", "/opens_at", earliest, terms.opens_at, SERVICE_RULE)
    if not now < terms.registration_closes_at <= terms.opens_at:
        return _instant(
            "registration_before_opening", "/registration_closes_at", terms.opens_at, terms.registration_closes_at,
            SERVICE_RULE,
        )  # fmt: skip
    if terms.closes_at < terms.opens_at + LEAST_BIDDING:
        return _instant(
            "bidding_time", "/closes_at", terms.opens_at + LEAST_BIDDING, terms.closes_at, SERVICE_RULE
        )
    latest = now + dt.timedelta(days=longest_days)
    if terms.closes_at > latest:
        return _instant("listing_time", "/closes_at", latest, terms.closes_at, listing_source)
    return None


def _instant(rule: str, pointer: str, limit: dt.datetime, given: dt.datetime, source: str) -> Broken:
    return Broken(
        rule, pointer, limit.isoformat(timespec="seconds"), given.isoformat(timespec="seconds"), source
    )


def _broken_extension(terms: Terms) -> Broken | None:
    """An open bidding may be extended; a sealed one, where nobody sees a bid, is not."""
    most = 0 if terms.mode == SEALED else MOST_MINUTES
    least = 1 if terms.most_extensions else 0
    for rule, given in (
        ("window_minutes", terms.window_minutes),
        ("extension_minutes", terms.extension_minutes),
    ):
        if not least <= given <= most:
            return Broken(rule, f"/{rule}", str(most), str(given), SERVICE_RULE)
    extensions = 0 if terms.mode == SEALED else MOST_EXTENSIONS
    if not 0 <= terms.most_extensions <= extensions:
        return Broken(
            "most_extensions", "/most_extensions", str(extensions), str(terms.most_extensions), SERVICE_RULE
        )
    if not 1 <= terms.confirm_days <= MOST_WORKING_DAYS:
        return Broken(
            "confirm_days", "/confirm_days", str(MOST_WORKING_DAYS), str(terms.confirm_days), SERVICE_RULE
        )
    return None


def volume_in_lots(volume_litres: int, lot_litres: int) -> Broken | None:
    """Whether the volume is a whole number of the product's smallest lots."""
    if volume_litres > 0 and volume_litres % lot_litres == 0:
        return None
    return Broken(
        "whole_lots", "/volume", format_litres(lot_litres), format_litres(volume_litres), SERVICE_RULE
    )
