"""Invoices of the exchange for its fees over HTTP: tax profiles, runs, invoices, the tax authority's numbers (发票)."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, page, paging, session, settings
from market.api.schemas import fee_invoices as shapes
from market.api.schemas.statement import subject_of
from market.api.tables import also_csv, answer, wants_csv
from market.api.whose import narrowed
from market.core.chart import TransferCode
from market.core.db import raw
from market.fees import drafts, issuing, profiles, queries, rules
from market.fees.drafts import Draft
from market.fees.models import CREDIT, FeeInvoiceRun
from market.fees.profiles import Wished
from market.fees.queries import InvoiceView, LegView
from market.trading import movement_words

SAMPLE = 50


tax_profiles = blueprint("tax_profiles", "How a participant is invoiced (开票信息)")
runs = blueprint("fee_invoice_runs", "Invoices of the exchange for its fees: previewed, issued (手续费开票)")
blp = blueprint("fee_invoices", "Invoices of the exchange for its fees (手续费发票)")


@tax_profiles.route("/participants/<par:participant_id>/tax-profile", methods=["GET"])
@tax_profiles.response(200, shapes.TaxProfileOut)
def get_profile(participant_id: int) -> Any:
    """How a participant is invoiced now."""
    return profiles.profile(session(), participant_id=participant_id)


@tax_profiles.route("/participants/<par:participant_id>/tax-profile", methods=["POST"])
@tax_profiles.arguments(shapes.TaxProfileIn)
@tax_profiles.response(200, shapes.TaxProfileOut)
def keep(body: dict[str, Any], participant_id: int) -> Any:
    """Set how a body is invoiced from now on."""
    return profiles.keep(
        session(), actor=actor().audit, secret=settings().secret("identifier"), participant_id=participant_id,
        wished=Wished(**body),
    )  # fmt: skip


@runs.route("/fee-invoice-runs/preview", methods=["POST"])
@runs.arguments(shapes.FeeMonthIn)
@runs.response(200, shapes.FeePreviewOut)
def preview(body: dict[str, Any]) -> dict[str, Any]:
    """What a run would issue now: sums, the first invoices, and the digest that the run is asked with."""
    month = drafts.month_of(body["month"])
    found = issuing.preview(session(), month=month)
    credits = sum(each.kind == CREDIT for each in found.invoices)
    return {
        "month": body["month"], "first_day": month.first_on, "last_day": month.last_on,
        "invoices": len(found.invoices) - credits, "credits": credits,
        "without_tax_number": sum(
            each.kind != CREDIT and each.buyer.title is not None and each.buyer.tax_number is None
            for each in found.invoices
        ),
        **_amount(found.amount), "vat": vat(), "digest": found.digest.hex(),
        "sample": [_draft(each) for each in found.invoices[:SAMPLE]],
    }  # fmt: skip


@runs.route("/fee-invoice-runs", methods=["POST"])
@runs.arguments(shapes.FeeRunIn)
@runs.response(201, shapes.FeeRunOut)
def issue(body: dict[str, Any]) -> dict[str, Any]:
    """Issue the invoices of a month, exactly those that were previewed."""
    made = issuing.issue(
        session(), actor=actor().audit, month=drafts.month_of(body["month"]), digest=bytes.fromhex(body["digest"])
    )  # fmt: skip
    return _run(made)


@runs.route("/fee-invoice-runs", methods=["GET"])
@runs.response(200, shapes.FeeRunPage)
def list_runs() -> dict[str, Any]:
    """Runs by id."""
    where = paging("fir")
    rows = queries.runs(session(), after=where.after, limit=where.limit + 1)
    return page([_run(each) for each in rows], where.limit)


@runs.route("/fee-invoice-runs/<fir:fee_invoice_run_id>", methods=["GET"])
@runs.response(200, shapes.FeeRunOut)
def get_run(fee_invoice_run_id: int) -> dict[str, Any]:
    """One run."""
    return _run(queries.run(session(), run_id=fee_invoice_run_id))


@blp.route("/fee-invoices", methods=["GET"])
@blp.arguments(shapes.FeeInvoicesQuery, location="query")
@blp.response(200, shapes.FeeInvoicePage)
@also_csv(blp)
def list_invoices(query: dict[str, Any]) -> Any:
    """Invoices and credits by id; a participant sees its own."""
    where = paging("fin")
    query["participant_id"] = narrowed(query.get("participant_id"))
    found = queries.invoices(raw(session()), **query, after=where.after, limit=where.limit + 1)
    rows = [_invoice(each) for each in found]
    if wants_csv():
        more = len(rows) > where.limit
        return answer(shapes.FeeInvoiceOut, rows[: where.limit], name="fee-invoices", has_more=more)
    return page(rows, where.limit)


@blp.route("/fee-invoices/<fin:fee_invoice_id>", methods=["GET"])
@blp.response(200, shapes.FeeInvoiceInFull)
def get(fee_invoice_id: int) -> dict[str, Any]:
    """One invoice with its buyer and lines."""
    return in_full(fee_invoice_id)


@blp.route("/fee-invoices/<fin:fee_invoice_id>/fees", methods=["GET"])
@blp.response(200, shapes.InvoicedFeePage)
@also_csv(blp)
def list_fees(fee_invoice_id: int) -> Any:
    """The fees behind an invoice, by transfer."""
    where = paging("tfr")
    found = queries.legs(raw(session()), invoice_id=fee_invoice_id, after=where.after, limit=where.limit + 1)
    rows = [_fee(each) for each in found]
    if wants_csv():
        more = len(rows) > where.limit
        return answer(shapes.InvoicedFeeOut, rows[: where.limit], name="invoiced-fees", has_more=more)
    return page(rows, where.limit)


@blp.route("/fee-invoices/<fin:fee_invoice_id>/number", methods=["POST"])
@blp.arguments(shapes.FapiaoNumberIn)
@blp.response(200, shapes.FeeInvoiceInFull)
def record_number(body: dict[str, Any], fee_invoice_id: int) -> dict[str, Any]:
    """Record the number that the tax authority's own system gave to an invoice; once."""
    issuing.record_number(
        session(), actor=actor().audit, invoice_id=fee_invoice_id, code=body["code"], number=body["number"],
        day=body["issued_on"],
    )  # fmt: skip
    return in_full(fee_invoice_id)


def in_full(invoice_id: int) -> dict[str, Any]:
    """An invoice with its lines, as the wire and the pages show it. Errors: NotFound."""
    found = queries.invoice(raw(session()), invoice_id=invoice_id)
    buyer = ("address", "phone", "bank_name", "bank_account")
    return {
        **_invoice(found), **{name: getattr(found, name) for name in buyer}, "vat": vat(),
        "gross_in_words": rules.in_words(found.gross_fen), "sha256": found.sha256.hex(),
        "lines": [
            _line(each.code, each.legs, each.vat_e4, (each.gross_fen, each.net_fen, each.tax_fen))
            for each in queries.lines(session(), invoice_id)
        ],
    }  # fmt: skip


def vat() -> dict[str, Any]:
    """The rate at which fees are invoiced now, and where it is from."""
    return {
        "rate": rules.VAT_E4, "category_zh": rules.CATEGORY_ZH, "category_en": rules.CATEGORY_EN,
        "legal_source": rules.VAT_SOURCE, "demonstration": rules.VAT_DEMONSTRATION,
    }  # fmt: skip


def _run(run: FeeInvoiceRun) -> dict[str, Any]:
    names = (
        "id", "first_on", "last_on", "invoices", "credits", "gross_fen", "net_fen", "tax_fen", "issued_at",
    )  # fmt: skip
    return {name: getattr(run, name) for name in names} | {"digest": run.digest.hex()}


def _amount(amount: rules.Split) -> dict[str, int]:
    return {"gross": amount.gross_fen, "net": amount.net_fen, "tax": amount.tax_fen}


def _draft(each: Draft) -> dict[str, Any]:
    return {
        "kind": each.kind, "participant_id": each.participant_id, "corrects_id": each.corrects_id,
        "form": each.buyer.form, **_amount(each.amount),
        "lines": [_line(line.code, line.legs, line.vat_e4, line.amount) for line in each.lines],
    }  # fmt: skip


def _line(code: int, fees: int, vat_e4: int, amount: tuple[int, int, int]) -> dict[str, Any]:
    zh, en = movement_words.words(code)
    return {
        "code": TransferCode(code).name.lower(), "zh": zh, "en": en, "fees": fees, "rate": vat_e4,
        "gross": amount[0], "net": amount[1], "tax": amount[2],
    }  # fmt: skip


def _invoice(each: InvoiceView) -> dict[str, Any]:
    names = (
        "id", "number", "run_id", "participant_id", "participant_kind", "kind", "corrects_id", "corrects_number",
        "form", "title", "tax_number", "first_on", "last_on", "gross_fen", "net_fen", "tax_fen", "issued_at",
        "fapiao_code", "fapiao_number", "fapiao_on",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names}


def _fee(each: LegView) -> dict[str, Any]:
    zh, en = movement_words.words(each.code)
    return {
        "id": each.id, "at": each.at, "code": TransferCode(each.code).name.lower(), "zh": zh, "en": en,
        "subject_id": subject_of(each.code, each.reference), "fen": each.fen,
    }  # fmt: skip
