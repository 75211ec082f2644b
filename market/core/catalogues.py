"""Catalogues of messages: a folder of .po files, one an area, read as they are, without a compiled copy."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po


class DoubleMessage(ValueError):
    """Two files of a language say one message differently."""


def whole(folder: Path, locale: str) -> Catalog:
    """All messages of a language's folder in one catalogue. Errors: DoubleMessage."""
    found = Catalog(locale=locale)
    for path in sorted(folder.glob("*.po")):
        for message in messages(path, locale):
            known = found.get(message.id, message.context)
            if known is not None and known.string != message.string:
                raise DoubleMessage(f"{path.name}: {message.id!r} stands in another file with other words")
            found.add(message.id, message.string, context=message.context)
    return found


def messages(path: Path, locale: str) -> list[Message]:
    """The messages of one file."""
    with path.open("rb") as file:
        return [each for each in read_po(file, locale=locale) if each.id]
