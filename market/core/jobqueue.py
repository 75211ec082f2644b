"""The job queue (procrastinate) in the one database: tables of its own, in the schema `jobs`.

`market.jobs` says what there is to do; here is only how a worker reaches the queue. The pinned version's own schema is
a migration, and a newer version brings its changes as one.
"""

from __future__ import annotations

from collections.abc import Callable

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.builtin_tasks import remove_old_jobs

SCHEMA = "jobs"
DAYS_FAILURES_ARE_KEPT = 30


def app(url: str) -> App:
    """The queue of a database, with no task in it yet."""
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    kept = {"options": f"-c search_path={SCHEMA}"}
    return App(connector=PsycopgConnector(conninfo=plain, kwargs=kept, min_size=1, max_size=4))


def every(queue: App, name: str, cron: str, work: Callable[[], object]) -> None:
    """Has the worker do something by a schedule (cron in UTC, seconds last); never two of it waiting at once."""

    def task(timestamp: int) -> None:
        work()

    queue.periodic(cron=cron)(queue.task(name=name, queueing_lock=name)(task))


def _clean(queue: App) -> None:
    """Has the worker forget failures after a while; what was done is forgotten at once."""

    async def clean(context: JobContext, timestamp: int) -> None:
        await remove_old_jobs(context, max_hours=24 * DAYS_FAILURES_ARE_KEPT, remove_failed=True)

    queue.periodic(cron="17 19 * * *")(
        queue.task(name="clean", queueing_lock="clean", pass_context=True)(clean)
    )


def serve(queue: App) -> None:
    """Works through the queue, one job after another, until SIGTERM or SIGINT; what runs is brought to its end."""
    _clean(queue)
    queue.run_worker(concurrency=1, delete_jobs="successful")
