"""What lots of saved water and claw-backs refuse: one class a rule."""

from __future__ import annotations

from market.contracts.errors import SERVICE_RULE
from market.contracts.lots import REFUSALS
from market.core.errors import Conflict, NotAllowed, Refusal

CONSENT = "取水许可和水资源费征收管理条例 art. 27; 节约用水条例 arts 40, 41"
CLAW_BACK = "SAVINGS sections 4 and 6 (decided here)"


class LotTier(Conflict):
    """Tier C gives money only (SAVINGS section 2)."""

    code = "lot_tier"
    title_en = "The saving must be of Tier A or B"
    title_zh = "节水量核算等级须为 A 或 B 级"
    legal = REFUSALS["tier"][2]


class LotNotVerified(Conflict):
    """Only a certified saving whose time for objections is over becomes a lot."""

    code = "lot_not_verified"
    title_en = "The saving is not verified, or may still be objected to"
    title_zh = "节水量未经核验或仍在异议期"
    legal = REFUSALS["not_verified"][2]


class LotDisputed(Conflict):
    """Nothing is issued of a saving that is disputed or looked at again."""

    code = "lot_disputed"
    title_en = "The saving is disputed or looked at again"
    title_zh = "节水量存在争议或正在复核"
    legal = REFUSALS["disputed"][2]


class LotRightKind(Conflict):
    """Only permits and the certificates of irrigators and network users sell saved water."""

    code = "lot_right_kind"
    title_en = "A right of this kind may not sell saved water"
    title_zh = "该类水权不得以节水量交易"
    legal = REFUSALS["right_kind"][2]


class LotConsentMissing(Conflict):
    """The authority that granted the right consents, or nothing is sold of it."""

    code = "lot_consent_missing"
    title_en = "The granting authority's consent is missing"
    title_zh = "缺少审批机关的同意"
    legal = REFUSALS["no_consent"][2]


class LotSourceRule(Conflict):
    """The county's rules keep this source or sector from selling."""

    code = "lot_source_rule"
    title_en = "The rules of its source or sector forbid the sale"
    title_zh = "水源或行业规则不允许出售"
    legal = REFUSALS["source_rule"][2]


class LotZoneRule(Conflict):
    """The county's rules keep this place from selling."""

    code = "lot_zone_rule"
    title_en = "The rules of its zone forbid the sale"
    title_zh = "区域规则不允许出售"
    legal = REFUSALS["zone_rule"][2]


class LotFarmFirst(Conflict):
    """Until its day is over, saved water is for farms first."""

    code = "lot_farm_first"
    title_en = "Farms still come first"
    title_zh = "农业优先期未满"
    legal = REFUSALS["farm_first"][2]


class LotReturnFlowMissing(Conflict):
    """Without a return-flow factor nobody knows what was really saved; there is no default."""

    code = "lot_return_flow_missing"
    title_en = "The return-flow factor is not set"
    title_zh = "未确定回归水系数"
    legal = REFUSALS["no_return_flow"][2]


class LotOfPublicSupplier(Conflict):
    """Leakage that an urban public supplier saves gives money, no water."""

    code = "lot_of_public_supplier"
    title_en = "A public supplier's saved leakage gives money, no lot"
    title_zh = "城镇公共供水企业的降漏节水量只结算费用"
    legal = REFUSALS["public_supplier"][2]


class LotNoExpressRight(Conflict):
    """A network user sells only what an express right gives it."""

    code = "lot_no_express_right"
    title_en = "A network user needs an express right"
    title_zh = "管网用户须有明确的水权"
    legal = REFUSALS["no_network_right"][2]


class LotPermitEnded(Conflict):
    """No lot outlives the right that it is of."""

    code = "lot_permit_ended"
    title_en = "The permit has ended"
    title_zh = "许可期限已满"
    legal = REFUSALS["permit_ended"][2]


class LotNothingSaved(Conflict):
    """Coming down to permit or quota is compliance: nothing is left above it that was saved."""

    code = "lot_nothing_saved"
    title_en = "No tradable volume is left"
    title_zh = "可交易节水量为零"
    legal = REFUSALS["nothing_saved"][2]


BY_NAME: dict[str, type[Conflict]] = {
    "tier": LotTier,
    "not_verified": LotNotVerified,
    "disputed": LotDisputed,
    "right_kind": LotRightKind,
    "no_consent": LotConsentMissing,
    "source_rule": LotSourceRule,
    "zone_rule": LotZoneRule,
    "farm_first": LotFarmFirst,
    "no_return_flow": LotReturnFlowMissing,
    "public_supplier": LotOfPublicSupplier,
    "no_network_right": LotNoExpressRight,
    "permit_ended": LotPermitEnded,
    "nothing_saved": LotNothingSaved,
}
"""The class of each refusal of `lots.refusals`."""


class ClearanceState(Conflict):
    """A contract has one clearance at a time, of a right of its user."""

    code = "clearance_state"
    title_en = "This cannot be cleared, or is cleared already"
    title_zh = "无法登记该项许可条件或已登记"
    legal = CONSENT


class LotIssued(Conflict):
    """A verified report becomes a lot once."""

    code = "lot_issued"
    title_en = "This saving was issued as a lot before"
    title_zh = "该节水量已登记为可交易节水量"
    legal = CLAW_BACK


class LotState(Conflict):
    """The step is not possible in the present state of the lot."""

    code = "lot_state"
    title_en = "Not possible in the present state of the lot"
    title_zh = "可交易节水量当前状态下不能办理"
    legal = SERVICE_RULE


class LotSpent(Refusal):
    """What was sold, retired, cancelled or has expired is never sold again."""

    code = "lot_spent"
    title_en = "The lot has not so much left"
    title_zh = "可交易节水量余额不足"
    legal = CLAW_BACK


class LotNotCovered(Refusal):
    """A lot lets its owner sell its own allocation: it creates no water."""

    code = "lot_not_covered"
    title_en = "The owner's own allocation does not cover it"
    title_zh = "权利人可用水量不足"
    legal = CONSENT


class LotAccountBusy(Conflict):
    """An account sells of one lot at a time, so that every trade has one lineage."""

    code = "lot_account_busy"
    title_en = "Another lot is on offer there"
    title_zh = "该账户正在出售另一份节水量"
    legal = SERVICE_RULE


class LotInOrders(Conflict):
    """What orders or reviews hold can be neither taken back nor cancelled before they end."""

    code = "lot_in_orders"
    title_en = "Orders or reviews hold some of it"
    title_zh = "部分水量仍被委托或审核占用"
    legal = SERVICE_RULE


class NoWaterShares(Conflict):
    """Proceeds are shared as the contract says; one that does not say it sells no water."""

    code = "no_water_shares"
    title_en = "The contract does not say who gets what of sold water"
    title_zh = "合同未约定售水收益分配"
    legal = "节约用水条例 art. 40; SAVINGS section 1"


class ClawBackState(Conflict):
    """The step is not possible in the present state of the claw-back."""

    code = "claw_back_state"
    title_en = "Not possible in the present state of the claw-back"
    title_zh = "追回程序当前状态下不能办理"
    legal = CLAW_BACK


class ClawBackTooLate(Conflict):
    """A distributed report is looked at again within its time only."""

    code = "claw_back_too_late"
    title_en = "The time to look at this report again is over"
    title_zh = "已超过追回期限"
    legal = CLAW_BACK


class SecondPersonNeeded(NotAllowed):
    """Reopening and deciding take two persons."""

    code = "second_person_needed"
    title_en = "Another person must agree"
    title_zh = "须由另一人复核"
    legal = CLAW_BACK


class ClawBackRaises(Refusal):
    """A re-verification upholds what was verified, or lowers it."""

    code = "claw_back_raises"
    title_en = "A re-verification raises nothing"
    title_zh = "复核不得增加节水量"
    legal = CLAW_BACK
