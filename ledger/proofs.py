"""The proofs of the ledger: queries that return the rows which break a rule. A sound ledger returns none.

Each reads the transfers as the only truth and runs beside a working system, in one statement and so one
snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True, slots=True)
class Proof:
    """A rule by name, and the query of its violations; the first column says what is wrong."""

    name: str
    violations_sql: LiteralString


# One row a side of a transfer, with what it changes in the account's columns.
_SIDES = """
  SELECT id, debit_account_id AS account_id,
         CASE kind WHEN 0 THEN 0 WHEN 1 THEN amount ELSE -amount END AS debits_pending,
         CASE WHEN kind IN (0, 2) THEN amount ELSE 0 END AS debits_posted,
         0 AS credits_pending, 0 AS credits_posted
  FROM transfers
  UNION ALL
  SELECT id, credit_account_id, 0, 0,
         CASE kind WHEN 0 THEN 0 WHEN 1 THEN amount ELSE -amount END,
         CASE WHEN kind IN (0, 2) THEN amount ELSE 0 END
  FROM transfers
"""

TRANSFERS_BALANCE = Proof(
    "every transfer has two accounts of one asset",
    """
SELECT CASE WHEN d.id IS NULL THEN 'no debit account' WHEN c.id IS NULL THEN 'no credit account'
            ELSE 'two assets' END AS reason,
       t.id AS transfer_id, t.debit_account_id, t.credit_account_id
FROM transfers AS t
LEFT JOIN accounts AS d ON d.id = t.debit_account_id
LEFT JOIN accounts AS c ON c.id = t.credit_account_id
WHERE d.id IS NULL OR c.id IS NULL OR d.asset_id <> c.asset_id
""",
)

COLUMNS_EQUAL_SUMS = Proof(
    "the columns of every account equal the sums of its transfers",
    f"""
SELECT 'columns differ from sums' AS reason, a.id AS account_id,
       a.debits_pending, coalesce(s.debits_pending, 0) AS debits_pending_sum,
       a.debits_posted, coalesce(s.debits_posted, 0) AS debits_posted_sum,
       a.credits_pending, coalesce(s.credits_pending, 0) AS credits_pending_sum,
       a.credits_posted, coalesce(s.credits_posted, 0) AS credits_posted_sum
FROM accounts AS a
LEFT JOIN (
  SELECT account_id, sum(debits_pending) AS debits_pending, sum(debits_posted) AS debits_posted,
         sum(credits_pending) AS credits_pending, sum(credits_posted) AS credits_posted
  FROM ({_SIDES}) AS sides GROUP BY account_id
) AS s ON s.account_id = a.id
WHERE (a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted) <>
      (coalesce(s.debits_pending, 0), coalesce(s.debits_posted, 0),
       coalesce(s.credits_pending, 0), coalesce(s.credits_posted, 0))
""",
)

NEVER_OVERDRAWN = Proof(
    "no account that forbids it was ever overdrawn, replayed in id order",
    f"""
SELECT 'overdrawn' AS reason, account_id, transfer_id, available, code
FROM (
  SELECT s.account_id, s.id AS transfer_id, a.code, sum(
           CASE WHEN a.flags & 1 = 1 THEN s.credits_posted - s.debits_posted - s.debits_pending
                ELSE s.debits_posted - s.credits_posted - s.credits_pending END
         ) OVER (PARTITION BY s.account_id, a.code ORDER BY s.id) AS available
  FROM ({_SIDES}) AS s
  JOIN accounts AS a ON a.id = s.account_id AND a.flags <> 0
) AS replay
WHERE available < 0
""",
)

PENDINGS_NOT_OVER_RESOLVED = Proof(
    "every resolution names an earlier pending of the same accounts, and together they never pass it",
    """
SELECT CASE WHEN p.id IS NULL THEN 'no such pending' WHEN p.id > t.id THEN 'resolved before it was held'
            ELSE 'other accounts than the pending' END AS reason,
       t.id AS transfer_id, t.pending_id, t.amount::numeric AS resolved, p.amount AS held
FROM transfers AS t
LEFT JOIN transfers AS p ON p.id = t.pending_id AND p.kind = 1
WHERE t.kind >= 2
  AND (p.id IS NULL OR p.id > t.id
       OR (p.debit_account_id, p.credit_account_id) <> (t.debit_account_id, t.credit_account_id))
UNION ALL
SELECT 'over-resolved', NULL, r.pending_id, r.resolved, p.amount
FROM (SELECT pending_id, sum(amount) AS resolved FROM transfers WHERE pending_id IS NOT NULL GROUP BY 1) AS r
JOIN transfers AS p ON p.id = r.pending_id
WHERE r.resolved > p.amount
""",
)

PROOFS = (TRANSFERS_BALANCE, COLUMNS_EQUAL_SUMS, NEVER_OVERDRAWN, PENDINGS_NOT_OVER_RESOLVED)
