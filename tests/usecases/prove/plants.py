"""Violations to plant in a sound market, each as SQL for a superuser: triggers are off, checks are dropped by name.

`found` are the invariants that must be reported, and no others.
"""

from __future__ import annotations

from typing import NamedTuple

from market.core import clock

# Accounts of the sound market that stay the same whatever is planted.
HOLDER = (
    "(SELECT account_id FROM water_accounts WHERE origin = 'own' AND sector = 'agriculture'"
    " ORDER BY id DESC LIMIT 1)"
)
PAYER = (
    "(SELECT m.account_id FROM money_accounts m JOIN participants p ON p.id = m.participant_id"
    " WHERE p.kind = 'household' ORDER BY m.id DESC LIMIT 1)"
)
CAP = f"(SELECT account_id FROM limits WHERE code = 'T-DEMO-MANAS' AND water_year = {clock.this_year()})"


class Plant(NamedTuple):
    """What is wrong, the invariants that say so, and how to make it so."""

    name: str
    found: frozenset[int]
    statements: tuple[str, ...]


def plant(name: str, number: int, *statements: str) -> Plant:
    """A violation of one invariant."""
    return Plant(name, frozenset({number}), statements)


def system(asset: str, code: int) -> str:
    """The system account of an asset, by its code in the chart of accounts."""
    return (
        "(SELECT s.account_id FROM system_accounts s JOIN assets x ON x.id = s.asset_id"
        f" WHERE x.code = '{asset}' AND s.code = {code})"
    )


WATER = f"water:surface:{clock.this_year()}"
ISSUE, USE, LOSS, CLEARING = (system(WATER, code) for code in (2, 3, 4, 6))
BANK, MONEY_CLEARING = system("CNY", 12), system("CNY", 15)
LIMIT_ISSUE, LIMIT_USE = system("headroom", 22), system("headroom", 23)


def moved(debit: str, credit: str, amount: int, *, held: bool = False, code: int = 99) -> tuple[str, ...]:
    """A transfer that nobody asked for, with the columns of both accounts as it leaves them."""
    column, kind = ("pending", 1) if held else ("posted", 0)
    return (
        "INSERT INTO transfers (id, debit_account_id, credit_account_id, amount, code, kind)"
        f" VALUES (nextval('ledger_transfer_ids'), {debit}, {credit}, {amount}, {code}, {kind})",
        f"UPDATE accounts SET debits_{column} = debits_{column} + {amount} WHERE id = {debit}",
        f"UPDATE accounts SET credits_{column} = credits_{column} + {amount} WHERE id = {credit}",
    )


def unchecked(table: str, name: str) -> str:
    """Takes a constraint away."""
    return f"ALTER TABLE {table} DROP CONSTRAINT {name}"


def later(which: str) -> str:
    """Gives one transfer an id after all others."""
    return (
        "UPDATE transfers SET id = nextval('ledger_transfer_ids')"
        f" WHERE id = (SELECT min(id) FROM transfers WHERE {which})"
    )


OVERDRAFT = unchecked("accounts", "ck_accounts_debits_must_not_exceed_credits")
OPEN_BUY = "(SELECT min(id) FROM orders WHERE side = 'buy' AND status = 'open')"
FILLED_BUY = "(SELECT min(id) FROM orders WHERE side = 'buy' AND status = 'filled')"
OPEN_SELL = "(SELECT max(id) FROM orders WHERE side = 'sell' AND status = 'open')"
PUBLISHED = "(SELECT max(id) FROM negotiations WHERE tenure = 'allocation' AND status = 'published')"
DEBT = "(SELECT debt_account_id FROM water_accounts WHERE debt_account_id IS NOT NULL LIMIT 1)"
LAST_READING = "(SELECT max(id) FROM readings)"

LEDGER = (
    plant("a transfer between two assets", 1,
          f"UPDATE accounts SET asset_id = (SELECT id FROM assets WHERE code = 'CNY') WHERE id = {CAP}"),
    plant("a transfer to no account", 1, f"DELETE FROM accounts WHERE id = {LIMIT_ISSUE}"),
    plant("a column that no transfer explains", 2,
          f"UPDATE accounts SET credits_posted = credits_posted + 1 WHERE id = {LIMIT_USE}"),
    plant("a transfer that no column shows", 2,
          moved(LIMIT_ISSUE, LIMIT_USE, 1)[0]),
    plant("a posting of a hold that is not there", 2,
          "UPDATE transfers SET pending_id = 1 WHERE id = (SELECT max(id) FROM transfers WHERE kind = 2 AND code = 12"
          " AND pending_id IN (SELECT id FROM transfers WHERE kind = 1 AND code = 11))"),
    plant("a hold that was posted and given back", 2,
          "INSERT INTO transfers (id, debit_account_id, credit_account_id, amount, code, kind, pending_id)"
          " SELECT nextval('ledger_transfer_ids'), debit_account_id, credit_account_id, amount, 99, 3, pending_id"
          " FROM transfers WHERE id = (SELECT max(id) FROM transfers WHERE kind = 2 AND code = 12"
          " AND pending_id IN (SELECT id FROM transfers WHERE kind = 1 AND code = 11))"),
    plant("water that rests in clearing", 3, *moved(HOLDER, CLEARING, 5)),
    plant("water out of nothing", 3, *moved(CLEARING, HOLDER, 5)),
    plant("a loss that no trade had", 3, *moved(HOLDER, LOSS, 5)),
    plant("a holder's balance below nil", 4, OVERDRAFT, *moved(HOLDER, USE, 10**9)),
    plant("a balance that was below nil before it was credited", 4, later(f"credit_account_id = {HOLDER}")),
    plant("money below nil before it was paid in", 4, later(f"code = 20 AND credit_account_id = {PAYER}")),
    plant("use above the cap", 5, OVERDRAFT, *moved(CAP, LIMIT_USE, 10**12)),
    plant("use above the cap of that time", 5, later(f"code = 30 AND credit_account_id = {CAP}")),
    plant("a cap that the ledger does not hold", 5, f"UPDATE limits SET limit_litres = 1 WHERE account_id = {CAP}"),
    plant("a cap without its history", 5,
          f"DELETE FROM limit_changes WHERE limit_id = (SELECT id FROM limits WHERE account_id = {CAP})"),
    plant("a cap that may be passed", 5, f"UPDATE accounts SET flags = 0 WHERE id = {CAP}"),
    plant("an announcement that did not charge a cap", 5,
          "UPDATE transfers SET code = 99 WHERE id = (SELECT min(id) FROM transfers WHERE code = 31)"),
    plant("a deposit of another amount", 12,
          "UPDATE bank_transfers SET amount_fen = amount_fen + 1 WHERE id = (SELECT max(id) FROM bank_transfers)"),
    plant("a deposit that was never posted", 12,
          "INSERT INTO bank_transfers"
          " (direction, money_account_id, amount_fen, bank_reference, value_date, recorded_by)"
          " SELECT direction, money_account_id, amount_fen, 'planted', value_date, recorded_by"
          " FROM bank_transfers LIMIT 1"),
    plant("money that rests in clearing", 12, *moved(PAYER, MONEY_CLEARING, 1)),
    plant("money out of nothing", 12, *moved(BANK, PAYER, 1, code=20)),
)  # fmt: skip

TRADING = (
    plant("a hold of money without an order", 6, *moved(PAYER, MONEY_CLEARING, 1, held=True)),
    plant("a hold of water without an order", 6, *moved(HOLDER, CLEARING, 1, held=True)),
    plant("a hold of headroom without an instruction", 6, *moved(CAP, LIMIT_USE, 1, held=True)),
    plant("an order that holds more than its rest may cost", 6,
          f"UPDATE orders SET held = held + 1 WHERE id = {OPEN_BUY}"),
    plant("a cancelled order that still holds", 6,
          "UPDATE orders SET status = 'cancelled', reason = 'planted', held = 0"
          f" WHERE id = {OPEN_SELL}"),
    plant("an instruction without one of its legs", 7,
          "UPDATE transfers SET reference = 0 WHERE id = (SELECT max(id) FROM transfers WHERE code = 14)"),
    Plant("an instruction under review that moved water, a reading's", frozenset({7, 11}), (
          "UPDATE transfers SET reference = (SELECT max(id) FROM instructions WHERE status = 'awaiting_review')"
          " WHERE id = (SELECT max(id) FROM transfers WHERE code = 2)",
          "UPDATE transfers SET code = 12 WHERE id = (SELECT max(id) FROM transfers WHERE code = 2)")),
    plant("a review without its decision", 7,
          "DELETE FROM review_decisions WHERE decision = 'rejected'"),
    Plant("a decision that is not what happened, nor what was audited", frozenset({7, 13}),
          ("UPDATE review_decisions SET decision = 'approved' WHERE decision = 'rejected'",)),
    plant("a trade without its instruction", 7, "DELETE FROM instructions WHERE status = 'rejected'"),
    plant("an order filled beyond its volume", 8,
          f"UPDATE orders SET volume_litres = volume_litres - 1 WHERE id = {FILLED_BUY}"),
    plant("an order whose trade is gone", 8,
          "DELETE FROM trades WHERE id = (SELECT max(id) FROM trades)"),
    plant("a buy that paid a fen too much", 8,
          f"UPDATE orders SET paid_fen = paid_fen + 1 WHERE id = {FILLED_BUY}"),
    plant("a trade that lost too little on the way", 8,
          "UPDATE trades SET k = 999 WHERE id = (SELECT max(id) FROM trades WHERE k < 999)"),
    plant("two orders that cross", 9, f"UPDATE orders SET price_e4 = 1 WHERE id = {OPEN_SELL}"),
    plant("a deal of another volume than its trade", 8,
          "INSERT INTO deals (kind, reference, product_id, seller_water_account_id, buyer_water_account_id, at,"
          " volume_litres, price_e4, status, trade_id, struck_by, resolved_at)"
          " SELECT 'negotiated', 999999, t.product_id, i.seller_water_account_id, i.buyer_water_account_id, t.maker,"
          " 2 * t.source_litres, t.price_e4, 'traded', t.id, (SELECT min(id) FROM users), now()"
          " FROM trades t JOIN instructions i ON i.id = t.instruction_id ORDER BY t.id LIMIT 1"),
    plant("a published deal that holds less than was signed", 6,
          "UPDATE deal_holds SET amount = amount - 1 WHERE kind = 'negotiation_water'"
          f" AND reference = {PUBLISHED}"),
    plant("a negotiation that was broken off and still holds", 6,
          "UPDATE negotiations SET status = 'withdrawn', ended_at = now() WHERE status = 'published'"),
    plant("a contract with another text than was signed", 7,
          f"UPDATE negotiations SET contract = contract || ' ' WHERE id = {PUBLISHED}"),
    plant("a contract that one side has not signed", 7,
          "DELETE FROM negotiation_signatures WHERE side = 'buy'"
          f" AND negotiation_id = {PUBLISHED}"),
    plant("a deal that was filed and says that it was reviewed", 7,
          "UPDATE deals SET reviewed = true WHERE kind = 'negotiated'"),
    plant("a deal that was struck for a negotiation that goes on", 7,
          "UPDATE negotiations SET status = 'accepted', struck_at = NULL WHERE status = 'struck'"),
    plant("a subscription that holds less than it gives", 6,
          "UPDATE programme_subscriptions SET litres = litres + 1000 WHERE status = 'subscribed'"
          " AND id = (SELECT min(id) FROM programme_subscriptions)"),
    plant("a subscription that was withdrawn and still holds", 6,
          "UPDATE programme_subscriptions SET status = 'withdrawn'"
          " WHERE id = (SELECT min(id) FROM programme_subscriptions)"),
    plant("a programme that holds more money than its annex says", 6,
          "UPDATE programme_subscriptions SET amount_fen = amount_fen - 1 WHERE status = 'included'"),
    plant("a hold for a deal that the ledger does not know", 6,
          "INSERT INTO deal_holds (hold_id, kind, reference, account_id, amount)"
          f" VALUES (1, 'programme', 999999, {PAYER}, 5)"),
    plant("a programme that takes more than its maximum", 7,
          "UPDATE programmes SET minimum_litres = 1000, maximum_litres = 1000 WHERE status = 'struck'"),
    plant("an annex with another seller", 7, "UPDATE programmes SET annex = annex || ' ' WHERE status = 'struck'"),
    plant("a deal of a programme that nobody approved", 7,
          "UPDATE deals SET reviewed = false WHERE kind = 'programme'"),
    plant("a seller who was struck off and dealt with all the same", 7,
          "UPDATE programme_subscriptions SET status = 'struck_off', reason = 'planted' WHERE status = 'struck'"),
    plant("a programme that nobody recorded", 13,
          "UPDATE audit SET subject_id = 999999 WHERE subject_type = 'programme'"),
    plant("a negotiation that nobody recorded", 13,
          "UPDATE audit SET subject_id = 999999 WHERE subject_type = 'negotiation'"),
    plant("a trade with oneself", 9,
          unchecked("trades", "ck_trades_two_parties"),
          "UPDATE trades SET seller_id = buyer_id WHERE id = (SELECT max(id) FROM trades)"),
    plant("a fee that nobody received", 10,
          "UPDATE trades SET fee_fen = fee_fen + 1 WHERE id = (SELECT max(id) FROM trades)"),
    plant("payees who get more than is paid", 10,
          "UPDATE instructions SET payees = '[[1, 1000000, \"seller\"]]' WHERE status = 'rejected'"),
    plant("a share of a pool that nobody brought in", 10,
          "UPDATE trust_shares SET litres = litres + 1"
          " WHERE generation_id = (SELECT min(id) FROM trust_generations)"),
    plant("a beneficiary that was paid the trustee's fee", 10,
          "UPDATE instructions SET payees = replace(payees, '\"trustee\"', '\"beneficiary\"')"
          " WHERE payees LIKE '%trustee%' AND status = 'settled'"),
    Plant("a beneficiary that bought its own water", frozenset({9, 10}),
          ("UPDATE instructions SET payees = '[[' || buyer_money_account || ',' || amount_fen || ',\"beneficiary\"]]'"
           " WHERE id = (SELECT max(id) FROM instructions WHERE payees LIKE '%trustee%')",)),
    plant("a pledge that holds less than it says", 6,
          "UPDATE pledge_holds SET litres = litres - 1 WHERE hold_id = (SELECT max(hold_id) FROM pledge_holds)"),
    plant("a pledge that ended and still holds", 6,
          "UPDATE pledges SET status = 'released' WHERE id = (SELECT max(id) FROM pledges)"),
    plant("a bank that was paid nothing of what its pledge says", 10,
          "INSERT INTO pledge_steps (pledge_id, step, reason, fen) SELECT max(id), 'paid', '', 100 FROM pledges"),
    plant("a delivery that is not its profile", 7,
          "UPDATE delivery_lines SET litres = litres + 1"
          " WHERE delivery_id = (SELECT max(id) FROM deliveries)"
          " AND from_day = (SELECT max(l.from_day) FROM delivery_lines l"
          " WHERE l.delivery_id = (SELECT max(id) FROM deliveries))"),
    plant("water that nobody saw arrive", 7,
          "UPDATE deliveries SET confirmed_litres = 1 WHERE id = (SELECT max(id) FROM deliveries)"),
    plant("a refund that moved nothing", 7,
          "INSERT INTO delivery_refunds (delivery_id, missing_litres, source_litres, fen, reason, proposed_by, status,"
          " decided_by) SELECT max(d.id), max(d.litres), max(d.litres), 1, 'planted', min(u.id), 'approved', max(u.id)"
          " FROM deliveries d CROSS JOIN users u",
          "UPDATE deliveries SET status = 'refunded' WHERE id = (SELECT max(id) FROM deliveries)"),
    plant("an announcement of another total", 10,
          "UPDATE announcements SET total_litres = total_litres + 1 WHERE id = (SELECT max(id) FROM announcements)"),
    plant("a reading that does not follow from the one before", 11,
          f"UPDATE readings SET counter_litres = counter_litres + 1 WHERE id = {LAST_READING}"),
    plant("a use that left no account", 11,
          f"UPDATE readings SET posted_litres = posted_litres - 1, over_use_litres = 1 WHERE id = {LAST_READING}"),
    plant("a debt in water that no over-use explains", 11, *moved(DEBT, USE, 5)),
    plant("a turn sheet that shared out too little", 11,
          "UPDATE turn_uses SET use_litres = use_litres - 1, posted_litres = posted_litres - 1"),
    plant("a turn sheet that counts and has no interval", 11,
          "DELETE FROM meter_intervals WHERE turn_sheet_id IS NOT NULL"),
    plant("readings of one interval", 11,
          unchecked("meter_intervals", "ex_meter_intervals_one_reading"),
          "UPDATE meter_intervals SET period = tstzrange(lower(period) - interval '1 hour', upper(period), '(]')"
          f" WHERE reading_id = {LAST_READING}"),
    Plant("a reading that counts no more and was not reversed", frozenset({11, 12}),
          (f"DELETE FROM meter_intervals WHERE reading_id = {LAST_READING}",)),
    plant("a fee that is not the use's", 11,
          f"UPDATE readings SET price_e4 = price_e4 + 1000 WHERE id = {LAST_READING}"),
    plant("an order open past its expiry", 14,
          "UPDATE orders SET tif = 'GTD', expires_at = clock_timestamp() - interval '1 minute'"
          f" WHERE id = {OPEN_SELL}"),
    plant("an order open on a closed product", 14, "UPDATE products SET phase = 'closed'"),
)  # fmt: skip

STORAGE = (
    plant("a budget that holds less than it says", 6,
          unchecked("buy_backs", "ck_buy_backs_budget"),
          "UPDATE buy_backs SET held_fen = held_fen + 1 WHERE status = 'open'"),
    plant("a budget of which a fen is gone", 6,
          unchecked("buy_backs", "ck_buy_backs_budget"),
          "UPDATE buy_backs SET freed_fen = freed_fen + 1 WHERE status = 'open'"),
    plant("a budget that was spent on nothing", 6,
          "UPDATE buy_backs SET spent_fen = spent_fen + 1, budget_fen = budget_fen + 1 WHERE status = 'open'"),
    Plant("a take without its deal", frozenset({6, 8}),
          ("UPDATE deals SET reference = reference + 1000000"
           " WHERE id = (SELECT max(id) FROM deals WHERE kind = 'buy_back')",)),
    plant("a take of another volume than its deal", 8,
          "UPDATE buy_back_takes SET volume_litres = volume_litres + 1000"
          " WHERE id = (SELECT max(id) FROM buy_back_takes)"),
    plant("a bid that holds more than it says", 6,
          "UPDATE resale_bids SET held_fen = held_fen - 1 WHERE id = (SELECT max(id) FROM resale_bids"
          " WHERE status = 'sealed')"),
    plant("an award that no deal was struck for", 8,
          "UPDATE deals SET volume_litres = volume_litres * 2 WHERE kind = 'resale'"),
    plant("an assignment that moved less than it says", 7,
          "UPDATE storage_assignments SET source_litres = source_litres + 1, delivered_litres = delivered_litres + 1"),
    plant("a take that nobody recorded", 13,
          "UPDATE audit SET subject_type = 'planted' WHERE subject_type = 'buy_back_take'"),
)  # fmt: skip

SEASON = (
    plant("water on an account that the sheet does not know", 3,
          *moved(ISSUE, "(SELECT account_id FROM reserves LIMIT 1)", 5),
          "UPDATE accounts SET code = 99 WHERE id = (SELECT account_id FROM reserves LIMIT 1)"),
    plant("a carry-over that issued nothing", 3,
          "INSERT INTO carry_overs (water_year, remained_litres, repaid_litres, carried_litres, evaporated_litres,"
          f" expired_litres) VALUES ({clock.this_year() + 1}, 5, 0, 5, 0, 0)",
          "INSERT INTO audit (chain, seq, prev_hash, hash, at, action, subject_type, subject_id)"
          " SELECT 'plant', 1, '', '', now(), '', 'carry_over', max(id) FROM carry_overs"),
    plant("a curtailment that freed no cap", 5,
          "UPDATE transfers t SET code = 98 FROM accounts d WHERE d.id = t.debit_account_id AND d.code = 23"
          " AND t.code = 55"),
    plant("an excess that no curtailment left", 5,
          "INSERT INTO cap_excesses (limit_id, account_id) SELECT min(l.id), (SELECT min(id) FROM accounts"
          " WHERE code = 22) FROM limits l"),
    plant("a cap that may be charged while use stands above it", 5,
          "UPDATE curtailment_cuts SET excess_litres = 5 WHERE limit_id = (SELECT min(limit_id) FROM curtailment_cuts)",
          f"INSERT INTO accounts (id, asset_id, code, flags) SELECT 999999, asset_id, 31, 2 FROM accounts"
          f" WHERE id = {LIMIT_USE}",
          "INSERT INTO cap_excesses (limit_id, account_id) SELECT min(limit_id), 999999 FROM curtailment_cuts",
          *moved("999999", LIMIT_USE, 5, code=56), *moved(LIMIT_USE, LIMIT_ISSUE, 5, code=56)),
    plant("a curtailment whose lines say less", 10,
          "UPDATE curtailments SET taken_litres = taken_litres + 1"),
    plant("a reversal that says more", 10, "UPDATE reversals SET taken_litres = taken_litres + 1"),
    plant("an announcement that reserved something else", 10,
          "UPDATE announcements SET reserved_litres = reserved_litres + 1 WHERE reserve_e6 > 0"),
    plant("a line of no right", 10,
          "UPDATE announcement_lines SET entitlement_id = 999999999 WHERE litres = (SELECT max(litres)"
          " FROM announcement_lines)"),
    plant("water left in a closed year", 14,
          f"UPDATE water_years SET status = 'closed' WHERE year = {clock.this_year()}"),
)  # fmt: skip

TRAIL = (
    plant("a link whose content was changed", 13,
          "UPDATE audit SET detail = '{}' WHERE chain = 'api' AND seq = 7"),
    plant("a link that is gone", 13, "DELETE FROM audit WHERE chain = 'api' AND action = 'water_year.opened'"),
    plant("the last link cut off", 13,
          "DELETE FROM audit a USING audit_chains c WHERE a.chain = c.chain AND a.seq = c.seq AND a.chain = 'api'"),
    plant("a command that was changed", 13,
          "UPDATE commands SET actor_user_id = actor_user_id + 1 WHERE id = (SELECT max(id) FROM commands)"),
    plant("a command that nobody audited", 13,
          "DELETE FROM commands WHERE id = (SELECT max(id) FROM commands WHERE request LIKE '{\"type\":\"cancel\"%')"),
    plant("a trade of an unknown batch", 13, "UPDATE trades SET batch_id = 1"),
    plant("a right that nobody recorded", 13,
          "UPDATE entitlements SET id = id + 1000000 WHERE id = (SELECT max(e.id) FROM entitlements e"
          " JOIN announcement_lines l ON l.entitlement_id = e.id WHERE e.status = 'confirmed')",
          "UPDATE entitlement_steps SET entitlement_id = entitlement_id + 1000000"
          " WHERE entitlement_id NOT IN (SELECT id FROM entitlements)",
          "UPDATE announcement_lines SET entitlement_id = entitlement_id + 1000000"
          " WHERE entitlement_id NOT IN (SELECT id FROM entitlements)"),
    plant("a turn sheet that nobody recorded", 13,
          "INSERT INTO turn_sheets (meter_id, since, until, counter_number, counter_from_litres, counter_litres,"
          " gate_litres, loss_litres, basis) SELECT meter_id, since, until, counter_number, counter_from_litres,"
          " counter_litres, gate_litres, loss_litres, basis FROM turn_sheets LIMIT 1"),
    plant("a decision that nobody recorded", 13,
          "UPDATE audit SET action = 'review.forgotten' WHERE action = 'review.rejected'"),
    plant("a key that was used twice", 15,
          unchecked("idempotency_keys", "uq_idempotency_keys_scope_key"),
          "INSERT INTO idempotency_keys (scope, key, route, body_hash, status, response)"
          " SELECT scope, key, route, body_hash, status, response FROM idempotency_keys LIMIT 1"),
    plant("an order that no command placed", 15,
          "CREATE TEMPORARY TABLE extra AS SELECT * FROM orders"
          " WHERE status = 'cancelled' AND rest_litres = volume_litres LIMIT 1",
          "UPDATE extra SET id = id + 1000000000, hold_id = 0",
          "INSERT INTO orders SELECT * FROM extra"),
)  # fmt: skip

RIGHTS = (
    plant("a right that received more than its volume", 10,
          "UPDATE entitlements SET volume_litres = 1 WHERE id = (SELECT min(entitlement_id) FROM announcement_lines)"),
    plant("a successor that is larger than what it came from", 10,
          "UPDATE entitlements SET volume_litres = volume_litres + 1"
          " WHERE id = (SELECT max(child_id) FROM entitlement_lineage)"),
    plant("a replaced right that did not pass on all", 10,
          "DELETE FROM entitlement_lineage WHERE child_id = (SELECT max(child_id) FROM entitlement_lineage)"),
    plant("a successor that forgot what was received", 10,
          "DELETE FROM entitlement_carried WHERE child_id = (SELECT max(child_id) FROM entitlement_carried)"),
    plant("a right with successors that is in force", 10,
          "UPDATE entitlements SET status = 'confirmed' WHERE status = 'replaced'",
          "UPDATE entitlement_steps SET to_status = 'confirmed', step = 'amend' WHERE to_status = 'replaced'"),
    plant("a right that no step suspended", 13,
          "UPDATE entitlements SET status = 'suspended' WHERE id = (SELECT max(id) FROM entitlements)"),
    plant("a step out of nowhere", 13,
          "UPDATE entitlement_steps SET from_status = 'accepted' WHERE id ="
          " (SELECT min(id) FROM entitlement_steps WHERE step = 'confirm')"),
)  # fmt: skip
