"""Child processes that never outlive the process that started them, even if that one is killed outright."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None
"""Loaded here and not after the fork, where loading a library could wait for a lock that nobody will release."""

VARIABLE = "KAREZ_LEASHED"
"""Set for processes whose own children (web workers) shall tie themselves to their parent."""


def tie(ending: int = signal.SIGTERM) -> None:
    """Has the kernel send this process the signal `ending` when its parent's starting thread ends.

    Linux only; elsewhere it does nothing, and an outright kill of the parent may leave children behind.
    """
    if _LIBC is not None and _LIBC.prctl(_PR_SET_PDEATHSIG, ending, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def tied(ending: int = signal.SIGTERM) -> Callable[[], None]:
    """What a Popen's `preexec_fn` must be for the child to end with this process. Start it from the main thread."""
    parent = os.getpid()

    def before_exec() -> None:
        tie(ending)
        if os.getppid() != parent:  # the parent ended between the fork and the line above
            os._exit(1)

    return before_exec


def tie_if_asked() -> None:
    """For a process that a library starts, such as a web worker: ties it if its supervisor asked for that."""
    if os.environ.get(VARIABLE) == "1":
        tie()
