"""How much the last level of cache holds of what some CPUs read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from smjax.core.machine.probe import ROOT, read_int, read_text


def last_level_bytes(cpus: Iterable[int], root: Path = ROOT) -> int | None:
    """Bytes of all caches of the last level that `cpus` fill; None where the kernel does not tell of one of them."""
    shared = [_last_level(root / f"sys/devices/system/cpu/cpu{cpu}") for cpu in cpus]
    known = dict(one for one in shared if one is not None)
    return sum(known.values()) if known and None not in shared else None


def _last_level(cpu: Path) -> tuple[str, int] | None:
    """Which CPUs share the cache of the highest level that one has, and its size."""
    found: list[tuple[int, str, int]] = []
    for folder in sorted(cpu.glob("cache/index*")):
        level, sharers = read_int(folder / "level"), read_text(folder / "shared_cpu_list")
        size = re.fullmatch(r"(\d+)([KMG]?)", read_text(folder / "size") or "")
        if level is not None and size is not None:
            found.append((level, sharers or cpu.name, int(size[1]) * 1024 ** " KMG".index(size[2] or " ")))
    return max(found)[1:] if found else None
