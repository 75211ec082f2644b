"""Random scenes and commands, the same for the same seed, and the two books played side by side."""

from __future__ import annotations

import random

from tests.unit.trading.fast_book import FastBook
from tests.unit.trading.naive_book import NaiveBook
from tests.unit.trading.scene import Amend, Cancel, Clock, Command, Holder, Phase, Place, Scene, Way

LOT = 1_000
COMMANDS_A_SCENE = 400
LARGEST_BLOCK = 12
LATEST = 15
"""Out of so many of the latest orders one is cancelled or amended."""
CLOSES_AT = 1_000.0
CAPS = {
    "t1": {"c1-farm", "c1-works"},
    "t2": {"c2-farm"},
    "t9": {"park"},
    "upper": {"c1-farm", "c1-works", "c3-farm"},
    "farming": {"c1-farm", "c2-farm", "c3-farm"},
    "industry": {"c1-works", "park"},
}
"""Which places a cap holds. It is charged what comes in and freed of what goes out, as DESIGN section 4 has it; so what
an order's own fills free is never what keeps it from others."""
LOSSES = (999, 970, 930, 900, 873, 640, 500)


def random_scene(chance: random.Random) -> Scene:
    """Ways with and without losses, limits that often bind, one owner with two accounts, one pool of smallholders."""
    across, to_park, from_works = (chance.choice(LOSSES) for _ in range(3))
    lossy = {
        ("c1-farm", "c2-farm"): across, ("c2-farm", "c1-farm"): across, ("c2-farm", "c3-farm"): across,
        ("c1-farm", "c3-farm"): 1000, ("c3-farm", "c1-farm"): 1000, ("c1-farm", "c1-works"): 1000,
        ("c1-farm", "park"): to_park, ("c2-farm", "park"): to_park, ("c1-works", "park"): from_works,
    }  # fmt: skip
    if chance.random() < 0.5:  # half the time the second canal has no way to the park
        del lossy["c2-farm", "park"]
    ks = {(place, place): 1000 for place in ("c1-farm", "c2-farm", "c3-farm", "park")} | lossy
    fee, review = chance.choice((0, 3_000, 12_345)), chance.choice((None, 1, 7 * LOT))
    ways = {pair: _way(pair, k, fee, review if "c1-farm" in pair else None) for pair, k in ks.items()}
    headroom = {name: chance.choice((0, 2_000, 5_500, 20_000, 60_250)) for name in CAPS}
    headroom |= {
        name: chance.choice((2_000, 33_333, 120_000, 10**9)) for name in ("canal", "industry", "plan")
    }
    water, money = chance.choice((60_000, 400_000)), chance.choice((4_000, 30_000))
    holders = {
        "a": Holder("c1-farm", water, money),
        "b": Holder("c1-farm", water, money),
        "c": Holder("c2-farm", water, money, owner="b"),
        "d": Holder("c2-farm", water, money),
        "h": Holder("c3-farm", water, money),
        "pool": Holder("c1-farm", water, 0, behind=(("a", 2), ("d", 1), ("e", 4)), floor_price=2_950),
        "e": Holder("c1-works", water, money, plan=chance.choice((None, "plan"))),
        "f": Holder("park", water, money, plan=chance.choice((None, "plan"))),
        "g": Holder("park", 0, money, owner="f", may_sell=False),
    }
    return Scene(holders, ways, headroom, LOT, CLOSES_AT)


def _way(pair: tuple[str, str], k: int, fee_e6: int, review_from: int | None) -> Way:
    """A way with the caps whose border it crosses; into the park also the canal, by what leaves."""
    seller, buyer = pair
    charges = [(cap, False) for cap, places in CAPS.items() if buyer in places and seller not in places]
    if buyer == "park" and seller != "park":
        charges.insert(0, ("canal", True))
    frees = [cap for cap, places in CAPS.items() if seller in places and buyer not in places]
    return Way(k, tuple(charges), tuple(frees), fee_e6, review_from)


class Wishes:
    """Commands of everybody on a scene; keys are drawn from the latest orders, open or not."""

    def __init__(self, chance: random.Random, scene: Scene) -> None:
        self._chance = chance
        self._holders = sorted(scene.holders)
        self._keys: list[str] = []
        self._count = 0
        self._now = 0.0
        self._halted = False

    def next(self) -> Command:
        """The next command."""
        chance = self._chance
        kind = chance.random()
        if self._halted and kind < 0.5:
            self._halted = False
            return Phase("open")
        if kind < 0.62 or not self._keys:
            return self._place()
        if kind < 0.78:
            return Cancel(chance.choice(self._keys[-LATEST:]))
        if kind < 0.95:
            return Amend(
                chance.choice(self._keys[-LATEST:]),
                self._volume(),
                self._price(chance.choice(("buy", "sell"))),
            )
        if kind < 0.99:
            self._now += chance.choice((0.0, 1.0, 2.5, 10.0, 150.0))
            return Clock(self._now)
        self._halted = True
        return Phase("halted")

    def _volume(self) -> int:
        odd = self._chance.random()
        return self._chance.randint(-1, 1) if odd < 0.01 else self._chance.randint(1, 30) * LOT + (odd < 0.02)

    def _price(self, side: str) -> int:
        """Prices on a coarse grid, so that many are equal, around what lets orders cross on every way."""
        middle = self._chance.choice((3_000, 3_000, 3_300, 4_500, 6_000)) if side == "buy" else 3_000
        odd = self._chance.random()
        return 0 if odd < 0.005 else middle + self._chance.randint(-4, 4) * 50 + (odd < 0.1)

    def _place(self) -> Place:
        chance = self._chance
        self._count += 1
        key, side = f"o{self._count}", chance.choice(("buy", "sell"))
        self._keys.append(key)
        tif = chance.choice(("GTC",) * 6 + ("GTD", "GTD", "IOC", "FOK"))
        dated = tif == "GTD" if chance.random() < 0.99 else tif != "GTD"
        return Place(
            key, chance.choice(self._holders), side, self._volume(), self._price(side), tif,
            post_only=chance.random() < 0.12,
            min_fill=chance.randint(1, 20) * LOT if chance.random() < 0.08 else 0,
            expires_at=self._now + chance.choice((0.0, 1.0, 5.0, 30.0)) if dated else None,
        )  # fmt: skip


def play_both(commands: int, seed: int) -> dict[str, int]:
    """So many commands on scene after scene; how often each outcome was. AssertionError: the books differ."""
    chance = random.Random(seed)
    seen: dict[str, int] = {}
    played = 0
    while played < commands:
        scene = random_scene(chance)
        naive, fast, wishes = NaiveBook(scene), FastBook(scene), Wishes(chance, scene)
        until = min(commands, played + COMMANDS_A_SCENE)
        history: list[Command] = []
        while played < until:
            block = [wishes.next() for _ in range(chance.randint(1, min(LARGEST_BLOCK, until - played)))]
            history += block
            played += len(block)
            expected, found = naive.play(block), fast.play(block, twice=chance.random() < 0.2)
            where = f"seed {seed}, {played} commands played, this scene: {scene}, its commands: {history}"
            assert found == expected, where
            assert fast.picture() == naive.picture(), where
            for command, (code, fills) in zip(block, expected, strict=True):
                own = [fill for fill in fills if getattr(command, "key", None) in fill[:2]]
                for what, times in (
                    (code, 1),
                    ("fills", len(own)),
                    ("fills of freed headroom", len(fills) - len(own)),
                ):
                    seen[what] = seen.get(what, 0) + times
    return seen
