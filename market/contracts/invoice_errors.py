"""What statements and invoices of saving contracts refuse: one class a rule."""

from __future__ import annotations

from market.contracts.errors import SERVICE_RULE
from market.core.errors import Conflict, Refusal

INVOICE_RULE = (
    "发票管理办法 (2023) arts 18-19, to confirm: who receives money invoices who pays; SAVINGS section 5"
)
RED_RULE = (
    "发票管理办法实施细则 (2024) art. 26, to confirm: an invoice is taken back by a red one, not changed"
)


class NotSharedOut(Refusal):
    """A statement is of a period that was shared out."""

    code = "not_shared_out"
    title_en = "The period was not shared out yet"
    title_zh = "本期尚未分配"
    legal = SERVICE_RULE


class NotInvoiced(Conflict):
    """Shares and fees are invoiced; what is paid for a breach, and what was cancelled, is not."""

    code = "not_invoiced"
    title_en = "This due is not invoiced"
    title_zh = "该款项不开具发票"
    legal = INVOICE_RULE


class NotTheIssuer(Refusal):
    """Who receives a due issues its invoice, and takes it back."""

    code = "not_the_issuer"
    title_en = "The payee of the due issues the invoice"
    title_zh = "由收款方开具发票"
    legal = INVOICE_RULE


class InvoicedBefore(Conflict):
    """A due is invoiced once; again only after the invoice was taken back."""

    code = "invoiced_before"
    title_en = "The due was invoiced before"
    title_zh = "该款项已开具发票"
    legal = INVOICE_RULE


class TakenBack(Conflict):
    """No more is taken back than an invoice says, and a red invoice is not taken back."""

    code = "taken_back"
    title_en = "The invoice cannot be taken back so far"
    title_zh = "红字金额超过原发票余额"
    legal = RED_RULE
