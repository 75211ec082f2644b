"""What may be sold from a water account today, and bought into it: a reason for every litre. Pure.

Two layers. Gates (`may_sell`, `may_buy`) say whether the account may enter an order at all, from facts
that seldom change: the engine asks them for every order. Constraints (`sellable`, `purchasable`) say
how much, each with its litres, its legal source and the one that binds. Litres are integers; None means
that the constraint sets no bound. What a right of a kind may sell is national law, in `rights`; what a
sector may do is the county's, in its pack.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ledger.units import format_litres
from market.registry.rights import INTERIM_BUY_BACK, PUBLIC_STORAGE, RIGHTS, SAVING_LOT, Basis, RightRule

GROUNDWATER_33 = "地下水管理条例 arts 33-35 (the county pack's reading)"
WATER_LAW_49 = "水法 art. 49"
RECLAIMED_FIRST = "county plan part 3(5)2; part 3(3)2"
PERMIT_CHANGE = "取水许可和水资源费征收管理条例 art. 26"
OWN_RECORD = "service rule of the exchange: one record of allocation, use and holds"
SERVICE_RULE = "service rule of the exchange"
RESTRICTED_GROUNDWATER = ("restricted", "banned", "overdrawn")


@dataclass(frozen=True, slots=True)
class SectorRule:
    """What a sector may do, by the county's rules. `stores`: public storage may be kept in it."""

    may_sell: bool
    may_buy: bool
    legal_source: str
    demonstration: bool = False
    stores: bool = False


class Barrier(NamedTuple):
    """Why an account may not enter an order: the rule, what it says, and where that is written."""

    rule: str
    detail: str
    legal_source: str


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What is known of a water account and its holder that changes seldom.

    `groundwater` is the strictest status of its zones (open, restricted, banned, overdrawn);
    `right_suspended` is whether a right behind the account is suspended; `sector_rule` None means that
    the pack does not know the sector; `stopped` why an account that sells for others does not; `halted` which order of
    the bureau has it standing still.
    """

    participant_status: str
    public_storage: bool
    account_status: str
    year_status: str
    sector: str
    source: str
    origin: str
    right_kind: str | None
    right_suspended: bool
    groundwater: str
    sector_rule: SectorRule | None
    stopped: Barrier | None = None
    halted: Barrier | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """One reason for the litres: None in `litres` means no bound; `scope` None means that every trade
    is bound.

    A scope such as `out_of:KUSHAN` binds only trades that cross that border.
    """

    name: str
    litres: int | None
    legal_source: str
    detail_en: str
    detail_zh: str
    demonstration: bool = False
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Border:
    """A limit whose border the account's trades may cross: what is free there now, and which trades
    cross it.
    """

    code: str
    kind: str
    scope: str
    available_litres: int
    legal_source: str
    demonstration: bool


@dataclass(frozen=True, slots=True)
class SellFacts:
    """An account and its litres: allocated − used − sold + bought = balance; balance − held − pledged
    − leased (held for its year's turn) is free.

    `lots_litres` is what its verified saving lots still permit; `quota_left_litres` what is left within
    its quota (None: no quota set for it).
    """

    account: AccountFacts
    allocated_litres: int
    used_litres: int
    held_litres: int
    pledged_litres: int
    available_litres: int
    lots_litres: int
    quota_left_litres: int | None
    borders: tuple[Border, ...]
    leased_litres: int = 0


@dataclass(frozen=True, slots=True)
class BuyFacts:
    """An account, its use plan (litres; None: its sector needs none) and the caps that hold it.

    `project` are the constraints of the buyer's project, its permits and its assessment; without, what the right says.
    """

    account: AccountFacts
    plan_litres: int | None
    plan_left_litres: int | None
    plan_source: str | None
    plan_recorded: bool
    reclaimed_unused_litres: int
    borders: tuple[Border, ...]
    project: tuple[Constraint, ...] = ()


def right_rule(facts: AccountFacts) -> RightRule:
    """What the account's right may sell."""
    if facts.origin == "saving_lot":
        return SAVING_LOT
    if facts.public_storage and facts.origin not in ("trust", "pledged"):
        return PUBLIC_STORAGE
    return RIGHTS[facts.right_kind]


def _common(facts: AccountFacts) -> Barrier | None:
    if facts.halted is not None:
        return facts.halted
    if facts.participant_status != "admitted":
        return Barrier(
            "participant_not_admitted", f"the participant is {facts.participant_status}", SERVICE_RULE
        )
    if facts.account_status != "open":
        return Barrier("water_account_not_open", f"the water account is {facts.account_status}", SERVICE_RULE)
    if facts.year_status != "open":
        return Barrier("water_year_not_open", f"the water year is {facts.year_status}", SERVICE_RULE)
    if facts.right_suspended:
        return Barrier(
            "entitlement_suspended",
            "the right behind this account is suspended",
            "取水许可和水资源费征收管理条例 arts 41, 51",
        )
    if facts.sector_rule is None:
        return Barrier(
            "sector_unknown", f"the county's rules do not know the sector {facts.sector}", SERVICE_RULE
        )
    return None


def may_sell(facts: AccountFacts, *, lots_litres: int = 0) -> Barrier | None:
    """Why nothing at all may be sold from the account, or None. `lots_litres`: what its saving lots
    permit.
    """
    barrier = _common(facts)
    if barrier is not None:
        return barrier
    if facts.stopped is not None:
        return facts.stopped
    assert facts.sector_rule is not None
    if not facts.sector_rule.may_sell:
        return Barrier(
            "sector_may_not_sell", f"the sector {facts.sector} does not sell", facts.sector_rule.legal_source
        )
    rule = right_rule(facts)
    if rule.basis is Basis.NOTHING:
        return Barrier("no_right_to_sell", rule.detail_en, rule.legal_source)
    if rule.basis is Basis.LOTS and lots_litres == 0:
        return Barrier("only_verified_saving", rule.detail_en, rule.legal_source)
    return None


def may_buy(facts: AccountFacts) -> Barrier | None:
    """Why nothing at all may be bought into the account, or None."""
    barrier = _common(facts)
    if barrier is not None:
        return barrier
    assert facts.sector_rule is not None
    if not facts.sector_rule.may_buy:
        return Barrier(
            "sector_may_not_buy", f"the sector {facts.sector} does not buy", facts.sector_rule.legal_source
        )
    if facts.origin != "own":
        return Barrier(
            "origin_may_not_buy", f"an account of the origin {facts.origin} does not buy", SERVICE_RULE
        )
    if facts.source == "groundwater" and facts.groundwater in RESTRICTED_GROUNDWATER:
        return Barrier(
            "groundwater_zone_closed",
            f"groundwater never moves into this place: it is {facts.groundwater}",
            GROUNDWATER_33,
        )
    return None


def is_storage(facts: AccountFacts) -> bool:
    """Whether an account is public storage: a storage body's own, of a sector in which the county keeps it."""
    stores = facts.sector_rule is not None and facts.sector_rule.stores
    return facts.public_storage and facts.origin == "own" and stores


def may_store(facts: AccountFacts) -> Barrier | None:
    """Why nothing may be bought back into the account, or resold out of it; None: a mechanism of storage may.

    Its sector's rule is not asked: domestic and ecological water is shut to the book, on both sides, and it is the
    buy-back and the resale alone that come in and go out here.
    """
    barrier = _common(facts)
    if barrier is not None:
        return barrier
    if not is_storage(facts):
        return Barrier("not_public_storage", "the account is not public storage", INTERIM_BUY_BACK)
    if facts.source == "groundwater" and facts.groundwater in RESTRICTED_GROUNDWATER:
        return Barrier(
            "groundwater_zone_closed",
            f"groundwater never moves into this place: it is {facts.groundwater}",
            GROUNDWATER_33,
        )
    return None


def may_be_assigned(facts: AccountFacts) -> Barrier | None:
    """Why stored water may not be given to the account, or None: it serves domestic and ecological use first."""
    barrier = _common(facts)
    if barrier is not None:
        return barrier
    if facts.sector_rule is None or not facts.sector_rule.stores or facts.origin != "own":
        return Barrier("not_a_need", f"stored water is not assigned to {facts.sector}", INTERIM_BUY_BACK)
    if facts.source == "groundwater" and facts.groundwater in RESTRICTED_GROUNDWATER:
        return Barrier("groundwater_zone_closed", f"the place is {facts.groundwater}", GROUNDWATER_33)
    return None


def _gate(barrier: Barrier | None) -> list[Constraint]:
    if barrier is None:
        return []
    return [
        Constraint(barrier.rule, 0, barrier.legal_source, barrier.detail, "不符合入市条件：" + barrier.rule)
    ]


def _balance(facts: SellFacts) -> Constraint:
    told: tuple[tuple[str, str, int], ...] = (
        ("allocated", "分配", facts.allocated_litres),
        ("used", "已用", facts.used_litres),
        ("held", "预留", facts.held_litres),
        ("pledged", "质押", facts.pledged_litres),
    )
    if facts.leased_litres:
        told += (("leased", "出租", facts.leased_litres),)
    english = ", ".join(f"{name} {format_litres(litres)}" for name, _, litres in told)
    return Constraint(
        "balance",
        max(0, facts.available_litres - facts.pledged_litres - facts.leased_litres),
        OWN_RECORD,
        english.replace(",", " m3,", 1),
        "，".join(f"{name} {format_litres(litres)}" for _, name, litres in told).replace(
            "，", " 立方米，", 1
        ),
    )


def sellable(facts: SellFacts) -> list[Constraint]:
    """Every constraint on what may be sold from the account, gates first (a gate that is shut is 0
    litres).
    """
    account = facts.account
    rule = right_rule(account)
    kind_litres = {Basis.LOTS: facts.lots_litres, Basis.NOTHING: 0}.get(rule.basis)
    found = _gate(may_sell(account, lots_litres=facts.lots_litres))
    found.append(
        Constraint(
            "kind_of_right",
            kind_litres,
            rule.legal_source,
            rule.detail_en,
            rule.detail_zh,
            rule.demonstration,
        )
    )
    found.append(_balance(facts))
    if rule.basis is Basis.ALLOCATION:
        found.append(
            Constraint(
                "quota",
                facts.quota_left_litres,
                WATER_LAW_49,
                "within the quota"
                if facts.quota_left_litres is not None
                else "no quota is set for this account",
                "限于定额之内" if facts.quota_left_litres is not None else "该账户未设定额",
            )
        )
    return found + [_border(each) for each in facts.borders]


def _border(border: Border) -> Constraint:
    return Constraint(
        f"{border.kind}:{border.code}",
        border.available_litres,
        border.legal_source,
        f"free now under {border.code}",
        f"{border.code} 剩余指标",
        border.demonstration,
        border.scope,
    )


def permit(account: AccountFacts) -> Constraint:
    """What the right behind an account says of a permit for bought water."""
    detail = {
        "abstraction_permit": (
            "bought water changes the permit after the review",
            "购入水量经审批后变更取水许可",
        ),
        "network_certificate": ("delivered through the public network", "经公共管网供水"),
        None: ("no permit of its own is needed for water delivered by canal", "渠道供水无需自有取水许可"),
    }.get(account.right_kind, ("the right sets no bound on buying", "该水权不限制购入"))
    return Constraint("permit", None, PERMIT_CHANGE, *detail)


def purchasable(facts: BuyFacts) -> list[Constraint]:
    """Every constraint on what may be bought into the account, gates first (a gate that is shut is 0
    litres).
    """
    account = facts.account
    found = _gate(may_buy(account))
    found.extend(facts.project or (permit(account),))
    if facts.plan_litres is None:
        found.append(
            Constraint("use_plan", None, WATER_LAW_49, "its sector needs no use plan", "该行业无需用水计划")
        )
    else:
        found.append(_plan(facts))
    if account.source != "reclaimed":
        found.append(_reclaimed_first(facts))
    return found + [_border(each) for each in facts.borders]


def _plan(facts: BuyFacts) -> Constraint:
    assert facts.plan_litres is not None
    most = format_litres(facts.plan_litres)
    if facts.plan_recorded:
        words = (f"the use plan recorded is {most} m3", f"已登记用水计划 {most} 立方米")
    else:
        words = (
            f"without a use plan at most {most} m3 a year",
            f"未登记用水计划的，全年不超过 {most} 立方米",
        )
    return Constraint("use_plan", facts.plan_left_litres, facts.plan_source or WATER_LAW_49, *words)


def _reclaimed_first(facts: BuyFacts) -> Constraint:
    unused = facts.reclaimed_unused_litres
    if unused == 0:
        words = ("no reclaimed water is left unused", "无未使用的再生水")
        return Constraint("reclaimed_first", None, RECLAIMED_FIRST, *words)
    litres = None if facts.plan_left_litres is None else max(0, facts.plan_left_litres - unused)
    return Constraint(
        "reclaimed_first",
        litres,
        RECLAIMED_FIRST,
        f"{format_litres(unused)} m3 of reclaimed water is unused and comes first",
        f"尚有 {format_litres(unused)} 立方米再生水未使用，应优先使用",
    )


def binding(constraints: Iterable[Constraint]) -> Constraint | None:
    """The constraint with the fewest litres (of equals the first), or None when none sets a bound."""
    bounded = [(each.litres, each) for each in constraints if each.litres is not None]
    return min(bounded, key=lambda pair: pair[0])[1] if bounded else None
