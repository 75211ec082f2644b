"""Limits of refusals on pages: numbers, units and states in the reader's language."""

from __future__ import annotations

import pytest
from flask import Flask

from market.web import spoken


@pytest.fixture(scope="module")
def app() -> Flask:
    found = Flask("spoken")
    spoken.register(found)
    return found


@pytest.mark.parametrize(
    ("ends_on", "shown"), [("2026-04-01", "2026-03-31"), ("2024-03-01", "2024-02-29"), (None, "–")]
)
def test_a_span_is_shown_to_its_last_day(app: Flask, ends_on: str | None, shown: str) -> None:
    with app.test_request_context("/?lang=en"):
        assert shown in spoken.last_day(ends_on)


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        ("5 years", "5 年", "5 years"),
        ("16777216 bytes", "16,777,216 字节", "16,777,216 bytes"),
        ("30 days", "30 天", "30 days"),
        ("250.000 to any", "250.000 – 不限", "250.000 – any"),
        ("2026-01-01 to 2026-12-31", "2026-01-01 – 2026-12-31", "2026-01-01 – 2026-12-31"),
        ("1234567.500", "1,234,567.500", "1,234,567.500"),
        ("suspended", "暂停", "Suspended"),
        ("150:1", "150:1", "150:1"),
    ],
)
def test_a_limit_is_said_with_its_unit(app: Flask, value: str, zh: str, en: str) -> None:
    for language, said in (("zh", zh), ("en", en)):
        with app.test_request_context(f"/?lang={language}"):
            assert spoken.measured(value) == said
