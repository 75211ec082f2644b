"""What water bills refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, NotAllowed, Refusal

PRICE_LAW = "水法 art. 49 (Water Law: by volume, progressive above the quota)"
TERMINAL_PRICE = "county plan part 4(1)1: works price and end-canal fee"
BILLING_RULE = "service rule of the exchange: water bills"


class BillingPeriod(Refusal):
    """A run is of a day of its water year that is not to come, and not before the last run's."""

    code = "billing_period"
    title_en = "The period cannot be billed"
    title_zh = "该期间不可出账"
    legal = BILLING_RULE


class NoDueTime(Refusal):
    """The county's pack does not say within how many days a water bill is paid."""

    code = "no_due_time"
    title_en = "The county's rules give no time to pay a water bill in"
    title_zh = "县规则未规定水费缴纳期限"
    legal = BILLING_RULE


class PreviewChanged(Conflict):
    """What is issued is what was previewed: since then readings, prices or bills have changed."""

    code = "preview_changed"
    title_en = "The bills are no longer those of the preview"
    title_zh = "账单与预览不一致，请重新预览"
    legal = BILLING_RULE


class NotAnAssociation(Refusal):
    """The end canals below a canal are kept by an association that is admitted and has a money account."""

    code = "not_an_association"
    title_en = "Not an admitted association"
    title_zh = "不是已准入的用水户协会"
    legal = TERMINAL_PRICE


class CanalHasOne(Conflict):
    """From one day on a canal has one association."""

    code = "canal_has_one"
    title_en = "An association is recorded from that day on"
    title_zh = "该日起已登记协会"
    legal = TERMINAL_PRICE


class BillSettled(Conflict):
    """The bill is paid, or is a credit."""

    code = "bill_settled"
    title_en = "There is nothing to pay on this bill"
    title_zh = "该账单无应缴金额"
    legal = BILLING_RULE


class Overpaid(Refusal):
    """More than what is left of a bill is not taken."""

    code = "overpaid"
    title_en = "More than what is left to pay"
    title_zh = "超过应缴余额"
    legal = BILLING_RULE


class BillNotCovered(Refusal):
    """The payer's free money does not cover the payment."""

    code = "bill_not_covered"
    title_en = "The money account does not cover it"
    title_zh = "资金账户余额不足"
    legal = BILLING_RULE


class ConsentStands(Conflict):
    """A holder has one consent at a time."""

    code = "consent_stands"
    title_en = "A consent stands already"
    title_zh = "已有有效的抵扣同意"
    legal = "民法典 art. 568 (set-off); the holder's consent"


class ConsentState(Conflict):
    """The consent was withdrawn before."""

    code = "offset_consent_state"
    title_en = "The consent was withdrawn"
    title_zh = "抵扣同意已撤回"
    legal = "民法典 art. 568 (set-off); the holder's consent"


class NothingToRemit(Refusal):
    """Nothing was collected up to that day that is not in a remittance."""

    code = "nothing_to_remit"
    title_en = "Nothing was collected that is not remitted"
    title_zh = "没有待解缴款项"
    legal = BILLING_RULE


class RemittanceState(Conflict):
    """The remittance was decided on before."""

    code = "remittance_state"
    title_en = "The remittance was decided on before"
    title_zh = "该解缴单已处理"
    legal = BILLING_RULE


class RemittanceFourEyes(NotAllowed):
    """Who made a remittance does not decide on it."""

    code = "remittance_four_eyes"
    title_en = "Another person decides on a remittance"
    title_zh = "解缴单须由他人复核"
    legal = BILLING_RULE


class RemittanceReference(Refusal):
    """What leaves by the bank is confirmed with the bank's reference, and each reference once."""

    code = "remittance_reference"
    title_en = "The bank's reference is missing or was used"
    title_zh = "缺少银行流水号或已被使用"
    legal = BILLING_RULE


class PostedBefore(Conflict):
    """A village's bills of a run are posted once."""

    code = "posted_before"
    title_en = "The village's bills of this run are posted"
    title_zh = "该村本期水费已公示"
    legal = BILLING_RULE


class NothingToPost(Refusal):
    """The run has no bill in this place."""

    code = "nothing_to_post"
    title_en = "The run has no bill there"
    title_zh = "该地本期无账单"
    legal = BILLING_RULE
