"""The house holds: who imports whom, who writes what, how long a function may be (DESIGN sections 2 and 13)."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("ledger", "market", "migrations")
LONGEST_FUNCTION = 70
LONGEST_FILE = 400

PURE = re.compile(
    r"ledger/units|market/(core/chart|participants/policy|registry/(caps|lease_terms|life|pools|projects|rights|rules|season|shares|succession)|metering/usage|trading/(bidding_rules|board|book|buy_back_rules|candles|fills|guards|index|sessions|matching|memory|numbers|auction|auction/\w+|rules|verify)"
    r"|settlement/(clearing|schedule)|payments/(gateway|gateway_states|signatures|stripe_words)|contracts/(canonical|clawback|finance|lots|states|(savings|sharing)(/\w+)?)|compliance/rules|fees/rules|supervision/desks/(rules|wording)|supervision/warning/(forecast|colours|rollup)|supervision/reports/differences|supervision/national/reconciliation|supervision/surveillance(/\w+)?|web/charts/\w+)"
)
"""DESIGN section 2 calls these pure: values in, values out."""
NUMERIC = {name: {"numpy", "highspy"} for name in ("auction", "savings")} | {"finance": {"numpy_financial"}}
"""By module or package."""
MARKS = "mypy_extensions"
"""Tells a compiler what it may do, and does nothing."""

CLOCKS = {"market/core/clock.py"}
"""Where the time is read; everybody else asks there."""
FLOATS = {
    "market/bench/",
    "market/trading/auction/",
    "market/contracts/savings/",
    "market/contracts/finance.py",
}
"""Where a number may be turned into a float: rates that are measured, and what a solver is asked; never what is booked.
"""
TIMES = re.compile(r"\b(datetime\.(now|today|utcnow)|utcnow|date\.today|time\.time)\(")
LEDGER_WRITES = re.compile(
    r"\b(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|COPY)\s+\"?(accounts|transfers|assets)\b", re.I
)
TRADING_WRITES = re.compile(
    r"\b(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|COPY)\s+\"?(orders|trades|commands)\b", re.I
)
ORM_WRITES = re.compile(
    r"\b(insert|update|delete|add|add_all|merge)\((Account|Transfer|Asset|Order|Trade|Command)\b"
)
SQL = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|TRUNCATE|COPY|LOCK|SET|LISTEN|NOTIFY)\b"
)
SQL_NAMES = {"ledger/models.py", "ledger/arrays.py"}
"""Where a table's name, from a migration, goes into the text that makes a trigger; what makes rows of named arrays."""
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")


def _files(*roots: str) -> list[Path]:
    return sorted(path for root in roots for path in (ROOT / root).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, with what it imports from it: `market.core.db`, `market.core.db.raw`."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def test_imports_go_down_only() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_part_of_the_market_has_its_layer() -> None:
    configuration = configparser.ConfigParser()
    configuration.read(ROOT / "setup.cfg", encoding="utf-8")
    layered = set(re.findall(r"market\.(\w+)", configuration["importlinter:contract:layers"]["layers"]))
    parts = {
        path.stem
        for path in (ROOT / "market").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert parts - layered == {"__init__"}


def test_nothing_imports_the_entry_and_the_entry_imports_little() -> None:
    assert [
        _name(path) for path in _files(*PRODUCT) if "wsgi" in {each.split(".")[0] for each in _imports(path)}
    ] == []
    assert set(_imports(ROOT / "wsgi.py")) == {"market.app.create_app", "market.core.leash.tie_if_asked"}


def test_pure_modules_use_the_standard_library_and_each_other_only() -> None:
    wrong = []
    for path in _files("ledger", "market"):
        if not PURE.fullmatch(_name(path).removesuffix(".py")):
            continue
        for module in _imports(path):
            top = module.split(".")[0]
            numeric = NUMERIC.get(path.stem, set()) | NUMERIC.get(path.parent.name, set())
            if top in sys.stdlib_module_names or top in numeric or top == MARKS:
                continue
            within = module.replace(".", "/")
            if not (PURE.fullmatch(within) or PURE.fullmatch(within.rpartition("/")[0])):
                wrong.append(f"{_name(path)} imports {module}")
    assert wrong == []


def test_functions_are_short() -> None:
    long = [
        f"{_name(path)}: {node.name} has {(node.end_lineno or 0) - node.lineno + 1} lines"
        for path in _files(*PRODUCT, "tests")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
        and "migrations/versions" not in _name(path)
    ]
    assert long == []


def test_files_are_short() -> None:
    counted = {
        _name(path): path.read_text(encoding="utf-8").count("\n") for path in _files(*PRODUCT, "tests")
    }
    long = {name: n for name, n in counted.items() if n > LONGEST_FILE and "migrations/versions" not in name}
    assert long == {}


def test_files_are_named_for_what_they_hold() -> None:
    assert [
        _name(path) for path in _files(*PRODUCT) if path.stem in ("services", "utils", "helpers", "common")
    ] == []


def test_the_time_is_asked_of_the_clock() -> None:
    wrong = [
        name
        for path in _files("ledger", "market")
        if (name := _name(path)) not in CLOCKS and TIMES.search(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_nothing_is_made_a_float() -> None:
    wrong = [
        f"{_name(path)}:{node.lineno}"
        for path in _files("ledger", "market")
        if not _name(path).startswith(tuple(FLOATS))
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("writes", "home"),
    [(LEDGER_WRITES, "ledger/"), (TRADING_WRITES, "market/trading/")],
    ids=["ledger", "trading"],
)
def test_only_its_owner_writes(writes: re.Pattern[str], home: str) -> None:
    wrong = [
        f"{_name(path)}: {found[0]}"
        for path in _files("ledger", "market")
        if not _name(path).startswith((home, "market/bench/"))
        for found in writes.finditer(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_no_row_of_the_ledger_or_the_exchange_is_written_through_the_orm() -> None:
    wrong = [
        f"{_name(path)}: {found[0]}"
        for path in _files("ledger", "market")
        for found in ORM_WRITES.finditer(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_only_constants_go_into_sql_texts() -> None:
    wrong = []
    for path in _files("ledger", "market"):
        for node in () if _name(path) in SQL_NAMES else ast.walk(_tree(path)):
            if not isinstance(node, ast.JoinedStr) or not _is_sql(node):
                continue
            for value in (each for each in node.values if isinstance(each, ast.FormattedValue)):
                if not _is_constant(value.value):
                    wrong.append(f"{_name(path)}:{node.lineno} {ast.unparse(value.value)}")
    assert wrong == []


def _is_sql(text: ast.JoinedStr) -> bool:
    first = text.values[0] if text.values else None
    return isinstance(first, ast.Constant) and bool(SQL.match(str(first.value)))


def _is_constant(value: ast.expr) -> bool:
    """Whether an expression is built of CONSTANTS and literals alone, or made of these by int or rows_of."""
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in ("int", "rows_of")
    ):
        return all(_is_constant(each) for each in [*value.args, *(word.value for word in value.keywords)])
    if isinstance(value, ast.Attribute):
        return bool(CONSTANT.fullmatch(value.attr))
    return all(
        CONSTANT.fullmatch(node.id) is not None for node in ast.walk(value) if isinstance(node, ast.Name)
    )


def test_decoders_of_types_are_made_when_a_module_is_read() -> None:
    """msgspec fills in what it knows of a type at its first use: two threads at once would crash the process."""
    wrong = [
        f"{_name(path)}:{node.lineno}"
        for path in _files("market")
        if not _name(path).startswith("market/bench/")  # single processes
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("msgspec.json.decode", "msgspec.msgpack.decode")
        and any(each.arg == "type" for each in node.keywords)
    ]
    assert wrong == []


def test_every_package_that_is_imported_is_declared() -> None:
    configuration = configparser.ConfigParser()
    configuration.read(ROOT / "setup.cfg", encoding="utf-8")
    declared = {
        re.split(r"[\[<>= ]", line, maxsplit=1)[0].lower().replace("_", "-")
        for part in (
            configuration["options"]["install_requires"],
            configuration["options.extras_require"]["pdf"],
        )
        for line in part.split()
    }
    owners = packages_distributions()
    missing = {
        f"{_name(path)} imports {top}"
        for path in _files(*PRODUCT)
        for top in {module.split(".")[0] for module in _imports(path)}
        if top not in sys.stdlib_module_names and top not in PRODUCT
        if not declared & {each.lower().replace("_", "-") for each in owners.get(top, ())}
    }
    assert missing == set()


def test_everything_that_is_installed_is_pinned() -> None:
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    configuration = configparser.ConfigParser()
    configuration.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = configuration["options.extras_require"]
    lines = configuration["options"]["install_requires"] + extras["dev"] + extras["bench"]
    wanted = {re.split(r"[\[<>= ]", line, maxsplit=1)[0].lower().replace("_", "-") for line in lines.split()}
    assert wanted - pinned == set()
