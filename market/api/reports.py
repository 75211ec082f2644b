"""Baselines and saving reports over HTTP: proposed, agreed, drafted, accepted, certified, disputed, distributed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from market.api.desks import check_free
from market.api.http import actor, blueprint, etag, own_only, page, paging, session
from market.api.schemas import reports as shapes
from market.api.whose import party
from market.contracts import baselines, distributing, reckoning, report_queries, reporting, verifying
from market.contracts.contract_queries import contract as contract_of
from market.contracts.measuring import Span
from market.contracts.night_baselines import Billed
from market.contracts.report_models import ContractBaseline, ReportAdjustment
from market.contracts.savings import Driver, LeakageBaseline, Reason, derivation, measured, plot, text_of
from market.contracts.savings.model import LeftOut
from market.supervision.desks.models import DISPUTE

blp = blueprint("baselines", "Baselines of saving contracts")
routes = blueprint("saving_reports", "Reports of what contracts have saved")

_DAY = dt.timedelta(days=1)
_EFFECT = {"more": 1, "less": -1, "either": 0}
_E6 = 1_000_000


@blp.route("/saving-contracts/<sct:contract_id>/baselines", methods=["GET"])
@blp.response(200, shapes.BaselinesOut)
def list_baselines(contract_id: int) -> dict[str, Any]:
    """The baselines of a contract, by number."""
    return {
        "data": [baseline_out(each) for each in report_queries.baselines(session(), contract_id=contract_id)]
    }


@blp.route("/saving-contracts/<sct:contract_id>/baselines", methods=["POST"])
@blp.arguments(shapes.BaselineIn)
@blp.response(201, shapes.BaselineOut)
def propose(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Propose a baseline; what was used is read from the boundary's points."""
    seats = contract_of(session(), contract_id=contract_id).terms
    both = (str(seats.user), str(seats.firms[0]))  # who consents to the baseline signs its departures
    wanted = wanted_of(body, both)
    made = baselines.propose(
        session(), actor=actor().audit, contract_id=contract_id, by=party(), wanted=wanted
    )
    return baseline_out(report_queries.baseline(session(), baseline_id=made.id))


@blp.route("/contract-baselines/<bsl:baseline_id>/consent", methods=["POST"])
@blp.arguments(shapes.HashIn)
@blp.response(200, shapes.BaselineOut)
def consent(body: dict[str, Any], baseline_id: int) -> dict[str, Any]:
    """Consent to a baseline by its hash; with user and firm it is agreed, and frozen."""
    baselines.consent(
        session(), actor=actor().audit, baseline_id=baseline_id, by=party(), sha256=body["sha256"]
    )
    return baseline_out(report_queries.baseline(session(), baseline_id=baseline_id))


@routes.route("/saving-reports", methods=["GET"])
@routes.arguments(shapes.ReportsQuery, location="query")
@routes.response(200, shapes.SavingReportPage)
def list_reports(query: dict[str, Any]) -> dict[str, Any]:
    """Reports of contracts in which one has a seat (the bureau: all), by id."""
    where = paging("srp")
    rows = report_queries.reports(
        session(), party=own_only(), **query, after=where.after, limit=where.limit + 1
    )
    return page([_out(each) for each in rows], where.limit)


@routes.route("/saving-contracts/<sct:contract_id>/reports", methods=["POST"])
@routes.arguments(shapes.SavingReportIn)
@routes.response(201, shapes.SavingReportOut)
def draft(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Draft the report of a period; its meters' intervals are claimed.

    Where the period before is too uncertain alone, this is the report of both; of a skipped one, send its spans too.
    """
    made = reporting.draft(
        session(), actor=actor().audit, contract_id=contract_id, by=party(), spans=_spans(body["spans"]),
        billed=billed_of(body["billed"]),
    )  # fmt: skip
    return _one(made.id)


@routes.route("/saving-reports/<srp:report_id>", methods=["GET"])
@routes.response(200, shapes.SavingReportOut)
def get(report_id: int) -> dict[str, Any]:
    """One report."""
    return _one(report_id)


@routes.route("/saving-reports/<srp:report_id>/derivation", methods=["GET"])
@routes.response(200, shapes.DerivationOut)
def derive(report_id: int) -> dict[str, Any]:
    """How the saving was reckoned, number by number, in Chinese and English, and as a picture."""
    found = report_queries.report(session(), report_id=report_id).report
    saving, _ = reckoning.result_of(found)
    base, report = reckoning.inputs_of(found, session().get_one(ContractBaseline, found.baseline_id))
    return {
        "zh": [*measured(base, report, "zh"), *derivation(saving, "zh")],
        "en": [*measured(base, report, "en"), *derivation(saving, "en")],
        "plot_zh": plot(saving, "zh"),
        "plot_en": plot(saving, "en"),
        "sha256": found.sha256.hex(),
    }


@routes.route("/saving-reports/<srp:report_id>/revise", methods=["POST"])
@routes.arguments(shapes.RevisionIn)
@routes.response(200, shapes.SavingReportOut)
def revise(body: dict[str, Any], report_id: int) -> dict[str, Any]:
    """Reckon a draft or a returned report anew."""
    spans = _spans(body["spans"]) if body["spans"] else None
    reporting.revise(
        session(), actor=actor().audit, report_id=report_id, by=party(), spans=spans,
        billed=billed_of(body["billed"]),
    )  # fmt: skip
    return _one(report_id)


@routes.route("/saving-reports/<srp:report_id>/adjustments", methods=["POST"])
@routes.arguments(shapes.AdjustmentIn)
@routes.response(201, shapes.SavingReportOut)
def propose_adjustment(body: dict[str, Any], report_id: int) -> dict[str, Any]:
    """Propose a non-routine adjustment on its evidence."""
    reporting.propose_adjustment(
        session(), actor=actor().audit, report_id=report_id, by=party(), event=body["event"],
        starts_on=body["first_day"], ends_on=body["last_day"] + _DAY, litres=body["volume"],
        u_litres=body["uncertainty"], evidence=body["evidence"],
    )  # fmt: skip
    return _one(report_id)


@routes.route("/report-adjustments/<adj:adjustment_id>/accept", methods=["POST"])
@routes.response(200, shapes.SavingReportOut)
def accept_adjustment(adjustment_id: int) -> dict[str, Any]:
    """Accept the other side's adjustment (the verifier: either's); the report is reckoned anew with it."""
    found = reporting.accept_adjustment(
        session(), actor=actor().audit, adjustment_id=adjustment_id, by=party()
    )
    return _one(found.id)


@routes.route("/saving-reports/<srp:report_id>/accept", methods=["POST"])
@routes.arguments(shapes.HashIn)
@routes.response(200, shapes.SavingReportOut)
def accept(body: dict[str, Any], report_id: int) -> dict[str, Any]:
    """Accept a draft by its hash; with user and firm it goes to the verifier."""
    verifying.accept(session(), actor=actor().audit, report_id=report_id, by=party(), sha256=body["sha256"])
    return _one(report_id)


@routes.route("/saving-reports/<srp:report_id>/certify", methods=["POST"])
@routes.arguments(shapes.HashIn)
@routes.response(200, shapes.SavingReportOut)
def certify(body: dict[str, Any], report_id: int) -> dict[str, Any]:
    """Certify a report by the hash of its derivation."""
    verifying.certify(session(), actor=actor().audit, report_id=report_id, by=party(), sha256=body["sha256"])
    return _one(report_id)


@routes.route("/saving-reports/<srp:report_id>/return", methods=["POST"])
@routes.arguments(shapes.ReportReasonIn)
@routes.response(200, shapes.SavingReportOut)
def give_back(body: dict[str, Any], report_id: int) -> dict[str, Any]:
    """Return a report to user and firm."""
    verifying.give_back(
        session(), actor=actor().audit, report_id=report_id, by=party(), reason=body["reason"]
    )
    return _one(report_id)


@routes.route("/saving-reports/<srp:report_id>/object", methods=["POST"])
@routes.arguments(shapes.ReportReasonIn)
@routes.response(200, shapes.SavingReportOut)
def object_to(body: dict[str, Any], report_id: int) -> dict[str, Any]:
    """Object to a verified report in time, as a party or the bureau."""
    verifying.object_to(
        session(), actor=actor().audit, report_id=report_id, by=own_only(), grounds=body["reason"]
    )
    return _one(report_id)


@routes.route("/saving-reports/<srp:report_id>/name-verifier", methods=["POST"])
@routes.arguments(shapes.NamedVerifierIn)
@routes.response(200, shapes.SavingReportOut)
def name_verifier(body: dict[str, Any], report_id: int) -> dict[str, Any]:
    """Name another verifier for a disputed report."""
    check_free(DISPUTE, report_id)
    verifying.name_verifier(session(), actor=actor().audit, report_id=report_id, **body)
    return _one(report_id)


@routes.route("/saving-reports/<srp:report_id>/re-verify", methods=["POST"])
@routes.arguments(shapes.ReVerificationIn)
@routes.response(200, shapes.SavingReportOut)
def re_verify(body: dict[str, Any], report_id: int) -> dict[str, Any]:
    """Decide a dispute, as the verifier whom the bureau named."""
    verifying.re_verify(session(), actor=actor().audit, report_id=report_id, by=party(), **body)
    return _one(report_id)


@routes.route("/saving-reports/<srp:report_id>/void", methods=["POST"])
@routes.arguments(shapes.ReportReasonIn)
@routes.response(200, shapes.SavingReportOut)
def void(body: dict[str, Any], report_id: int) -> dict[str, Any]:
    """Void a period in which a meter was interfered with."""
    verifying.void(session(), actor=actor().audit, report_id=report_id, reason=body["reason"])
    return _one(report_id)


@routes.route("/saving-reports/<srp:report_id>/distribute", methods=["POST"])
@routes.response(200, shapes.SavingReportOut)
def distribute(report_id: int) -> dict[str, Any]:
    """Share out a verified report when the time to object is over."""
    distributing.distribute_report(session(), actor=actor().audit, report_id=report_id)
    return _one(report_id)


def _spans(sent: list[dict[str, Any]]) -> tuple[Span, ...]:
    return tuple(
        Span(each["first_day"], each["last_day"] + _DAY, tuple(value / _E6 for value in each["drivers"]))
        for each in sent
    )


def wanted_of(body: dict[str, Any], signed_by: tuple[str, ...]) -> baselines.Wanted:
    """A base period as it was sent; `signed_by`: who signs its departures from the rules."""
    drivers = tuple(
        Driver(each["code"], each["name_zh"], each["name_en"], each["unit"], _EFFECT[each["effect"]])
        for each in body["drivers"]
    )
    codes = [each.code for each in drivers]
    return baselines.Wanted(
        works_start=body["works_start"],
        drivers=drivers,
        spans=_spans(body["spans"]),
        season=tuple(sorted(set(body["season"]))),
        unit=codes.index(body["unit_driver"]) if body["unit_driver"] in codes else None,
        departures=tuple(LeftOut(each["what"], each["reason"], signed_by) for each in body["departures"]),
    )


def billed_of(sent: dict[str, Any] | None) -> Billed | None:
    """What was billed within a district, for its water balance."""
    return Billed(sent["volume"], sent["document_sha256"]) if sent else None


def reason_out(each: Reason) -> dict[str, str]:
    """A reason in both languages."""
    return {"code": each.code, "text_zh": text_of(each, "zh"), "text_en": text_of(each, "en")}


def baseline_out(each: report_queries.BaselineView) -> dict[str, Any]:
    """A baseline on the wire, of use by drivers or of nights."""
    row, found = each.baseline, baselines.baseline_of(each.baseline)
    names = ("id", "contract_id", "number", "tier", "status", "proposed_at", "agreed_at")
    out = {name: getattr(row, name) for name in names} | {
        "reasons": [reason_out(reason) for reason in found.reasons],
        "starts_on": found.base.starts,
        "ends_on": found.base.ends,
        "sha256": row.sha256.hex(),
        "consents": [one.participant_id for one in each.consents],
    }
    if isinstance(found, LeakageBaseline):
        nights = {
            "count": len(found.base.nights),
            "night_use": round(found.base.night_use),
            "day_factor": round(found.hours * _E6),
            "mean_leakage": round(found.mean),
            "pressure_point_id": found.base.pressure_point,
        }
        return out | {"drivers": [], "chosen": [], "base_use": found.leaked_litres, "nights": nights}
    return out | {
        "drivers": [driver.code for driver in found.base.drivers],
        "chosen": [found.base.drivers[place].code for place in found.chosen],
        "base_use": sum(period.litres for period in found.base.periods),
        "nights": None,
    }


def _one(report_id: int) -> dict[str, Any]:
    found = report_queries.report(session(), report_id=report_id)
    etag(found.report.version)
    return _out(found)


def _out(each: report_queries.ReportView) -> dict[str, Any]:
    row = each.report
    saving, given = reckoning.result_of(row)
    names = (
        "id", "contract_id", "baseline_id", "starts_on", "ends_on", "revision", "status", "tier", "merges", "due_on",
        "verified_by", "verified_at", "return_reason", "merged_into_id", "drafted_at", "version",
    )  # fmt: skip
    limits = saving.interval
    return {name: getattr(row, name) for name in names} | {
        "adjusted_baseline": row.adjusted_litres,
        "use": row.use_litres,
        "saving": row.saving_litres,
        "low_95": limits.low95 if limits else None,
        "high_95": limits.high95 if limits else None,
        "credited_money": row.money_litres,
        "credited_water": row.water_litres,
        "carried": row.carried_litres,
        "reasons": [reason_out(reason) for reason in (*given.reasons, *saving.caveats, *saving.flags)],
        "sha256": row.sha256.hex(),
        "clock": row.clock_name,
        "accepted_by": [one.participant_id for one in each.consents],
        "adjustments": [_adjustment_out(one) for one in each.adjustments],
        "disputes": [
            {
                name: getattr(one, name)
                for name in (
                    "raised_by",
                    "grounds",
                    "status",
                    "verifier_id",
                    "finding",
                    "raised_at",
                    "resolved_at",
                )
            }
            for one in each.disputes
        ],
        "distribution": _distribution_out(each),
    }


def _adjustment_out(each: ReportAdjustment) -> dict[str, Any]:
    return {
        "id": each.id,
        "event": each.event,
        "first_day": each.starts_on,
        "last_day": each.ends_on - _DAY,
        "volume": each.litres,
        "uncertainty": each.u_litres,
        "evidence": each.evidence,
        "proposed_by": each.proposed_by,
        "accepted_by": each.accepted_by,
    }


def _distribution_out(each: report_queries.ReportView) -> dict[str, Any] | None:
    made = each.distribution
    if made is None:
        return None
    return {
        "contract_year": made.contract_year,
        "benefit": made.benefit_fen,
        "shortfall": made.shortfall_fen,
        "shares": [
            {"participant_id": one.participant_id, "amount": one.fen, "fee": one.fee_fen}
            for one in each.shares
        ],
        "sha256": made.sha256.hex(),
        "distributed_at": made.distributed_at,
    }
