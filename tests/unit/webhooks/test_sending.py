"""One request: no redirect, a limit of time that dripping does not move, TLS in the name that was asked for."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from market.webhooks import guard, sending
from tests.api.receiving import receiving

NAME = "hooks.example"


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with receiving() as receiver, receiving() as elsewhere:
        receiver.answers, receiver.where_to = (lambda _: 307), elsewhere.url
        outcome = sending.post(guard.check(receiver.url, private=True), b"{}", {"X-One": "1"})
        assert (outcome.status, outcome.good, elsewhere.got) == (307, False, [])
        assert receiver.got[0].headers["x-one"] == "1"


def test_a_long_answer_is_cut_and_a_proxy_of_the_environment_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with receiving() as receiver:
        receiver.said, receiver.answers = "水".encode() * 100_000, lambda _: 200
        outcome = sending.post(guard.check(receiver.url, private=True), b"{}", {})
        assert outcome.good and outcome.answer == "水" * 1_000


def test_whoever_drips_is_cut_off_in_time() -> None:
    def drip(sock: socket.socket) -> None:
        sock.recv(65_536)
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            sock.sendall(b"X: y\r\n")
            if over.wait(0.05):
                return

    over = threading.Event()
    with _listening(drip) as port:
        target = guard.Target(False, "127.0.0.1", port, "/", ("127.0.0.1",))
        outcome = sending.post(target, b"{}", {}, whole_s=0.3)
        over.set()
    assert outcome == sending.Outcome(None, problem=sending.TIMED_OUT)


def test_whoever_drips_its_handshake_is_cut_off_too() -> None:
    over = threading.Event()
    with _listening(lambda sock: over.wait(5) and None) as port:
        target = guard.Target(True, NAME, port, "/", ("127.0.0.1",))
        outcome = sending.post(target, b"{}", {}, whole_s=0.2)
        over.set()
    assert outcome.problem == sending.TIMED_OUT


def test_tls_is_spoken_in_the_name_to_the_address_that_was_checked(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    asked: list[str | None] = []
    server.sni_callback = lambda _sock, name, _context: asked.append(name)
    trusts = ssl.create_default_context(cafile=str(certificate))
    heard: list[bytes] = []

    def answer(sock: socket.socket) -> None:
        try:
            with server.wrap_socket(sock, server_side=True) as tls:
                said = b""
                while not said.endswith(b"{}"):
                    said += tls.recv(65_536)
                heard.append(said)
                tls.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        except ssl.SSLError:
            return

    with _listening(answer) as port:
        good = sending.post(guard.Target(True, NAME, port, "/x", ("127.0.0.1",)), b"{}", {}, tls=trusts)
        other = guard.Target(True, "other.example", port, "/", ("127.0.0.1",))
        wrong = sending.post(other, b"{}", {}, tls=trusts)
        unknown = sending.post(guard.Target(True, NAME, port, "/", ("127.0.0.1",)), b"{}", {})
    assert (good.status, good.problem, asked[0]) == (204, None, NAME)
    assert f"Host: {NAME}:{port}".encode() in heard[0] and heard[0].startswith(b"POST /x HTTP/1.1\r\n")
    for outcome in (wrong, unknown):
        assert outcome.status is None and str(outcome.problem).startswith("SSLCertVerificationError")
    assert len(heard) == 1


@contextmanager
def _listening(serve: Callable[[socket.socket], object]) -> Iterator[int]:
    """A loopback port where each connection is served by a function."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            while True:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return
                with sock:
                    try:
                        serve(sock)
                    except OSError:
                        continue

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of NAME that signs itself, and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]
    )
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, False).add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths
