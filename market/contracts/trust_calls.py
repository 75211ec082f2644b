"""The fees that distributions call for trust accounts: reckoned one by one, written by set statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row

from ledger.arrays import Bigints
from ledger.units import fen_half_even, value_tick_litres
from market.contracts.sharing import FeeCall, fee_call, mean_price_e4, trusteeship_fee
from market.contracts.terms import Terms
from market.core import acts, audit

PERIOD = "trust_period"


class Standing(NamedTuple):
    """What of the user's payments no fee has used, and what the firm owes of missed guarantees, fen."""

    advance_fen: int = 0
    owed_fen: int = 0


class Called(NamedTuple):
    """A period's fee: at which mean price, what the baseline would have cost, and what it comes to."""

    price_e4: int
    baseline_fen: int
    call: FeeCall


def called(
    terms: Terms, adjusted_litres: int, before_litres: int, shortfall_fen: int, standing: Standing
) -> Called:
    """T of a period with this adjusted baseline, of which `before_litres` went before in the tariff year.

    Errors: BadTerms.
    """
    assert terms.trusteeship is not None
    price = mean_price_e4(terms.price, terms.tariff, adjusted_litres, before_litres=before_litres)
    call = fee_call(
        trusteeship_fee(terms.trusteeship, adjusted_litres, price),
        owed_fen=standing.owed_fen,
        advance_fen=standing.advance_fen,
        shortfall_fen=shortfall_fen,
    )
    return Called(price, fen_half_even(value_tick_litres(adjusted_litres, price)), call)


def left(standing: Standing, made: Called) -> Standing:
    """The standing after a period was called."""
    return Standing(standing.advance_fen - made.call.advance_fen, made.call.owed_fen)


_STANDING_SQL = "SELECT contract_id, advance_fen, owed_fen FROM trust_accounts WHERE contract_id = ANY(%s)"
_PERIODS_SQL = """
INSERT INTO trust_periods (distribution_id, contract_id, price_e4, baseline_fen, full_fen, set_off_fen, advance_fen,
                           due_fen)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                     %s::bigint[])
"""
# Of several periods of one account the last one says what is owed after all of them.
_ACCOUNTS_SQL = """
WITH called AS (
  SELECT contract_id, sum(advance_fen)::bigint AS advance_fen, (array_agg(owed_fen ORDER BY n DESC))[1] AS owed_fen
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) WITH ORDINALITY AS c (contract_id, advance_fen, owed_fen, n)
  GROUP BY 1
)
UPDATE trust_accounts a SET advance_fen = a.advance_fen - c.advance_fen, owed_fen = c.owed_fen
FROM called c WHERE c.contract_id = a.contract_id
"""


def standings(connection: psycopg.Connection[Any], contract_ids: Iterable[int]) -> dict[int, Standing]:
    """The standings of the trust accounts of these contracts, whose rows are locked; nothing for one without."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_STANDING_SQL, (Bigints(set(contract_ids)),)).fetchall()
    return {row[0]: Standing(*row[1:]) for row in rows}


def write(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    made: Sequence[tuple[int, int, Called]],
) -> None:
    """Opens the periods of (distribution, contract, what was called), in the order of periods."""
    if not made:
        return
    rows = [
        (
            number,
            contract_id,
            each.price_e4,
            each.baseline_fen,
            each.call.full_fen,
            each.call.set_off_fen,
            each.call.advance_fen,
            each.call.due_fen,
        )
        for number, contract_id, each in made
    ]
    connection.execute(_PERIODS_SQL, tuple(Bigints(column) for column in zip(*rows, strict=True)))
    changes = [(contract_id, each.call.advance_fen, each.call.owed_fen) for _, contract_id, each in made]
    connection.execute(_ACCOUNTS_SQL, tuple(Bigints(column) for column in zip(*changes, strict=True)))
    told = [(row[0], {"contract_id": row[1], "full_fen": row[4], "due_fen": row[7]}) for row in rows]
    acts.done_many(connection, actor=actor, source="contracts", told=((PERIOD, "called", told),))
