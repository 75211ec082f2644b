"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path

import click

DATA_DIR = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where this installation keeps everything.  [KAREZ_DATA_DIR; default: var]",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
