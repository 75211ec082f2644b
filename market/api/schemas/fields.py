"""Fields of the wire: decimals are strings with a unit behind them, ids are typed. JSON numbers are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields

from ledger.units import (
    UnitError,
    format_decimal,
    format_fen,
    format_litres,
    format_price_e4,
    parse_fen,
    parse_litres,
    parse_price_e4,
)
from market.api.errors import source_spoken
from market.core import ids
from market.core.errors import UnknownId

VOLUME_PATTERN = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,3})?$"
MONEY_PATTERN = r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$"
PRICE_PATTERN = r"^(0|[1-9][0-9]{0,3})(\.[0-9]{1,4})?$"


class Decimal(fields.Field[int]):
    """A decimal string on the wire, an integer inside."""

    parse: Callable[[str], int]
    write: Callable[[int], str]
    unit = ""
    pattern = ""
    example = ""

    def __init__(self, *, positive: bool = False, **options: Any) -> None:
        metadata = {"description": f"A decimal string, in {self.unit}.", "example": self.example}
        metadata.update(options.pop("metadata", {}))
        super().__init__(metadata=metadata, **options)
        self.positive = positive

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else type(self).write(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        if not isinstance(value, str):
            raise ValidationError(f"must be a decimal in a string, in {self.unit}")
        try:
            number = type(self).parse(value)
        except UnitError as error:
            raise ValidationError(str(error)) from error
        if self.positive and number <= 0:
            raise ValidationError("must be above zero")
        return number


class Volume(Decimal):
    """Cubic metres with at most three decimals; litres inside."""

    parse = staticmethod(parse_litres)
    write = staticmethod(format_litres)
    unit = "cubic metres with at most 3 decimals"
    pattern = VOLUME_PATTERN
    example = "1001.000"


class Money(Decimal):
    """Yuan with at most two decimals; fen inside."""

    parse = staticmethod(parse_fen)
    write = staticmethod(format_fen)
    unit = "yuan with at most 2 decimals"
    pattern = MONEY_PATTERN
    example = "300.60"


class Price(Decimal):
    """Yuan per cubic metre with at most four decimals; 1/10 000 yuan inside."""

    parse = staticmethod(parse_price_e4)
    write = staticmethod(format_price_e4)
    unit = "yuan per cubic metre with at most 4 decimals"
    pattern = PRICE_PATTERN
    example = "0.3003"


class Fixed(fields.Field[int]):
    """A decimal string with a fixed number of places on the wire, an integer of the last place inside."""

    def __init__(self, places: int, **options: Any) -> None:
        super().__init__(**options)
        self.places = places

    @property
    def pattern(self) -> str:
        """What such a number looks like."""
        return rf"^[0-9]+\.[0-9]{{{self.places}}}$"

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else format_decimal(value, scale=self.places)


class LegalSource(fields.String):
    """A legal source as the reader's language cites it; it is kept as it was written."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        written: str | None = super()._serialize(value, attr, obj, **options)
        return source_spoken(written)


class YesNo(fields.Boolean):
    """true or false, and nothing that is taken for one of them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class PublicId(fields.Field[int]):
    """A typed public id (`ord_01J…`) on the wire, the row's number inside. An unknown one is 404."""

    def __init__(self, prefix: str, **options: Any) -> None:
        metadata = {"description": f"A public id of the type `{prefix}`."} | options.pop("metadata", {})
        super().__init__(metadata=metadata, **options)
        self.prefix = prefix

    @property
    def pattern(self) -> str:
        """What an id of this type looks like."""
        return f"^{self.prefix}_[0-9A-HJKMNP-TV-Z]{{26}}$"

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else ids.public(self.prefix, value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        if not isinstance(value, str):
            raise ValidationError(f"must be an id of the type {self.prefix}")
        try:
            return ids.parse(self.prefix, value)
        except UnknownId as error:
            raise UnknownId(prefix=self.prefix, pointer=f"/{attr}") from error


def property_of_field(self: Any, field: Any, **_options: Any) -> dict[str, Any]:
    """What OpenAPI says of these fields: strings with a pattern (apispec would make decimals numbers)."""
    if isinstance(field, (Decimal, Fixed, PublicId)):
        return {"type": ["string", "null"] if field.allow_none else "string", "pattern": field.pattern}
    return {}
