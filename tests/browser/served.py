"""A county of this process at an address of its own: its clock is the one that a test moves."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.api.county import County


class _Quiet(WSGIRequestHandler):
    """Says nothing of the requests that it answers."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


@contextlib.contextmanager
def served(county: County) -> Iterator[str]:
    """The address at which a browser finds the county, for the length of a block."""
    server = make_server("127.0.0.1", 0, county.app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
