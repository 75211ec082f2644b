"""Invariant 11: one meter interval, one reading; what counts is posted, exactly, and what does not is reversed."""

from __future__ import annotations

from market.core.chart import TransferCode
from market.proofs import Check

# A reading's use is the difference to the counter before it: of the same counter, or what it showed at first. An
# electricity counter's is its kWh times the coefficient, to half a litre.
CHAIN_SQL = """
SELECT 'readings overlap or run backwards' AS reason, r.id AS reading_id, r.counter_litres, r.use_litres
FROM (
  SELECT x.*, m.measures, c.litres_per_kwh_e3,
         CASE WHEN x.counter_number = m.counter_number THEN m.digits ELSE o.digits END AS digits,
         lag(coalesce(x.kwh_e2, x.counter_litres), 1, CASE WHEN x.counter_number = m.counter_number
             THEN coalesce(m.start_kwh_e2, m.start_litres) ELSE coalesce(o.start_kwh_e2, o.start_litres) END)
           OVER (PARTITION BY x.meter_id, x.counter_number ORDER BY x.read_at) AS before,
         lag(x.read_at, 1, x.since) OVER (PARTITION BY x.meter_id ORDER BY x.read_at) AS before_at
  FROM readings x
  JOIN meter_intervals i ON i.reading_id = x.id
  JOIN meters m ON m.id = x.meter_id
  LEFT JOIN meter_counters o ON o.meter_id = x.meter_id AND o.number = x.counter_number
  LEFT JOIN pump_conversions c ON c.id = x.conversion_id
) AS r
CROSS JOIN LATERAL (
  SELECT coalesce(r.kwh_e2, r.counter_litres) - r.before AS plain,
         CASE WHEN coalesce(r.kwh_e2, r.counter_litres) < r.before
              THEN 10::numeric ^ (r.digits + CASE WHEN r.measures = 'water' THEN 3 ELSE 2 END) ELSE 0 END AS rolled
) AS p
WHERE r.since <> r.before_at
   OR (r.kwh_e2 IS NULL AND p.plain + p.rolled IS DISTINCT FROM r.use_litres)
   OR (r.kwh_e2 IS NOT NULL
       AND abs((p.plain + p.rolled) * r.litres_per_kwh_e3 - r.use_litres::numeric * 100000) > 50000)
UNION ALL
SELECT 'the interval of a reading is another', r.id, NULL, NULL
FROM meter_intervals i JOIN readings r ON r.id = i.reading_id
WHERE i.meter_id <> r.meter_id OR i.period <> tstzrange(r.since, r.read_at, '(]')
UNION ALL
SELECT 'a signed turn sheet lacks its interval, or another has one', s.id, NULL, NULL
FROM turn_sheets s LEFT JOIN meter_intervals i ON i.turn_sheet_id = s.id
WHERE (s.status = 'signed') <> (i.id IS NOT NULL)
   OR (i.meter_id, i.period) IS DISTINCT FROM (s.meter_id, tstzrange(s.since, s.until, '(]')) AND i.id IS NOT NULL
UNION ALL
SELECT 'two readings of a meter for one time', a.reading_id, NULL, NULL
FROM meter_intervals a JOIN meter_intervals b ON b.meter_id = a.meter_id AND b.id > a.id AND b.period && a.period
"""

# Every reading posted its use, over-use and fee; one that counts no more posted them back.
POSTED_SQL = f"""
WITH moved AS (
  SELECT reference AS id,
         coalesce(sum(amount) FILTER (WHERE code = {int(TransferCode.USE)}), 0) AS used,
         coalesce(sum(amount) FILTER (WHERE code = {int(TransferCode.OVER_USE)}), 0) AS over,
         coalesce(sum(amount) FILTER (WHERE code = {int(TransferCode.WATER_FEE)}), 0) AS fee,
         coalesce(sum(amount) FILTER (WHERE code = {int(TransferCode.USE_REVERSED)}), 0) AS used_back,
         coalesce(sum(amount) FILTER (WHERE code = {int(TransferCode.OVER_USE_REVERSED)}), 0) AS over_back,
         coalesce(sum(amount) FILTER (WHERE code = {int(TransferCode.FEE_REVERSED)}), 0) AS fee_back
  FROM transfers
  WHERE kind = 0 AND code IN ({int(TransferCode.USE)}, {int(TransferCode.OVER_USE)}, {int(TransferCode.WATER_FEE)},
        {int(TransferCode.USE_REVERSED)}, {int(TransferCode.OVER_USE_REVERSED)}, {int(TransferCode.FEE_REVERSED)})
  GROUP BY 1
)
SELECT 'a reading did not post its use' AS reason, r.id AS reading_id, r.posted_litres, m.used, r.fee_fen, m.fee
FROM readings r
LEFT JOIN meter_intervals i ON i.reading_id = r.id
LEFT JOIN moved m ON m.id = r.id
WHERE r.posted_litres <> coalesce(m.used, 0) OR r.over_use_litres <> coalesce(m.over, 0)
   OR abs(r.fee_fen) <> coalesce(m.fee, 0)
   OR (CASE WHEN i.id IS NULL THEN r.posted_litres ELSE 0 END) <> coalesce(m.used_back, 0)
   OR (CASE WHEN i.id IS NULL THEN r.over_use_litres ELSE 0 END) <> coalesce(m.over_back, 0)
   OR (CASE WHEN i.id IS NULL THEN abs(r.fee_fen) ELSE 0 END) <> coalesce(m.fee_back, 0)
"""

TURNS_SQL = f"""
SELECT 'a turn sheet did not share out its volume' AS reason, s.id AS turn_sheet_id,
       s.gate_litres - s.loss_litres AS due, u.litres
FROM turn_sheets s
JOIN (SELECT turn_sheet_id, sum(use_litres) AS litres FROM turn_uses GROUP BY 1) AS u ON u.turn_sheet_id = s.id
WHERE s.gate_litres - s.loss_litres <> u.litres
UNION ALL
SELECT 'a turn sheet did not post its shares', s.id, u.litres, t.used - t.back
FROM turn_sheets s
JOIN (SELECT turn_sheet_id, sum(use_litres) AS litres FROM turn_uses GROUP BY 1) AS u ON u.turn_sheet_id = s.id
LEFT JOIN (
  SELECT reference, coalesce(sum(amount) FILTER (WHERE code = {int(TransferCode.TURN_USE)}), 0) AS used,
         coalesce(sum(amount) FILTER (WHERE code = {int(TransferCode.TURN_REVERSED)}), 0) AS back
  FROM transfers WHERE kind = 0 AND code IN ({int(TransferCode.TURN_USE)}, {int(TransferCode.TURN_REVERSED)})
  GROUP BY 1
) AS t ON t.reference = s.id
WHERE u.litres <> coalesce(t.used, 0) OR (CASE s.status WHEN 'reversed' THEN u.litres ELSE 0 END) <> coalesce(t.back, 0)
"""

# What an account owes for use is the exact value of all use that counts, rounded once.
FEES_SQL = """
SELECT 'the fees of an account are not those of its use' AS reason, f.water_account_id, f.fen, f.value
FROM (
  SELECT u.water_account_id, sum(u.fee_fen) AS fen, sum(u.use_litres::numeric * u.price_e4) AS value
  FROM (SELECT r.water_account_id, r.use_litres, r.price_e4, r.fee_fen
        FROM readings r JOIN meter_intervals i ON i.reading_id = r.id
        UNION ALL
        SELECT t.water_account_id, t.use_litres, t.price_e4, t.fee_fen
        FROM turn_uses t JOIN turn_sheets s ON s.id = t.turn_sheet_id AND s.status = 'signed') AS u
  GROUP BY 1
) AS f
WHERE abs(f.fen * 100000 - f.value) > 50000
"""

# What is owed in water is the over-use that counts, less what was paid of it.
DEBTS_SQL = f"""
SELECT 'a debt in water is not the over-use less what was paid' AS reason, w.id,
       a.debits_posted - a.credits_posted AS owed
FROM water_accounts w
JOIN accounts a ON a.id = w.debt_account_id
LEFT JOIN LATERAL (
  SELECT coalesce(sum(CASE WHEN t.code = {int(TransferCode.DEBT_PAID)} THEN t.amount ELSE -t.amount END), 0) AS litres
  FROM transfers t
  WHERE t.kind = 0 AND t.reference = w.id
    AND t.code IN ({int(TransferCode.DEBT_PAID)}, {int(TransferCode.DEBT_RETURNED)})
) AS paid ON true
LEFT JOIN LATERAL (
  SELECT coalesce(sum(u.litres), 0) AS litres
  FROM (SELECT r.over_use_litres AS litres FROM readings r JOIN meter_intervals i ON i.reading_id = r.id
         WHERE r.water_account_id = w.id
        UNION ALL
        SELECT x.over_use_litres FROM turn_uses x JOIN turn_sheets s ON s.id = x.turn_sheet_id AND s.status = 'signed'
         WHERE x.water_account_id = w.id) AS u
) AS over ON true
WHERE a.debits_posted - a.credits_posted <> over.litres - paid.litres
"""

CHECKS = (
    Check(11, CHAIN_SQL),
    Check(11, POSTED_SQL),
    Check(11, TURNS_SQL),
    Check(11, FEES_SQL),
    Check(11, DEBTS_SQL),
)
