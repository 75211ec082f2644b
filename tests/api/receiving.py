"""A receiver of webhooks at a loopback port, and the check of a signature as the specification tells a receiver to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from market import jobs
from market.webhooks import delivering

if TYPE_CHECKING:
    from tests.api.county import County


@dataclass
class Got:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The event's id."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """What came, and what is answered: `answers` says a status for each request."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answered: list[Got] = field(default_factory=list)
    answers: Callable[[Got], int] = lambda _: 204
    waits_s: float = 0.0
    said: bytes = b""
    where_to: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver for the length of a block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got = Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            with receiver.lock:
                receiver.got.append(got)
                status = receiver.answers(got)
            time.sleep(receiver.waits_s)
            receiver.answered.append(got)
            self.send_response(status)
            if receiver.where_to:
                self.send_header("Location", receiver.where_to)
            self.send_header("Content-Length", str(len(receiver.said)))
            self.end_headers()
            self.wfile.write(receiver.said)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever hung up has hung up."""

    server = Server(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def signed_by(got: Got, secret: str) -> bool:
    """Whether one of the signatures is this secret's, reckoned anew: it shares nothing with the sender's code."""
    assert secret.startswith("whsec_")
    key = base64.b64decode(secret[len("whsec_") :])
    content = b".".join([got.id.encode(), got.headers["webhook-timestamp"].encode(), got.body])
    due = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    versions = [each.split(",", 1) for each in got.headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(due, sent) for version, sent in versions)


def work(county: County) -> None:
    """Has the worker tell of whatever is due, until nothing is."""
    url = county.settings.url()
    jobs.run(url, jobs.named("webhooks"), county.settings)
    lanes = delivering.sender(url, county.settings)
    lanes.wait()
    while lanes.fill():
        lanes.wait()
