"""`karez compile`: the exchange floor made into machine code, from the same sources, by mypyc and a C compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.util import find_spec
from pathlib import Path

from market.core import compiled
from market.core.datadir import OperatorError

# Only what the floor asks for is looked at; the rest of the market need not be understood for it.
_CONFIG = """[mypy]
follow_imports = silent
ignore_missing_imports = True
cache_dir = cache
[mypy-market.registry.*]
follow_imports = skip
"""
# It leaves without giving back the type checker's memory, which would take a quarter of the time.
_SETUP = """
import os, sys
from mypyc.build import mypycify
from setuptools import setup
modules = mypycify(["--config-file=mypy.ini", *sys.argv[2:]], opt_level="3", debug_level="0", target_dir="c",
                   group_name=sys.argv[1])
setup(name="karez-floor", packages=[], py_modules=[], ext_modules=modules,
      script_args=["--quiet", "build_ext", "--build-lib", "made", "--build-temp", "objects"])
os._exit(0)
"""
WITHIN_S = 600


def make() -> Path:
    """Compiles the floor, if it is not compiled yet, and returns where it lies. Errors: OperatorError."""
    target = compiled.place()
    if target.is_dir():
        return target
    lacking = why_not()
    if lacking is not None:
        raise OperatorError(lacking)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as work:
            made = _compile(Path(work), target.name)
            if compiled.place() != target:
                raise OperatorError("the sources changed while they were compiled: compile again")
            try:
                os.rename(made, target)
            except OSError:
                if not target.is_dir():  # else another was quicker
                    raise
    except OSError as error:
        raise OperatorError(f"the floor cannot be kept under {target.parent}: {error.strerror}") from error
    return target


def why_not() -> str | None:
    """What this machine lacks for compiling; None if nothing."""
    if find_spec("mypyc") is None or find_spec("setuptools") is None:
        return "compiling needs mypy and setuptools: pip install -c constraints.txt -e '.[compile]'"
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"compiling needs a C compiler ({compiler}): on Debian, apt-get install gcc"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "compiling needs the headers of Python: on Debian, apt-get install python3-dev"
    return None


def _compile(work: Path, name: str) -> Path:
    """Compiles in an empty directory; returns where in it the result lies."""
    for package in ("ledger", "market"):
        (work / package).symlink_to(compiled.ROOT / package)
    (work / "mypy.ini").write_text(_CONFIG)
    environment = {key: text for key, text in os.environ.items() if not key.startswith("MYPY")}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _SETUP, f"karez_{name}", *compiled.SOURCES],
            cwd=work,
            env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OperatorError(f"the floor did not compile within {WITHIN_S} s") from error
    if done.returncode:
        said = (done.stderr + done.stdout).strip().splitlines() or ["it says nothing"]
        raise OperatorError(f"the floor did not compile: {said[-1]}")
    return work / "made"
