"""What of a saving is credited: money by the point estimate, water by a lower bound (SAVINGS section 3). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from market.contracts.savings.model import TIER_C, BadInput, Reason, Report, Saving
from market.contracts.savings.rules import Rules
from market.contracts.savings.steps import m3


@dataclass(frozen=True, slots=True)
class Credit:
    """`money_litres` are paid for, `water_litres` may become a lot (its other conditions are of `contracts.lots`).

    `carried_litres` (nil or less) is what is set off against the next saving of the contract year. `merges`: nothing
    yet, the period is assessed again together with the next. `money_only`: water cannot be credited, for `reasons`.
    """

    money_litres: int
    water_litres: int
    carried_litres: int
    merges: bool
    money_only: bool
    reasons: tuple[Reason, ...]


def credit(saving: Saving, rules: Rules, *, carried_litres: int = 0, void: bool = False) -> Credit:
    """The credit of one period. `carried_litres` is what the contract year carries so far, nil at its beginning.

    The parties consent to an error that is as often for as against them, so money follows the point estimate where its
    68 per cent half-width is at most half of it; other right-holders consented to none, so water follows the one-sided
    lower bound. A loss earns the firm nothing and is carried. `void`: a meter was interfered with. Errors: BadInput.
    """
    if carried_litres > 0:
        raise BadInput("only a loss is carried")
    if void:
        return Credit(0, 0, carried_litres, False, True, (Reason("meter_interference"),))
    if saving.tier == TIER_C and any(each.code == "no_single_consent" for each in saving.reasons):
        return Credit(0, 0, carried_litres, False, True, saving.reasons)
    s = saving.saving_litres
    if s <= 0:
        return Credit(0, 0, carried_litres + s, False, True, (Reason("no_saving", (("litres", m3(-s)),)),))
    if saving.interval is not None:
        half = (saving.interval.high68 - saving.interval.low68) / 2
        most = rules.money_half_width_most * s
        if half > most:
            numbers = (("half", m3(half)), ("most", m3(most)))
            return Credit(0, 0, carried_litres, True, True, (Reason("precision_too_low", numbers),))
    paid = max(0, s + carried_litres)
    reasons = [Reason("carried", (("litres", m3(-carried_litres)),))] if carried_litres else []
    refusals = water_refusals(saving, carried_litres)
    lower = saving.interval.lower + carried_litres if saving.interval is not None and not refusals else 0
    return Credit(
        paid, lower, min(0, s + carried_litres), False, bool(refusals), (*reasons, *saving.reasons, *refusals)
    )


def water_refusals(saving: Saving, carried_litres: int = 0) -> tuple[Reason, ...]:
    """Why a saving gives money only; nothing where water may be credited, as far as the measurement goes."""
    if saving.interval is None:
        return (Reason("tier_c"),)
    found = [each for each in saving.caveats if each.code == "rebase_due"]
    lower = saving.interval.lower + carried_litres
    if lower <= 0:
        found.append(Reason("lower_bound_not_positive", (("litres", m3(lower)),)))
    return tuple(found)


def merged(first: Report, second: Report) -> Report:
    """Two reports that follow each other as one. Errors: BadInput where they do not, or stand on other meters."""
    if first.ends != second.starts:
        raise BadInput("only reports that follow each other merge")
    if first.meters != second.meters:
        raise BadInput("reports that merge stand on the same meters")
    return replace(
        second,
        starts=first.starts,
        periods=first.periods + second.periods,
        meter_litres=tuple(map(sum, zip(first.meter_litres, second.meter_litres, strict=True))),
        adjustments=first.adjustments + second.adjustments,
        same_meters=first.same_meters and second.same_meters,
        parallel=first.parallel and second.parallel,
        single_consent=first.single_consent and second.single_consent,
    )
