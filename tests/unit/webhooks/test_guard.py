"""Where events may be sent: addresses as a table, names that answer differently, ways of writing an address."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from market.webhooks import guard, sending
from market.webhooks.errors import TargetRefused

INSIDE = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
    "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254", "169.254.0.1", "172.16.0.1",
    "172.31.255.255", "192.0.0.8", "192.0.0.192", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1",
    "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "fc00::1", "fd00:ec2::254", "fe80::1", "febf::1", "fec0::1",
    "ff02::1", "ff0e::1", "fd12:3456:789a::1",
)  # fmt: skip
OUTSIDE = ("1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "223.5.5.5", "2400:3200::1",
           "2606:4700:4700::1111")  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_a_network_of_ones_own_is_refused(address: str) -> None:
    assert not guard.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_public_internet_is_none(address: str) -> None:
    assert guard.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f.0.0.1/", "https://017700000001/",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://localhost/", "https://169.254.169.254/latest",
        "http://1.1.1.1/", "ftp://1.1.1.1/", "file:///etc/passwd", "https://1.1.1.1:22/", "https://1.1.1.1:5432/",
        "https://1.1.1.1:0/", "https://1.1.1.1:99999/", "https://user@1.1.1.1/", "https://a:b@1.1.1.1/",
        "https://1.1.1.1\\@127.0.0.1/", "https://1.1.1.1/#x", "https:///x", "https://1.1.1.1 /",
        "https://1.1.1.1/\r\nX: y",
        "https://[fe80::1%25eth0]/", "https://[1.1.1.1/", "https://例子.example/", "https://" + "a" * 3_000,
        "//1.1.1.1/", "",
        "https://no-such-host.invalid/",
    ],
)  # fmt: skip
def test_an_address_is_refused_however_it_is_written(url: str) -> None:
    with pytest.raises(TargetRefused):
        guard.check(url, private=False)


def test_one_address_inside_among_several_is_enough_to_refuse_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch, [["1.1.1.1", "10.0.0.7"], ["8.8.8.8", "2400:3200::1"]])
    with pytest.raises(TargetRefused) as refused:
        guard.check("https://mixed.example/", private=False)
    assert refused.value.available == "10.0.0.7"
    found = guard.check("https://mixed.example/a?b=c", private=False)
    assert found == guard.Target(True, "mixed.example", 443, "/a?b=c", ("8.8.8.8", "2400:3200::1"))


def test_what_was_checked_is_connected_to_whatever_the_name_answers_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = _answers(monkeypatch, [["1.1.1.1"], ["127.0.0.1"]])
    reached: list[tuple[str, int]] = []

    def create_connection(address: tuple[str, int], timeout: float) -> socket.socket:
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", create_connection)
    target = guard.check("https://rebinds.example/", private=False)
    outcome = sending.post(target, b"{}", {})
    assert reached == [("1.1.1.1", 443)] and len(asked) == 1
    assert outcome.status is None and str(outcome.problem).startswith("ConnectionRefusedError")


def test_an_installation_may_send_into_its_own_network_if_it_says_so() -> None:
    found = guard.check("http://127.0.0.1:8081/hooks", private=True)
    assert found == guard.Target(False, "127.0.0.1", 8081, "/hooks", ("127.0.0.1",))
    with pytest.raises(TargetRefused):
        guard.check("ftp://127.0.0.1/", private=True)


def _answers(monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]) -> list[str]:
    """Names answer with these addresses, one list each time; returns the names that were asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, type: int) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, type, 6, "", (each, port)) for each in answers[len(asked) - 1]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked
