"""What is done by the clock, in the worker that `karez up` starts beside the engine and the web.

Every job looks for what is due and does it, item by item, each in a transaction of its own. Nothing due is nothing
done, so a job may run at any moment, twice, or not for a week; a refusal of one item keeps it for the next time and
stops no other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy.orm import Session

from market.contracts import distribution_run, lot_offers, report_queries, running, states, verifying
from market.core import audit, clock, db, jobqueue
from market.core.config import Settings
from market.core.datadir import OperatorError
from market.core.db import raw
from market.core.errors import Refusal
from market.participants import tokens
from market.payments import clockwork
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
from market.supervision import curtailments
from market.supervision.trail import heads, publishing
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


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its schedule (cron in UTC, seconds last), what it does, and the work: how many things were done."""

    name: str
    cron: str
    does: str
    work: Callable[[str], int] | None = None
    signs: Callable[[str, Settings], int] | None = None
    """Instead of `work`, where settings are needed: the installation's secret, the payment provider."""


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


def erase_places(url: str) -> int:
    """From where people signed in is erased once its time is over."""
    with db.transaction(url) as session:
        return tokens.erase_places(session, actor=CLOCK)


def publish_heads(url: str, settings: Settings) -> int:
    """The heads of the audit chains are signed and published."""
    secret = settings.secret(heads.PURPOSE)
    with db.transaction(url) as session:
        return publishing.publish(raw(session), secret)


JOBS = (
    Job("sessions", "* * * * * */5", "move products into the phase that the calendar has due", keep_sessions),
    Job("reference-prices", "*/10 * * * * 15", "write the reference prices of a new day", set_reference_prices),
    Job("calls", "* * * * * */2", "begin, clear and settle calls whose product gathers or stands still", clear_calls),
    Job("curtailments", "* * * * * */10", "take the next step of running curtailments", advance_curtailments),
    Job("bidding", "* * * * * */10", "open, close and decide public biddings and their sales", advance_biddings),
    Job("banks", "* * * * * 30", "tell banks of sales out of pledged rights", tell_banks),
    Job("buy-backs", "* * * * * */10", "book what takes of the buy-back became, end its offers", advance_buy_backs),
    Job("collect", "*/10 * * * * 5", "bring newly announced water into the pools that it is for", collect_entrusted),
    Job("deliveries", "9 * * * *", "order the delivery of settled trades and calls", order_deliveries),
    Job("gateway", "* * * * * */2", "make calls to the payment provider, fetch what changed", signs=clockwork.advance),
    Job("reconciliation", "20 18 * * *", "compare the provider's account with the books", signs=clockwork.reconcile),
    Job("leases", "*/10 * * * * 25", "deliver the year's water of leases, end those that are over", deliver_leases),
    Job("resales", "* * * * * */10", "close rounds of resale and book what became of the bids", advance_resales),
    Job("negotiations", "* * * * * 45", "end offers that expired, strike published deals", end_negotiations),
    Job("programmes", "* * * * * 50", "close purchase programmes whose deadline is over", close_programmes),
    Job("rights", "3 * * * *", "expire rights whose last day is over", expire_rights),
    Job("savings", "12 * * * *", "hand over silent reports of savings, share out undisputed ones", advance_savings),
    Job("audit-heads", "50 15 * * *", "sign and publish the heads of the audit trail", signs=publish_heads),
    Job("places", "40 18 * * *", "erase from where people signed in, after a year", erase_places),
    Job("lots", "22 * * * *", "end lots of saved water, set claw-backs off, free deposits", end_lots),
    Job("trusts", "6 * * * *", "end trusts whose term is over and give their water back", end_trusts),
)  # fmt: skip


def named(name: str) -> Job:
    """One job by its name. Errors: OperatorError."""
    for job in JOBS:
        if job.name == name:
            return job
    raise OperatorError(f"there is no job {name}; there are: {', '.join(each.name for each in JOBS)}")


def run(url: str, job: Job, settings: Settings | None = None) -> int:
    """Does a job now; returns how many things were done. `settings`: those of this process, if none are given."""
    if job.signs is not None:
        done = job.signs(url, settings or Settings.from_environment())
    else:
        assert job.work is not None
        done = job.work(url)
    if done:
        log.info("job.done", job=job.name, done=done)
    return done


def serve(url: str) -> None:
    """The worker: does every job by its schedule until it is told to stop."""
    db.unlock_ids(url)
    queue = jobqueue.app(url)
    for job in JOBS:
        jobqueue.every(queue, job.name, job.cron, partial(run, url, job))
    log.info("jobs.ready", jobs=len(JOBS))
    jobqueue.serve(queue)


def listing(as_json: bool) -> str:
    """The jobs as text for people or JSON for programs."""
    if as_json:
        return json.dumps([{"name": each.name, "cron": each.cron, "does": each.does} for each in JOBS])
    return "\n".join(f"{each.name:<18}{each.cron:<18}{each.does}" for each in JOBS)
