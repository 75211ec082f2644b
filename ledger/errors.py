"""One error a rule of the ledger. `code` is stable; the attributes are the case's numbers, smallest units."""

from __future__ import annotations


class LedgerError(Exception):
    """Base of every refusal of the ledger. One that a check raises leaves nothing written."""

    code = "ledger"


class UnknownAsset(LedgerError):
    """No asset has this id. Comes from the database: the transaction must be rolled back."""

    code = "unknown_asset"

    def __init__(self, detail: str) -> None:
        super().__init__(f"no such asset: {detail}")


class AssetDiffers(LedgerError):
    """An asset of this code is there already, with another scale."""

    code = "asset_differs"

    def __init__(self, asset_code: str, scale: int, needed: int) -> None:
        self.asset_code, self.scale, self.needed = asset_code, scale, needed
        super().__init__(f"asset {asset_code} has scale {scale}, not {needed}")


class UnknownAccount(LedgerError):
    """A transfer names accounts that do not exist."""

    code = "unknown_account"

    def __init__(self, account_ids: list[int]) -> None:
        self.account_ids = account_ids
        super().__init__(f"no such account: {', '.join(map(str, account_ids))}")


class AssetMismatch(LedgerError):
    """The debit and the credit account of a transfer hold different assets."""

    code = "asset_mismatch"

    def __init__(self, debit_account_id: int, credit_account_id: int) -> None:
        self.debit_account_id, self.credit_account_id = debit_account_id, credit_account_id
        super().__init__(f"accounts {debit_account_id} and {credit_account_id} hold different assets")


class SameAccount(LedgerError):
    """A transfer debits and credits one account."""

    code = "same_account"

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id
        super().__init__(f"account {account_id} cannot transfer to itself")


class AmountNotPositive(LedgerError):
    """An amount is nil, negative or not an integer."""

    code = "amount_not_positive"

    def __init__(self, amount: object) -> None:
        self.amount = amount
        super().__init__(f"an amount is a positive integer, not {amount!r}")


class BalanceTooLarge(LedgerError):
    """An amount, or a balance with it, passes what 64 bits hold."""

    code = "balance_too_large"

    def __init__(self, account_id: int, amount: int) -> None:
        self.account_id, self.amount = account_id, amount
        super().__init__(f"account {account_id} cannot hold {amount} more")


class InsufficientBalance(LedgerError):
    """A step would overdraw an account whose flags forbid it.

    `available` is what the account had left before the step, `needed` what the step asked of it.
    """

    code = "insufficient_balance"

    def __init__(self, account_id: int, available: int, needed: int) -> None:
        self.account_id, self.available, self.needed = account_id, available, needed
        super().__init__(f"account {account_id} has {available} available, {needed} needed")


class UnknownPending(LedgerError):
    """A post, void or expire names something that is not a pending transfer."""

    code = "unknown_pending"

    def __init__(self, pending_id: int) -> None:
        self.pending_id = pending_id
        super().__init__(f"no such pending transfer: {pending_id}")


class PendingOverResolved(LedgerError):
    """A post, void or expire asks for more than is left of the pending transfer."""

    code = "pending_over_resolved"

    def __init__(self, pending_id: int, rest: int, needed: int) -> None:
        self.pending_id, self.rest, self.needed = pending_id, rest, needed
        super().__init__(f"pending transfer {pending_id} has {rest} left, {needed} needed")


class PendingResolved(LedgerError):
    """A post, void or expire asks for all that is left of a pending transfer, and nothing is."""

    code = "pending_resolved"

    def __init__(self, pending_id: int) -> None:
        self.pending_id = pending_id
        super().__init__(f"pending transfer {pending_id} is wholly resolved")


class BatchSpent(LedgerError):
    """A batch is executed once."""

    code = "batch_spent"

    def __init__(self) -> None:
        super().__init__("this batch has been executed")


class BatchNotExecuted(LedgerError):
    """The ids of a batch's transfers are asked for before it was executed."""

    code = "batch_not_executed"

    def __init__(self) -> None:
        super().__init__("this batch has not been executed")
