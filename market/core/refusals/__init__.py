"""Refusals in Chinese. The code says why in English; `zh/*.po` has the same in Chinese, one file an area.

A message's id is the English template with `{0}`, `{1}` … for what the code fills in, in the order in which it stands
there; the Chinese has the same places in any order. So a detail that was written long ago, by the engine, into a
file's row or a stored answer, is told in Chinese too. `legal.po` has legal sources, `words.po` single words that stand
in such places (a state, a sector, a side). Numbers, ids, dates and what people wrote stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from market.core.catalogues import messages, whole
from market.core.refusals import legal

FOLDER = Path(__file__).parent / "zh"
IN_ENGLISH = Path(__file__).parent / "en"
WORDS = FOLDER / "words.po"
OF_PROGRAMS = ("frames.po", "feed.po")
"""What these say is what a program has to send: the values in their places stay as they are sent."""
PLACE = re.compile(r"\{([0-9]+)\}")
_LIST = re.compile(", | and | or ")
_LOCALE = "zh_Hans_CN"
_KEPT = 8_192
"""Details that are remembered with their Chinese: many are the same, with the same figures."""
_LONGEST = 2_000
"""Characters: what is longer is no sentence of ours."""


class _Template(NamedTuple):
    """A text with places: how it is recognised, its Chinese, and whether what stands in a place is told in Chinese."""

    pattern: re.Pattern[str]
    chinese: str
    spoken: bool


class _Known(NamedTuple):
    """What there is Chinese for: whole texts; templates, the one with the most words of its own first; and those
    of what stands in a place of another.
    """

    texts: dict[str, str]
    templates: tuple[_Template, ...]
    of_values: tuple[_Template, ...]


def pattern(template: str) -> re.Pattern[str]:
    """What a filled-in template looks like: each place takes as little as it can, once and for all (no search back)."""
    steps = PLACE.split(template)  # words, place, words, place, words
    made = re.escape(steps[0])
    for step, words in enumerate(steps[2::2], 1):
        last = 2 * step + 1 == len(steps)
        place = ".+" if last and not words else ".+?"
        made += f"(?>({place}){re.escape(words)}{'$' if last else ''})"
    return re.compile(made + r"\Z", re.DOTALL)


@lru_cache(maxsize=1)
def _known() -> _Known:
    """Read once, when somebody first asks for Chinese."""
    said = {str(each.id): str(each.string) for each in whole(FOLDER, _LOCALE) if each.id and each.string}
    with_places = sorted((each for each in said if PLACE.search(each)), key=_own_words, reverse=True)
    of_values = {str(each.id) for each in messages(WORDS, _LOCALE)}
    of_programs = {str(each.id) for name in OF_PROGRAMS for each in messages(FOLDER / name, _LOCALE)}
    templates = [
        (each, _Template(pattern(each), said[each], each not in of_programs)) for each in with_places
    ]
    return _Known(
        {each: chinese for each, chinese in said.items() if not PLACE.search(each)},
        tuple(made for each, made in templates if each not in of_values),
        tuple(made for each, made in templates if each in of_values),
    )


def _own_words(template: str) -> tuple[int, str]:
    return len(PLACE.sub("", template)), template


def in_chinese(detail: str, otherwise: str | None = None) -> str:
    """A detail in Chinese; one that no catalogue has, in the words that are given, or as it is."""
    told = _in_chinese(detail)
    return told or (detail if otherwise is None else otherwise)


@lru_cache(maxsize=_KEPT)
def _in_chinese(detail: str) -> str | None:
    known = _known()
    found = known.texts.get(detail)
    if found is not None:
        return found
    if len(detail) > _LONGEST:
        return None
    return _filled(detail, known.templates)


def _filled(text: str, templates: tuple[_Template, ...]) -> str | None:
    for template in templates:
        filled = template.pattern.match(text)
        if filled is not None:
            values = filled.groups()
            return _fill(template.chinese, [_value(each) for each in values] if template.spoken else values)
    return None


def _fill(template: str, values: Sequence[str]) -> str:
    return PLACE.sub(lambda place: values[int(place[1])], template)


def _value(text: str) -> str:
    """What stands in a place: a word of ours, several of them, a text of ours, or something that stays as it is."""
    texts = _known().texts
    words = _LIST.split(text)
    if any(each in texts for each in words) and not any(" " in each for each in words):
        return "、".join(texts.get(each, each) for each in words)
    return in_chinese(text, _filled(text, _known().of_values))


@lru_cache(maxsize=_KEPT)
def source_in_chinese(source: str) -> str:
    """A legal source in Chinese; what is in neither a catalogue nor the form of a citation, as it is."""
    texts = _known().texts
    return legal.in_chinese(source, lambda words: texts.get(words, words))


@lru_cache(maxsize=1)
def _english() -> tuple[re.Pattern[str], dict[str, str]]:
    """The names of laws, and the county pack's codes of its sources where they begin a citation, in English."""
    names = {str(each.id): str(each.string) for each in whole(IN_ENGLISH, "en") if each.id and each.string}
    written = "|".join(
        rf"(?:^|(?<=; )){re.escape(each)}\b" if each.isascii() else re.escape(each)
        for each in sorted(names, key=len, reverse=True)
    )
    return re.compile(written, re.ASCII), names


@lru_cache(maxsize=_KEPT)
def source_in_english(source: str) -> str:
    """A legal source with the laws' names in English; what has none, as it is."""
    pattern_of_names, names = _english()
    return pattern_of_names.sub(lambda found: names[found[0]], source)
