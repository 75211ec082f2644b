"""What a contract's savings are reckoned from and what became of them: baselines, reports, claims, disputes, shares."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import DATERANGE, INT8RANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.contracts.states import MERGED, STATES

BASELINE_STATES = ("proposed", "agreed", "withdrawn", "replaced")
DISPUTE_STATES = ("open", "named", "resolved")
TIERS = ("A", "B", "C")
NOW = func.clock_timestamp()


class ContractBaseline(Base):
    """A baseline: the canonical text of its input and of what came out, and who agreed to it. Never changed.

    `rules_text` holds the rules that it was judged by: they judge its reports too, whatever the county states later.
    """

    __tablename__ = "contract_baselines"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"))
    number: Mapped[int] = mapped_column(Integer)
    input_text: Mapped[str] = mapped_column(Text)
    result_text: Mapped[str] = mapped_column(Text)
    rules_text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    tier: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="proposed")
    proposed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    proposed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    agreed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        UniqueConstraint("contract_id", "number"),
        CheckConstraint(f"status IN {BASELINE_STATES}", name="status"),
        CheckConstraint(f"tier IN {TIERS}", name="tier"),
        CheckConstraint("length(sha256) = 32", name="sha256"),
        CheckConstraint("(status IN ('agreed', 'replaced')) = (agreed_at IS NOT NULL)", name="agreed"),
        Index(
            "uq_contract_baselines_agreed", "contract_id", unique=True, postgresql_where="status = 'agreed'"
        ),
    )


class BaselineConsent(Base):
    """That user or firm consents to a baseline, by its hash."""

    __tablename__ = "baseline_consents"
    baseline_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("contract_baselines.id"), primary_key=True
    )
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    mandate_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("mandates.id"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    given_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)


class SavingReport(Base):
    """A period's saving (SAVINGS sections 3 and 4): days from `starts_on` up to, without, `ends_on`.

    `input_text` and `result_text` are canonical; the hash is of the derivation that the verifier certifies. A revision
    takes the place of the one before it under the same claim. `merged_into_id`: the report that covers this one's days
    beside its own, as alone it was too uncertain; each keeps its claim.
    """

    __tablename__ = "saving_reports"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"))
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contract_versions.id"))
    baseline_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contract_baselines.id"))
    starts_on: Mapped[dt.date] = mapped_column(Date)
    ends_on: Mapped[dt.date] = mapped_column(Date)
    revision: Mapped[int] = mapped_column(Integer, server_default="1")
    status: Mapped[str] = mapped_column(Text)
    input_text: Mapped[str] = mapped_column(Text)
    result_text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    tier: Mapped[str] = mapped_column(Text)
    adjusted_litres: Mapped[int] = mapped_column(BigInteger)
    use_litres: Mapped[int] = mapped_column(BigInteger)
    saving_litres: Mapped[int] = mapped_column(BigInteger)
    money_litres: Mapped[int] = mapped_column(BigInteger)
    water_litres: Mapped[int] = mapped_column(BigInteger)
    carried_litres: Mapped[int] = mapped_column(BigInteger)
    merges: Mapped[bool] = mapped_column(Boolean)
    clock_name: Mapped[str | None] = mapped_column(Text)
    due_on: Mapped[dt.date | None] = mapped_column(Date)
    verified_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"))
    verified_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    return_reason: Mapped[str | None] = mapped_column(Text)
    merged_into_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("saving_reports.id", deferrable=True, initially="DEFERRED"), index=True
    )
    drafted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        Index(
            "uq_saving_reports_period", "contract_id", "starts_on", unique=True,
            postgresql_where=f"status <> '{MERGED}'",
        ),
        CheckConstraint(f"status IN {STATES}", name="status"),
        CheckConstraint(f"tier IN {TIERS}", name="tier"),
        CheckConstraint("ends_on > starts_on AND revision > 0", name="span"),
        CheckConstraint("saving_litres = adjusted_litres - use_litres", name="saving"),
        CheckConstraint("money_litres >= 0 AND water_litres >= 0 AND carried_litres <= 0", name="credit"),
        CheckConstraint("length(sha256) = 32", name="sha256"),
        CheckConstraint(
            "status NOT IN ('verified', 'disputed', 'distributed', 'reopened', 'clawed_back')"
            " OR verified_by IS NOT NULL",
            name="verified",
        ),
        CheckConstraint("(verified_by IS NULL) = (verified_at IS NULL)", name="verifier"),
        CheckConstraint(f"(status = '{MERGED}') = (merged_into_id IS NOT NULL)", name="merged"),
        CheckConstraint("status <> 'distributed' OR NOT merges", name="precise"),
    )  # fmt: skip


class PeriodWaiver(Base):
    """That user or firm gives up what a period may have saved; with both it is over, whether it was reported or not."""

    __tablename__ = "period_waivers"
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"), primary_key=True)
    starts_on: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    given_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint("ends_on > starts_on", name="span"),)


class ReportSpan(Base):
    """Which numbers of measuring points a report claims for its days: no other report claims any of them then."""

    __tablename__ = "report_spans"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_reports.id"), index=True)
    span: Mapped[Range[int]] = mapped_column(INT8RANGE)
    days: Mapped[Range[dt.date]] = mapped_column(DATERANGE)
    __table_args__ = (
        ExcludeConstraint(("span", "&&"), ("days", "&&"), name="ex_report_spans_one_claim", using="gist"),
    )


class ReportConsent(Base):
    """That user or firm accepts a draft as it stands, by its hash."""

    __tablename__ = "report_consents"
    report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_reports.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    given_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)


class ReportAdjustment(Base):
    """A non-routine event: what it adds to the baseline, on which evidence, proposed by whom, accepted by whom."""

    __tablename__ = "report_adjustments"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_reports.id"), index=True)
    event: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[dt.date] = mapped_column(Date)
    ends_on: Mapped[dt.date] = mapped_column(Date)
    litres: Mapped[int] = mapped_column(BigInteger)
    u_litres: Mapped[int] = mapped_column(BigInteger)
    evidence: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    proposed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    accepted_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"))
    accepted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("u_litres >= 0 AND ends_on > starts_on AND litres <> 0", name="amounts"),
        CheckConstraint("accepted_by <> proposed_by", name="other"),
        CheckConstraint("(accepted_by IS NULL) = (accepted_at IS NULL)", name="accepted"),
    )


class ReportDispute(Base):
    """An objection to a verified report, the other verifier whom the bureau named, and what came of it."""

    __tablename__ = "report_disputes"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_reports.id"), index=True)
    raised_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"))
    grounds: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    verifier_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"))
    raised_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    finding: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(f"status IN {DISPUTE_STATES}", name="status"),
        CheckConstraint("(status = 'resolved') = (resolved_at IS NOT NULL)", name="resolved"),
        CheckConstraint("status <> 'named' OR verifier_id IS NOT NULL", name="named"),
        Index("uq_report_disputes_open", "report_id", unique=True, postgresql_where="status <> 'resolved'"),
    )


class ReportDistribution(Base):
    """How a verified report's benefit was shared: the canonical text of it, and what each party's part came to.

    `benefit_fen` is what the parties share (nil where a loss is carried); `recovered_fen` what the firm received of its
    investment in it; `shortfall_fen` what it owed under a guarantee.
    """

    __tablename__ = "report_distributions"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_reports.id"), unique=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"), index=True)
    contract_year: Mapped[int] = mapped_column(Integer)
    benefit_fen: Mapped[int] = mapped_column(BigInteger)
    carried_fen: Mapped[int] = mapped_column(BigInteger)
    recovered_fen: Mapped[int] = mapped_column(BigInteger)
    shortfall_fen: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    distributed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("benefit_fen >= 0 AND carried_fen <= 0", name="benefit"),
        CheckConstraint("recovered_fen >= 0 AND shortfall_fen >= 0 AND contract_year > 0", name="amounts"),
        CheckConstraint("length(sha256) = 32", name="sha256"),
    )


class DistributionShare(Base):
    """A party's part of a distribution, fen."""

    __tablename__ = "distribution_shares"
    distribution_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("report_distributions.id"), primary_key=True
    )
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), primary_key=True)
    fen: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    __table_args__ = (CheckConstraint("fen >= 0 AND fee_fen >= 0", name="amounts"),)
