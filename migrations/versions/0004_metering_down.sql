-- Back to meters and readings alone. What the old tables cannot hold is taken away.

ALTER TABLE readings DISABLE TRIGGER immutable;

ALTER TABLE readings DROP CONSTRAINT uq_readings_corrects_id, DROP CONSTRAINT fk_readings_corrects_id;

CREATE TEMPORARY TABLE kept_readings ON COMMIT DROP AS
SELECT i.reading_id AS id FROM meter_intervals i JOIN readings r ON r.id = i.reading_id
WHERE r.counter_litres IS NOT NULL AND r.fee_fen >= 0;

DROP TABLE meter_intervals, use_findings, turn_uses, turn_lines, gate_accounts, turn_sheets, meter_counters;

DELETE FROM readings WHERE id NOT IN (SELECT id FROM kept_readings);

ALTER TABLE readings ENABLE TRIGGER immutable;

DROP INDEX ix_readings_meter_id_read_at;

ALTER TABLE readings
  DROP COLUMN water_account_id,
  DROP COLUMN since,
  DROP COLUMN counter_number,
  DROP COLUMN method,
  DROP COLUMN kwh_e2,
  DROP COLUMN conversion_id,
  DROP COLUMN calibration_expired,
  DROP COLUMN corrects_id,
  DROP COLUMN reason,
  DROP CONSTRAINT ck_readings_price,
  ALTER COLUMN counter_litres SET NOT NULL,
  ADD CONSTRAINT uq_readings_meter_id_read_at UNIQUE (meter_id, read_at),
  ADD CONSTRAINT ck_readings_fee CHECK (price_e4 >= 0 AND fee_fen >= 0);

DROP TABLE pump_conversions;

DROP INDEX uq_meters_serial;

UPDATE meters SET serial = serial || ' (' || id || ')' WHERE closed_at IS NOT NULL;

ALTER TABLE meters
  DROP COLUMN kind,
  DROP COLUMN measures,
  DROP COLUMN apportioned,
  DROP COLUMN zone_id,
  DROP COLUMN digits,
  DROP COLUMN start_kwh_e2,
  DROP COLUMN calibrated_on,
  DROP COLUMN calibration_expires_on,
  DROP COLUMN most_litres_a_day,
  DROP COLUMN read_every_days,
  DROP COLUMN counter_number,
  DROP COLUMN closed_at,
  DROP COLUMN version,
  ADD CONSTRAINT uq_meters_serial UNIQUE (serial);

ALTER TABLE water_accounts DROP COLUMN debt_account_id;
