"""Fetches axe-core, which checks pages for what keeps people out, from the npm registry; for development only."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

VERSION = "4.14.1"
SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"


def main(folder: Path) -> None:
    """Puts `package/axe.min.js` into a folder; without npm it says what will be left out, and goes on."""
    if (folder / VERSION).exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        print("there is no npm: the accessibility checks will be left out", file=sys.stderr)
        return
    folder.mkdir(parents=True, exist_ok=True)
    asked = [npm, "pack", "--silent", f"axe-core@{VERSION}"]
    if subprocess.run(asked, cwd=folder, check=False, stdout=subprocess.DEVNULL).returncode:
        print("axe-core cannot be fetched: the accessibility checks will be left out", file=sys.stderr)
        return
    packed = folder / f"axe-core-{VERSION}.tgz"
    if hashlib.sha256(packed.read_bytes()).hexdigest() != SHA256:
        packed.unlink()
        raise SystemExit(f"axe-core {VERSION} is not what it was: look at it before you trust it")
    with tarfile.open(packed) as archive:
        for name in ("package/axe.min.js", "package/LICENSE"):
            member = archive.extractfile(name)
            assert member is not None
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(member.read())
    packed.unlink()
    (folder / VERSION).touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
