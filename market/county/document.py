"""YAML as nodes that know their line: read strictly, so that every refusal can name where it is. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from ledger.units import UnitError, parse_decimal
from market.county.errors import PackError

MAX_BYTES = 2_000_000
MAX_DEPTH = 12
"""Deeper than any pack; a reader that calls itself would otherwise run out of stack."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same grammar in C where the wheel has it: a tenth of the time."""
_YAML = "tag:yaml.org,2002:"
_TEXT, _BOOL, _INT, _TABLE, _LIST = (f"{_YAML}{name}" for name in ("str", "bool", "int", "map", "seq"))
_KINDS = {
    _INT: "a whole number",
    f"{_YAML}float": "a number as float",
    _BOOL: "true or false",
    f"{_YAML}null": "nothing",
}
_CODE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")


class Item:
    """One node of the document."""

    def __init__(self, node: yaml.Node, place: str) -> None:
        self.node = node
        self.place = place
        self.line = _line(node.start_mark)

    def wrong(self, reason: str) -> PackError:
        """The refusal of this node."""
        return PackError(self.line, self.place, reason)

    def table(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Item]:
        """A mapping with these keys and no others."""
        found: dict[str, Item] = {}
        for name, item in self._members():
            if name in found:
                raise item.wrong(f"the key {name} stands twice")
            if name not in required and name not in optional:
                raise item.wrong(f"there is no key {name} here")
            found[name] = item
        for name in required:
            if name not in found:
                raise self.wrong(f"the key {name} is missing")
        return found

    def _members(self) -> Iterator[tuple[str, Item]]:
        if not isinstance(self.node, yaml.MappingNode) or self.node.tag != _TABLE:
            raise self.wrong("must be a table of keys and values")
        for key, value in self.node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            item = Item(value, f"{self.place}.{name}" if self.place else name)
            item.line = _line(key.start_mark)
            yield name, item

    def at(self, key: str) -> Item:
        """The member of this name of a table, to say what is wrong with it; the table itself where it has none."""
        return dict(self._members()).get(key, self)

    def items(self) -> Iterator[Item]:
        """The members of a list."""
        if not isinstance(self.node, yaml.SequenceNode) or self.node.tag != _LIST:
            raise self.wrong("must be a list")
        for index, each in enumerate(self.node.value):
            yield Item(each, f"{self.place}[{index}]")

    def _scalar(self, wanted: str) -> yaml.ScalarNode:
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.wrong(f"must be {wanted}")
        return self.node

    def text(self, most: int = 500) -> str:
        """Text in quotes or plain words."""
        node = self._scalar("text")
        if node.tag != _TEXT:
            raise self.wrong(f"must be text, not {_KINDS.get(node.tag, node.tag)}: put it in quotes")
        if not 0 < len(node.value) <= most:
            raise self.wrong(f"must be 1 to {most} characters")
        return str(node.value)

    def code(self) -> str:
        """A code of letters, digits and _ . : -"""
        found = self.text(64)
        if not _CODE.match(found):
            raise self.wrong("must be a code of letters, digits, _ . : -")
        return found

    def one_of(self, choices: Sequence[str]) -> str:
        """One of some words."""
        found = self.text()
        if found not in choices:
            raise self.wrong(f"must be one of {', '.join(choices)}")
        return found

    def boolean(self) -> bool:
        """true or false."""
        node = self._scalar("true or false")
        if node.tag != _BOOL or node.value not in ("true", "false"):
            raise self.wrong("must be true or false")
        return bool(node.value == "true")

    def whole(self, least: int, most: int) -> int:
        """A whole number within bounds (counts and years; never a volume, price or rate)."""
        node = self._scalar("a whole number")
        if node.tag != _INT or not re.fullmatch(r"\d{1,9}", node.value):
            raise self.wrong("must be a whole number")
        if not least <= int(node.value) <= most:
            raise self.wrong(f"must be from {least} to {most}")
        return int(node.value)

    def decimal(self, scale: int, most: int = 10**15) -> int:
        """A decimal in quotes, as an integer of its smallest part."""
        node = self._scalar("a decimal in quotes")
        if node.tag != _TEXT:
            raise self.wrong(f"must be a decimal in quotes, not {_KINDS.get(node.tag, node.tag)}")
        try:
            return parse_decimal(node.value, scale=scale, limit=most)
        except UnitError as error:
            raise self.wrong(str(error)) from error

    def day(self) -> dt.date:
        """A day as 2026-01-31, in quotes."""
        try:
            return dt.date.fromisoformat(self.text(10))
        except ValueError as error:
            raise self.wrong("must be a day as 2026-01-31") from error


def read(text: str) -> Item:
    """The document. Errors: PackError for YAML that cannot be read, for aliases, for too much or too deep of it."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise PackError(1, "", f"is larger than {MAX_BYTES} bytes")
    try:
        _refuse_tricks(yaml.parse(text, Loader=_LOADER))
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise PackError(line, "", f"is not YAML: the character {error.character!r} is not allowed") from error
    except yaml.MarkedYAMLError as error:
        raise PackError(_line(error.problem_mark), "", f"is not YAML: {error.problem}") from error
    if node is None:
        raise PackError(1, "", "is empty")
    return Item(node, "")


def _refuse_tricks(events: Iterator[yaml.Event]) -> None:
    """Refuses what can make a small text a large document: aliases, and lists in lists without end."""
    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            raise PackError(_line(event.start_mark), "", "aliases are not taken")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise PackError(_line(event.start_mark), "", f"is nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _line(mark: Any) -> int:
    """The line of a mark, from 1; PyYAML leaves the mark out where it has none."""
    return int(mark.line) + 1 if mark is not None else 1
