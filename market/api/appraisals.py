"""What a saving project is worth to each party before anybody signs, and the portfolio of all contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ledger.units import format_decimal, format_fen, format_litres
from market.api.http import blueprint, session
from market.api.saving_wire import guarantee_of, recovery_of, rows_of
from market.api.schemas import appraisals as shapes
from market.contracts import finance, sharing
from market.contracts.portfolio import portfolio
from market.core.errors import InvalidInput

blp = blueprint("appraisals", "Cash flow, payback and rates of saving projects, and their portfolio")


@blp.route("/saving-plans/appraise", methods=["POST"])
@blp.arguments(shapes.PlanIn)
@blp.response(200, shapes.AppraisalOut)
def appraise(body: dict[str, Any]) -> dict[str, Any]:
    """Every mode side by side: cash flow, payback, net present value and internal rate of each party."""
    if len(body["rates"]) != len(body["parties"]):
        raise InvalidInput("a rate for each party", pointer="/rates")
    rates = dict(zip(body["parties"], body["rates"], strict=True))
    try:
        plan = _plan(body)
        modes = finance.compare(plan, rates)
        flows = {mode: finance.flows_of(plan, mode) for mode in modes}
        wanted = body["sensitivity_of"]
        cases = finance.sensitivity(plan, wanted, rates) if wanted else ()
    except sharing.BadTerms as error:
        raise InvalidInput(str(error), pointer="/") from error
    return {
        "modes": [
            {
                "mode": mode,
                "measures": _measures(found),
                "flows": [[_flow(each) for each in flows[mode][party]] for party in found],
            }
            for mode, found in modes.items()
        ],
        "sensitivity": [
            {
                "saving": format_decimal(each.saving_bp, scale=4),
                "price": format_decimal(each.price_bp, scale=4),
                "measures": _measures(each.measures),
            }
            for each in cases
        ],
    }


def _plan(body: dict[str, Any]) -> finance.Plan:
    return finance.Plan(
        schedule=sharing.Schedule(
            tuple(body["parties"]),
            body["firm"],
            body["user"],
            rows_of(body["rows"]),
            recovery_of(body["recovery"]),
        ),
        savings_litres=tuple(body["savings"]),
        base_litres=body["base_use"],
        price_e4=body["price"],
        investment_fen=body["investment"],
        upkeep_fen=body["upkeep"],
        fee_fen=body["fee"],
        guarantee=guarantee_of(body["guarantee"]),
        trust_bp=body["trust_share"],
        tax_bp=body["tax"],
        subsidy_fen=body["subsidy"],
        loan_fen=body["loan"],
        loan_rate_e6=body["loan_rate"],
        loan_years=body["loan_years"],
    )


def _flow(each: finance.Flow) -> dict[str, Any]:
    money = {
        name.removesuffix("_fen"): format_fen(value) for name, value in asdict(each).items() if name != "year"
    }
    return {"year": each.year, "net": format_fen(each.net_fen)} | money


def _measures(found: Mapping[str, finance.Measures]) -> list[dict[str, Any]]:
    def years(value: int | None) -> str | None:
        return None if value is None else format_decimal(value, scale=4)

    lines = []
    for party, each in found.items():
        zh, en = finance.IRR_REASONS[each.irr_reason] if each.irr_reason else (None, None)
        lines.append(
            {
                "party": party,
                "total": format_fen(each.total_fen),
                "net_present_value": format_fen(each.npv_fen),
                "payback_years": years(each.payback_e4),
                "discounted_payback_years": years(each.discounted_payback_e4),
                "internal_rate": None if each.irr_e6 is None else format_decimal(each.irr_e6, scale=6),
                "no_rate_zh": zh,
                "no_rate_en": en,
            }
        )
    return lines


@blp.route("/saving-portfolio", methods=["GET"])
@blp.response(200, shapes.PortfolioOut)
def list_portfolio() -> dict[str, Any]:
    """Projects, contracts, savings claimed and verified, money, disputes and dues, by kind of project."""
    names = ("kind", "projects", "marked", "contracts", "running", "reports", "disputes", "open_disputes")
    return {
        "data": [
            {name: getattr(each, name) for name in names}
            | {
                "claimed": format_litres(each.claimed_litres),
                "verified": format_litres(each.verified_litres),
                "creditable_water": each.water_litres,
                "benefit": each.benefit_fen,
                "open_dues": each.open_fen,
                "late_dues": each.late_fen,
            }
            for each in portfolio(session())
        ]
    }
