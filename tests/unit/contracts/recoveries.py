"""Random recovery cases against the rule written out in fractions (SAVINGS section 5, step 4)."""

from __future__ import annotations

import random
from fractions import Fraction

from market.contracts.sharing.schedule import recover


def random_recovery(chance: random.Random) -> tuple[int, int, tuple[int, ...], int]:
    """Benefit, what is due, shares in basis points, the firm's place. Small and large amounts, uneven shares."""
    parties = chance.randint(2, 5)
    cuts = sorted(chance.randint(0, 10_000) for _ in range(parties - 1))
    shares = tuple(after - before for before, after in zip([0, *cuts], [*cuts, 10_000], strict=True))
    benefit = chance.randint(0, 10 ** chance.randint(0, 12))
    due = chance.randint(1, max(1, 2 * benefit)) if chance.random() < 0.9 else chance.randint(1, 9)
    return benefit, due, shares, chance.randrange(parties)


def check_recovery(benefit: int, due: int, shares: tuple[int, ...], firm: int) -> None:
    """Nothing lost, the firm never above what is due, every share within a fen of its own, x no larger than needed."""
    x, found = recover(benefit, due, shares, firm)
    case = (benefit, due, shares, firm, x, found)
    assert sum(found) == x and 0 <= x <= benefit and min(found) >= 0, case
    assert found[firm] <= due, case
    if x == benefit:
        # all of it is shared in the recovery phase: where rounding up would pass what is due, one fen moves on
        exact = [Fraction(benefit * bp, 10_000) for bp in shares]
        assert all(abs(each - other) < 2 for each, other in zip(found, exact, strict=True)), case
        assert found[firm] == due or abs(found[firm] - exact[firm]) < 1, case
        return
    assert found[firm] == due, case
    # with a fen less the firm's exact share would not reach what is due, unless rounding up did
    assert Fraction((x - 1) * shares[firm], 10_000) < due, case
    rest = 10_000 - shares[firm]
    for place, bp in enumerate(shares):
        if place != firm and rest:
            assert abs(found[place] - Fraction((x - due) * bp, rest)) < 1, case
