"""What participants' own programs call things of this service."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()

KINDS = {
    "participant": "par", "entitlement": "ent", "water_account": "wac", "money_account": "mac", "meter": "mtr",
    "trade": "trd", "instruction": "ins", "delivery": "dlv", "listing": "lst", "negotiation": "neg", "lease": "lea",
    "trust": "tru", "pledge": "plg", "point": "mpt", "project": "prj", "proposal": "prp", "saving_contract": "sct",
    "saving_report": "srp", "saving_lot": "svl", "invoice": "inv", "gateway_payment": "gpy",
}  # fmt: skip
"""What may bear one, with the type of its id. An order's stands in the order itself: `client_order_id`."""
LONGEST = 128


class ExternalId(Base):
    """One participant's own name of one thing; each of a kind has one, and each names one."""

    __tablename__ = "external_ids"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    kind: Mapped[str] = mapped_column(Text)
    object_id: Mapped[int] = mapped_column(BigInteger)
    external_id: Mapped[str] = mapped_column(Text)
    set_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    set_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("participant_id", "kind", "external_id"),
        UniqueConstraint("participant_id", "kind", "object_id"),
        CheckConstraint(f"kind IN {tuple(KINDS)}", name="kind"),
        CheckConstraint(f"length(external_id) BETWEEN 1 AND {LONGEST}", name="length"),
    )
