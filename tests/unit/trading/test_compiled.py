"""The floor as it was compiled: it passes what the sources pass, and is never used with other sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from market import compiling
from market.core import compiled
from market.core.datadir import OperatorError

HERE = Path(__file__).parent
SHARED = ("test_two_books", "test_matching", "test_phases", "test_guards", "test_standing_still")
"""The tests of the floor, with the table of cases and the random commands that the naive book plays too."""


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=compiled.ROOT,
        env=os.environ | {compiled.VARIABLE: "true"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_what_is_compiled_passes_the_tests_of_the_floor() -> None:
    lacking = compiling.why_not()
    if lacking is not None:
        pytest.skip(lacking)
    directory = compiling.make()
    files = [str(HERE / f"{name}.py") for name in SHARED]
    done = _python("-m", "pytest", "-q", "-p", "no:cacheprovider", *files)
    assert done.returncode == 0, done.stdout[-2_000:]
    names = ", ".join(f"market.trading.{name}" for name in compiled.MODULES)
    told = _python(
        "-c", "import market.trading.exchange; from market.core import compiled; print(compiled.running())"
    )
    assert told.stdout == "True\n" and not compiled.running()
    where = _python("-c", f"import {names}; print(*({names}), sep='\\n')")
    assert where.stdout.count(f"{directory}{os.sep}") == len(compiled.MODULES), where.stdout + where.stderr


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment in which nothing is compiled, with sources of its own."""
    for name in (*compiled.SOURCES, *compiled.BESIDE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(compiled.ROOT / name, tmp_path / name)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(compiled, "ROOT", tmp_path)
    monkeypatch.delenv(compiled.VARIABLE, raising=False)
    return tmp_path


@pytest.mark.parametrize("name", [compiled.SOURCES[0], compiled.BESIDE[0]])
def test_what_was_compiled_of_other_sources_is_not_found(prefix: Path, name: str) -> None:
    assert compiled.found() is None
    compiled.place().mkdir(parents=True)
    assert compiled.found() == compiled.place()
    with (prefix / name).open("a") as file:
        file.write("\n# another\n")
    assert compiled.found() is None


def test_the_sources_can_be_asked_for(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled.place().mkdir(parents=True)
    path: list[str] = ["sources"]
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setenv(compiled.VARIABLE, "false")
    compiled.use(path)
    assert (path, sys.path) == (["sources"], [])
    monkeypatch.setenv(compiled.VARIABLE, "true")
    compiled.use(path)
    assert path == [str(compiled.place() / compiled.PACKAGE), "sources"] and sys.path == [
        str(compiled.place())
    ]


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ("compiling.shutil.which", "compiling needs a C compiler"),
        ("compiling.find_spec", "compiling needs mypy and setuptools"),
    ],
)
def test_what_a_machine_lacks_is_said_in_one_line(
    prefix: Path, monkeypatch: pytest.MonkeyPatch, lacking: str, said: str
) -> None:
    monkeypatch.setattr(f"market.{lacking}", lambda _name: None)
    with pytest.raises(OperatorError, match=f"^{said}.*$"):
        compiling.make()
    assert compiled.found() is None


def test_who_compiles_second_finds_what_the_first_made(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def quicker(work: Path, _name: str) -> Path:
        for directory in (work / "made", compiled.place()):
            directory.mkdir(parents=True)
            (directory / "floor").touch()
        return work / "made"

    monkeypatch.setattr(compiling, "why_not", lambda: None)
    monkeypatch.setattr(compiling, "_compile", quicker)
    assert compiling.make() == compiled.place() == compiled.found()
    assert list(compiled.place().parent.iterdir()) == [compiled.place()]


def test_sources_that_change_meanwhile_are_not_kept_as_what_they_were(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(work: Path, _name: str) -> Path:
        (work / "made").mkdir()
        (prefix / compiled.SOURCES[0]).write_text("# saved in the middle\n")
        return work / "made"

    before = compiled.place()
    monkeypatch.setattr(compiling, "why_not", lambda: None)
    monkeypatch.setattr(compiling, "_compile", slow)
    with pytest.raises(OperatorError, match="compile again"):
        compiling.make()
    assert compiled.place() != before and list(before.parent.iterdir()) == []


def test_a_compilation_that_does_not_end_is_given_up(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "why_not", lambda: None)
    monkeypatch.setattr(compiling, "WITHIN_S", 0)
    with pytest.raises(OperatorError, match="within 0 s"):
        compiling.make()


def test_without_readable_sources_nothing_is_found(prefix: Path) -> None:
    (prefix / compiled.SOURCES[0]).unlink()
    assert compiled.found() is None


def test_a_failed_compilation_leaves_nothing_behind(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "why_not", lambda: None)
    monkeypatch.setattr(compiling, "_SETUP", "import sys; sys.exit('no room\\nnothing works')")
    with pytest.raises(OperatorError, match=r"^the floor did not compile: nothing works$"):
        compiling.make()
    assert compiled.found() is None and list(compiled.place().parent.iterdir()) == []
