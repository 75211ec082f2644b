"""Billing over HTTP: runs, which association keeps which canal, remittances, what is posted in the villages."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import water_bills as shapes
from market.billing import associations, drafts, publishing, queries, remittances, runs
from market.billing.models import BillingRun, BillPosting
from market.core import clock
from market.core.db import raw
from market.county.current import pack_in_force

SAMPLE = 50

blp = blueprint("billing_runs", "Billing runs: previewed, issued, posted by village (水费出账与公示)")
remits = blueprint("remittances", "Collected water bills handed over, by four eyes (水费解缴)")
canals = blueprint("canal_associations", "Which association keeps the end canals of a canal (末级渠系管护)")


@blp.route("/billing-runs/preview", methods=["POST"])
@blp.arguments(shapes.BillingPeriodIn)
@blp.response(200, shapes.BillingPreviewOut)
def preview(body: dict[str, Any]) -> dict[str, Any]:
    """What a run would issue now: sums, the first bills, and the digest that the run is asked with."""
    found = runs.preview(session(), water_year=body["water_year"], until_on=body["until"])
    due, _ = runs.due_on(pack_in_force(raw(session())), clock.today())
    bills = found.bills
    return {
        "water_year": body["water_year"], "from": found.period.from_on, "until": body["until"], "due": due,
        "bills": len(bills), "corrections": sum(each.kind == "correction" for each in bills),
        "credits": sum(each.fen < 0 for each in bills), "volume": sum(each.litres for each in bills),
        "amount": sum(each.fen for each in bills), "end_canal_part": sum(each.association_fen for each in bills),
        "digest": found.digest.hex(), "sample": [_draft(found, each) for each in bills[:SAMPLE]],
    }  # fmt: skip


@blp.route("/billing-runs", methods=["POST"])
@blp.arguments(shapes.BillingRunIn)
@blp.response(201, shapes.BillingRunOut)
def issue(body: dict[str, Any]) -> dict[str, Any]:
    """Issue the bills of a period, exactly those that were previewed."""
    made = runs.issue(
        session(), actor=actor().audit, water_year=body["water_year"], until_on=body["until"],
        digest=bytes.fromhex(body["digest"]),
    )  # fmt: skip
    return _run(made)


@blp.route("/billing-runs", methods=["GET"])
@blp.response(200, shapes.BillingRunPage)
def list_runs() -> dict[str, Any]:
    """Runs by id."""
    where = paging("wbr")
    rows = queries.runs(session(), after=where.after, limit=where.limit + 1)
    return page([_run(each) for each in rows], where.limit)


@blp.route("/billing-runs/<wbr:billing_run_id>", methods=["GET"])
@blp.response(200, shapes.BillingRunOut)
def get(billing_run_id: int) -> dict[str, Any]:
    """One run."""
    return _run(queries.run(session(), run_id=billing_run_id))


@blp.route("/billing-runs/<wbr:billing_run_id>/postings", methods=["POST"])
@blp.arguments(shapes.BillPostingIn)
@blp.response(201, shapes.BillPostingOut)
def post_village(body: dict[str, Any], billing_run_id: int) -> dict[str, Any]:
    """Post a place's bills in public, with masked names, as they stand now."""
    made = publishing.post(session(), actor=actor().audit, run_id=billing_run_id, zone=body["zone"])
    return _posting(made)


@blp.route("/billing-runs/<wbr:billing_run_id>/postings", methods=["GET"])
@blp.response(200, shapes.BillPostingList)
def list_postings(billing_run_id: int) -> dict[str, Any]:
    """What was posted of a run; for everybody."""
    return {"data": [_posting(each) for each in publishing.postings(session(), run_id=billing_run_id)]}


@remits.route("/remittances", methods=["POST"])
@remits.arguments(shapes.RemittanceIn)
@remits.response(201, shapes.RemittanceOut)
def make(body: dict[str, Any]) -> Any:
    """Gather what was paid up to a day and is in no remittance, for the supplier or an association."""
    return remittances.make(
        session(), actor=actor().audit, until_on=body["until"], association_id=body["association_id"]
    )


@remits.route("/remittances", methods=["GET"])
@remits.response(200, shapes.RemittancePage)
def list_remittances() -> dict[str, Any]:
    """Remittances by id."""
    where = paging("rmt")
    return page(remittances.remittances(session(), after=where.after, limit=where.limit + 1), where.limit)


@remits.route("/remittances/<rmt:remittance_id>", methods=["GET"])
@remits.response(200, shapes.RemittanceOut)
def get_remittance(remittance_id: int) -> Any:
    """One remittance."""
    return remittances.remittance(session(), remittance_id=remittance_id)


@remits.route("/remittances/<rmt:remittance_id>/payments", methods=["GET"])
@remits.response(200, shapes.RemittanceItemPage)
def list_items(remittance_id: int) -> dict[str, Any]:
    """The payments that a remittance is made of, by id."""
    where = paging("wbp")
    rows = remittances.items(session(), remittance_id=remittance_id, after=where.after, limit=where.limit + 1)
    return page(rows, where.limit)


@remits.route("/remittances/<rmt:remittance_id>/confirm", methods=["POST"])
@remits.arguments(shapes.RemittanceConfirmIn)
@remits.response(200, shapes.RemittanceOut)
def confirm(body: dict[str, Any], remittance_id: int) -> Any:
    """Confirm a remittance that somebody else made; the money moves."""
    return remittances.confirm(
        session(), actor=actor().audit, remittance_id=remittance_id, bank_reference=body.get("bank_reference")
    )


@remits.route("/remittances/<rmt:remittance_id>/refuse", methods=["POST"])
@remits.arguments(shapes.RemittanceRefuseIn)
@remits.response(200, shapes.RemittanceOut)
def refuse(body: dict[str, Any], remittance_id: int) -> Any:
    """Refuse a remittance that somebody else made; its payments wait for another."""
    return remittances.refuse(
        session(), actor=actor().audit, remittance_id=remittance_id, reason=body["reason"]
    )


@canals.route("/canal-associations", methods=["POST"])
@canals.arguments(shapes.CanalAssociationIn)
@canals.response(201, shapes.CanalAssociationOut)
def record(body: dict[str, Any]) -> dict[str, Any]:
    """Record which association keeps the end canals below a canal, and so has their part of its bills."""
    made = associations.record(
        session(), actor=actor().audit, canal=body["canal"], participant_id=body["association_id"],
        from_on=body["from_on"],
    )  # fmt: skip
    return {"canal": body["canal"], "association_id": made.participant_id, "from_on": made.from_on}


@canals.route("/canal-associations", methods=["GET"])
@canals.response(200, shapes.CanalAssociationList)
def list_associations() -> dict[str, Any]:
    """Every canal's associations, the latest first."""
    rows = associations.recorded(session())
    return {
        "data": [
            {"canal": canal, "association_id": each.participant_id, "from_on": each.from_on}
            for canal, each in rows
        ]
    }


def _run(run: BillingRun) -> dict[str, Any]:
    return {
        "id": run.id, "water_year": run.water_year, "from_on": run.from_on, "until_on": run.until_on,
        "due_on": run.due_on, "due_source": run.due_source, "bills": run.bills, "litres": run.litres, "fen": run.fen,
        "digest": run.digest.hex(), "issued_at": run.issued_at,
    }  # fmt: skip


def _draft(found: drafts.Drafts, each: drafts.Draft) -> dict[str, Any]:
    account = each.account
    return {
        "kind": each.kind, "water_account_id": account.id, "participant_id": account.participant_id,
        "quota": account.quota_litres, "volume": each.litres, "amount": each.fen,
        "end_canal_part": each.association_fen,
        "lines": [
            {
                "price": item.price_e4, "multiple": item.multiple_e6, "volume": amount.litres, "amount": amount.fen,
                "legal_source": found.sources.get((account.place, item), runs.EARLIER),
            }
            for item, amount in each.lines.items()
        ],
    }  # fmt: skip


def _posting(posting: BillPosting) -> dict[str, Any]:
    said = publishing.said(posting)
    total = said.total
    names = ("zone", "zone_zh", "zone_en", "water_year", "from_on", "until_on", "due_on", "as_of", "rows")
    return {
        **{name: getattr(said, name) for name in names},
        "run_id": posting.run_id, "litres": total.litres, "fen": total.fen, "paid_fen": total.paid_fen,
        "sha256": posting.sha256.hex(),
    }  # fmt: skip
