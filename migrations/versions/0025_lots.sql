-- Lots, offers, claw-backs. Frozen when it was written.

ALTER TABLE contract_dues ADD COLUMN offset_fen BIGINT DEFAULT '0' NOT NULL;
ALTER TABLE contract_dues ADD CONSTRAINT ck_contract_dues_offset CHECK (offset_fen BETWEEN 0 AND fen);
ALTER TABLE saving_contracts DROP CONSTRAINT ck_saving_contracts_deposit_held;
ALTER TABLE saving_contracts ADD CONSTRAINT ck_saving_contracts_deposit_held CHECK (deposit_fen = 0 OR status IN ('signed', 'ended'));
