"""Where the exchange floor lies once it is compiled, and how it comes to be imported instead of its sources.

The same modules run either way. What is compiled is found by a digest of the sources it was made of, so that it is
never used with others; `karez compile` makes it (market.compiling).
"""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "market/trading"
MODULES = ("board", "book", "exchange", "fills", "gates", "guards", "matching", "memory", "numbers")
SOURCES = tuple(f"{PACKAGE}/{name}.py" for name in MODULES)
BESIDE = ("ledger/units.py", "market/settlement/clearing.py", f"{PACKAGE}/commands.py")
"""Interpreted, but what is compiled counts on their types."""
WAY = 1
"""Counted up with what else decides what comes of the sources: another compiler or other options."""
VARIABLE = "KAREZ_COMPILED"
"""false or 0: the sources are used even where a compiled floor is there."""


def place() -> Path:
    """The directory for what these sources compile to, with this Python, whether it is there or not."""
    digest = hashlib.sha256(f"{WAY} {sysconfig.get_config_var('SOABI')}".encode())
    for name in (*SOURCES, *BESIDE):
        digest.update((ROOT / name).read_bytes())
    return Path(sys.prefix) / "lib" / "karez-floor" / digest.hexdigest()[:20]


def found() -> Path | None:
    """The directory if it is there and wanted; it comes into being whole."""
    if os.environ.get(VARIABLE, "").lower() in ("false", "0"):
        return None
    try:
        directory = place()
    except OSError:  # sources that cannot be read were not compiled either
        return None
    return directory if directory.is_dir() else None


def running() -> bool:
    """Whether this process has imported the floor as it was compiled."""
    return not str(
        getattr(sys.modules.get(f"{PACKAGE}.exchange".replace("/", ".")), "__file__", ".py")
    ).endswith(".py")


def use(path: list[str]) -> None:
    """Puts the compiled modules before the sources on the path of the package that they are of."""
    directory = found()
    if directory is not None:
        path.insert(0, str(directory / PACKAGE))
        sys.path.append(str(directory))  # a library that they share lies there
