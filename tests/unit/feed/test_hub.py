"""What a watcher is told, and what one who does not read costs: a place, no queue."""

from __future__ import annotations

import pytest

from market.api.tape import EVENTS
from market.core import ids
from market.feed import hub as hubs
from market.feed.events import LARGEST_WRITE, Memory, Wanted
from market.feed.hub import Hub, Watcher

ALL = Wanted(None, frozenset(EVENTS))


class Socket:
    """A sink that keeps what it was given, and can be full."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.data = b""
        self.full = False
        self.ended = ""
        self.watcher: Watcher | None = None

    def write(self, data: bytes) -> None:
        self.data += data
        if self.full and self.watcher is not None:
            self.hub.pause(self.watcher)

    def abort(self) -> None:
        self.ended = "aborted"

    def close(self) -> None:
        self.ended = "closed"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub that remembers five trades and takes three watchers, two of an address."""
    monkeypatch.setattr(ids, "_key", b"k" * 32)
    return Hub(Memory(5), most=3, most_per_address=2)


def _watch(hub: Hub, wanted: Wanted = ALL, seen: int | None = None, *, resumes: bool = False, full: bool = False,
           address: str = "here") -> Socket:  # fmt: skip
    socket = Socket(hub)
    socket.full = full
    socket.watcher = Watcher(socket, address, wanted)
    hub.join(socket.watcher, seen=seen, resumes=resumes)
    return socket


def _trades(hub: Hub, *numbers: int, product: int = 1, data: bytes | None = None) -> None:
    hub.memory.add_trades((each, product, data or f"<{each}>".encode()) for each in numbers)
    hub.tell_all()


def _told(socket: Socket) -> str:
    return socket.data.rpartition(b"\n\n")[2].decode()


def test_who_comes_new_is_told_what_comes_and_the_states_as_they_are(hub: Hub) -> None:
    _trades(hub, 1, 2)
    hub.memory.set_state("phase", 1, b"<open>")
    socket = _watch(hub)
    assert _told(socket) == "<open>"
    _trades(hub, 3)
    hub.memory.set_state("phase", 1, b"<open>")
    hub.memory.set_state("depth", 1, b"<deep>")
    hub.tell_all()
    assert _told(socket) == "<open><3><deep>"


def test_who_comes_back_is_told_what_it_missed(hub: Hub) -> None:
    _trades(hub, 1, 2, 3)
    assert _told(_watch(hub, seen=1, resumes=True)) == "<2><3>"
    assert _told(_watch(hub, seen=0, resumes=True)) == "<1><2><3>"


def test_who_missed_more_than_is_remembered_is_told_of_the_gap(hub: Hub) -> None:
    _trades(hub, *range(1, 9))
    socket = _watch(hub, seen=2, resumes=True)
    assert b"event: gap" in socket.data
    assert _told(socket) == "<4><5><6><7><8>"
    unknown = _watch(hub, seen=None, resumes=True)
    assert b"event: gap" in unknown.data
    assert b"event: gap" not in _watch(hub, seen=4, resumes=True, address="there").data


def test_everybody_is_told_what_it_wants_only(hub: Hub) -> None:
    other = _watch(hub, Wanted(2, frozenset(EVENTS)))
    phases = _watch(hub, Wanted(None, frozenset({"phase"})))
    _trades(hub, 1)
    hub.memory.set_state("phase", 1, b"<open>")
    hub.memory.set_state("depth", 2, b"<deep>")
    _trades(hub, 2, product=2)
    assert (_told(other), _told(phases)) == ("<2><deep>", "<open>")


def test_who_does_not_read_is_passed_over_and_goes_on_where_it_was(hub: Hub) -> None:
    slow = _watch(hub, full=True)
    _trades(hub, 1)
    assert slow.watcher is not None
    before = slow.data
    _trades(hub, 2)
    _trades(hub, 3)
    assert slow.data == before
    slow.full = False
    hub.resume(slow.watcher)
    assert slow.data == before + (b"<1><2><3>" if b"<1>" not in before else b"<2><3>")


def test_who_falls_behind_what_is_remembered_is_dropped(hub: Hub) -> None:
    slow = _watch(hub, full=True)
    _trades(hub, 1)
    _trades(hub, *range(2, 12))
    assert (slow.ended, hub.dropped, hub.watchers) == ("aborted", 1, set())


def test_who_has_not_read_for_long_is_dropped(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = _watch(hub, full=True)
    _trades(hub, 1)
    monkeypatch.setattr(hubs, "STALLED_S", -1.0)
    hub.tell_all()
    assert slow.ended == "aborted"


def test_much_is_sent_in_parts_and_stops_when_the_reader_does(hub: Hub) -> None:
    part = b"x" * LARGEST_WRITE
    _trades(hub, 1, 2, 3, data=part)
    reads = _watch(hub, seen=0, resumes=True)
    assert reads.data.count(b"x") == 3 * LARGEST_WRITE
    stops = _watch(hub, seen=0, resumes=True, full=True)
    assert stops.data.count(b"x") < LARGEST_WRITE + 1


def test_there_is_room_for_so_many_and_of_one_address_for_so_many(hub: Hub) -> None:
    first, _ = _watch(hub), _watch(hub)
    assert (hub.crowded("here"), hub.crowded("there"), hub.full()) == (True, False, False)
    _watch(hub, address="there")
    assert hub.full()
    assert first.watcher is not None
    hub.leave(first.watcher)
    hub.leave(first.watcher)
    assert (hub.crowded("here"), hub.full()) == (False, False)
