"""The terms of a saving contract between the wire and the value that is signed, both ways."""

from __future__ import annotations

from typing import Any

from market.contracts import sharing, terms
from market.core.errors import InvalidInput


def value_of(sent: dict[str, Any]) -> terms.Terms:
    """The value of terms as they were sent. Errors: InvalidInput."""
    try:
        return _value(sent)
    except sharing.BadTerms as error:
        raise InvalidInput(str(error), pointer="/terms") from error


def _value(sent: dict[str, Any]) -> terms.Terms:
    parties = tuple(
        terms.Party(each["participant_id"], each["role"], each["size"]) for each in sent["parties"]
    )
    same = (
        "kind", "mode", "title", "starts_on", "ends_on", "period_months", "duties", "equipment", "payment_days",
        "resolution_sha256",
    )  # fmt: skip
    late, trusteeship = sent["late"], sent["trusteeship"]
    return terms.Terms(
        **{name: sent[name] for name in same},
        parties=parties,
        verifier=sent["verifier_id"],
        boundary=tuple(
            terms.BoundaryPoint(each["point_id"], 1 if each["counts"] == "added" else -1)
            for each in sent["boundary"]
        ),
        price=sharing.PriceBasis(sent["price"]["basis"], sent["price"]["price"]),
        investment_fen=sent["investment"],
        schedule=_schedule(sent["schedule"], parties) if sent["schedule"] else None,
        guarantee=guarantee_of(sent["guarantee"]),
        trusteeship=sharing.Trusteeship(trusteeship["fee"], trusteeship["base_volume"], trusteeship["price"])
        if trusteeship
        else None,
        tariff=_tariff(sent["tariff"]) if sent["tariff"] else None,
        fee_fen=sent["fee"],
        upkeep_fen=sent["upkeep"],
        keep_fen=sent["keep"],
        deposit_fen=sent["deposit"],
        late=sharing.Rate(late["rate"], late["days"]) if late else None,
        lpr_e6=sent["loan_prime_rate"],
        vat_bp=sent["vat"],
        water_bp=tuple(sent["water_shares"]),
        early_end=tuple(terms.EarlyEnd(each["from_year"], each["amount"]) for each in sent["early_end"]),
        households=tuple(
            terms.Household(each["participant_id"], each["share"], each["clawback_cap"])
            for each in sent["households"]
        ),
    )  # fmt: skip


def rows_of(sent: list[dict[str, Any]]) -> tuple[sharing.Row, ...]:
    """The rows of a schedule. Errors: BadTerms."""
    return tuple(
        sharing.Row(
            row["from_year"],
            tuple(sharing.Step(step["from_share"], tuple(step["shares"])) for step in row["steps"]),
            row["threshold"],
        )
        for row in sent
    )


def recovery_of(sent: dict[str, Any] | None) -> sharing.Recovery | None:
    """What holds until the firm has its investment back."""
    return sharing.Recovery(sent["recoverable"], tuple(sent["shares"])) if sent else None


def guarantee_of(sent: dict[str, Any] | None) -> sharing.Guarantee | None:
    """A guarantee. Errors: BadTerms."""
    if not sent:
        return None
    return sharing.Guarantee(
        sent["volume"],
        sent["price"],
        sent["cap"],
        tuple(sent["surplus_shares"]),
        sent["tolerance"],
        sent["factor"],
    )


def _schedule(sent: dict[str, Any], parties: tuple[terms.Party, ...]) -> sharing.Schedule:
    firm = next((each.participant for each in parties if each.role == terms.FIRM), 0)
    user = next((each.participant for each in parties if each.role == terms.USER), 0)
    return sharing.Schedule(
        parties=tuple(str(each.participant) for each in parties),
        firm=str(firm),
        user=str(user),
        rows=rows_of(sent["rows"]),
        recovery=recovery_of(sent["recovery"]),
        fees=tuple(
            sharing.Fee(str(each["payee_id"]), each["amount"], each["share"]) for each in sent["fees"]
        ),
        floor_fen=sent["floor"],
        ceiling_fen=sent["ceiling"],
    )


def _tariff(sent: dict[str, Any]) -> sharing.Tariff:
    over = {
        name: tuple(sharing.Over(each["above"], each["multiple"]) for each in sent[name])
        for name in ("over_quota", "over_plan")
    }
    return sharing.Tariff(
        blocks=tuple(sharing.Block(each["from_volume"], each["price"]) for each in sent["blocks"]),
        quota_litres=sent["quota"],
        tax_e4=sent["tax"],
        plan_litres=sent["plan"],
        sewage_e4=sent["sewage"],
        sewage_bp=sent["sewage_share"],
        **over,
    )


def wire_of(value: terms.Terms) -> dict[str, Any]:
    """Signed terms as the wire writes them."""
    same = (
        "kind", "mode", "title", "starts_on", "ends_on", "period_months", "duties", "equipment", "payment_days",
        "resolution_sha256",
    )  # fmt: skip
    guarantee, trusteeship = value.guarantee, value.trusteeship
    return {name: getattr(value, name) for name in same} | {
        "parties": [
            {"participant_id": each.participant, "role": each.role, "size": each.size}
            for each in value.parties
        ],
        "verifier_id": value.verifier,
        "boundary": [
            {"point_id": each.point, "counts": "added" if each.sign == 1 else "taken_off"}
            for each in value.boundary
        ],
        "price": {"basis": value.price.kind, "price": value.price.price_e4},
        "tariff": _tariff_wire(value.tariff) if value.tariff else None,
        "investment": value.investment_fen,
        "schedule": _schedule_wire(value.schedule) if value.schedule else None,
        "guarantee": {
            "volume": guarantee.litres,
            "price": guarantee.price_e4,
            "cap": guarantee.cap_fen,
            "surplus_shares": list(guarantee.surplus_bp),
            "tolerance": guarantee.tolerance_bp,
            "factor": guarantee.factor_bp,
        }
        if guarantee
        else None,
        "trusteeship": {
            "fee": trusteeship.fee_fen,
            "base_volume": trusteeship.base_litres,
            "price": trusteeship.tariff_e4,
        }
        if trusteeship
        else None,
        "fee": value.fee_fen,
        "upkeep": value.upkeep_fen,
        "keep": value.keep_fen,
        "deposit": value.deposit_fen,
        "late": {"rate": value.late.e6, "days": value.late.days} if value.late else None,
        "loan_prime_rate": value.lpr_e6,
        "vat": value.vat_bp,
        "water_shares": list(value.water_bp),
        "early_end": [{"from_year": each.year, "amount": each.fen} for each in value.early_end],
        "households": [
            {
                "participant_id": each.participant,
                "share": each.share_bp,
                "clawback_cap": each.clawback_cap_fen,
            }
            for each in value.households
        ],
    }


def _schedule_wire(value: sharing.Schedule) -> dict[str, Any]:
    recovery = value.recovery
    return {
        "rows": [
            {
                "from_year": row.from_year,
                "steps": [{"from_share": step.from_bp, "shares": list(step.shares_bp)} for step in row.steps],
                "threshold": row.threshold,
            }
            for row in value.rows
        ],
        "recovery": {"recoverable": recovery.recoverable_fen, "shares": list(recovery.shares_bp)}
        if recovery
        else None,
        "fees": [{"payee_id": int(each.payee), "amount": each.fen, "share": each.bp} for each in value.fees],
        "floor": value.floor_fen,
        "ceiling": value.ceiling_fen,
    }


def _tariff_wire(value: sharing.Tariff) -> dict[str, Any]:
    over = {
        name: [{"above": each.above_e6, "multiple": each.multiple_e6} for each in getattr(value, name)]
        for name in ("over_quota", "over_plan")
    }
    return over | {
        "blocks": [{"from_volume": each.from_litres, "price": each.price_e4} for each in value.blocks],
        "quota": value.quota_litres,
        "tax": value.tax_e4,
        "plan": value.plan_litres,
        "sewage": value.sewage_e4,
        "sewage_share": value.sewage_bp,
    }
