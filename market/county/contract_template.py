"""The template of a county's saving contracts: text with names in braces, filled in once and never run. Pure.

`{{title}}` stands for a value; `{{#guarantee}} … {{/guarantee}}` is kept where the contract has such a thing. There is
nothing else: no expressions, no attributes, no files, so a template can do nothing but say. Values are put in, in one
pass, and not read again: braces within them stay braces. A name that is not known is refused when the pack is read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from market.county.parts import Basis

PLACEHOLDERS = frozenset(
    {
        "county", "title", "kind", "mode", "parties", "user", "firm", "verifier", "boundary", "starts_on", "ends_on",
        "period_months", "price", "investment", "schedule", "guarantee", "trusteeship", "upkeep", "keep", "fee",
        "deposit", "payment_days", "late", "vat", "water_shares", "early_end", "households", "resolution", "duties",
        "equipment",
    }
)  # fmt: skip
"""What a contract fills in; money in yuan, volumes in m3, days as 2026-01-31."""
SECTIONS = frozenset(
    {"sharing", "guarantee", "trusteeship", "households", "early_end", "water", "deposit", "fee"}
)
"""What a contract has or has not."""
MOST_CHARACTERS = 40_000
_TAG = re.compile(r"\{\{([#/]?)([a-z_]*)\}\}")


class TemplateError(ValueError):
    """A template that names what there is not, or whose sections do not close; the message says which."""


class ContractTemplate(msgspec.Struct, frozen=True):
    """The text in both languages, and where it comes from."""

    zh: str
    en: str
    basis: Basis

    @property
    def sha256(self) -> str:
        """The fingerprint of both texts, 64 hexadecimal digits."""
        return printed_sha256(self.zh, self.en)


def printed_sha256(zh: str, en: str) -> str:
    """SHA-256 of two texts with a nil byte between them, 64 hexadecimal digits."""
    return hashlib.sha256(zh.encode() + b"\0" + en.encode()).hexdigest()


def check(text: str) -> None:
    """Errors: TemplateError, with the name."""
    if len(text) > MOST_CHARACTERS:
        raise TemplateError(f"must be at most {MOST_CHARACTERS} characters")
    inside = ""
    for found in _TAG.finditer(text):
        mark, name = found[1], found[2]
        if mark == "" and name not in PLACEHOLDERS:
            raise TemplateError(f"there is no placeholder {{{{{name}}}}}")
        if mark and name not in SECTIONS:
            raise TemplateError(f"there is no section {name}")
        if mark == "#":
            if inside:
                raise TemplateError(f"the section {name} begins within {inside}")
            inside = name
        elif mark == "/":
            if inside != name:
                raise TemplateError(f"the section {name} ends without its beginning")
            inside = ""
    if inside:
        raise TemplateError(f"the section {inside} does not end")
    rest = _TAG.sub("", text)
    for braces in ("{{", "}}"):
        if braces in rest:
            wrong = rest[rest.index(braces) :][:40].splitlines()[0]
            raise TemplateError(f"braces that are no placeholder: {wrong}")


def fill(text: str, values: Mapping[str, str], having: frozenset[str]) -> str:
    """A checked template with its values; sections that the contract does not have are left out.

    Errors: TemplateError, KeyError (a value is missing).
    """
    check(text)
    out: list[str] = []
    at, skipped = 0, False
    for found in _TAG.finditer(text):
        if not skipped:
            out.append(text[at : found.start()])
        at = found.end()
        mark, name = found[1], found[2]
        if mark == "#":
            skipped = name not in having
        elif mark == "/":
            skipped = False
        elif not skipped:
            out.append(values[name])
    out.append(text[at:])
    return "".join(out)


def read(item: Any, basis_of: Any) -> ContractTemplate:
    """The section of a county pack. Errors: PackError with the line, and the name of what is wrong."""
    found = item.table(("zh", "en"), ("source", "status", "demonstration"))
    texts = {}
    for language in ("zh", "en"):
        texts[language] = found[language].text(MOST_CHARACTERS)
        try:
            check(texts[language])
        except TemplateError as error:
            raise found[language].wrong(str(error)) from error
    return ContractTemplate(texts["zh"], texts["en"], basis_of(item, found))
