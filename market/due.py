"""What is due by the clock, and is done: each function looks for it, does it item by item, and says how many it did.

Each item has a transaction of its own. Nothing due is nothing done, so all may run at any moment, twice, or not for a
week; a refusal of one item keeps it for the next time and stops no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy.orm import Session

from market.billing import offsets
from market.billing import queries as billing_queries
from market.contracts import distribution_run, lot_offers, report_queries, running, states, verifying
from market.core import audit, clock, db
from market.core.config import Settings
from market.core.db import raw
from market.core.errors import Refusal
from market.registry import (
    endings,
    lease_queries,
    leases,
    pledge_alerts,
    trust_members,
    trust_queries,
    trusts,
)
from market.settlement import deliveries
from market.supervision import curtailments, halting, undoing
from market.supervision.trail import heads, publishing
from market.supervision.watching import runs
from market.trading import (
    awards,
    bidding,
    buy_backs,
    call_settling,
    calls,
    deal_publications,
    leasing,
    negotiated,
    negotiation_queries,
    programme_queries,
    programmes,
    reference_prices,
    resales,
    timetable,
)

log = structlog.get_logger("jobs")
T = TypeVar("T")
CLOCK = audit.Actor(request_id="jobs")
"""Who did it, in the record: nobody who signed in."""


def _each(url: str, job: str, items: Iterable[T], do: Callable[[Session, T], Any]) -> int:
    """Does something for each item in a transaction of its own; returns for how many it was done."""
    done = 0
    for item in items:
        try:
            with db.transaction(url) as session:
                do(session, item)
            done += 1
        except Refusal as refusal:
            log.info("job.item_waits", job=job, item=item, code=refusal.code, detail=str(refusal))
    return done


def _found(url: str, find: Callable[[Session], list[T]]) -> list[T]:
    with db.transaction(url) as session:
        return find(session)


def expire_rights(url: str) -> int:
    """Rights whose last day is over expire."""
    done = 0
    while True:
        with db.transaction(url) as session:
            found = len(endings.expire_due(session, actor=CLOCK))
        done += found
        if found < endings.MOST_AT_ONCE:
            return done


def end_trusts(url: str) -> int:
    """Trusts whose term is over end, and ended trusts give their members' water back."""
    over = _found(url, lambda session: trust_queries.over(raw(session), clock.today()))
    ended = _each(
        url, "trusts", over,
        lambda session, each: trusts.end(session, actor=CLOCK, trust_id=each, reason="the term is over"),
    )  # fmt: skip
    owing = _found(url, lambda session: trust_queries.to_give_back(raw(session)))
    given = _each(
        url, "trusts", owing, lambda session, each: trusts.give_back(session, actor=CLOCK, trust_id=each)
    )
    return ended + given


def collect_entrusted(url: str) -> int:
    """What announcements have put on accounts whose holders entrusted it goes into the pools."""
    waiting = _found(url, lambda session: trust_queries.to_collect(raw(session), clock.today()))
    return _each(
        url, "collect", waiting,
        lambda session, each: trust_members.collect(session, actor=CLOCK, trust_id=each),
    )  # fmt: skip


def tell_banks(url: str) -> int:
    """Banks are told of sales out of rights that are pledged to them."""
    with db.transaction(url) as session:
        return pledge_alerts.tell_of_trades(raw(session))


def advance_curtailments(url: str) -> int:
    """Curtailments take their next step once the engine has answered."""
    running = _found(url, curtailments.running)
    return _each(
        url, "curtailments", running,
        lambda session, each: curtailments.advance(session, actor=CLOCK, curtailment_id=each),
    )  # fmt: skip


def order_deliveries(url: str) -> int:
    """Deliveries of settled trades and calls that nobody has ordered, where a canal is still open in the year."""
    bought = _found(url, call_settling.undelivered)
    ordered = _each(
        url, "deliveries", bought,
        lambda session, each: call_settling.order_delivery(
            session, actor=CLOCK, call_id=each[0], water_account_id=each[1]
        ),
    )  # fmt: skip
    due = _found(url, lambda session: deliveries.unordered(raw(session), clock.today()))
    return ordered + _each(
        url, "deliveries", due,
        lambda session, each: deliveries.order(session, actor=CLOCK, instruction_id=each),
    )  # fmt: skip


def clear_calls(url: str) -> int:
    """Calls whose product stands still for them are cleared, and held ones that nobody reviews are settled."""
    _each(
        url, "calls", _found(url, calls.unattended),
        lambda session, each: calls.attend(session, actor=CLOCK, product_id=each),
    )  # fmt: skip
    _each(
        url, "calls", _found(url, calls.overtaken),
        lambda session, each: calls.follow(session, actor=CLOCK, call_id=each),
    )  # fmt: skip
    waiting = _found(url, calls.to_clear)
    cleared = _each(
        url, "calls", waiting, lambda session, each: calls.clear(session, actor=CLOCK, call_id=each)
    )
    held = _found(url, call_settling.due)
    settled = _each(
        url, "calls", held, lambda session, each: call_settling.settle(session, actor=CLOCK, call_id=each)
    )
    return cleared + settled


_BIDDING_STEPS: tuple[tuple[Callable[[Session], list[int]], Callable[..., Any]], ...] = (
    (lambda session: bidding.due_to_open(session, clock.now()), bidding.open_one),
    (lambda session: bidding.due_to_close(session, clock.now()), bidding.close),
    (awards.answered, awards.settle),
    (lambda session: awards.overdue(session, clock.now()), awards.lapse),
)


def advance_biddings(url: str) -> int:
    """Public biddings open, close and are decided; answers of the engine and times that are over have their effect."""
    return sum(_each(url, "bidding", _found(url, find), partial(_listing, do)) for find, do in _BIDDING_STEPS)


def _listing(do: Callable[..., Any], session: Session, listing_id: int) -> None:
    do(session, actor=CLOCK, listing_id=listing_id)


def end_negotiations(url: str) -> int:
    """Offers and times for signing that are over end; published deals whose days are over go to their review."""
    over = _found(url, negotiation_queries.out_of_time)
    ended = _each(
        url, "negotiations", over,
        lambda session, each: negotiated.expire(session, actor=CLOCK, negotiation_id=each),
    )  # fmt: skip
    published = _found(url, negotiation_queries.to_strike)
    return ended + _each(
        url, "negotiations", published,
        lambda session, each: deal_publications.end_publication(session, actor=CLOCK, negotiation_id=each),
    )  # fmt: skip


def close_programmes(url: str) -> int:
    """Purchase programmes whose deadline is over go to their review, or free everything."""
    over = _found(url, programme_queries.due)
    return _each(
        url, "programmes", over,
        lambda session, each: programmes.close(session, actor=CLOCK, programme_id=each),
    )  # fmt: skip


def keep_sessions(url: str) -> int:
    """Products go into the phase that the calendar has due; interruptions whose time is over end."""
    waiting = _found(url, timetable.out_of_phase)
    told: list[int] = []

    def tell(session: Session, product: int) -> None:
        if timetable.put_in_phase(session, actor=CLOCK, product_id=product):
            told.append(product)

    _each(url, "sessions", waiting, tell)
    return len(told)


def set_reference_prices(url: str) -> int:
    """Products get the reference price of a day that has begun."""
    due = _found(url, reference_prices.due)
    written: list[int] = []

    def settle(session: Session, product: int) -> None:
        if reference_prices.settle(session, actor=CLOCK, product_id=product) is not None:
            written.append(product)

    _each(url, "reference-prices", due, settle)
    return len(written)


def advance_buy_backs(url: str) -> int:
    """What the engine answered of takes is booked, and offers whose time or budget is over end."""
    waiting = _found(url, buy_backs.due)
    return _each(
        url, "buy-backs", waiting,
        lambda session, each: buy_backs.advance(session, actor=CLOCK, buy_back_id=each),
    )  # fmt: skip


def advance_resales(url: str) -> int:
    """Rounds whose time is over close, and what the engine answered of the winners is booked."""
    over = _found(url, resales.due)
    closed = _each(
        url, "resales", over, lambda session, each: resales.close(session, actor=CLOCK, round_id=each)
    )
    with db.transaction(url) as session:
        return closed + resales.settle_up(session)


def deliver_leases(url: str) -> int:
    """The year's water of leases is delivered, what the engine answered is booked, and leases end with their term."""
    _each(
        url, "leases", _found(url, leasing.answered),
        lambda session, each: leasing.settle(session, actor=CLOCK, turn_id=each),
    )  # fmt: skip
    due = _found(url, leasing.due)
    taken = _each(
        url, "leases", due, lambda session, each: leasing.take_turn(session, actor=CLOCK, turn_id=each)
    )
    over = _found(url, lease_queries.over)
    return taken + _each(
        url, "leases", over, lambda session, each: leases.end(session, actor=CLOCK, lease_id=each)
    )


def advance_savings(url: str) -> int:
    """Drafts that nobody spoke against go to the verifier; verified reports that nobody objected to are shared out."""
    silent = _found(url, lambda session: report_queries.over(session, states.DRAFTED))
    done = _each(
        url,
        "savings",
        silent,
        lambda session, each: verifying.submit_silent(session, actor=CLOCK, report_id=each),
    )
    ran = distribution_run.run(url, actor=CLOCK)
    for each in ran.waiting:
        log.info(
            "job.item_waits", job="savings", item=each.report_id, code=each.error.code, detail=str(each.error)
        )
    return done + ran.distributed


def end_lots(url: str) -> int:
    """Lots whose last day is past end, receivables are set off, and deposits that nothing can be taken of are free."""
    over = _found(url, lambda session: lot_offers.over(session, clock.today()))
    ended = _each(
        url, "lots", over, lambda session, each: lot_offers.expire(session, actor=CLOCK, lot_id=each)
    )
    owing = _found(url, running.to_set_off)
    set_off = _each(
        url, "lots", owing,
        lambda session, each: running.set_off(session, actor=CLOCK, contract_id=each),
    )  # fmt: skip
    free = _found(url, running.deposits_to_free)
    return ended + set_off + _each(
        url, "lots", free,
        lambda session, each: running.free_deposit(session, actor=CLOCK, contract_id=each),
    )  # fmt: skip


def advance_interventions(url: str) -> int:
    """Halts whose time is over are lifted, and what reversals left owed is set off against money that came in."""
    steps = ((halting.due, halting.end), (undoing.payable, undoing.collect))
    return sum(_each(url, "interventions", _found(url, find), partial(_numbered, do)) for find, do in steps)


def _numbered(do: Callable[..., Any], session: Session, number: int) -> None:
    do(session, number, actor=CLOCK)


def advance_water_bills(url: str) -> int:
    """Bills are taken out of sale proceeds under their holders' consents, and whose last day is over are told of."""
    waiting = _found(url, offsets.due)
    taken = _each(url, "water-bills", waiting, partial(_numbered, offsets.take))
    with db.transaction(url) as session:
        return taken + billing_queries.remind(session, actor=CLOCK)


def surveil(url: str) -> int:
    """The record of the last legal day, and of the month before it, is looked at; what is new is raised."""
    return len(runs.run(url, actor=CLOCK).raised)


def publish_heads(url: str, settings: Settings) -> int:
    """The heads of the audit chains are signed and published."""
    secret = settings.secret(heads.PURPOSE)
    with db.transaction(url) as session:
        return publishing.publish(raw(session), secret)
