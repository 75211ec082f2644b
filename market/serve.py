"""The web server's process: granian with as many workers and threads as the settings say."""

from __future__ import annotations

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from market.core import log
from market.core.config import Settings

KILL_WORKER_AFTER_S = 10


def main() -> None:
    """Serves `wsgi:app` on the host and port of the environment's settings until SIGTERM or SIGINT."""
    settings = Settings.from_environment()
    log.configure(settings.log_level)
    Server(
        "wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        websockets=False,
        log_level=LogLevels(settings.log_level),
        log_dictconfig=log.dictionary(settings.log_level),
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_WORKER_AFTER_S,
    ).serve()


if __name__ == "__main__":
    main()
