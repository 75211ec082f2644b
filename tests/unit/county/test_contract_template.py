"""A county's template of saving contracts: what it may name, and that it can do nothing but say."""

from __future__ import annotations

import re

import pytest

from market.county.contract_template import PLACEHOLDERS, SECTIONS, TemplateError, check, fill
from market.county.errors import PackError
from market.county.loader import load
from market.county.shipped import text_of

VALUES = dict.fromkeys(PLACEHOLDERS, "x")


def test_values_are_put_in_once_and_not_read_again() -> None:
    values = VALUES | {"title": "{{firm}} {{#guarantee}} {{7*7}}", "firm": "F"}
    assert fill("{{title}}/{{firm}}", values, frozenset()) == "{{firm}} {{#guarantee}} {{7*7}}/F"


def test_a_section_stands_where_the_contract_has_such_a_thing() -> None:
    text = "a{{#guarantee}}[{{guarantee}}]{{/guarantee}}b{{#deposit}}({{deposit}}){{/deposit}}c"
    assert fill(text, VALUES, frozenset({"guarantee"})) == "a[x]bc"
    assert fill(text, VALUES, SECTIONS) == "a[x]b(x)c"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{price_of_love}}", "there is no placeholder {{price_of_love}}"),
        ("{{#weather}}x{{/weather}}", "there is no section weather"),
        ("{{#guarantee}}x", "the section guarantee does not end"),
        ("x{{/guarantee}}", "the section guarantee ends without its beginning"),
        ("{{#guarantee}}{{#deposit}}{{/deposit}}{{/guarantee}}", "deposit begins within guarantee"),
        ("{{ title }}", "braces that are no placeholder: {{ title }}"),
        ("{{title.__class__}}", "braces that are no placeholder: {{title.__class__}}"),
        ("{{7*7}}", "braces that are no placeholder: {{7*7}}"),
        ("{{config}}", "there is no placeholder {{config}}"),
        ("x" * 40_001, "at most 40000 characters"),
    ],
)
def test_what_is_not_known_is_refused_by_name(text: str, words: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(words)):
        check(text)


def test_what_other_engines_would_run_is_text_here() -> None:
    text = "{% import os %}${os.system('x')} %(title)s {title} <%= 1 %> {{title}}"
    assert fill(text, VALUES | {"title": "T"}, frozenset()) == text.replace("{{title}}", "T")


def test_a_pack_with_an_unknown_placeholder_is_refused_with_its_line() -> None:
    text = text_of()
    wrong = text.replace("    Project: {{title}}", "    Project: {{tittle}}")
    assert wrong != text
    with pytest.raises(PackError) as refused:
        load(wrong)
    assert "there is no placeholder {{tittle}}" in str(refused.value)
    assert refused.value.place == "contract_template.en"
    assert text.splitlines()[refused.value.line - 1].strip().startswith("en:")


def test_the_shipped_pack_has_a_template_and_says_that_it_is_a_demonstration() -> None:
    found = load(text_of()).contract_template
    assert found is not None and found.basis.demonstration and len(found.sha256) == 64


def test_a_pack_may_have_none() -> None:
    head, _, _ = text_of().partition("contract_template:")
    assert load(head).contract_template is None
