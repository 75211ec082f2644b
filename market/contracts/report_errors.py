"""What baselines, reports, verification and distribution refuse: one class a rule."""

from __future__ import annotations

from market.contracts.errors import SERVICE_RULE
from market.core.errors import Conflict, NotAllowed, Refusal

MEASURING = "GB/T 34148 (not seen) as SAVINGS sections 2 and 3 have it"
LIFE = "SAVINGS section 4"


class BaselineInput(Refusal):
    """A base period is of whole years, measured, and has every driver; departures are signed by both."""

    code = "baseline_input"
    title_en = "This makes no baseline"
    title_zh = "无法据此确定基准"
    legal = MEASURING


class BaselineState(Conflict):
    """A baseline that both agreed to is frozen: another takes its place only after years, and for later periods."""

    code = "baseline_state"
    title_en = "The baseline is frozen, or was not agreed"
    title_zh = "基准已锁定或尚未确认"
    legal = MEASURING


class ReportInput(Refusal):
    """A report is of one period of the operation that is over, measured at the boundary, with every driver."""

    code = "report_input"
    title_en = "This makes no report"
    title_zh = "无法据此生成节水报告"
    legal = MEASURING


class OnlyOperationEarns(Conflict):
    """Base, works and trial earn nothing, nor does anything after handing over."""

    code = "only_operation_earns"
    title_en = "Only periods of the operation are reported"
    title_zh = "仅运行期可申报节水量"
    legal = "SAVINGS sections 1 and 8 (2)"


class IntervalClaimed(Conflict):
    """One interval of a meter backs one claim, that of a meter above or below it included."""

    code = "interval_claimed"
    title_en = "A meter of the boundary backs another claim for these days"
    title_zh = "该计量区间已用于其他节水量认定"
    legal = "SAVINGS sections 1 and 8 (1)"


class ReportState(Conflict):
    """The step is not possible in the present state of the report."""

    code = "report_state"
    title_en = "Not possible in the present state of the report"
    title_zh = "报告当前状态不允许此操作"
    legal = LIFE


class NotTheVerifier(NotAllowed):
    """The verifier of the contract certifies; after a dispute another one, whom the bureau named."""

    code = "not_the_verifier"
    title_en = "Another verifies this report"
    title_zh = "无权核验该报告"
    legal = LIFE


class OtherDerivation(Conflict):
    """What is accepted or certified is a derivation with one hash and no other."""

    code = "other_derivation"
    title_en = "The derivation has changed"
    title_zh = "推导过程与所认可的不一致"
    legal = LIFE


class AcceptedBefore(Conflict):
    """A side accepts a draft or a baseline once."""

    code = "accepted_before"
    title_en = "This side has accepted already"
    title_zh = "该方已确认"


class ObjectionTooLate(Conflict):
    """A verified report may be objected to for some working days."""

    code = "objection_too_late"
    title_en = "The time to object is over"
    title_zh = "异议期已过"
    legal = LIFE


class ObjectionOpen(Conflict):
    """What is verified is distributed when the time to object is over."""

    code = "objection_open"
    title_en = "The time to object is not over"
    title_zh = "异议期未满"
    legal = LIFE


class NotVerified(Conflict):
    """Nothing is distributed before it was verified, nor while it is disputed."""

    code = "not_verified"
    title_en = "The report is not verified, or is disputed"
    title_zh = "报告未核验或存在争议"
    legal = "SAVINGS section 8 (3)"


class DistributionOrder(Conflict):
    """Periods are distributed one after another: recovery, caps and carried losses go on from the one before."""

    code = "distribution_order"
    title_en = "An earlier period comes first"
    title_zh = "须先分配较早期间"
    legal = SERVICE_RULE


class NotDistributable(Conflict):
    """The database refuses a row of a distribution; the report waits, and others are shared out."""

    code = "not_distributable"
    title_en = "The distribution cannot be written"
    title_zh = "分配结果无法入账"
    legal = SERVICE_RULE


class AdjustmentState(Conflict):
    """An adjustment enters with the other party's consent, or the verifier's decision, once."""

    code = "adjustment_state"
    title_en = "The adjustment was decided on, or is one's own"
    title_zh = "调整事项状态不允许此操作"
    legal = "SAVINGS section 3 (non-routine events)"


class MergesWithNext(Conflict):
    """Money follows the point estimate where it is precise enough; else the period is reported again with the next."""

    code = "merges_with_next"
    title_en = "The period is too uncertain alone: it merges with the next"
    title_zh = "本期精度不足，并入下一期"
    legal = "SAVINGS section 3 (credited money)"


class MergeWaits(Conflict):
    """A period that is disputed becomes a part of no other until the dispute is decided."""

    code = "merge_waits"
    title_en = "The period that merges is disputed"
    title_zh = "待合并的期间存在争议"
    legal = LIFE


class MergeTerms(Refusal):
    """Periods make one report where one version of the contract governs all of them."""

    code = "merge_terms"
    title_en = "Another version of the contract governs one of these periods"
    title_zh = "各期适用的合同版本不同，不能合并"
    legal = "SAVINGS section 1: the version in force at a period's start governs it for good"


class PeriodSkipped(Refusal):
    """No period is left out in silence: it is reported, alone or with the next, or both sides give it up."""

    code = "period_skipped"
    title_en = "An earlier period was neither reported nor given up"
    title_zh = "较早期间既未申报也未放弃"
    legal = LIFE


class PeriodGivenUp(Conflict):
    """What both sides have given up is not reported any more."""

    code = "period_given_up"
    title_en = "Both sides have given this period up"
    title_zh = "双方已放弃该期间"
    legal = LIFE
