"""What fee invoices refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, Refusal

INVOICE_RULE = "发票管理办法 (2023) arts 18-19, to confirm: who receives money invoices who pays"
TITLE_RULE = (
    "国家税务总局公告2017年第16号 art. 1, to confirm: an enterprise's invoice bears its taxpayer number"
)
SPECIAL_RULE = (
    "增值税专用发票使用规定 (国税发〔2006〕156号) art. 10, to confirm: no special invoice to consumers"
)
NUMBER_RULE = (
    "国家税务总局公告2024年第11号, to confirm: a digital invoice (数电票) has a number of twenty digits"
)


class NoProfileNeeded(Refusal):
    """Natural persons are invoiced in their own name, by ordinary invoices: nothing more of them is kept."""

    code = "no_tax_profile_needed"
    title_en = "Persons and households are invoiced in their own name"
    title_zh = "个人和农户按本人姓名开具普通发票，无需开票信息"
    legal = SPECIAL_RULE


class WrongTaxNumber(InvalidInput):
    """The taxpayer number is the unified social credit code under which the body was admitted."""

    code = "wrong_tax_number"
    title_en = "The taxpayer number is not this body's credit code"
    title_zh = "纳税人识别号与本主体统一社会信用代码不符"
    legal = TITLE_RULE


class SpecialNeedsAll(Refusal):
    """A special VAT invoice needs address, telephone, bank and account."""

    code = "special_needs_all"
    title_en = "A special VAT invoice needs address, telephone, bank and account"
    title_zh = "专用发票须填写地址、电话、开户银行及账号"
    legal = SPECIAL_RULE


class MonthNotOver(Refusal):
    """A month is invoiced when it is over."""

    code = "month_not_over"
    title_en = "The month is not over"
    title_zh = "该月份尚未结束"
    legal = INVOICE_RULE


class EarlierMonthFirst(Conflict):
    """Months are invoiced in their order, so that what is given back finds the invoice that it is taken off."""

    code = "earlier_month_first"
    title_en = "Fees of an earlier month are not invoiced yet"
    title_zh = "存在更早月份未开票的手续费"
    legal = INVOICE_RULE


class NothingToInvoice(Conflict):
    """Nothing of the month is to be invoiced or credited, or all of it was."""

    code = "nothing_to_invoice"
    title_en = "There is nothing to invoice"
    title_zh = "没有可开票的手续费"
    legal = INVOICE_RULE


class FeePreviewChanged(Conflict):
    """What is issued is what was previewed: since then fees or tax profiles have changed."""

    code = "preview_changed"
    title_en = "The invoices are no longer those of the preview"
    title_zh = "发票与预览不一致，请重新预览"
    legal = INVOICE_RULE


class WrongFapiaoNumber(InvalidInput):
    """Twenty digits, or a code of ten or twelve digits with a number of eight; not of a day before the invoice."""

    code = "wrong_fapiao_number"
    title_en = "Not a number of an invoice of the tax authority"
    title_zh = "发票号码格式不正确"
    legal = NUMBER_RULE


class NumberedBefore(Conflict):
    """An invoice has one number of the tax authority's, and each number is of one invoice."""

    code = "numbered_before"
    title_en = "The invoice has a number, or the number another invoice"
    title_zh = "发票已登记号码或号码已被使用"
    legal = NUMBER_RULE
