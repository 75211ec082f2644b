"""What a report is: a name, columns with titles in two languages and units, and one query. Formats know no report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import dict_row

from market.core import clock
from market.county.pack import Pack
from market.county.parts import WaterYear


class Kind(StrEnum):
    """What a column holds, as the query gives it."""

    TEXT = "text"
    WORD = "word"  # a code that people read in their language
    ID = "id"  # the number of a row; its public id is shown
    COUNT = "count"
    VOLUME = "volume"  # litres
    MONEY = "money"  # fen
    PRICE = "price"  # 1/10 000 yuan per m3
    LAND = "land"  # 1/100 mu
    NUMBER = "number"  # millionths of one
    DAY = "day"
    INSTANT = "instant"


UNITS: Mapping[Kind, tuple[str, str]] = {
    Kind.VOLUME: ("立方米", "m³"),
    Kind.MONEY: ("元", "yuan"),
    Kind.PRICE: ("元/立方米", "yuan/m³"),
    Kind.LAND: ("亩", "mu"),
}
SCALES: Mapping[Kind, int] = {Kind.VOLUME: 3, Kind.MONEY: 2, Kind.PRICE: 4, Kind.LAND: 2, Kind.NUMBER: 6}
"""Decimals of what is shown."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column. `key`: with the other keys it names a row. `prefix` is of an ID, `words` of a WORD.

    `language`: the column is of one language, and pages of another leave it out.
    """

    name: str
    zh: str
    en: str
    kind: Kind = Kind.TEXT
    key: bool = False
    prefix: str = ""
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    language: str = ""

    @property
    def unit(self) -> tuple[str, str] | None:
        """The unit in Chinese and English; None where there is none."""
        return UNITS.get(self.kind)

    @property
    def title(self) -> tuple[str, str]:
        """The header in Chinese and English, with the unit."""
        unit = self.unit
        if unit is None:
            return self.zh, self.en
        return f"{self.zh}（{unit[0]}）", f"{self.en} ({unit[1]})"


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which water year, and on which legal day clocks are looked at."""

    pack: Pack
    year: WaterYear
    on: dt.date

    @property
    def parameters(self) -> dict[str, Any]:
        """What every query may name: the year, its first and last instant (the last is not in it), the day."""
        return {
            "year": self.year.year,
            "since": clock.end_of_legal_day(self.year.starts_on - dt.timedelta(days=1)),
            "before": clock.end_of_legal_day(self.year.ends_on),
            "first": self.year.starts_on,
            "last": self.year.ends_on,
            "on": self.on,
            "on_end": clock.end_of_legal_day(self.on),
        }


Query = Callable[[psycopg.Connection[Any], Asked], Iterable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Report:
    """A report; rows come in the order of its query, and its keys tell them apart."""

    name: str
    zh: str
    en: str
    fields: tuple[Field, ...]
    query: Query

    def told(self, language: str) -> tuple[Field, ...]:
        """The columns that a page of a language shows."""
        return tuple(each for each in self.fields if each.language in ("", language))

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name a row."""
        return tuple(each.name for each in self.fields if each.key)


def by_sql(
    statement: str, parameters: Callable[[Asked], dict[str, Any]] = lambda asked: asked.parameters
) -> Query:
    """The query of a report that is one statement, whose columns are the report's."""

    def run(connection: psycopg.Connection[Any], asked: Asked) -> Sequence[Mapping[str, Any]]:
        with connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement.encode(), parameters(asked)).fetchall()

    return run
