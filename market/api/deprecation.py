"""Routes that are on their way out: said in each of their answers and in the document, long before they go.

`Deprecation` (RFC 9745) says since when a route should no longer be used, `Sunset` (RFC 8594) when it may be gone, and
`Link` what takes its place. docs/api-policy.md is the promise behind it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from email.utils import format_datetime

from flask import Response, request

SHORTEST = dt.timedelta(days=180)
"""Between the two. Service rule of the exchange."""
SHORT_WAYS = frozenset({"orders.place", "orders.cancel"})
"""Answered where no header can be added; to deprecate one of them, its short way has to go first."""


@dataclass(frozen=True, slots=True)
class Deprecated:
    """From when on a route should not be used any more, when it may be gone, and the path of what takes its place."""

    since: dt.date
    sunset: dt.date
    instead: str

    def __post_init__(self) -> None:
        if self.sunset - self.since < SHORTEST:
            raise ValueError(f"a route stays for {SHORTEST.days} days after it was announced that it goes")

    def headers(self) -> list[tuple[str, str]]:
        """What is said in each answer."""
        since, sunset = (dt.datetime.combine(each, dt.time(0), dt.UTC) for each in (self.since, self.sunset))
        return [
            ("Deprecation", f"@{int(since.timestamp())}"),
            ("Sunset", format_datetime(sunset, usegmt=True)),
            ("Link", f'<{self.instead}>; rel="successor-version"'),
        ]


DEPRECATED: dict[str, Deprecated] = {}
"""By endpoint, as in the table of permissions. None today."""


def problems(known: Collection[str]) -> list[str]:
    """What is wrong with the table, given the endpoints that there are."""
    wrong = [f"{name} is no route" for name in sorted(DEPRECATED.keys() - set(known))]
    return wrong + [f"{name} is answered without headers" for name in sorted(DEPRECATED.keys() & SHORT_WAYS)]


def say(response: Response) -> None:
    """Adds the headers of a deprecated route to an answer of it."""
    found = DEPRECATED.get(request.endpoint or "")
    if found is not None:
        response.headers.extend(found.headers())
