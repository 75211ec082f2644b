"""What the code refuses with: the English templates of details, and where each stands.

A template is the text of an f-string with `{0}`, `{1}` … for what is filled in. A detail that is no text (a name, a
call) is listed as the expression it is: its words stand elsewhere.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.pofile import read_po

from ledger.units import UnitError
from market.core.errors import Refusal

ROOT = Path(__file__).resolve().parents[3]
NAMED = {"Refused": 1, "Barrier": 1, "ValidationError": 0}
"""What carries a detail and is no Refusal: which of its arguments is the detail."""


class Detail(NamedTuple):
    """A template (or, where it is no text, the expression) and where it stands."""

    text: str
    is_text: bool
    area: str
    where: str


def template(node: ast.expr) -> str | None:
    """The template of a text; None of what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        made, places = "", 0
        for part in node.values:
            if isinstance(part, ast.Constant):
                made += str(part.value)
            else:
                made += f"{{{places}}}"
                places += 1
        return made
    return None


@cache
def details() -> tuple[Detail, ...]:
    """Every detail of the product."""
    found = []
    for root in ("ledger", "market"):
        for path in sorted((ROOT / root).rglob("*.py")):
            area = "ledger" if root == "ledger" else path.relative_to(ROOT).parts[1].removesuffix(".py")
            found += [
                Detail(text if text is not None else ast.unparse(each), text is not None, area, where)
                for node, where in _said(path)
                for each in _branches(node)
                for text in (template(each),)
            ]
    return tuple(found)


def _branches(node: ast.expr) -> list[ast.expr]:
    return [*_branches(node.body), *_branches(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def _said(path: Path) -> Iterator[tuple[ast.expr, str]]:
    name = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        at = NAMED.get(called.rpartition(".")[2])
        if at is None and called == "super().__init__" and "errors" in path.name:
            if node.args and template(node.args[0]) is not None:
                yield node.args[0], f"{name}:{node.lineno}"
            continue
        if at is None and called.rpartition(".")[2][:1].isupper() and _refuses(name, called):
            at = 0
        if at is not None and len(node.args) > at:
            yield node.args[at], f"{name}:{node.lineno}"


def _refuses(name: str, called: str) -> bool:
    """Whether what a module calls is a kind of refusal."""
    found: Any = importlib.import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    for step in called.split("."):
        found = getattr(found, step, None)
    return isinstance(found, type) and issubclass(found, (Refusal, UnitError))


def messages(path: Path) -> list[Any]:
    """The messages of one catalogue."""
    with path.open("rb") as file:
        return [each for each in read_po(file) if each.id]


@cache
def texts() -> frozenset[str]:
    """Every text of the product as a template: what a catalogue may have."""
    return frozenset(
        found
        for root in ("ledger", "market")
        for path in sorted((ROOT / root).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.expr) and (found := template(node)) is not None
    )
