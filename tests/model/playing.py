"""Playing the state machine: on a furnished database of its own, from a seed, so many steps."""

from __future__ import annotations

import itertools
import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from market.core import db
from tests.model.machine import Machine
from tests.model.world import fresh_world, furnish

STEPS_AN_EXAMPLE = 200
ROUND = 1_000_003
"""Between the seeds of two rounds, so that no two shards share one."""


def play(server_url: str, template: str, *, steps: int, seed: int) -> tuple[int, int]:
    """Plays at least `steps` steps, always the same for a seed; returns steps and trades. AssertionError: they differ.

    `template` is a migrated database.
    """
    name = f"karez_test_world_{os.getpid()}"
    url = db.create_database(server_url, name, template=template)
    try:
        names = furnish(url)
        db.dispose(url)
        numbers = itertools.count(1)

        Machine.steps = Machine.examples = Machine.filled = 0
        for round_number in itertools.count():  # the generator may end an example early
            if Machine.steps >= steps:
                break

            class Seeded(Machine):
                """This round's machine, so that counts and worlds are its own."""

                _hypothesis_internal_use_seed = seed + ROUND * round_number  # what `hypothesis.seed` sets

            Seeded.open_world = staticmethod(
                lambda stack: stack.enter_context(
                    fresh_world(server_url, name, names, f"{name}_{next(numbers)}")
                )
            )
            run_state_machine_as_test(
                Seeded,
                settings=settings(
                    max_examples=max(-(-(steps - Machine.steps) // STEPS_AN_EXAMPLE), 10),
                    stateful_step_count=STEPS_AN_EXAMPLE, deadline=None, database=None, print_blob=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )  # fmt: skip
        return Machine.steps, Machine.filled
    finally:
        db.drop_database(server_url, name)
