"""Whose money a line of the bank's statement is, by exact evidence alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

BY_CODE, BY_PAYER = "deposit_code", "payer_account"


class Whose(NamedTuple):
    """A money account, and by what it is known."""

    money_account_id: int
    evidence: str


def whose(code_account: int | None, payers: Sequence[int]) -> Whose | None:
    """Whose a credit is, or None where people have to look.

    `code_account`: the account that the remark's deposit code names. `payers`: the accounts of whose holder's confirmed
    bank account the number and the name are the payer's. A code stands against no payer; where a code names one and the
    payer is another participant, nothing is certain.
    """
    if code_account is not None:
        agreed = not payers or tuple(payers) == (code_account,)
        return Whose(code_account, BY_CODE) if agreed else None
    return Whose(payers[0], BY_PAYER) if len(payers) == 1 else None
