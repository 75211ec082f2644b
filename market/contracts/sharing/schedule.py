"""How a period's benefit is shared: fees, row, split, recovery, clip, in this order (SAVINGS section 5). Pure.

Fen and basis points (of 10 000). Splits are by largest remainder, of equal remainders the first party in order wins;
shares and fees of a period always add up to its benefit.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ledger.units import ceil_div, split_exact
from market.contracts.sharing.exact import check, half_even

ONE_BP = 10_000
MARGINAL, CLIFF = THRESHOLDS = ("marginal", "cliff")


@dataclass(frozen=True, slots=True)
class Step:
    """From a saving of `from_bp` of the adjusted baseline on (the number included), these shares, one a party."""

    from_bp: int
    shares_bp: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """The sharing from a contract year (1 first) on: one step, or several by how much was saved."""

    from_year: int
    steps: tuple[Step, ...]
    threshold: str = CLIFF


@dataclass(frozen=True, slots=True)
class Recovery:
    """Until the firm has received `recoverable_fen` (investment × (1 + margin)), these shares hold, not the row's."""

    recoverable_fen: int
    shares_bp: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fee:
    """What leaves first: so many fen a period, or basis points of the benefit; never more than is there."""

    payee: str
    fen: int = 0
    bp: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """The signed sharing. `parties` in order, `firm` and `user` among them; the firm's floor and ceiling a period."""

    parties: tuple[str, ...]
    firm: str
    user: str
    rows: tuple[Row, ...]
    recovery: Recovery | None = None
    fees: tuple[Fee, ...] = ()
    floor_fen: int = 0
    ceiling_fen: int | None = None

    def __post_init__(self) -> None:
        """Errors: BadTerms."""
        check(len(set(self.parties)) == len(self.parties), "a party stands once")
        check(
            self.firm in self.parties and self.user in self.parties and self.firm != self.user,
            "firm and user are two of the parties",
        )
        years = [each.from_year for each in self.rows]
        check(years and years[0] == 1 and years == sorted(set(years)), "rows begin with year 1 and rise")
        for row in self.rows:
            starts = [each.from_bp for each in row.steps]
            check(row.threshold in THRESHOLDS, f"the threshold {row.threshold} is unknown")
            check(
                starts and starts[0] == 0 and starts == sorted(set(starts)), "steps begin with nil and rise"
            )
            for step in row.steps:
                self._check_shares(step.shares_bp)
        if self.recovery is not None:
            self._check_shares(self.recovery.shares_bp)
            check(self.recovery.recoverable_fen >= 0, "what is recoverable is not negative")
        check(all(each.fen >= 0 and 0 <= each.bp <= ONE_BP for each in self.fees), "a fee is not negative")
        ceiling = self.ceiling_fen
        check(
            self.floor_fen >= 0 and (ceiling is None or ceiling >= self.floor_fen),
            "the firm's floor lies between nil and its ceiling",
        )

    def _check_shares(self, shares: tuple[int, ...]) -> None:
        check(len(shares) == len(self.parties) and min(shares) >= 0, "a share a party, none negative")
        check(sum(shares) == ONE_BP, "shares add up to 10 000 basis points")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A period's benefit shared out, fen. fees + shares = benefit.

    `recovery_fen` is what the firm received in the recovery phase, `recovery_slice_fen` the part x of the benefit that
    was shared in it; `clipped_fen` what clipping moved to the firm (from it where negative).
    """

    benefit_fen: int
    parties: tuple[str, ...]
    fees: tuple[tuple[str, int], ...]
    shares_fen: tuple[int, ...]
    recovery_fen: int
    recovery_slice_fen: int
    clipped_fen: int

    def of(self, party: str) -> int:
        """A party's share. Errors: ValueError."""
        return self.shares_fen[self.parties.index(party)]


def distribute(
    schedule: Schedule, benefit_fen: int, *, contract_year: int, saving_litres: int, adjusted_litres: int,
    received_fen: int = 0,
) -> Distribution:  # fmt: skip
    """Shares out a benefit that is not negative. `received_fen`: the firm's receipts so far. Errors: BadTerms."""
    check(benefit_fen >= 0, "a loss is carried, not shared")
    check(contract_year >= 1, "contract years count from 1")
    fees, left = _fees(schedule, benefit_fen)
    firm, user = schedule.parties.index(schedule.firm), schedule.parties.index(schedule.user)
    shares = [0] * len(schedule.parties)
    x = recovered = 0
    if schedule.recovery is not None:
        due = schedule.recovery.recoverable_fen - received_fen
        if due > 0:
            x, recovering = recover(left, due, schedule.recovery.shares_bp, firm)
            recovered = recovering[firm]
            shares = recovering
    row = max(
        (each for each in schedule.rows if each.from_year <= contract_year), key=lambda each: each.from_year
    )
    rest = by_row(row, left - x, saving_litres, adjusted_litres, len(shares))
    shares = [one + other for one, other in zip(shares, rest, strict=True)]
    clipped = _clip(schedule, shares[firm], shares[user])
    shares[firm] += clipped
    shares[user] -= clipped
    recovered = min(recovered, shares[firm])
    return Distribution(benefit_fen, schedule.parties, fees, tuple(shares), recovered, x, clipped)


def _fees(schedule: Schedule, benefit_fen: int) -> tuple[tuple[tuple[str, int], ...], int]:
    """(payee, fen) in the signed order while something is left, and what is left."""
    paid, left = [], benefit_fen
    for each in schedule.fees:
        due = min(left, each.fen + half_even(benefit_fen * each.bp, ONE_BP))
        paid.append((each.payee, due))
        left -= due
    return tuple(paid), left


def recover(benefit_fen: int, due_fen: int, shares_bp: tuple[int, ...], firm: int) -> tuple[int, list[int]]:
    """(x, shares of x): x of the benefit is shared in the recovery phase, with `due_fen` > 0 still to recover.

    All of it while the firm's share does not exceed what is due; else x = min(B, ⌈10 000·R / bp⌉), the firm takes R and
    the others split x - R by their own basis points.
    """
    shares = split_exact(benefit_fen, shares_bp)
    if shares[firm] <= due_fen:
        return benefit_fen, shares
    x = min(benefit_fen, ceil_div(ONE_BP * due_fen, shares_bp[firm]))
    others = [0 if place == firm else each for place, each in enumerate(shares_bp)]
    shares = split_exact(x - due_fen, others)
    shares[firm] = due_fen
    return x, shares


def by_row(row: Row, benefit_fen: int, saving_litres: int, adjusted_litres: int, parties: int) -> list[int]:
    """A benefit by a row: `cliff`, all of it by the highest step reached; `marginal`, cut pro rata to volume first."""
    saved = max(0, saving_litres) * ONE_BP
    reached = [each for each in row.steps if each.from_bp * adjusted_litres <= saved]
    check(reached, "the adjusted baseline is not negative")
    if row.threshold == CLIFF or len(reached) == 1 or saved == 0:
        return split_exact(benefit_fen, reached[-1].shares_bp)
    edges = [each.from_bp * adjusted_litres for each in reached] + [saved]
    slices = split_exact(benefit_fen, [after - before for before, after in pairwise(edges)])
    shares = [0] * parties
    for step, part in zip(reached, slices, strict=True):
        shares = [one + other for one, other in zip(shares, split_exact(part, step.shares_bp), strict=True)]
    return shares


def _clip(schedule: Schedule, firm_fen: int, user_fen: int) -> int:
    """What moves from the user to the firm (back where negative): to the floor as far as the user has it, at most to
    the ceiling; other parties' shares are not touched.
    """
    wanted = max(firm_fen, schedule.floor_fen)
    if schedule.ceiling_fen is not None:
        wanted = min(wanted, schedule.ceiling_fen)
    return min(wanted - firm_fen, user_fen)
