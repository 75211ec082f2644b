"""The jobs that the worker does by the clock, beside engine and web; `market.due` says what each of them does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from market import advancing, due
from market.core import clock, db, jobqueue
from market.core.config import Settings
from market.core.datadir import OperatorError
from market.due import CLOCK
from market.payments import clockwork
from market.sheet_runs.working import DESK
from market.supervision.desks import due as desks_due
from market.supervision.privacy import retention
from market.supervision.warning import daily
from market.webhooks import delivering

log = structlog.get_logger("jobs")


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its schedule (cron in UTC, seconds last), what it does, and the work: how many things were done."""

    name: str
    cron: str
    does: str
    work: Callable[[str], int] | None = None
    signs: Callable[[str, Settings], int] | None = None
    """Instead of `work`, where settings are needed: the installation's secret, the payment provider."""


JOBS = (
    Job("sessions", "* * * * * */5", "move products into the phase that the calendar has due", due.keep_sessions),
    Job("reference-prices", "*/10 * * * * 15", "write the reference prices of a new day", due.set_reference_prices),
    Job("calls", "* * * * * */2", "begin, clear, settle calls whose product gathers or stands still", due.clear_calls),
    Job("curtailments", "* * * * * */10", "take the next step of running curtailments", due.advance_curtailments),
    Job("bidding", "* * * * * */10", "open, close and decide public biddings and their sales", due.advance_biddings),
    Job("interventions", "* * * * * */10", "lift halts whose time is over, collect claims", due.advance_interventions),
    Job("banks", "* * * * * 30", "tell banks of sales out of pledged rights", due.tell_banks),
    Job("buy-backs", "* * * * * */10", "book what takes of buy-backs became, end offers", due.advance_buy_backs),
    Job("collect", "*/10 * * * * 5", "bring newly announced water into the pools it is for", due.collect_entrusted),
    Job("water-bills", "* * * * * */20", "take bills out of sale proceeds by consent, tell of late ones",
        due.advance_water_bills),
    Job("deliveries", "9 * * * *", "order the delivery of settled trades and calls", due.order_deliveries),
    Job("leases", "*/10 * * * * 25", "deliver the year's water of leases, end those that are over", due.deliver_leases),
    Job("resales", "* * * * * */10", "close rounds of resale and book what became of the bids", due.advance_resales),
    Job("negotiations", "* * * * * 45", "end offers that expired, strike published deals", due.end_negotiations),
    Job("programmes", "* * * * * 50", "close purchase programmes whose deadline is over", due.close_programmes),
    Job("reviews-due", "* * * * * 40", "open files at desks, warn, apply silence", partial(desks_due.run, actor=CLOCK)),
    Job("rights", "3 * * * *", "expire rights whose last day is over", due.expire_rights),
    Job("savings", "12 * * * *", "hand over silent reports of savings, share out undisputed ones", due.advance_savings),
    Job("gateway", "* * * * * */2", "make calls to the payment provider, fetch what changed", signs=clockwork.advance),
    Job("reconciliation", "20 18 * * *", "compare the provider's account with the books", signs=clockwork.reconcile),
    Job("sheets", "* * * * * */2", "take in the files of registers that were handed in", signs=DESK.begin),
    Job("webhooks", "* * * * * */2", "tell programs of what has happened", signs=delivering.advance),
    Job("events-kept", "50 18 * * *", "forget events that are too old", delivering.forget),
    Job("audit-heads", "50 15 * * *", "sign and publish the heads of the audit trail", signs=due.publish_heads),
    Job("places", "40 18 * * *", "erase from where people signed in, once its time is over",
        partial(retention.run, actor=CLOCK, data=(retention.PLACE,))),
    Job("retention", "10 19 1 * *", "erase personal data that need no longer be kept",
        partial(retention.run, actor=CLOCK)),
    Job("surveillance", "30 17 * * *", "look for abuse in what was ordered and traded, raise new alerts", due.surveil),
    Job("early-warning", "20 17 * * *", "store the day's colours of early warning", partial(daily.run, actor=CLOCK)),
    Job("lots", "22 * * * *", "end lots of saved water, set claw-backs off, free deposits", due.end_lots),
    Job("trusts", "6 * * * *", "end trusts whose term is over and give their water back", due.end_trusts),
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


def when_due(url: str, settings: Settings) -> list[advancing.Due]:
    """The jobs for a clock that is moved: those of JOBS, in its order."""
    return [advancing.Due(job.name, job.cron, partial(run, url, job, settings)) for job in JOBS]


def finish() -> None:
    """Waits for what a job has going in the background, before this process lets go of its database."""
    delivering.stop(wait=True)
    DESK.wait()


def serve(url: str, settings: Settings) -> None:
    """The worker: does every job by its schedule until it is told to stop; in a test county it moves the clock too."""
    db.unlock_ids(url)
    queue = jobqueue.app(url)
    for job in JOBS:
        jobqueue.every(queue, job.name, job.cron, partial(run, url, job, settings))
    if settings.clock_file is not None:
        move = partial(advancing.advance, url, clock.Ahead(settings.clock_file), when_due(url, settings))
        jobqueue.every(queue, "test-clock", "* * * * * */1", move)
    log.info("jobs.ready", jobs=len(JOBS))
    try:
        jobqueue.serve(queue)
    finally:
        delivering.stop()


def listing(as_json: bool) -> str:
    """The jobs as text for people or JSON for programs."""
    if as_json:
        return json.dumps([{"name": each.name, "cron": each.cron, "does": each.does} for each in JOBS])
    return "\n".join(f"{each.name:<18}{each.cron:<18}{each.does}" for each in JOBS)
