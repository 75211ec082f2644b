"""What payments refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, Refusal


class BankReferenceUsed(Conflict):
    """A transfer in this direction was recorded under this bank reference."""

    code = "bank_reference_used"
    title_en = "This bank reference was recorded before"
    title_zh = "该银行流水号已登记"


class PayoutOverAvailable(Refusal):
    """A payout of more than the participant has free."""

    code = "payout_over_available"
    title_en = "More than is available"
    title_zh = "超过可用余额"
    legal = "service rule of the exchange: only free money is paid out"


class ValueDateInFuture(Refusal):
    """Money is recorded when the bank has moved it."""

    code = "value_date_in_future"
    title_en = "The value date is in the future"
    title_zh = "起息日在未来"
