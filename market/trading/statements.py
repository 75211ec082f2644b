"""The engine's statements. Each takes arrays, so that a batch is a handful of statements whatever its size."""

from ledger.arrays import rows_of
from ledger.posting import IDS_SQL
from market.core import audit

# Generic plans over arrays of unknown length: without these the planner reads whole tables (see docs/decisions).
SESSION_SQL = (
    "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off;"
    " SET plan_cache_mode = force_generic_plan; SET jit = off; SET statement_timeout = '60s'"
)

# -> (product, version)
LOCK_PRODUCTS_SQL = (
    "SELECT id, version FROM products WHERE id = ANY (%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
)

FIND_KEYS_SQL = """
SELECT n.i, c.outcome, c.body_hash
FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) WITH ORDINALITY AS n (participant, key, position, i)
CROSS JOIN LATERAL (
  SELECT outcome, body_hash FROM commands
  WHERE participant_id = n.participant AND key = n.key AND position = n.position LIMIT 1
) AS c
"""

FIND_CLIENT_IDS_SQL = """
SELECT n.i
FROM unnest(%s::bigint[], %s::text[]) WITH ORDINALITY AS n (participant, client_order_id, i)
CROSS JOIN LATERAL (
  SELECT 1 FROM orders
  WHERE participant_id = n.participant AND client_order_id = n.client_order_id AND client_order_id IS NOT NULL LIMIT 1
) AS o
"""

INSERT_COMMANDS_SQL = f"""
INSERT INTO commands (id, batch_id, participant_id, key, position, body_hash, actor_user_id, mandate_id, request,
                      outcome, origin, created_at)
SELECT t.id, %s, t.participant, t.key, t.position, decode(t.body_hash, 'hex'), t.actor, nullif(t.mandate, 0),
       t.request, t.outcome, t.origin, %s
FROM ({
    rows_of(
        "id",
        "participant",
        "key text",
        "position",
        "body_hash text",
        "actor",
        "mandate",
        "request text",
        "outcome text",
        "origin text",
    )
}) AS t
"""

INSERT_ORDERS_SQL = f"""
INSERT INTO orders (batch_id, created_at, updated_at, id, product_id, participant_id, water_account_id, side,
                    volume_litres, rest_litres, price_e4, tif, post_only, min_fill_litres, expires_at,
                    client_order_id, priority, held, hold_id, value_tick_litres, paid_fen, status, reason)
SELECT m.batch_id, m.moment, m.moment, t.id, t.product, t.participant, t.account, t.side, t.volume, t.rest, t.price,
       t.tif, t.post_only = 1, t.min_fill,
       CASE WHEN t.expires > 0 THEN to_timestamp(t.expires / 1000000.0) END,
       t.client_order_id, t.priority, t.held, t.hold_id, t.value, t.paid, t.status, t.reason
FROM (SELECT %s::bigint AS batch_id, %s::timestamptz AS moment) AS m,
     ({
    rows_of(
        "id",
        "product",
        "participant",
        "account",
        "side text",
        "volume",
        "rest",
        "price",
        "tif text",
        "post_only",
        "min_fill",
        "expires",
        "client_order_id text",
        "priority",
        "held",
        "hold_id",
        "value",
        "paid",
        "status text",
        "reason text",
    )
}) AS t
"""

UPDATE_ORDERS_SQL = f"""
UPDATE orders AS o
SET updated_at = %s, volume_litres = t.volume, rest_litres = t.rest, price_e4 = t.price, priority = t.priority,
    held = t.held, hold_id = t.hold_id, value_tick_litres = t.value, paid_fen = t.paid, status = t.status,
    reason = t.reason
FROM ({
    rows_of(
        "id",
        "volume",
        "rest",
        "price",
        "priority",
        "held",
        "hold_id",
        "value",
        "paid",
        "status text",
        "reason text",
        hidden=True,
    )
}) AS t
WHERE o.id = t.id
"""

INSERT_TRADES_SQL = f"""
INSERT INTO trades (batch_id, traded_at, id, product_id, buy_order_id, sell_order_id, maker, buyer_id, seller_id,
                    source_litres, delivered_litres, k, price_e4, value_tick_litres, amount_fen, fee_fen,
                    instruction_id)
SELECT m.batch_id, m.moment, t.id, t.product, t.buy, t.sell, t.maker, t.buyer, t.seller, t.source, t.delivered, t.k,
       t.price, t.value, t.amount, t.fee, t.instruction
FROM (SELECT %s::bigint AS batch_id, %s::timestamptz AS moment) AS m,
     ({
    rows_of(
        "id",
        "product",
        "buy",
        "sell",
        "maker text",
        "buyer",
        "seller",
        "source",
        "delivered",
        "k",
        "price",
        "value",
        "amount",
        "fee",
        "instruction",
    )
}) AS t
"""

INSERT_INSTRUCTIONS_SQL = f"""
INSERT INTO instructions (kind, batch_id, instructed_at, resolved_at, id, reference, product_id, seller_id, buyer_id,
                          seller_water_account_id, buyer_water_account_id, seller_account, buyer_account,
                          buyer_money_account, source_litres, delivered_litres, amount_fen, payees, charges, frees,
                          holds, status, review_rule, review_due_on)
SELECT 'trade', m.batch_id, m.moment, CASE WHEN t.status = 'settled' THEN m.moment END, t.id, t.trade, t.product,
       t.seller, t.buyer, t.seller_water, t.buyer_water, t.seller_account, t.buyer_account, t.buyer_money, t.source,
       t.delivered, t.amount, t.payees, t.charges, t.frees, t.holds, t.status, t.rule, t.due::date
FROM (SELECT %s::bigint AS batch_id, %s::timestamptz AS moment) AS m,
     ({
    rows_of(
        "id",
        "trade",
        "product",
        "seller",
        "buyer",
        "seller_water",
        "buyer_water",
        "seller_account",
        "buyer_account",
        "buyer_money",
        "source",
        "delivered",
        "amount",
        "payees text",
        "charges text",
        "frees text",
        "holds text",
        "status text",
        "rule text",
        "due text",
    )
}) AS t
"""

# The audit head, the last lock of a batch, and so many transfer ids: drawn after every account is locked. The version
# of the reference too: who changes whose an account's water is holds that account's lock until its commit.
HEAD_AND_IDS_SQL = f"""
SELECT h.seq, h.hash, ARRAY({IDS_SQL}), (SELECT reference_version FROM installation WHERE id = 1)
FROM ({audit.HEAD_SQL}) AS h
"""

# What every batch writes at its end, as one statement; it changes as many rows as there are products.
CLOSE_SQL = f"""
WITH link AS ({audit.INSERT_SQL}), head AS ({audit.MOVE_HEAD_SQL}),
  told AS (INSERT INTO outbox (topic, subject_type, subject_id) VALUES ('trading.batch.committed', 'batch', %s))
UPDATE products SET version = version + 1 WHERE id = ANY (%s::bigint[])
"""

OPEN_INBOX_SQL = (
    "SELECT id, kind, product_id, payload, actor_user_id, request_id FROM inbox"
    " WHERE done_at IS NULL ORDER BY id LIMIT 500"
)
DONE_INBOX_SQL = "UPDATE inbox SET done_at = %s, batch_id = %s, outcome = %s WHERE id = %s"
# Orders are ended in as many batches as it takes; the outcome counts them together.
CANCELLED_INBOX_SQL = """
UPDATE inbox SET done_at = %s, batch_id = %s,
  outcome = json_build_object('cancelled', coalesce((outcome::json ->> 'cancelled')::bigint, 0) + %s)::text
WHERE id = %s
"""

CALL_SQL = """
SELECT c.product_id, coalesce((SELECT sum(f.litres::numeric * f.price_e4) / sum(f.litres) FROM call_fills f
                               WHERE f.call_id = c.id AND f.side = 'sell'), 0)::bigint
FROM calls c WHERE c.id = %s AND c.status = 'cleared'
"""
CALL_FILLS_SQL = """
SELECT order_id, litres, CASE side WHEN 'buy' THEN amount_fen ELSE 0 END
FROM call_fills WHERE call_id = %s ORDER BY order_id
"""
CALL_CHARGES_SQL = """
SELECT account_id, litres FROM call_limits WHERE call_id = %s AND litres > 0 ORDER BY account_id
"""
CALL_HELD_SQL = """
WITH fills AS (
  UPDATE call_fills AS f SET hold_id = t.hold
  FROM unnest((SELECT %s::bigint[]), (SELECT %s::bigint[])) AS t (id, hold) WHERE f.call_id = %s AND f.order_id = t.id
), limits AS (
  UPDATE call_limits AS l SET hold_id = t.hold
  FROM unnest((SELECT %s::bigint[]), (SELECT %s::bigint[])) AS t (id, hold) WHERE l.call_id = %s AND l.account_id = t.id
)
UPDATE calls SET status = 'held', batch_id = %s, version = version + 1 WHERE id = %s
"""
# The book moved under a cleared call: it is cleared again.
CALL_AGAIN_SQL = """
UPDATE calls SET status = 'clearing', reason = %s, version = version + 1 WHERE id = %s AND status = 'cleared'
"""

# A deal's command has a key that no client can send: it is not ASCII.
DEAL_KEY = "deal·"
OPEN_DEALS_SQL = """
SELECT d.id, w.participant_id, d.struck_by, d.seller_water_account_id, d.buyer_water_account_id, d.product_id,
       d.volume_litres, d.price_e4, d.at, d.reviewed, coalesce(d.review_rule, ''), coalesce(d.review_days, 0),
       d.kind
FROM deals d JOIN water_accounts w ON w.id = d.seller_water_account_id
WHERE d.id = ANY ((SELECT %s::bigint[])::bigint[]) AND d.status = 'struck' ORDER BY d.id
"""
RESOLVE_DEALS_SQL = """
WITH told AS (
  INSERT INTO outbox (topic, subject_type, subject_id)
  SELECT 'trading.deal.' || status, 'deal', id FROM unnest(%s::bigint[], %s::text[]) AS t (id, status)
)
UPDATE deals AS d SET status = t.status, trade_id = nullif(t.trade, 0), refusal = t.refusal, resolved_at = %s
FROM unnest((SELECT %s::bigint[]), (SELECT %s::text[]), (SELECT %s::bigint[]), (SELECT %s::text[]))
  AS t (id, status, trade, refusal)
WHERE d.id = t.id
"""

AVAILABLE_SQL = (
    "SELECT id, credits_posted - debits_posted - debits_pending FROM accounts"
    " WHERE id = ANY ((SELECT %s::bigint[])::bigint[])"
)

OPEN_ORDER_COLUMNS = """
id, water_account_id, side, volume_litres, rest_litres, price_e4, tif, post_only, min_fill_litres,
extract(epoch FROM expires_at)::float8, client_order_id, priority, held, hold_id, value_tick_litres, paid_fen,
created_at
"""
OPEN_ORDERS_SQL = (
    f"SELECT {OPEN_ORDER_COLUMNS} FROM orders WHERE status = 'open' ORDER BY product_id, priority"
)
