"""Invariants 9 and 10 where an account sells for others: shares follow from moves, payees from the shares in force."""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg

from market.core.chart import TransferCode
from market.proofs import Check
from market.registry import shareouts
from market.settlement.clearing import FEE, Beneficiaries

TRUST_MOVE = int(TransferCode.TRUST_MOVE)

SHARES_SQL = f"""
WITH ordered AS (
  SELECT g.*, lag(id) OVER w AS before FROM trust_generations g WINDOW w AS (PARTITION BY trust_id ORDER BY mark)
)
SELECT 'shares do not sum to the pool' AS reason, g.id AS id, g.total_litres AS a, s.litres AS b
FROM trust_generations g
JOIN LATERAL (SELECT coalesce(sum(litres), 0) AS litres FROM trust_shares WHERE generation_id = g.id) AS s ON true
WHERE g.total_litres <> s.litres
UNION ALL
SELECT 'a share does not follow from the one before', o.id, s.litres, coalesce(b.litres, 0)
FROM ordered o
JOIN trust_shares s ON s.generation_id = o.id
LEFT JOIN trust_shares b ON b.generation_id = o.before AND b.member_id = s.member_id
WHERE s.litres <> coalesce(b.litres, 0) - s.sold_litres - s.used_litres + s.moved_litres
UNION ALL
SELECT 'a share was forgotten', o.id, b.member_id, b.litres
FROM ordered o
JOIN trust_shares b ON b.generation_id = o.before AND b.litres > 0
WHERE NOT EXISTS (SELECT FROM trust_shares s WHERE s.generation_id = o.id AND s.member_id = b.member_id)
UNION ALL
SELECT 'a member moved other litres than its shares say', m.id, coalesce(s.litres, 0), coalesce(t.litres, 0)
FROM trust_members m
JOIN trusts r ON r.id = m.trust_id
JOIN water_accounts w ON w.id = r.water_account_id
LEFT JOIN LATERAL (
  SELECT sum(s.moved_litres) AS litres FROM trust_shares s JOIN trust_generations g ON g.id = s.generation_id
  WHERE s.member_id = m.id AND g.cause <> 'returned') AS s ON true
LEFT JOIN LATERAL (
  SELECT sum(CASE WHEN credit_account_id = w.account_id THEN amount ELSE -amount END) AS litres FROM transfers
  WHERE code = {TRUST_MOVE} AND reference = m.id AND w.account_id IN (debit_account_id, credit_account_id)) AS t ON true
WHERE coalesce(s.litres, 0) <> coalesce(t.litres, 0)
"""

# Whoever is paid for the water owns it: nobody buys from a pool what is its own.
OWN_WATER_SQL = """
SELECT 'a beneficiary bought its own water' AS reason, i.id AS instruction_id, i.buyer_id, i.seller_id
FROM instructions i CROSS JOIN LATERAL jsonb_array_elements(i.payees::jsonb) p
JOIN money_accounts m ON m.account_id = (p ->> 0)::bigint
WHERE p ->> 2 = 'beneficiary' AND m.participant_id = i.buyer_id
"""

PLEDGE_HOLDS_SQL = """
SELECT 'a pledge does not hold what rests under its pending transfer' AS reason, h.pledge_id, h.litres,
       coalesce(p.amount, 0) - coalesce(r.amount, 0) AS rest
FROM pledge_holds h
LEFT JOIN transfers p ON p.id = h.hold_id AND p.kind = 1
LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM transfers WHERE pending_id = h.hold_id) AS r ON true
WHERE h.litres <> coalesce(p.amount, 0) - coalesce(r.amount, 0)
UNION ALL
SELECT 'a pledge that is not in force holds water', h.pledge_id, h.litres, 0
FROM pledge_holds h JOIN pledges p ON p.id = h.pledge_id
WHERE h.litres > 0 AND p.status NOT IN ('registered', 'enforcing')
"""

PLEDGE_MONEY_SQL = f"""
SELECT 'pledged water was paid for past its pledges' AS reason, i.id AS id, i.amount_fen AS a, (p ->> 1)::bigint AS b
FROM pledge_sales s
JOIN instructions i ON i.seller_water_account_id = s.water_account_id
CROSS JOIN LATERAL jsonb_array_elements(i.payees::jsonb) p
WHERE p ->> 2 <> 'fee' AND (p ->> 0)::bigint <> s.proceeds_account_id
UNION ALL
SELECT 'a bank was paid other than its pledge says', g.id, coalesce(s.fen, 0), coalesce(t.fen, 0)
FROM pledges g
JOIN money_accounts m ON m.participant_id = g.bank_id
LEFT JOIN LATERAL (SELECT sum(fen) AS fen FROM pledge_steps WHERE pledge_id = g.id AND step = 'paid') AS s ON true
LEFT JOIN LATERAL (SELECT sum(amount) AS fen FROM transfers
                   WHERE code = {int(TransferCode.PLEDGE_PAYMENT)} AND reference = g.id
                     AND credit_account_id = m.account_id) AS t ON true
WHERE coalesce(s.fen, 0) <> coalesce(t.fen, 0)
"""

CHECKS = (
    Check(6, PLEDGE_HOLDS_SQL),
    Check(9, OWN_WATER_SQL),
    Check(10, SHARES_SQL),
    Check(10, PLEDGE_MONEY_SQL),
)

# The generation in force is the last whose mark is before the first transfer of the water.
_SOLD_SQL = f"""
SELECT i.id, i.amount_fen, i.payees, g.id, r.fee_per_mille, coalesce(m.account_id, 0)
FROM trusts r
JOIN water_accounts w ON w.id = r.water_account_id
JOIN instructions i ON i.seller_id = r.trustee_id AND i.seller_water_account_id = w.id
LEFT JOIN money_accounts m ON m.participant_id = r.trustee_id
JOIN LATERAL (SELECT min(id) AS id FROM transfers
              WHERE debit_account_id = w.account_id AND reference = i.id AND code IN {shareouts.TAKEN}) AS t ON true
LEFT JOIN LATERAL (SELECT id FROM trust_generations WHERE trust_id = r.id AND mark < t.id
                   ORDER BY mark DESC LIMIT 1) AS g ON true
"""
_WEIGHTS_SQL = """
SELECT s.generation_id, a.account_id, s.litres
FROM trust_shares s JOIN trust_members m ON m.id = s.member_id
JOIN money_accounts a ON a.participant_id = m.participant_id
WHERE s.litres > 0 ORDER BY s.generation_id, s.member_id
"""


def violations(connection: psycopg.Connection[Any]) -> list[list[Any]]:
    """Instructions out of pools whose payees are not those of the shares that were in force at the trade."""
    weights: dict[int, list[tuple[int, int]]] = {}
    for generation, account, litres in connection.execute(_WEIGHTS_SQL):
        weights.setdefault(generation, []).append((account, litres))
    found = []
    for instruction, amount, written, generation, per_mille, trustee in connection.execute(
        _SOLD_SQL
    ).fetchall():
        payees = [tuple(each) for each in msgspec.json.decode(written)]
        fee = sum(fen for _, fen, role in payees if role == FEE)
        shares = weights.get(generation, [])
        due = Beneficiaries(
            tuple(account for account, _ in shares),
            tuple(litres for _, litres in shares),
            frozenset(),
            trustee,
            per_mille,
        )
        paid = sorted(each for each in payees if each[2] != FEE)
        if not shares or paid != sorted((p.account, p.fen, p.role) for p in due.payees(amount - fee)):
            found.append(["the payees are not those of the shares in force", instruction, generation])
    return found
