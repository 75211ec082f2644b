"""Every message of the pages has its Chinese, every string of a template is a message, and nothing is inline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from market.web import catalogues
from market.web.words import WORDS

WEB = Path(catalogues.__file__).parent
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
_KEYWORDS = {"_": None, "gettext": None, "_l": None, "lazy_gettext": None, "ngettext": (1, 2)}
_TAGS = re.compile(r"<!--.*?-->|\{#.*?#\}|<script.*?</script>|<style.*?</style>|<[^>]*>", re.S)
_JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.S)
_CLASSES = re.compile(r"\{% block (?:frame|width) %\}[^{]*\{% endblock %\}")
_LETTERS = re.compile(r"[A-Za-z\u3400-\u9fff\u0600-\u06ff]{2,}")
_SAID = re.compile(r"""\b(?:title|alt|aria-label|placeholder|data-label)="([^"{]*)\"""")
_NO_WORDS = {"SHA", "SHA-256", "PDF", "CSV", "XLSX", "JSON", "m³", "html", "doctype", "kB"}


def messages() -> set[str]:
    found = extract_from_dir(WEB, method_map=_METHODS, keywords=_KEYWORDS)
    return {each[2][0] if isinstance(each[2], tuple) else each[2] for each in found}


def test_every_message_has_its_chinese() -> None:
    zh = catalogues.catalogue("zh")
    missing = sorted(each for each in messages() if not (known := zh.get(each)) or not known.string)
    assert not missing


def test_no_catalogue_has_messages_that_nothing_says() -> None:
    said = messages()
    for language in ("zh", "ug"):
        assert not [each.id for each in catalogues.catalogue(language) if each.id and each.id not in said]


def test_a_translation_has_the_same_places_for_figures() -> None:
    places = re.compile(r"%\((\w+)\)s")
    for language in ("zh", "ug"):
        for each in catalogues.catalogue(language):
            if isinstance(each.id, str) and each.id:
                assert set(places.findall(each.id)) == set(places.findall(str(each.string))), each.id


def test_words_are_messages() -> None:
    assert {str(each) for each in WORDS.values()} <= messages()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WEB / "templates")))
def test_a_template_says_nothing_outside_the_catalogue_and_does_nothing_inline(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", source), "a script stands in the page"
    assert not re.search(r"\son\w+=|\sstyle=|javascript:|<style", source), "inline script or style"
    assert not re.search(r"""(?:src|href|action)="(?:https?:)?//""", source), "an address of another host"
    plain = _TAGS.sub(" ", _JINJA.sub("", _CLASSES.sub("", source)))
    attributes = " ".join(_SAID.findall(_JINJA.sub("{", source)))
    words = [word for word in _LETTERS.findall(plain + " " + attributes) if word not in _NO_WORDS]
    assert not words
