"""From a verified saving to a lot that may be sold: conditions, volume, what is tradable now, term. Pure; litres.

SAVINGS section 6. Permit regulation art. 27: only saved water, within the permit's term and limit, with the consent of
the authority that granted it, followed by a change of registration; 节约用水条例 arts 40 and 41. A lot *permits* its
owner to sell its own allocation: it creates no water. φ = 1 - return flow: what would flow back is no real saving.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

ONE_E6 = 1_000_000
ONE_DAY = dt.timedelta(days=1)
PERMIT, IRRIGATION, NETWORK = RIGHT_KINDS = (
    "abstraction_permit", "irrigation_certificate", "network_certificate",
)  # fmt: skip
TRADABLE_TIERS = ("A", "B")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no lot is issued, by name, with the law or rule behind it."""

    code: str
    legal_source: str


REFUSALS: dict[str, tuple[str, str, str]] = {
    "tier": (
        "核算等级须为 A 或 B 级",
        "the saving must be of Tier A or B",
        "SAVINGS section 2 (decided here)",
    ),
    "not_verified": ("节水量未经核验", "the saving is not verified", "permit regulation art. 27; 节约用水条例 art. 40"),
    "disputed": ("节水量存在争议", "the saving is disputed", "SAVINGS section 4 (decided here)"),
    "right_kind": (
        "该类水权不得以节水量交易",
        "a right of this kind may not sell saved water",
        "permit regulation art. 27; interim measures 2016, to confirm",
    ),
    "no_consent": (
        "缺少审批机关的同意",
        "the granting authority's consent is missing",
        "permit regulation art. 27",
    ),
    "source_rule": ("水源规则不允许", "the rules of its source forbid it", "county pack, flows"),
    "zone_rule": ("区域规则不允许", "the rules of its zone forbid it", "county pack, limits and flows"),
    "farm_first": (
        "农业优先期未满",
        "farms still come first",
        "Yuanshi 2024 arts 5–7 (model): demonstration",
    ),
    "no_return_flow": (
        "未确定回归水系数",
        "the return-flow factor is not set",
        "SAVINGS section 6 (decided here)",
    ),
    "public_supplier": (
        "城镇公共供水企业的降漏节水量只结算费用",
        "a public supplier's saved leakage gives money, no lot",
        "Anhui rules (model), to confirm: demonstration",
    ),
    "no_network_right": (
        "管网用户须有明确的水权",
        "a network user needs an express right",
        "节约用水条例 art. 41; explored in Beijing art. 47 (model)",
    ),
    "permit_ended": ("许可期限已满", "the permit has ended", "permit regulation arts 25, 27"),
    "nothing_saved": ("可交易节水量为零", "no tradable volume is left", "SAVINGS section 6"),
}  # fmt: skip
"""(中文, English, source) of every refusal."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A saving before it becomes a lot. `consent`: the granting authority's document. Rates are millionths.

    `return_flow_e6` None: not set; there is no default, least of all for irrigation. `quota_litres`: quota times
    drivers, None where none holds. `lower_litres` is what may be credited of the saving (`Credit.water_litres`).
    """

    tier: str
    verified: bool
    disputed: bool
    right_kind: str
    consent: str | None
    source_allowed: bool
    zone_allowed: bool
    farm_first_until: dt.date | None
    return_flow_e6: int | None
    use_litres: int
    lower_litres: int
    limit_litres: int
    quota_litres: int | None
    right_ends: dt.date
    public_supplier: bool = False
    express_right: bool = True


def refusals(claim: Claim, day: dt.date) -> tuple[Refusal, ...]:
    """Every condition that the claim does not meet on a day; none: `volume` may be issued."""
    failed = {
        "tier": claim.tier not in TRADABLE_TIERS,
        "not_verified": not claim.verified,
        "disputed": claim.disputed,
        "right_kind": claim.right_kind not in RIGHT_KINDS,
        "no_consent": not claim.consent,
        "source_rule": not claim.source_allowed,
        "zone_rule": not claim.zone_allowed,
        "farm_first": claim.farm_first_until is not None and day <= claim.farm_first_until,
        "no_return_flow": claim.return_flow_e6 is None or not 0 <= claim.return_flow_e6 <= ONE_E6,
        "public_supplier": claim.public_supplier,
        "no_network_right": claim.right_kind == NETWORK and not claim.express_right,
        "permit_ended": day > claim.right_ends,
    }
    if not any(failed.values()):
        failed["nothing_saved"] = volume(claim) == 0
    return tuple(Refusal(code, REFUSALS[code][2]) for code, each in failed.items() if each)


def volume(claim: Claim) -> int:
    """V = φ·max(0, min(W_r + lower bound, limit, quota·drivers) - W_r), litres, rounded down.

    Coming down to permit or quota is compliance, no surplus. Rounded down, so that what is issued never passes the
    verified lower bounds times φ. Nil where the return flow is not set.
    """
    if claim.return_flow_e6 is None:
        return 0
    bound = min(claim.use_litres + claim.lower_litres, claim.limit_litres)
    if claim.quota_litres is not None:
        bound = min(bound, claim.quota_litres)
    return max(0, bound - claim.use_litres) * (ONE_E6 - claim.return_flow_e6) // ONE_E6


@dataclass(frozen=True, slots=True)
class Lot:
    """An issued lot: issued = sold + retired + cancelled + unsold, none negative; what left never returns."""

    issued_litres: int
    expires: dt.date
    sold_litres: int = 0
    retired_litres: int = 0
    cancelled_litres: int = 0

    def __post_init__(self) -> None:
        """Errors: ValueError."""
        parts = (self.issued_litres, self.sold_litres, self.retired_litres, self.cancelled_litres)
        if min(*parts, self.unsold_litres) < 0:
            raise ValueError("no part of a lot is negative")

    @property
    def unsold_litres(self) -> int:
        """What is left of it."""
        return self.issued_litres - self.sold_litres - self.retired_litres - self.cancelled_litres

    def sold(self, litres: int) -> Lot:
        """After a sale. Errors: ValueError where there is not so much: cancelled volume cannot be sold."""
        return replace(self, sold_litres=self.sold_litres + _positive(litres))

    def retired(self, litres: int) -> Lot:
        """After a part was given up for good. Errors: ValueError."""
        return replace(self, retired_litres=self.retired_litres + _positive(litres))

    def cancelled(self, litres: int) -> Lot:
        """After a part was cancelled. Errors: ValueError."""
        return replace(self, cancelled_litres=self.cancelled_litres + _positive(litres))


def _positive(litres: int) -> int:
    if litres < 0:
        raise ValueError("a part of a lot is not negative")
    return litres


@dataclass(frozen=True, slots=True)
class Constraint:
    """One bound on what may be sold now: its name and litres."""

    code: str
    litres: int


def tradable_now(
    lot: Lot, *, allocation: int, used: int, held: int, pledged: int, zone_out: int | None, day: dt.date
) -> tuple[int, tuple[Constraint, ...]]:
    """(litres, every constraint): the least of what is unsold (nil once expired), free allocation and zone limit."""
    constraints = [
        Constraint("lot", lot.unsold_litres if day <= lot.expires else 0),
        Constraint("allocation", max(0, allocation - used - held - pledged)),
    ]
    if zone_out is not None:
        constraints.append(Constraint("zone_out", max(0, zone_out)))
    return min(each.litres for each in constraints), tuple(constraints)


def expires(year_ends: dt.date, right_ends: dt.date, next_year_ends: dt.date | None = None) -> dt.date:
    """The last day of a lot: of the water year saved in, where the pack says so of the next, never past the right."""
    return min(next_year_ends or year_ends, right_ends)
