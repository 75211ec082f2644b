"""What a right of each kind may sell, and by which law. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

PERMIT_27 = "取水许可和水资源费征收管理条例 art. 27"
INTERIM_IRRIGATION = "水权交易管理暂行办法 (2016) arts 20-22 (to confirm)"
INTERIM_REGIONAL = "水权交易管理暂行办法 (2016) arts 3, 9-12 (to confirm)"
INTERIM_BUY_BACK = "水权交易管理暂行办法 (2016) art. 19 (to confirm)"
INTERIM_CONFIRMED = "水权交易管理暂行办法 (2016) art. 6 (to confirm)"


class Basis(StrEnum):
    """What of a right of some kind may be sold."""

    ALLOCATION = "allocation"  # the unused part of the year's allocation
    LOTS = "lots"  # only verified, consented saving
    BALANCE = "balance"  # all that is on the account
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class RightRule:
    """What a right of one kind may sell, and by which law."""

    basis: Basis
    legal_source: str
    detail_en: str
    detail_zh: str
    demonstration: bool = False


RIGHTS: Mapping[str | None, RightRule] = {
    "abstraction_permit": RightRule(
        Basis.LOTS,
        PERMIT_27,
        "a permit may sell only water saved, verified and consented to",
        "取水许可只可转让经核验并经同意的节约水量",
    ),
    "network_certificate": RightRule(
        Basis.LOTS,
        "关于推进用水权改革的指导意见 (2022); no rule for network users found",
        "a user of the public network may sell only verified saving that its right names",
        "公共管网用户只可转让经核验的节水量",
        demonstration=True,
    ),
    "irrigation_certificate": RightRule(
        Basis.ALLOCATION,
        INTERIM_IRRIGATION,
        "an irrigation certificate may sell the unused part of the year's allocation",
        "灌溉用水户可转让当年未使用的水量",
    ),
    "regional": RightRule(
        Basis.BALANCE,
        INTERIM_REGIONAL,
        "a regional right may sell what it holds, on a platform",
        "区域水权可通过交易平台转让所持水量",
    ),
    None: RightRule(
        Basis.NOTHING,
        INTERIM_CONFIRMED,
        "no confirmed right is behind this account: what was bought for use is not sold on",
        "该账户无确权依据：购入用水不得再转让",
    ),
}
STRICTEST_FIRST = "ARRAY['abstraction_permit', 'network_certificate', 'irrigation_certificate', 'regional']"
"""In SQL. Of several rights behind one account the one that may sell least speaks for it: the first of these."""
PUBLIC_STORAGE = RightRule(
    Basis.BALANCE,
    INTERIM_BUY_BACK,
    "public storage resells what it bought back",
    "公共储备可转让其回购的水量",
)
SAVING_LOT = RightRule(
    Basis.BALANCE,
    PERMIT_27,
    "the account holds verified saving lots",
    "该账户持有经核验的节水指标",
)
