"""Where this service may send: https to public addresses. What was checked is what is connected to.

An integrator chooses the address, and the worker stands inside the installation's network: without this check anybody
with an endpoint could have it speak to the database, to a neighbour's service or to a cloud's metadata (SSRF). A name
may answer differently each time it is asked, so the check gives back addresses, and `sending` connects to those.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from market.webhooks.errors import TargetRefused
from market.webhooks.models import LONGEST_URL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PORTS = frozenset({443, 8443})
"""Ports of https; others are of something else, which must not be spoken to."""
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_CLOUD = (ipaddress.ip_address("168.63.129.16"),)
"""Public addresses that a cloud gives its own services inside."""
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24"), ipaddress.IPv4Network("192.88.99.0/24")
"""Of protocols, and of one cloud's metadata; not every version of Python knows them as special."""
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_SITE_LOCAL = ipaddress.IPv6Network("fec0::/10")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a try goes: to one of these addresses, in the name of this host."""

    https: bool
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def check(url: str, *, private: bool) -> Target:
    """Where this URL goes now. `private`: the installation sends into its own network, by http and to any port too.

    Errors: TargetRefused.
    """
    https, host, port, path = _parts(url, private=private)
    found = _looked_up(host, port)
    if not private:
        for each in found:
            if not is_public(ipaddress.ip_address(each)):
                raise TargetRefused(f"{host} is not a public address", pointer="/url", available=each)
    return Target(https, host, port, path, found)


def is_public(address: Address) -> bool:
    """Whether an address is one of the public Internet, whatever it is wrapped in."""
    if address in _CLOUD or address.is_multicast or address.is_unspecified or not address.is_global:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not address.is_reserved and not any(address in each for each in _PROTOCOLS)
    if address in _SITE_LOCAL or address in _COMPATIBLE or any(address in each for each in _NAT64):
        return False
    # Ways through to an IPv4 address that this check does not see: nobody's server is reached by them alone.
    return address.ipv4_mapped is None and address.sixtofour is None and address.teredo is None


def _parts(url: str, *, private: bool) -> tuple[bool, str, int, str]:
    def refuse(detail: str) -> TargetRefused:
        return TargetRefused(detail, pointer="/url")

    if len(url) > LONGEST_URL or not re.fullmatch(r"[!-~]+", url) or "\\" in url:
        raise refuse("an address has visible ASCII characters only, and no backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refuse("this is no address") from error
    allowed = ("https", "http") if private else ("https",)
    if parts.scheme not in allowed:
        raise refuse(f"an address begins with {' or '.join(allowed)}")
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    if "@" in parts.netloc or not _HOST.fullmatch(host) or "#" in url:
        raise refuse("an address names a host, with neither user nor fragment")
    https = parts.scheme == "https"
    port = port if port is not None else (443 if https else 80)
    if port not in PORTS and not private:
        raise refuse(f"the port is one of {', '.join(map(str, sorted(PORTS)))}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return https, host.strip("[]"), port, path


def _looked_up(host: str, port: int) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetRefused(f"{host} has no address", pointer="/url") from error
    # A zone of an interface (fe80::1%eth0) is of a local address, which is none without it either.
    return tuple(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))
