"""Double entry: accounts, immutable transfers, two-phase holds. Knows no water, no trade and no web.

Write through `Batch` (`ledger.journal`), read through `ledger.balances`, prove with `ledger.proofs.PROOFS`;
numbers of the wire go through `ledger.units`. Every refusal is a `LedgerError`.
"""

from __future__ import annotations

from ledger import balances, errors, journal, models, posting, proofs, units
from ledger.balances import Balance, Entry
from ledger.errors import LedgerError
from ledger.journal import Batch, NewAccount, open_account, open_accounts, open_asset, pending_rest
from ledger.models import Account, Asset, Transfer, immutable_trigger_ddl, ledger_trigger_ddl
from ledger.posting import Handle, Posting
from ledger.proofs import PROOFS, Proof

__all__ = [
    "PROOFS",
    "Account",
    "Asset",
    "Balance",
    "Batch",
    "Entry",
    "Handle",
    "LedgerError",
    "NewAccount",
    "Posting",
    "Proof",
    "Transfer",
    "balances",
    "errors",
    "immutable_trigger_ddl",
    "journal",
    "ledger_trigger_ddl",
    "models",
    "open_account",
    "open_accounts",
    "open_asset",
    "pending_rest",
    "posting",
    "proofs",
    "units",
]
