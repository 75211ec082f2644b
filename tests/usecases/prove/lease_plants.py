"""Violations to plant in leases and in sales of rights."""

from __future__ import annotations

from tests.usecases.prove.plants import plant, unchecked

HELD = "(SELECT max(id) FROM lease_turns WHERE held_litres > 0)"
TRADED = "(SELECT max(id) FROM lease_turns WHERE status = 'traded')"
DELIVERED = f"(SELECT lease_id FROM lease_turns WHERE id = {TRADED})"
SOLD = "(SELECT max(negotiation_id) FROM right_sales)"
OFFERED = "(SELECT max(id) FROM negotiations WHERE tenure = 'entitlement' AND status = 'published')"
ENDED = "SET status = 'ended', ended_at = now(), end_reason = 'planted'"

LEASES = (
    plant("a turn that holds what the ledger does not", 6,
          unchecked("lease_turns", "ck_lease_turns_litres"),
          f"UPDATE lease_turns SET held_litres = held_litres + 1 WHERE id = {HELD}"),
    plant("a lapsed year that still holds its water", 6,
          unchecked("lease_turns", "ck_lease_turns_held"),
          f"UPDATE leases {ENDED} WHERE id = (SELECT lease_id FROM lease_turns WHERE id = {HELD})",
          f"UPDATE lease_turns SET status = 'lapsed', resolved_at = now() WHERE id = {HELD}"),
    plant("the price of a right that is not held", 6,
          f"UPDATE deal_holds SET amount = 0 WHERE kind = 'negotiation_money' AND reference = {OFFERED}"),
    plant("the price of a right that is held after its refusal", 6,
          "UPDATE negotiations SET status = 'refused', ended_at = now(), decided_at = now(),"
          f" decision_reason = 'planted', decided_by = (SELECT min(id) FROM users) WHERE id = {OFFERED}"),
    plant("a year of a lease delivered at another rent", 7,
          f"UPDATE leases SET rent_e4 = rent_e4 + 1 WHERE id = {DELIVERED}"),
    plant("a year of a lease that could be delivered again", 7,
          f"UPDATE lease_turns SET status = 'due', resolved_at = NULL, deal_id = NULL WHERE id = {TRADED}"),
    plant("a delivery of a lease that nobody owed", 7,
          f"UPDATE deals SET reference = reference + 1000000 WHERE kind = 'lease' AND reference = {TRADED}"),
    plant("a lease that runs on for longer than was signed", 7,
          f"UPDATE leases SET last_year = last_year + 1 WHERE id = {DELIVERED}"),
    plant("a right registered without a decision", 7,
          "UPDATE negotiations SET decided_by = NULL, decided_at = NULL, decision_reason = NULL"
          f" WHERE id = {SOLD}"),
    plant("a right whose fee went nowhere", 7,
          f"UPDATE right_sales SET fee_fen = fee_fen + 1 WHERE negotiation_id = {SOLD}"),
    plant("a sold right that its seller has kept", 7,
          "UPDATE right_sales SET new_entitlement_id = (SELECT min(id) FROM entitlements)"
          f" WHERE negotiation_id = {SOLD}"),
    plant("a contract for a right that only one side signed", 7,
          f"DELETE FROM negotiation_signatures WHERE side = 'sell' AND negotiation_id = {SOLD}"),
    plant("a lease of a right that is another's", 10,
          f"UPDATE leases SET lessor_id = (SELECT max(id) FROM participants WHERE id <> lessee_id)"
          f" WHERE id = {DELIVERED}"),
    plant("a lease that nobody recorded", 13,
          "UPDATE audit SET subject_id = subject_id + 1000000 WHERE subject_type = 'lease'"),
    plant("a year that is open though its lease is over", 14,
          "INSERT INTO lease_turns (lease_id, water_year, water_account_id, due_litres)"
          f" SELECT lease_id, 2027, water_account_id, 1 FROM lease_turns WHERE id = {TRADED}",
          f"UPDATE leases {ENDED} WHERE id = {DELIVERED}"),
)  # fmt: skip
