"""What the chapters of a season share: how large it is, who is signed in, who is there, what was counted."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from market.core import clock
from market.demo.client import Caller, StoryFailed

WAIT_S = 120


@dataclass(frozen=True)
class Size:
    """How much of each thing a season has."""

    households: int
    traders: int
    """Households whose clerk at the service centre trades for them."""
    works: int
    firms: int
    readings: int
    """How often each meter was read since spring."""


SIZES = {
    "tiny": Size(households=20, traders=12, works=2, firms=2, readings=3),
    "small": Size(households=160, traders=60, works=4, firms=8, readings=6),
    "whole": Size(households=1_940, traders=420, works=14, firms=40, readings=9),
}


@dataclass
class Household:
    """A farming household: what it is entered with, and the public ids that it got."""

    name: str
    identifier: str
    township: str
    canal: str
    land_mu: int
    right_m3: int
    used_m3: int
    participant: str = ""
    entitlement: str = ""
    account: str = ""


@dataclass
class Works:
    """A body that buys water or has a permit: a works in the park, a service trade or the waterworks in town."""

    login: str
    name: str
    sector: str
    canal: str
    deposit_yuan: int
    plan_m3: int
    participant: str = ""
    account: str = ""


@dataclass
class Season:
    """A season being played."""

    url: str
    size: Size
    seed: int
    draw: random.Random
    """Whatever is left to chance is drawn here, before work is spread over connections, so that a seed is a season."""
    year: int = field(default_factory=clock.this_year)
    callers: dict[str, Caller] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    """Participants by the login of their user."""
    accounts: dict[str, str] = field(default_factory=dict)
    """Water accounts of surface water in this year, by the login of their holder's user."""
    products: dict[str, str] = field(default_factory=dict)
    households: list[Household] = field(default_factory=list)
    works: list[Works] = field(default_factory=list)
    spare: dict[str, int] = field(default_factory=dict)
    """What each trading household has left and did not offer yet, in whole m3, by its account."""
    counts: Counter[str] = field(default_factory=Counter)

    def as_(self, login: str) -> Caller:
        """Somebody of the county, signed in once. Errors: StoryFailed."""
        if login not in self.callers:
            self.callers[login] = Caller(self.url, login)
        return self.callers[login]

    def body(self, login: str) -> str:
        """The participant of a sign-in. Errors: StoryFailed."""
        if login not in self.bodies:
            self.bodies[login] = self.as_(login).get("/v1/me")["participant_id"]
        return self.bodies[login]

    def for_(self, participant: str) -> Caller:
        """The service centre's clerk acting for somebody who gave it a mandate."""
        return self.as_("clerk").again(participant)

    def product(self, code: str) -> str:
        """The product of a code such as `surface`, `surface-lease`, of this water year. Errors: StoryFailed."""
        source, _, tenure = code.partition("-")
        named = f"{source}-{self.year}" + (f"-{tenure}" if tenure else "")
        if not self.products:
            self.products = {
                each["code"]: each["id"] for each in Caller(self.url).get("/v1/products")["data"]
            }
        if named not in self.products:
            raise StoryFailed(f"there is no product {named}")
        return self.products[named]

    def ahead(self, **time: int) -> str:
        """An instant so far ahead, as the wire writes it."""
        return (clock.now() + dt.timedelta(**time)).isoformat(timespec="seconds")

    def until(self, path: str, name: str, *wanted: str, who: str = "supervisor") -> str:
        """Waits until a member of a thing is as wanted (none given: until it is no zero). Errors: StoryFailed."""
        deadline = time.monotonic() + WAIT_S
        while True:
            found: str = self.as_(who).get(path)[name]
            if found in wanted or (not wanted and found.strip("0.")):
                return found
            if time.monotonic() > deadline:
                raise StoryFailed(f"{path}: {name} is {found} after {WAIT_S} s")
            time.sleep(0.3)
