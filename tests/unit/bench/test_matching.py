"""The matching benchmark's stream and contestants; nothing is timed here."""

from __future__ import annotations

import os
from importlib import import_module

import pytest

from market.bench import matching
from market.core.datadir import OperatorError


def test_three_commands_in_ten_are_cancels_of_an_order_that_is_open() -> None:
    steps = list(matching.stream(4_000))
    cancelled = [step.order for step in steps if not step.litres]
    assert abs(len(cancelled) / len(steps) - 0.3) < 0.02
    assert len(set(cancelled)) == len(cancelled)
    assert steps == list(matching.stream(4_000))


def test_a_run_in_a_process_of_its_own_tells_its_trades_or_that_it_died() -> None:
    steps = list(matching.stream(500))
    seconds, trades = matching._apart(matching._ours, steps)
    assert seconds > 0 and trades == matching._ours(steps)()
    with pytest.raises(OperatorError, match="died in the middle"):
        matching._apart(lambda _steps: lambda: os._exit(1), steps)


def test_the_floor_comes_to_the_same_with_requests_and_answers() -> None:
    steps = list(matching.stream(3_000))
    found = matching._ours(steps)()
    assert len(found) > 500
    assert matching._difference(found, matching._answering(steps)()) is None


@pytest.mark.parametrize(
    ("package", "make"),
    [
        ("pylobo", matching._pylobo),
        ("lightmatchingengine", matching._light),
        ("pyorderbook", matching._pyorderbook),
    ],
)
def test_every_package_comes_to_our_trades(package: str, make: object) -> None:
    module = pytest.importorskip(matching.PEERS[package])
    steps = list(matching.stream(3_000))
    ours, theirs = matching._ours(steps)(), make(module, steps)()  # type: ignore[operator]
    assert len(ours) > 500
    assert matching._difference(ours, theirs) is None


def test_a_difference_is_told_with_its_place() -> None:
    assert matching._difference([(1, 2), (3, 4)], [(1, 2), (3, 5)]) == "trade 1 is 3 litres at 5, ours 3 at 4"
    assert matching._difference([(1, 2), (3, 4)], [(1, 2)]) == "1 trades, ours 2"


def test_a_missing_package_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_pylobo(name: str) -> object:
        if name == "lobo":
            raise ModuleNotFoundError(name)
        return import_module("json")

    monkeypatch.setattr(matching, "import_module", without_pylobo)
    with pytest.raises(OperatorError, match=r"^karez bench matching needs pylobo: pip install .*$"):
        matching.run(as_json=True)
