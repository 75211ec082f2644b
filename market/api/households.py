"""What an irrigation district's households receive, over HTTP."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import households as shapes
from market.api.tables import also_csv, answer, wants_csv
from market.api.whose import party
from market.contracts import household_payouts
from market.contracts.household_models import OF_DUE, HouseholdPayout

blp = blueprint("households", "What households receive of a district's benefit (农户分成)")


@blp.route("/saving-contracts/<sct:contract_id>/household-payouts", methods=["GET"])
@blp.response(200, shapes.HouseholdPayoutPage)
def list_payouts(contract_id: int) -> dict[str, Any]:
    """What was paid out to the households of a contract, by id."""
    where = paging("hhp")
    rows = household_payouts.payouts(
        session(), contract_id=contract_id, after=where.after, limit=where.limit + 1
    )
    return page([_payout_out(each) for each in rows], where.limit)


@blp.route("/saving-reports/<srp:report_id>/household-payout", methods=["POST"])
@blp.response(201, shapes.HouseholdPayoutOut)
def pay_out(report_id: int) -> dict[str, Any]:
    """Pay the district's share of a period out to its households."""
    made = household_payouts.of_distribution(session(), actor=actor().audit, report_id=report_id, by=party())
    return _payout_out(made)


@blp.route("/household-payouts/<hhp:household_payout_id>/shares", methods=["GET"])
@blp.response(200, shapes.HouseholdSharePage)
@also_csv(blp)
def list_of_payout(household_payout_id: int) -> Any:
    """Every household's part of a payout, for the district and the bureau."""
    return _shares(payout_id=household_payout_id)


@blp.route("/household-shares", methods=["GET"])
@blp.response(200, shapes.HouseholdSharePage)
@also_csv(blp)
def list_shares() -> Any:
    """What a household has received (the bureau: all), by id."""
    return _shares(participant_id=own_only())


def _shares(**of: int | None) -> Any:
    where = paging("hhs")
    found = household_payouts.shares(session(), **of, after=where.after, limit=where.limit + 1)
    rows = [
        {
            "id": each.share.id,
            "payout_id": each.payout.id,
            "contract_id": each.payout.contract_id,
            "participant_id": each.share.participant_id,
            "share": each.share.share_bp,
            "amount": each.share.fen,
            "made_at": each.payout.made_at,
        }
        for each in found
    ]
    if wants_csv():
        more = len(rows) > where.limit
        return answer(shapes.HouseholdShareOut, rows[: where.limit], name="household-shares", has_more=more)
    return page(rows, where.limit)


def _payout_out(each: HouseholdPayout) -> dict[str, Any]:
    return {
        "id": each.id,
        "contract_id": each.contract_id,
        "source": each.source,
        "due_id": each.reference if each.source == OF_DUE else None,
        "amount": each.fen,
        "households": each.households,
        "made_at": each.made_at,
    }
