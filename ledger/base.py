"""MetaData, names of constraints and the column types that every table of the product shares.

The one metadata of the product: the ledger's tables and the market's are in it, so that one migration line
sees all.
A column type says its unit (`Litres`, `Fen`, `PriceE4`); the column's name repeats it last (`volume_litres`).
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, SmallInteger, String, Text, text
from sqlalchemy.orm import DeclarativeBase, mapped_column

# Names are derived, never typed twice: a refused row can be traced to its rule by the constraint's name.
# `ck` needs the name that the CheckConstraint was given: CheckConstraint("amount > 0", name="amount").
NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Base(DeclarativeBase):
    """The declarative base of every table."""

    metadata = metadata


Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
"""A bigint key that the database numbers."""

DrawnId = Annotated[int, mapped_column(BigInteger, primary_key=True, autoincrement=False)]
"""A bigint key that the writer numbers, from a sequence."""

BigRef = Annotated[int, mapped_column(BigInteger)]
"""The id of a row elsewhere, without a foreign key."""

Litres = Annotated[int, mapped_column(BigInteger)]
"""Water or headroom, in litres."""

Fen = Annotated[int, mapped_column(BigInteger)]
"""Money, in fen (1/100 yuan)."""

PriceE4 = Annotated[int, mapped_column(BigInteger)]
"""A price, in 1/10 000 yuan per cubic metre."""

TickLitres = Annotated[int, mapped_column(BigInteger)]
"""A value before rounding, litres x price_e4: 1e-5 fen."""

Amount = Annotated[int, mapped_column(BigInteger)]
"""A ledger amount, in the smallest unit of its account's asset."""

Balance = Annotated[int, mapped_column(BigInteger, server_default=text("0"))]
"""A ledger balance, in the smallest unit of its account's asset; nil at first."""

Code = Annotated[int, mapped_column(SmallInteger)]
"""A small number with a meaning in some table of codes."""

ShortText = Annotated[str, mapped_column(String(64))]
"""A code or a name of at most 64 characters."""

LongText = Annotated[str, mapped_column(Text)]
"""Text for people, of any length."""

JsonText = Annotated[str, mapped_column(Text)]
"""JSON kept as the text that was written, so that what was hashed is what is read."""

UtcTime = Annotated[dt.datetime, mapped_column(DateTime(timezone=True))]
"""A moment: aware, UTC."""

CreatedAt = Annotated[
    dt.datetime, mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
]
"""The moment a row was written, by the database's clock."""

LegalDay = Annotated[dt.date, mapped_column()]
"""A legal day (Asia/Shanghai)."""
