-- Deliveries of calls. Frozen when it was written.

ALTER TABLE deliveries ALTER COLUMN instruction_id DROP NOT NULL;
ALTER TABLE deliveries ALTER COLUMN seller_id DROP NOT NULL;
ALTER TABLE deliveries ADD COLUMN call_id BIGINT;
ALTER TABLE deliveries ADD COLUMN water_account_id BIGINT;
ALTER TABLE deliveries ADD CONSTRAINT fk_deliveries_water_account_id FOREIGN KEY(water_account_id) REFERENCES water_accounts (id);
ALTER TABLE deliveries ADD CONSTRAINT ck_deliveries_origin CHECK (num_nonnulls(instruction_id, call_id) = 1 AND (instruction_id IS NULL) = (seller_id IS NULL) AND (call_id IS NULL) = (water_account_id IS NULL));
CREATE UNIQUE INDEX uq_deliveries_of_call ON deliveries (call_id, water_account_id) WHERE makes_good_id IS NULL;
