"""What trust accounts of saving contracts refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, Refusal

TRUST_RULE = "SAVINGS sections 1 and 8 (12); 民法典 arts 919, 927 (entrusted money, to confirm); the contract"


class NoTrustAccount(Refusal):
    """Only a signed contract under trusteeship has a trust account."""

    code = "no_trust_account"
    title_en = "The contract has no trust account"
    title_zh = "该合同无托管账户"
    legal = TRUST_RULE


class TrustClosed(Conflict):
    """A trust account that was closed takes and gives nothing any more."""

    code = "trust_closed"
    title_en = "The trust account is closed"
    title_zh = "托管账户已关闭"
    legal = TRUST_RULE


class NotTheSupplier(Refusal):
    """Bills are presented and taken back by the supplier that the contract names."""

    code = "not_the_supplier"
    status = 403
    title_en = "Only the contract's supplier may do this"
    title_zh = "仅合同约定的供水单位可办理"
    legal = TRUST_RULE


class BillKnown(Conflict):
    """A bill of one number stands once."""

    code = "bill_known"
    title_en = "A bill of this number was presented before"
    title_zh = "该账单号已提交"
    legal = TRUST_RULE


class BillState(Conflict):
    """A bill that was paid or withdrawn stays so."""

    code = "bill_state"
    title_en = "Not possible in the present state of the bill"
    title_zh = "账单当前状态不允许此操作"
    legal = TRUST_RULE


class BillInput(Refusal):
    """A bill is of days of the contract's operation that are over."""

    code = "bill_input"
    title_en = "This is no bill of the contract"
    title_zh = "账单内容不符合合同"
    legal = TRUST_RULE


class TrustNotCovered(Refusal):
    """The balance of a trust account is never negative: a deficit is topped up by the firm first."""

    code = "trust_not_covered"
    title_en = "The trust account does not cover this; the firm tops up what is missing"
    title_zh = "托管账户余额不足，应由服务机构补足"
    legal = TRUST_RULE


class DepositNotFree(Refusal):
    """What is paid into a trust account comes from the payer's free money in the market."""

    code = "deposit_not_free"
    title_en = "The money account does not cover the payment"
    title_zh = "资金账户余额不足"
    legal = TRUST_RULE


class TrustFeeUnpaid(Conflict):
    """A period is settled when the user has paid its fee."""

    code = "trust_fee_unpaid"
    title_en = "The fee of the period is not paid"
    title_zh = "本期托管费尚未缴纳"
    legal = TRUST_RULE


class BillsMissing(Conflict):
    """The supplier is paid before the firm: bills cover every day of a period that is settled."""

    code = "bills_missing"
    title_en = "The supplier's bills do not cover the period yet"
    title_zh = "供水账单尚未覆盖本期"
    legal = TRUST_RULE


class TrustPeriodState(Conflict):
    """Periods are settled once each, in their order."""

    code = "trust_period_state"
    title_en = "Not possible in the present state of the period"
    title_zh = "本期当前状态不允许此操作"
    legal = TRUST_RULE


class TrustInUse(Conflict):
    """An account is closed when the contract has ended, every bill is paid and every period settled."""

    code = "trust_in_use"
    title_en = "The trust account is still in use"
    title_zh = "托管账户仍在使用"
    legal = TRUST_RULE
