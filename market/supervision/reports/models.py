"""What reports keep: filings and why they differ, figures of other departments, results of the plan, inspections."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()

FIGURE_KINDS = (
    "output", "value_added", "gdp", "sown_area", "population", "irrigation_efficiency", "reclaimed_use",
    "unconventional_share",
)  # fmt: skip
RESULT_STATES = ("met", "partly", "not_met")
INSPECTION_STATES = ("planned", "done", "cancelled")


class Filing(Base):
    """A report as it was filed for a duty and a year: its exact text (JSON) with its SHA-256. Immutable.

    `as_of` is the day that its clocks were held against. `replaces_id`: the filing that this one corrects.
    """

    __tablename__ = "filings"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    duty: Mapped[str] = mapped_column(Text)
    year: Mapped[int] = mapped_column(SmallInteger)
    report: Mapped[str] = mapped_column(Text)
    as_of: Mapped[dt.date] = mapped_column(Date)
    due_on: Mapped[dt.date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    rows: Mapped[int] = mapped_column(Integer)
    replaces_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("filings.id"), unique=True)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    filed_by: Mapped[int | None] = mapped_column(BigInteger)
    filed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("sha256 = sha256(convert_to(text, 'UTF8'))", name="hash"),
        CheckConstraint("replaces_id IS NULL OR reason <> ''", name="replaced_for_a_reason"),
        Index(
            "uq_filings_first", "duty", "year", "report", unique=True, postgresql_where="replaces_id IS NULL"
        ),
    )


class FilingExplanation(Base):
    """Why figures differ from a filing: of exactly the differences whose SHA-256 it names. Immutable."""

    __tablename__ = "filing_explanations"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    filing_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("filings.id"))
    differences: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[str] = mapped_column(Text)
    explained_by: Mapped[int | None] = mapped_column(BigInteger)
    explained_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("filing_id", "sha256"),
        CheckConstraint("sha256 = sha256(convert_to(differences, 'UTF8'))", name="hash"),
        CheckConstraint("text <> ''", name="text"),
    )


class DepartmentFigure(Base):
    """A figure that another department answers for, with the paper that it comes from. Immutable; the newest counts.

    `value_e2` is in hundredths of the unit of its kind: 10 000 yuan (output, value added, GDP), mu (sown area), heads,
    per cent (efficiency and shares).
    """

    __tablename__ = "department_figures"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    water_year: Mapped[int] = mapped_column(SmallInteger)
    zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    sector: Mapped[str | None] = mapped_column(Text)
    participant_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"))
    value_e2: Mapped[int] = mapped_column(BigInteger)
    department: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    document_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    entered_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(f"kind IN {FIGURE_KINDS}", name="kind"),
        CheckConstraint("value_e2 >= 0", name="value"),
        CheckConstraint("document <> ''", name="document"),
        CheckConstraint("length(document_sha256) = 32", name="sha256"),
        CheckConstraint("participant_id IS NULL OR kind = 'output'", name="users_report_output"),
        CheckConstraint("(kind = 'output') = (sector IS NOT NULL)", name="output_of_a_sector"),
        Index(None, "kind", "water_year", "zone_id"),
    )


class PlanResult(Base):
    """What a department says became of a target of the plan, with its paper. Immutable; the newest counts."""

    __tablename__ = "plan_results"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    task: Mapped[str] = mapped_column(Text)
    target: Mapped[int] = mapped_column(SmallInteger)
    year: Mapped[int] = mapped_column(SmallInteger)
    result: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    department: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    entered_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(f"result IN {RESULT_STATES}", name="result"),
        CheckConstraint("target > 0 AND text <> '' AND document <> ''", name="whole"),
        Index(None, "task", "target", "year"),
    )


class Inspection(Base):
    """A special inspection (专项监督检查): planned with its subject, then done with findings, or cancelled."""

    __tablename__ = "inspections"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    zone_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("zones.id"))
    participant_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"))
    inspectors: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    planned_on: Mapped[dt.date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text, server_default="planned")
    done_on: Mapped[dt.date | None] = mapped_column(Date)
    summary: Mapped[str | None] = mapped_column(Text)
    planned_by: Mapped[int | None] = mapped_column(BigInteger)
    planned_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    ended_by: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"status IN {INSPECTION_STATES}", name="status"),
        CheckConstraint("(status = 'done') = (done_on IS NOT NULL)", name="done"),
        CheckConstraint("(status = 'planned') = (summary IS NULL)", name="summary"),
        CheckConstraint("(status = 'planned') = (ended_at IS NULL)", name="ended"),
    )


class InspectionFinding(Base):
    """What an inspection found, and what is to be done about it by when (none: nothing). Immutable."""

    __tablename__ = "inspection_findings"
    inspection_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("inspections.id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    finding: Mapped[str] = mapped_column(Text)
    demand: Mapped[str | None] = mapped_column(Text)
    due_on: Mapped[dt.date | None] = mapped_column(Date)
    __table_args__ = (
        CheckConstraint("number > 0 AND finding <> ''", name="finding"),
        CheckConstraint("(demand IS NULL) = (due_on IS NULL)", name="demand"),
    )
