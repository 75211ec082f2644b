"""Benchmarks: ratios to a baseline of the same run on the same machine, never absolute rates.

A benchmark NAME is the module `market.bench.NAME`; its `run(as_json: bool) -> None` measures and calls `publish`.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

BENCHMARKS = ("orders", "allocation", "matching", "auction", "feed", "savings", "cancel", "pages")
"""The names `karez bench` knows."""


def machine(connection: psycopg.Connection[Any] | None = None) -> dict[str, Any]:
    """What the figures were taken on: cores this process may use, processor, memory, Python, PostgreSQL."""
    facts: dict[str, Any] = {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "cpu": _processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }
    if connection is not None:
        facts["postgres"] = connection.info.parameter_status("server_version")
        names = ("fsync", "synchronous_commit", "shared_buffers", "max_wal_size")
        settings = connection.execute(
            "SELECT name, current_setting(name) FROM unnest(%s::text[]) name", (list(names),)
        )
        facts["postgres_settings"] = dict(settings.fetchall())
    return facts


def publish(
    *,
    bench: str,
    ratios: Mapping[str, float],
    baseline: str,
    runs: int,
    detail: Mapping[str, Any],
    machine: Mapping[str, Any],
    as_json: bool,
) -> None:
    """Prints a benchmark's result: one JSON object (DESIGN section 12), or lines for people.

    `baseline` says what a ratio of one means.
    """
    if as_json:
        result = {
            "bench": bench,
            "ratios": {name: round(value, 4) for name, value in ratios.items()},
            "baseline": baseline,
            "runs": runs,
            "machine": dict(machine),
            "detail": dict(detail),
        }
        print(json.dumps(result, ensure_ascii=False))
        return
    print(f"{bench}: one means {baseline}; {runs} runs")
    for name, value in ratios.items():
        print(f"  {name:<28} {value:8.3f}")
    for name, fact in detail.items():
        print(f"  {name:<28} {json.dumps(fact, ensure_ascii=False)}")


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
