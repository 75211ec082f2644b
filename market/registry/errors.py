"""What the registry refuses: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, Refusal

REG = "取水许可和水资源费征收管理条例"
PACK = "service rule of the exchange: zones, sectors and sources are those of the county pack"
ACCOUNTS = "service rule of the exchange: water accounts"
LIMITS = "service rule of the exchange: register of limits"
USE_PLAN = "水法 art. 49; county plan part 3(1)2"
CUT = f"{REG} arts 24, 41-42"


class UnknownZone(InvalidInput):
    """A zone code that the county's pack does not have."""

    code = "unknown_zone"
    title_en = "No such zone"
    title_zh = "没有该区域"
    legal = PACK


class NotAPlace(InvalidInput):
    """A water account is at one township of the administrative tree and one canal of the river tree."""

    code = "not_a_place"
    title_en = "Not a township and a canal"
    title_zh = "不是乡镇与渠道"
    legal = PACK


class UnknownSource(InvalidInput):
    """A source of water that the county's pack does not have."""

    code = "unknown_source"
    title_en = "No such source of water"
    title_zh = "没有该水源"
    legal = PACK


class UnknownSector(InvalidInput):
    """A sector that the county's pack does not have."""

    code = "unknown_sector"
    title_en = "No such sector"
    title_zh = "没有该行业"
    legal = PACK


class WaterYearNotOpen(Refusal):
    """The water year is unknown, closing or closed."""

    code = "water_year_not_open"
    title_en = "The water year is not open"
    title_zh = "水年未开放"
    legal = "service rule of the exchange: water years"


class ParticipantNotAdmitted(Refusal):
    """Only an admitted participant gets a right or a water account."""

    code = "participant_not_admitted"
    title_en = "The participant is not admitted"
    title_zh = "主体尚未准入"
    legal = "service rule of the exchange: rights and water are of admitted participants"


class PlaceOverloaded(Refusal):
    """No new right under a node that uses more than its cap, until its reduction plan is fulfilled."""

    code = "place_overloaded"
    title_en = "This place is overloaded: nothing new is granted"
    title_zh = "该区域水资源超载，不予新增水权"
    legal = f"{REG} art. 20; county plan part 3(1)1"


class RestrictionStands(Conflict):
    """A node is restricted once at a time, and a restriction lifted once."""

    code = "restriction_stands"
    title_en = "The node is restricted already, or not any more"
    title_zh = "该节点已受限或已解除限制"
    legal = "county plan part 3(1)1"


class GroundwaterClosed(Refusal):
    """No new groundwater right where drawing is restricted, banned or beyond what renews."""

    code = "groundwater_zone_closed"
    title_en = "No new groundwater in this zone"
    title_zh = "该区域不得新增地下水"
    legal = "地下水管理条例 arts 33-35; 农田水利条例 art. 34"


class TermBackwards(InvalidInput):
    """A term that ends before it has begun."""

    code = "term_backwards"
    title_en = "The term ends before it begins"
    title_zh = "期限止于起始之前"
    legal = "service rule of the exchange: a term ends after it begins"


class TermTooLong(Refusal):
    """An abstraction permit lasts ten years at most."""

    code = "term_too_long"
    title_en = "The term is too long"
    title_zh = "期限过长"
    legal = f"{REG} art. 25"


class EntitlementState(Conflict):
    """The step is not possible in the present state of the entitlement."""

    code = "entitlement_state"
    title_en = "Not possible in the entitlement's present state"
    title_zh = "水权当前状态不允许此操作"
    legal = "service rule of the exchange: a right changes by its steps, each from its states"


class WaterAccountExists(Conflict):
    """The participant has an account of this place, sector, source, water year and origin."""

    code = "water_account_exists"
    title_en = "There is such a water account already"
    title_zh = "该水量账户已存在"
    legal = ACCOUNTS


class WaterAccountNotEmpty(Conflict):
    """A water account with litres or holds on it cannot be closed."""

    code = "water_account_not_empty"
    title_en = "The water account is not empty"
    title_zh = "水量账户仍有余额"
    legal = ACCOUNTS


class WaterAccountState(Conflict):
    """The step is not possible in the present state of the water account."""

    code = "water_account_state"
    title_en = "Not possible in the water account's present state"
    title_zh = "水量账户当前状态不允许此操作"
    legal = ACCOUNTS


class NoUsePlanNeeded(Refusal):
    """Use plans bind industry and services only."""

    code = "no_use_plan_needed"
    title_en = "This sector needs no use plan"
    title_zh = "该行业无需用水计划"
    legal = USE_PLAN


class PlanBelowPurchases(Refusal):
    """A use plan below what was already bought, or is held for purchases."""

    code = "plan_below_purchases"
    title_en = "The use plan is below what was bought"
    title_zh = "用水计划低于已购水量"
    legal = USE_PLAN


class LimitExists(Conflict):
    """There is a limit with this code, or on this node, in this water year."""

    code = "limit_exists"
    title_en = "There is such a limit already"
    title_zh = "该指标已存在"
    legal = LIMITS


class LimitShape(InvalidInput):
    """A limit that lacks what its kind needs, or has what its kind has not."""

    code = "limit_shape"
    title_en = "Not the shape of a limit of this kind"
    title_zh = "指标内容与类型不符"
    legal = LIMITS


class LimitCode(InvalidInput):
    """A limit's code is up to 64 letters, digits, _ . and -, the first a letter or digit."""

    code = "limit_code"
    title_en = "Not a code of a limit"
    title_zh = "指标代码格式不正确"
    legal = LIMITS


class CapAfterUse(Refusal):
    """A new cap over accounts that already have water: what they use would not be counted under it."""

    code = "cap_after_use"
    title_en = "A cap is set before the water under it is announced"
    title_zh = "总量指标须在水量公告之前设定"
    legal = "service rule of the exchange: a cap counts all water under it"


class LimitBelowUse(Refusal):
    """A cut below what is used and held under the limit: that needs a curtailment."""

    code = "limit_below_use"
    title_en = "The limit would fall below present use"
    title_zh = "指标低于当前用量"
    legal = CUT


class NothingToAnnounce(Refusal):
    """No confirmed entitlement in the class, or the share is less than a litre."""

    code = "nothing_to_announce"
    title_en = "The class has no volume to credit"
    title_zh = "该类别没有可分配水量"
    legal = "service rule of the exchange: shares are announced of the volume that was confirmed"


class ShareOverEntitlement(Refusal):
    """The announced shares of a water year would pass 100 per cent of an entitlement."""

    code = "share_over_entitlement"
    title_en = "More than the whole entitlement"
    title_zh = "超过水权总量"
    legal = f"{REG} art. 24: the confirmed volume is the most in a year"


class CapExceeded(Refusal):
    """An announcement needs more than a cap has left; it is refused whole."""

    code = "cap_exceeded"
    title_en = "A cap lacks headroom"
    title_zh = "总量控制指标不足"
    legal = "county plan part 3(1)1"


class LimitMoved(Conflict):
    """A county pack uses the code of a limit for another node."""

    code = "limit_moved"
    title_en = "The limit's code belongs to another node"
    title_zh = "该指标代码已用于其他节点"
    legal = LIMITS


class ReserveTooLarge(Refusal):
    """An announcement holds back more than the county's rules allow for the village and the district."""

    code = "reserve_too_large"
    title_en = "More than may be held back"
    title_zh = "预留比例超过上限"
    legal = "service rule of the exchange: reserves"


class NothingReserved(Refusal):
    """There is nothing in the reserves of this class, or no room in its rights, to release."""

    code = "nothing_reserved"
    title_en = "Nothing is held back that could be released"
    title_zh = "没有可释放的预留水量"
    legal = "service rule of the exchange: reserves"


class AnnouncementReversed(Conflict):
    """The announcement was taken back already."""

    code = "announcement_reversed"
    title_en = "The announcement was taken back already"
    title_zh = "该公告已撤销"
    legal = "service rule of the exchange: reversal of announcements"


class AnnouncementSucceeded(Conflict):
    """A right that the announcement credited was split, merged or passed on since."""

    code = "announcement_succeeded"
    title_en = "A right that it credited was split, merged or passed on since"
    title_zh = "所涉水权已分割、合并或转移"
    legal = "service rule of the exchange: reversal of announcements"


class ReleaseNotReversed(Refusal):
    """A release gave out what an announcement had held back; it is that announcement which can be wrong."""

    code = "release_not_reversed"
    title_en = "A release is not taken back"
    title_zh = "预留释放不可撤销"
    legal = "service rule of the exchange: reversal of announcements"


class ReserveGone(Refusal):
    """What the announcement held back was released since: it can no longer be taken back whole."""

    code = "reserve_gone"
    title_en = "What was held back has been released"
    title_zh = "预留水量已释放"
    legal = "service rule of the exchange: reversal of announcements"


class WaterYearState(Conflict):
    """The step is not possible in the present state of the water year."""

    code = "water_year_state"
    title_en = "Not possible in the water year's present state"
    title_zh = "水年当前状态不允许此操作"
    legal = "service rule of the exchange: water years"


class WaterYearNotOver(Refusal):
    """A water year closes when its last day is over."""

    code = "water_year_not_over"
    title_en = "The water year is not over"
    title_zh = "水年尚未结束"
    legal = "service rule of the exchange: water years"


class WaterStillHeld(Conflict):
    """Orders, instructions or other holds still bind water of the year."""

    code = "water_still_held"
    title_en = "Water of the year is still held"
    title_zh = "该水年仍有预留水量"
    legal = "service rule of the exchange: water years"


class NoNextYear(Refusal):
    """What is carried over needs the next water year, open."""

    code = "no_next_water_year"
    title_en = "The next water year is not there, or not open"
    title_zh = "下一水年不存在或未开放"
    legal = "service rule of the exchange: water years"


class SpillRiskHigh(Refusal):
    """Spillable water is released only when the risk that it spills is low enough."""

    code = "spill_risk_high"
    title_en = "The spill risk is too high"
    title_zh = "弃水风险过高"
    legal = "service rule of the exchange: carry-over"


class NothingSpillable(Refusal):
    """No carried water of this source and year is held as spillable."""

    code = "nothing_spillable"
    title_en = "No water is held as spillable"
    title_zh = "没有可能弃水的结转水量"
    legal = "service rule of the exchange: carry-over"


class NotACut(InvalidInput):
    """A curtailment cuts caps, each below what it is now."""

    code = "not_a_cut"
    title_en = "Not a cut of a cap"
    title_zh = "不是总量指标的削减"
    legal = CUT


class CurtailmentRunning(Conflict):
    """There is a curtailment of this water year that is not done."""

    code = "curtailment_running"
    title_en = "A curtailment of this water year is running"
    title_zh = "该水年的削减正在进行"
    legal = CUT
