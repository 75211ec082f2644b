-- Two-way accounts of borders. Frozen when it was written.

CREATE TABLE call_borders (
    call_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    out_litres BIGINT NOT NULL,
    in_litres BIGINT NOT NULL,
    out_worth_e9 BIGINT NOT NULL,
    in_worth_e9 BIGINT NOT NULL,
    before_litres BIGINT,
    balance_litres BIGINT,
    out_open BOOLEAN,
    in_open BOOLEAN,
    CONSTRAINT pk_call_borders PRIMARY KEY (call_id, code),
    CONSTRAINT ck_call_borders_litres CHECK (out_litres >= 0 AND in_litres >= 0),
    CONSTRAINT ck_call_borders_balance CHECK (balance_litres >= 0 AND balance_litres = before_litres + out_litres - in_litres),
    CONSTRAINT ck_call_borders_settled CHECK (num_nulls(before_litres, balance_litres, out_open, in_open) IN (0, 4)),
    CONSTRAINT fk_call_borders_call_id FOREIGN KEY(call_id) REFERENCES calls (id)
);
