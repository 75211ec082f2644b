"""Whoever the registry refuses is told by which law, or by which rule of the exchange."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import market.registry
from market.core.errors import Refusal

CITED = re.compile(r"(?:arts?\. ?|arts? |part )[0-9]|^service rule of the exchange\b")


def refusals(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """The registry's own refusals that say what a rule forbids (409, 422)."""
    for each in of.__subclasses__():
        if each.__module__.startswith("market.registry.") and each.status in (409, 422):
            yield each
        yield from refusals(each)


for module in pkgutil.walk_packages(market.registry.__path__, "market.registry."):
    importlib.import_module(module.name)
FOUND = sorted(set(refusals()), key=lambda each: (each.__module__, each.__name__))


def test_the_registry_has_refusals() -> None:
    assert len(FOUND) > 90


@pytest.mark.parametrize("refusal", FOUND, ids=lambda each: each.__name__)
def test_a_refusal_names_its_law_or_rule(refusal: type[Refusal]) -> None:
    assert refusal.legal is not None, (
        "state `legal`: a law and its article, a part of the plan, or a service rule"
    )
    assert CITED.search(refusal.legal), refusal.legal
