"""The pack is read by many threads of a web worker, which may all be the first."""

from __future__ import annotations

import subprocess
import sys

FIRST_READERS = """
import sys, threading
from market.county import loader, shipped
from market.county.pack import Pack
text = loader.load(shipped.text_of()).to_json()
sys.setswitchinterval(1e-6)
together = threading.Barrier(6)
def read():
    together.wait()
    assert Pack.from_json(text).name == "yengisar"
readers = [threading.Thread(target=read) for _ in range(6)]
for each in readers:
    each.start()
for each in readers:
    each.join()
"""


def test_threads_that_read_a_pack_first_at_once_do_not_end_the_process() -> None:
    """msgspec 0.22 crashed here in most runs (a type whose fields were not filled in yet)."""
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", FIRST_READERS], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
