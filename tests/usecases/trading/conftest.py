"""The small county with an engine, its own for each test."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from market import prove
from market.core import db
from tests.model.world import Names, World, furnish
from tests.usecases.trading.storing import furnish_storage


@pytest.fixture(scope="session")
def furnished(server_url: str, template_name: str) -> Iterator[tuple[str, Names]]:
    """The name of a database with the small county in it."""
    name = f"{template_name}_engine"
    url = db.create_database(server_url, name, template=template_name)
    names = furnish(url)
    db.dispose(url)
    yield name, names
    db.drop_database(server_url, name)


@pytest.fixture
def world(server_url: str, furnished: tuple[str, Names]) -> Iterator[World]:
    """The small county, its own for each test; all that a test leaves behind is proved."""
    template, names = furnished
    name = f"{template}_one"
    url = db.create_database(server_url, name, template=template)
    made = World(url, names)
    try:
        yield made
        report = prove.run(url)
        assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]
    finally:
        made.close()
        db.dispose(url)
        db.drop_database(server_url, name)


@pytest.fixture
def storage(world: World) -> int:
    """The water account of public storage, ecological, on canal 1; the storage body has 500.00 yuan."""
    world.names = copy.deepcopy(world.names)  # the others have no storage
    return furnish_storage(world)
