"""Orders, cancels, amendments, announcements, readings, decisions: product and model always agree."""

from __future__ import annotations

from tests.model.playing import play

STEPS = 20_000
SEED = 1


def test_the_product_and_the_model_agree_over_twenty_thousand_steps(
    server_url: str, template_name: str
) -> None:
    steps, trades = play(server_url, template_name, steps=STEPS, seed=SEED)
    print(f"{steps} steps, {trades} trades, seed {SEED}")
    assert steps >= STEPS
    assert trades >= STEPS // 20
