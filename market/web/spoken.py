"""Numbers, dates and words as the reader's language writes them. Filters of the templates."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import NumberPattern, parse_pattern
from flask import Flask, request
from flask_babel import Babel, get_locale, gettext
from markupsafe import Markup

from ledger.units import format_fen, format_litres
from market.api.errors import wants_chinese
from market.core import clock
from market.core.refusals import source_in_chinese, source_in_english
from market.web.catalogues import LANGUAGES, LOCALES, Messages
from market.web.words import WORDS

COOKIE = "karez_language"
DEMONSTRATION = "demonstration"
TEN_THOUSAND = 10_000
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")


def language() -> str:
    """The language that the address asks for, else the one chosen before, else the one that the browser prefers."""
    for asked in (request.args.get("lang", ""), request.cookies.get(COOKIE, "")):
        if asked in LANGUAGES:
            return asked
    return "zh" if wants_chinese() else "en"


def number(value: Any, places: int | None = None) -> str:
    """A decimal string with the marks of the reader's language, to `places` decimals or as many as it has."""
    if value is None or value == "":
        return "–"
    try:
        exact = Decimal(str(value))
    except InvalidOperation:  # what somebody typed, told back as it was typed
        return str(value)
    if places is None:
        exponent = exact.as_tuple().exponent
        places = max(0, -exponent) if isinstance(exponent, int) else 0
    return _pattern(places).apply(exact, _written_as(_locale()))


@lru_cache
def _pattern(places: int) -> NumberPattern:
    return parse_pattern("#,##0" + ("." + "0" * places if places else ""))


@lru_cache
def _written_as(locale: str) -> Locale:
    return Locale.parse(locale)


def litres(value: int) -> str:
    """Litres as cubic metres, with the marks of the reader's language."""
    return number(format_litres(value))


def fen(value: int) -> str:
    """Fen as yuan, with the marks of the reader's language."""
    return number(format_fen(value))


def cubic(value: Any) -> str:
    """A volume on the wire (m3, as a string) with its unit."""
    return gettext("%(volume)s m³", volume=number(value)) if value not in (None, "") else "–"


def big_cubic(value: Any) -> str:
    """A volume as officials write it: ten-thousands of m3 from ten thousand on, in Chinese; exact."""
    if value in (None, ""):
        return "–"
    exact = Decimal(str(value))
    if abs(exact) < TEN_THOUSAND or _language() == "en":
        return cubic(
            exact.normalize() if exact == exact.to_integral() and abs(exact) >= TEN_THOUSAND else value
        )
    tens = (exact / TEN_THOUSAND).normalize()
    return gettext("%(volume)s ten-thousand m³", volume=number(f"{tens:f}"))


def yuan(value: Any) -> str:
    """An amount on the wire (yuan, as a string) with its unit."""
    return gettext("%(amount)s yuan", amount=number(value)) if value not in (None, "") else "–"


def price(value: Any) -> str:
    """A price on the wire (yuan a m3, as a string) with its unit."""
    return gettext("%(price)s yuan/m³", price=number(value)) if value not in (None, "") else "–"


def land(value: Any) -> str:
    """An area on the wire (mu, as a string) with its unit."""
    return gettext("%(area)s mu", area=number(value)) if value not in (None, "") else "–"


def percent(part: Any, whole: Any = 1, places: int = 1) -> str:
    """A share as per cent; – where there is no whole."""
    if part in (None, "") or whole in (None, "") or not Decimal(str(whole)):
        return "–"
    return number(f"{Decimal(str(part)) * 100 / Decimal(str(whole)):.{places}f}") + " %"


def day(value: Any) -> Markup:
    """A date (or an instant's legal day) in words, inside <time>."""
    found = _date(value)
    if found is None:
        return Markup("–")
    return Markup('<time datetime="{}">{}</time>').format(
        found.isoformat(), format_date(found, format="medium", locale=_locale())
    )


def last_day(value: Any) -> Markup:
    """The last day of a span that ends before this one."""
    found = _date(value)
    return day(None if found is None else found - dt.timedelta(days=1))


def instant(value: Any) -> Markup:
    """An instant (RFC 3339) by the county's clock, inside <time>."""
    if value in (None, ""):
        return Markup("–")
    found = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    local = found.astimezone(clock.LEGAL_ZONE)
    said = format_datetime(local.replace(tzinfo=None), format="y-MM-dd HH:mm", locale="en")
    return Markup('<time datetime="{}">{}</time>').format(found.isoformat(), said)


def _date(value: Any) -> dt.date | None:
    if value in (None, ""):
        return None
    if isinstance(value, dt.datetime):
        return value.astimezone(clock.LEGAL_ZONE).date()
    if isinstance(value, dt.date):
        return value
    if len(value) > len("2026-01-01"):
        return dt.datetime.fromisoformat(value).astimezone(clock.LEGAL_ZONE).date()
    return dt.date.fromisoformat(value)


def cited(source: Any) -> str:
    """A legal source; nothing of a figure that only demonstrates, which pages mark as such themselves."""
    return "" if source in (None, DEMONSTRATION, source_in_chinese(DEMONSTRATION)) else str(source)


def law(source: str) -> str:
    """A legal source of our own records, which no answer of the API has put into the reader's language."""
    return source_in_english(source) if _language() == "en" else source_in_chinese(source)


_MEASURE = re.compile(r"(\d+) (years|days|bytes)")


def measured(value: Any) -> str:
    """A limit, or what was available, as a refusal gives it to programs: with its unit in the reader's language."""
    text = str(value)
    first, between, last = text.partition(" to ")
    if between:
        end = gettext("any") if last == "any" else measured(last)
        return f"{measured(first)} – {end}"
    found = _MEASURE.fullmatch(text)
    if found is None:
        return number(text) if _DECIMAL.fullmatch(text) else str(WORDS.get(text, text))
    says = {
        "years": gettext("%(n)s years", n=found[1]), "days": gettext("%(n)s days", n=found[1]),
        "bytes": gettext("%(n)s bytes", n=number(found[1])),
    }  # fmt: skip
    return str(says[found[2]])


def either(thing: Any, name: str = "name") -> str:
    """The name of a thing that has one in Chinese and one in English (`name_zh`, `name_en`)."""
    zh, en = thing.get(f"{name}_zh"), thing.get(f"{name}_en")
    return str((en or zh) if _language() == "en" else (zh or en) or "")


def _language() -> str:
    locale = get_locale()
    return "en" if locale is None else str(locale.language)


def _locale() -> str:
    return LOCALES["zh" if _language() == "ug" else _language()]


def register(app: Flask) -> None:
    """Hangs languages and filters into an app."""
    babel = Babel(app, default_locale="en", locale_selector=lambda: LOCALES[language()])
    babel.__dict__["domain_instance"] = Messages()  # a cached property of the extension
    app.jinja_env.filters.update(
        number=number, cubic=cubic, big_cubic=big_cubic, yuan=yuan, price=price, land=land, percent=percent,
        day=day, last_day=last_day, instant=instant, cited=cited, either=either, measured=measured,
    )  # fmt: skip
