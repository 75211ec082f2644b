"""The emulated provider on a port: every answer says that it is an emulator. Beside the API, what a test tells it.

POST /emulator/script          fault, on (beginning of an operation's name), times: what is to go wrong
POST /emulator/clock           ahead: so many seconds are over
GET  /emulator/authenticate/ID the page of bank or wallet; POST with success=true or false is what the payer does there
"""

from __future__ import annotations

import html
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from market.payments.sandbox import forms, intents
from market.payments.sandbox.forms import ApiError
from market.payments.sandbox.hooks import Hooks
from market.payments.sandbox.routes import Api, Cut
from market.payments.sandbox.world import World

LARGEST_BODY = 64 * 1024
WHAT = "karez sandbox: an emulator with the shapes of Stripe's API; it is not Stripe and moves no money"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "karez-sandbox"
    sys_version = ""
    api: Api

    def do_GET(self) -> None:
        """Answers a GET."""
        parts = urlsplit(self.path)
        self._answer("GET", parts.path, parts.query)

    def do_POST(self) -> None:
        """Answers a POST."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            return
        body = self.rfile.read(int(length))
        if len(body) == int(length):  # a request that was cut short is none
            self._answer("POST", urlsplit(self.path).path, body.decode("utf-8", "replace"))

    def do_DELETE(self) -> None:
        """Answers a DELETE."""
        self._answer("DELETE", urlsplit(self.path).path, "")

    def _answer(self, method: str, path: str, text: str) -> None:
        if not path.startswith("/v1/"):
            self._emulator(method, path, text)
            return
        bearer = self.headers.get("Authorization", "")
        try:
            status, headers, body = self.api.answer(
                method, path, text, authorised=bearer.startswith("Bearer sk_"),
                key=self.headers.get("Idempotency-Key"),
            )  # fmt: skip
        except Cut:
            self.close_connection = True
            return
        self._send(status, "application/json", body, headers)

    def _emulator(self, method: str, path: str, text: str) -> None:
        """What belongs to the emulator, and to no provider."""
        world = self.api.world
        try:
            with world.busy:
                world.catch_up()
                kind, body = self._told(world, method, path, forms.parsed(text))
            self._send(200, kind, body, {})
        except ApiError as error:
            self._send(error.status, "application/json", json.dumps(error.body).encode(), {})

    def _told(self, world: World, method: str, path: str, form: dict[str, str]) -> tuple[str, bytes]:
        if (method, path) == ("POST", "/emulator/script"):
            world.spoil(
                form.get("fault", ""), form.get("on", ""), forms.amount(form.get("times", "1"), "times")
            )
        elif (method, path) == ("POST", "/emulator/clock"):
            world.ahead_s += forms.amount(form.get("ahead"), "ahead")
            world.catch_up()
        elif path.startswith("/emulator/authenticate/"):
            number = path.rpartition("/")[2]
            if method == "GET":
                return "text/html; charset=utf-8", _page(world, number)
            intents.authenticate(world, number, success=forms.truth(form.get("success"), "success"))
        elif (method, path) != ("GET", "/"):
            raise ApiError(404, None, f"Unrecognized request URL ({method}: {path}).")
        return "application/json", json.dumps({"emulator": True, "what": WHAT, "now": world.now()}).encode()

    def _send(self, status: int, kind: str, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Karez-Emulator": "true", "Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keeps quiet."""


def _page(world: World, number: str) -> bytes:
    """The page on which a payer agrees or refuses."""
    intent = world.get("payment_intent", number)
    amount = html.escape(f"{intent['amount'] // 100}.{intent['amount'] % 100:02}")
    buttons = "".join(
        f'<form method="post"><button name="success" value="{value}">{label}</button></form>'
        for value, label in (("true", "同意付款 / Agree"), ("false", "拒绝 / Refuse"))
    )
    return (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>{WHAT}</title>'
        f"<p>模拟器，不产生真实付款。This is an emulator; nothing is paid.</p><p>{amount} 元 / yuan</p>{buttons}</html>"
    ).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Who asked went away before the answer: that is its own affair."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Sandbox:
    """A running emulator: its world, and where it listens."""

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, world: World | None = None, retry_s: float = 1.0
    ):
        self.world = world or World()
        self.hooks = Hooks(self.world, retry_s=retry_s)
        handler = type("Handler", (_Handler,), {"api": Api(self.world)})
        self.server = _Server((host, port), handler)
        self.port = int(self.server.server_address[1])
        self.url = self.world.base_url = f"http://{host}:{self.port}"


@contextmanager
def running(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The emulator answers for the length of a block."""
    sandbox.hooks.start()
    thread = threading.Thread(
        target=sandbox.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield sandbox
    finally:
        sandbox.server.shutdown()
        sandbox.server.server_close()
        thread.join()
        sandbox.hooks.stop()


def serve(host: str, port: int, *, said: Callable[[str], object]) -> None:
    """Answers until Ctrl-C or SIGTERM, also where a shell started it in the background and has it ignore SIGINT."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    sandbox = Sandbox(host, port)
    said(WHAT)
    said(f"listening on {sandbox.url}; send any key that begins with sk_ as bearer")
    sandbox.hooks.start()
    try:
        sandbox.server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        sandbox.server.server_close()
        sandbox.hooks.stop()
