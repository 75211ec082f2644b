"""What is done after the answer, so that the time of the answer tells nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import structlog
from flask import current_app

log = structlog.get_logger("api")

AT_ONCE = "LATER_AT_ONCE"
"""The name of a setting of tests: nothing waits."""
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="later")


def do(work: Callable[[], None]) -> None:
    """Has work done in another thread, by the clock of this one; what goes wrong there is logged."""
    if current_app.config.get(AT_ONCE):
        work()
    else:
        _threads.submit(copy_context().run, _logged, work)


def _logged(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception as error:
        log.error("later.failed", error=repr(error), exc_info=error)
