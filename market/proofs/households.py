"""What districts pay out to households: 10 exact by the resolution, once, posted whole."""

from __future__ import annotations

from market.core.chart import TransferCode
from market.proofs import Check

PAID_SQL = f"""
WITH shared AS (
  SELECT payout_id, sum(fen) AS fen, count(*) AS households, sum(share_bp) AS bp FROM household_shares GROUP BY 1
), posted AS (
  SELECT reference AS payout_id, sum(amount) AS fen FROM transfers
  WHERE code = {int(TransferCode.HOUSEHOLD_SHARE)} GROUP BY 1
)
SELECT 'households'' shares that are not what was paid out' AS reason, p.id, p.fen, s.fen
FROM household_payouts p LEFT JOIN shared s ON s.payout_id = p.id LEFT JOIN posted t ON t.payout_id = p.id
WHERE (s.fen, s.households, s.bp, t.fen) IS DISTINCT FROM (p.fen::numeric, p.households::bigint, 10000::bigint,
                                                           p.fen::numeric)
UNION ALL
SELECT 'a household that was not paid its share', s.payout_id, s.participant_id, s.fen
FROM household_shares s JOIN household_payouts p ON p.id = s.payout_id
LEFT JOIN money_accounts m ON m.participant_id = s.participant_id
LEFT JOIN money_accounts d ON d.participant_id = p.user_id
LEFT JOIN transfers t ON t.code = {int(TransferCode.HOUSEHOLD_SHARE)} AND t.reference = p.id
                     AND t.credit_account_id = m.account_id AND t.debit_account_id = d.account_id
WHERE coalesce(t.amount, 0) <> s.fen
UNION ALL
SELECT 'a share that is not by the resolution', s.payout_id, s.participant_id, s.share_bp
FROM household_shares s JOIN household_payouts p ON p.id = s.payout_id JOIN contract_versions v ON v.id = p.version_id
LEFT JOIN LATERAL (
  SELECT (h ->> 'share_bp')::int AS bp FROM jsonb_array_elements(v.text::jsonb -> 'households') AS h
  WHERE (h ->> 'participant')::bigint = s.participant_id
) AS r ON true
WHERE r.bp IS DISTINCT FROM s.share_bp OR abs(s.fen * 10000 - p.fen * s.share_bp) >= 10000
UNION ALL
SELECT 'a district that kept what it received for its households', d.id, d.payee_id, d.fen
FROM contract_dues d
JOIN LATERAL (
  SELECT v.text::jsonb AS terms FROM contract_versions v
  WHERE v.contract_id = d.contract_id AND v.status = 'signed' AND (v.effective_on <= d.arose_on OR v.number = (
    SELECT min(number) FROM contract_versions WHERE contract_id = d.contract_id AND status = 'signed'))
  ORDER BY v.number DESC LIMIT 1
) AS v ON jsonb_array_length(v.terms -> 'households') > 0
JOIN saving_contracts c ON c.id = d.contract_id AND c.user_id = d.payee_id
LEFT JOIN household_payouts p ON p.source = 'due' AND p.reference = d.id
WHERE d.status = 'paid' AND coalesce(p.fen, 0) <> d.fen - d.offset_fen + d.interest_fen
"""

CHECKS = (Check(10, PAID_SQL),)
