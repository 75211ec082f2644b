"""A county pack with a mistake in it is refused, and the refusal names the line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from market import cli
from market.county.errors import PackError
from market.county.loader import load
from tests.unit.county.faults import CAP, FAULTS, TWICE, Again, Fault
from tests.unit.county.small import SMALL, line_of, spoilt


def _refused(text: str) -> PackError:
    with pytest.raises(PackError) as refused:
        load(text)
    return refused.value


def test_the_good_pack_is_good() -> None:
    pack = load(SMALL)
    assert (pack.name, pack.version, len(pack.zones), len(pack.limits)) == ("small", "1", 12, 9)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_mistake_is_refused_with_its_line(fault: Fault) -> None:
    text = spoilt(fault.old, fault.new)
    refused = _refused(text)
    assert fault.reason in str(refused)
    where = SMALL.index(fault.old)
    expected = line_of(text, fault.at) if fault.at else SMALL[:where].count("\n") + 1
    assert refused.line == expected
    assert str(refused).startswith(f"line {expected}, ")


@pytest.mark.parametrize("again", TWICE, ids=lambda again: again.what)
def test_what_stands_twice_is_refused_at_its_second_line(again: Again) -> None:
    lines = SMALL.splitlines()
    index = next(number for number, line in enumerate(lines) if again.after in line)
    lines.insert(index + 1, f"  - {again.row}")
    refused = _refused("\n".join(lines) + "\n")
    assert refused.reason.startswith(f"{again.name} stands twice, first in line ")
    assert refused.line == index + 2


def test_a_text_that_is_empty_or_too_long_is_refused() -> None:
    assert _refused("").reason == "is empty"
    assert _refused("# nothing\n").reason == "is empty"
    assert "is larger than" in _refused(SMALL + "#" * 2_000_000).reason
    assert "must be a table" in _refused("- a\n- b\n").reason


def test_the_command_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    file.write_text(SMALL, encoding="utf-8")
    good = CliRunner().invoke(cli.main, ["pack", "check", str(file)])
    assert (good.exit_code, good.output) == (0, f"{file} is a good county pack.\n")
    text = spoilt(CAP, "volume: 1000.5, zone: C")
    file.write_text(text, encoding="utf-8")
    bad = CliRunner().invoke(cli.main, ["pack", "check", str(file)])
    assert bad.exit_code == 1
    assert bad.stderr.startswith(
        f"karez: line {line_of(text, '1000.5')}, limits[0].volume: must be a decimal"
    )
