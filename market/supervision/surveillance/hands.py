"""Who is one hand: declared owners, and accounts that share what is only one's own. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

from market.supervision.surveillance.evidence import Party
from market.supervision.surveillance.thresholds import Thresholds

OWN_MARKS = ("representative", "bank_account", "device")
"""What is one's own. A telephone, an address and a clerk are lent by village, hall and township, and say nothing."""
LENDABLE = ("bank_account", "device")
"""Of these, what a co-operative or a service hall may lend too: it does, where many representatives have it."""


class Hands:
    """Each party's hand: a party of it that stands for all. Built in time proportional to the parties."""

    def __init__(self, parties: Iterable[Party], thresholds: Thresholds) -> None:
        self.parties = {one.id: one for one in parties}
        self._parent: dict[int, int] = {}
        for one in self.parties.values():
            self._join(one.id, one.owner)
        self._declared = {number: self.of(number) for number in self.parties}
        lent = _lent(self.parties.values(), thresholds.lent_mark_people)
        first: dict[tuple[tuple[str, str], ...], int] = {}
        for one in self.parties.values():
            marks = [
                (name, mark)
                for name in OWN_MARKS
                if (mark := getattr(one, name)) and (name, mark) not in lent
            ]
            for some in combinations(marks, thresholds.own_marks_least):
                self._join(one.id, first.setdefault(some, one.id))

    def of(self, party: int) -> int:
        """The hand of a party; one that nothing is known of is a hand by itself."""
        root = party
        while (above := self._parent.get(root, root)) != root:
            root = above
        while (above := self._parent.get(party, party)) != root:
            self._parent[party], party = root, above
        return root

    def _join(self, one: int, other: int) -> None:
        self._parent[self.of(one)] = self.of(other)

    def same(self, one: int, other: int) -> bool:
        """Whether two parties are one hand."""
        return self.of(one) == self.of(other)

    def declared(self, one: int, other: int) -> bool:
        """Whether they are so by declaration alone."""
        return self._declared.get(one, one) == self._declared.get(other, other)

    def holds_for_members(self, party: int) -> bool:
        """Whether it is an association that nobody else owns: its water is its members'."""
        found = self.parties.get(party)
        return found is not None and found.kind == "association" and found.owner == found.id


def _lent(parties: Iterable[Party], people: int) -> set[tuple[str, str]]:
    """The marks that more than so many different representatives have; one unknown counts as one of his own."""
    users: dict[tuple[str, str], set[str | int]] = defaultdict(set)
    for one in parties:
        for name in LENDABLE:
            if mark := getattr(one, name):
                users[name, mark].add(one.representative or one.id)
    return {mark for mark, by in users.items() if len(by) > people}
