"""Writes the schema of the models down as SQL: `python -m migrations.freeze`, after a change of a model.

The first migration runs the text that this writes and no model, so that it makes the same tables for ever, whatever
the models become. Until the first release a change of a model is frozen into it again; from then on each change is a
migration of its own, and this is no longer run.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Sequence
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateSequence, CreateTable, ExecutableDDLElement

from ledger.base import metadata
from ledger.models import immutable_trigger_ddl, ledger_trigger_ddl
from market.core import db

FIRST = Path(__file__).with_name("versions") / "0001_first.sql"

IMMUTABLE = (
    "commands",
    "audit",
    "trades",
    "review_decisions",
    "readings",
    "bank_transfers",
    "announcement_lines",
    "limit_changes",
    "entitlement_steps",
    "entitlement_lineage",
    "entitlement_carried",
    "water_assessments",
    "reversals",
    "reversal_lines",
    "curtailment_lines",
    "carry_overs",
    "carry_over_lines",
    "trust_generations",
    "trust_shares",
    "pledge_steps",
    "pledge_sale_parts",
    "meter_counters",
    "pump_conversions",
    "turn_lines",
    "turn_uses",
    "delivery_lines",
    "delivery_receipts",
    "bids",
    "negotiation_offers",
    "negotiation_signatures",
    "negotiation_objections",
    "right_sales",
    "reference_prices",
    "point_readings",
    "point_bills",
    "point_nights",
    "contract_signatures",
    "contract_phases",
    "baseline_consents",
    "report_consents",
    "report_spans",
    "period_waivers",
    "report_distributions",
    "distribution_shares",
    "lot_offer_shares",
    "lot_trades",
    "claw_back_takings",
    "audit_heads",
    "unmaskings",
    "erasure_requests",
    "trust_movements",
    "contract_prints",
    "invoices",
    "household_payouts",
    "household_shares",
    "desk_review_steps",
    "notices",
    "notice_addressees",
    "notice_services",
    "surveillance_runs",
    "surveillance_alerts",
    "alert_dispositions",
    "case_parties",
    "case_people",
    "case_steps",
    "case_evidence",
    "case_findings",
    "interventions",
    "intervention_parties",
    "order_cancellations",
    "order_cancellation_lines",
    "reversal_takings",
    "early_warnings",
    "filings",
    "filing_explanations",
    "department_figures",
    "plan_results",
    "inspection_findings",
    "national_exports",
    "national_answers",
    "gateway_movements",
    "gateway_events",
    "gateway_entries",
    "clock_steps",
    "canal_associations",
    "billing_runs",
    "water_bills",
    "water_bill_lines",
    "water_bill_uses",
    "water_bill_payments",
    "water_receipts",
    "bill_postings",
    "bank_file_answers",
    "bank_statements",
    "bank_statement_lines",
    "fee_invoice_runs",
    "fee_invoices",
    "fee_invoice_lines",
    "fee_invoice_legs",
    "fee_invoice_numbers",
)
"""The market's tables whose rows never change; the ledger names its own."""

_HEAD = "-- The schema of the first migration, written by `python -m migrations.freeze`; not by hand.\n"


def schema() -> str:
    """The statements that make every sequence, table, index and trigger, in the order in which they can run."""
    db.load_models()
    sequences: list[Sequence] = sorted(metadata._sequences.values(), key=lambda each: each.name)
    elements: list[ExecutableDDLElement] = [CreateSequence(each) for each in sequences]
    for table in metadata.sorted_tables:
        elements.append(CreateTable(table))
        indexes = sorted(table.indexes, key=lambda each: str(each.name))
        elements.extend(CreateIndex(index) for index in indexes)
    dialect = postgresql.dialect()
    statements = [str(each.compile(dialect=dialect)) for each in elements]
    triggers = [
        *ledger_trigger_ddl(),
        *(each for table in IMMUTABLE for each in immutable_trigger_ddl(table)),
    ]
    statements.extend(dict.fromkeys(triggers))  # each names the one function that refuses: once is enough
    return _HEAD + "".join(f"\n{_tidy(each)};\n" for each in statements)


def _tidy(statement: str) -> str:
    lines = (line.rstrip() for line in statement.replace("\t", "  ").strip().splitlines())
    return "\n".join(line for line in lines if line)


if __name__ == "__main__":
    FIRST.write_text(schema(), encoding="utf-8")
    print(f"Wrote {FIRST}.")
