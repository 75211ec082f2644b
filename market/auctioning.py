"""The commands `karez auction verify` and `karez auction replay`: checks of a published record of a call auction."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from market.core.datadir import OperatorError
from market.core.options import AS_JSON

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
LARGEST_BYTES = 2 * 1024**3


@click.group()
def auction() -> None:
    """Call auctions: check the published record of a call (GET /v1/calls/ID/record)."""


@auction.command("verify")
@FILE
@AS_JSON
def verify_record(file: Path, as_json: bool) -> None:
    """Check the record in FILE in integers, without a solver. Exits 1 and names every check that fails.

    Checked are its hash, the seed, every fill, limit and minimum, the loss rule, balances and limits of the network,
    priority and exact shares, the money, and that no allocation could be worth more than a few litres more.
    """
    from market.trading.verify import verify

    record = _read(file)
    failed = verify(record)
    _say(
        as_json,
        {"file": str(file), "sha256": record.get("sha256"), "good": not failed, "refused": failed},
        f"{file} is good." if not failed else f"{file} is refused: {', '.join(failed)}.",
        refused=bool(failed),
    )


@auction.command("replay")
@FILE
@AS_JSON
def replay_record(file: Path, as_json: bool) -> None:
    """Work the call in FILE out once more. Exits 1 if the record is not what the rules give.

    Whole litres are worked out from the record's own witness, everything that `verify` checks is checked, and the call
    is solved anew. Refused are also other prices than those nearest the reference, orders dropped or arcs closed
    without need, unfair shares and idle flows. An outcome that differs but is exactly as good is named, not refused.
    """
    from market.trading.auction.replay import replay

    record = _read(file)
    report = replay(record)
    if report.refused:
        text = f"{file} is refused: {', '.join(report.refused)}."
    elif report.differs:
        text = f"{file} is good; solved anew it differs, equally good, in: {', '.join(report.differs)}."
    else:
        text = f"{file} is good; solved anew it is the same."
    found = {
        "file": str(file),
        "sha256": record.get("sha256"),
        "good": not report.refused,
        "refused": list(report.refused),
        "solved_anew": "same" if report.same else "differs" if not report.refused else None,
        "differs": list(report.differs),
    }
    _say(as_json, found, text, refused=bool(report.refused))


def _read(file: Path) -> dict[str, Any]:
    from market.trading.verify import Malformed, parse

    if file.stat().st_size > LARGEST_BYTES:
        raise OperatorError(f"{file} is larger than any record")
    try:
        return parse(file.read_bytes())
    except (Malformed, OSError) as error:
        raise OperatorError(f"{file}: {error}") from error


def _say(as_json: bool, found: dict[str, Any], text: str, *, refused: bool) -> None:
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else text)
    sys.exit(1 if refused else 0)
