"""Catalogues of messages: `translations/<language>/*.po`, one file an area, read as they are, without a compiled copy.

English is the language of the source: its messages are the ids. Uyghur falls back to Chinese, Chinese to English.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.support import NullTranslations, Translations
from flask_babel import Domain, get_locale

from market.core.catalogues import whole

FOLDER = Path(__file__).parent / "translations"
LANGUAGES = ("zh", "en", "ug")
TAGS = {"zh": "zh-CN", "en": "en", "ug": "ug"}
ASKED = TAGS | {"ug": "ug, zh-CN;q=0.9"}
"""What a page asks the API to answer in: where there is no Uyghur, in Chinese."""
LOCALES = {"zh": "zh_Hans_CN", "en": "en", "ug": "ug"}
NAMES = {"zh": "中文", "en": "English", "ug": "ئۇيغۇرچە"}
RIGHT_TO_LEFT = frozenset({"ug"})
_FALLBACK = {"ug": "zh"}


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Catalog:
    """All messages of a language in one catalogue. Errors: DoubleMessage."""
    return whole(FOLDER / language, LOCALES[language])


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: str) -> NullTranslations:
    """The messages of a language, with its fallback behind them."""
    if language == "en":
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    found = Translations(compiled)
    if language in _FALLBACK:
        found.add_fallback(translations(_FALLBACK[language]))
    return found


class Messages(Domain):
    """Flask-Babel's domain over these catalogues."""

    def get_translations(self) -> NullTranslations:
        """The messages in the language of the request."""
        locale = get_locale()
        return translations("en" if locale is None else locale.language)
