"""What only tests of the registry want of the small county."""

from __future__ import annotations

import pytest

from market.county.install import install as install_county
from tests.usecases.registry.county import REGISTRAR, Registry
from tests.usecases.registry.permits import RULED


@pytest.fixture
def ruled(registry: Registry) -> Registry:
    """The small county with clocks, and publication for permits."""
    install_county(registry.session, RULED, REGISTRAR)
    return registry
