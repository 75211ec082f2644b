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
NAMED = {
    "Refused": 1, "_Refused": 1, "Barrier": 1, "ValidationError": 0, "BadInput": 0, "BadTerms": 0, "NoCall": 0,
}  # fmt: skip
"""What carries a detail and is no Refusal: which of its arguments is the detail."""
MAYBE = {"check": 1, "refuse": 0, "_passed": 3}
"""Functions that refuse with a text of their caller's; of the same name are others, which get none."""
KEPT = ("detail", "said")
"""Names under which a text waits until it is refused with."""


class Detail(NamedTuple):
    """A template (or, where it is no text, the expression) and where it stands."""

    text: str
    is_text: bool
    area: str
    where: str


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


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
    for node in ast.walk(_tree(path)):
        found = None
        if isinstance(node, ast.Call):
            found = _argument(name, node, "errors" in path.name)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found = node.value if node.targets[0].id in KEPT and template(node.value) is not None else None
        if found is not None:
            yield found, f"{name}:{found.lineno}"


def _argument(name: str, node: ast.Call, of_errors: bool) -> ast.expr | None:
    """What a call refuses with, if it refuses."""
    called = _dotted(node.func)
    last = called.rpartition(".")[2]
    at = NAMED.get(last)
    if (called == "super().__init__" and of_errors) or last in MAYBE:
        at = MAYBE.get(last, 0)
        return node.args[at] if len(node.args) > at and template(node.args[at]) is not None else None
    if at is None and last[:1].isupper() and _refuses(name, called):
        at = 0
    return node.args[at] if at is not None and len(node.args) > at else None


def _dotted(node: ast.expr) -> str:
    """The name of what is called; of what is no name but the end of it."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = "super()" if isinstance(node.value, ast.Call) else _dotted(node.value)
        return f"{before}.{node.attr}"
    return ""


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
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.expr) and (found := template(node)) is not None
    )
