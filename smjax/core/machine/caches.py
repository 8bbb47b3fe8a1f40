"""How much the caches hold of what some CPUs read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from smjax.core.machine.probe import ROOT, read_int, read_text


class _Cache(NamedTuple):
    level: int
    sharers: str
    """The CPUs that have it in common."""
    n_bytes: int


def last_level_bytes(cpus: Iterable[int], root: Path = ROOT) -> int | None:
    """Bytes of all caches of the last level that `cpus` fill; None where the kernel does not tell of one of them."""
    each = [_caches(cpu, root) for cpu in cpus]
    return _bytes_of(max(caches) for caches in each) if each and all(each) else None


def level_that_holds(n_bytes: int, cpus: Iterable[int], root: Path = ROOT) -> str | None:
    """`L1` and so on: the first whose caches that `cpus` fill have room for so many; `DRAM` where none has.

    None where the kernel does not tell of a CPU's caches.
    """
    each = [_caches(cpu, root) for cpu in cpus]
    if not each or not all(each):
        return None
    known = {cache for caches in each for cache in caches}
    for level in sorted({cache.level for cache in known}):
        if n_bytes <= _bytes_of(cache for cache in known if cache.level == level):
            return f"L{level}"
    return "DRAM"


def _bytes_of(caches: Iterable[_Cache]) -> int:
    """Each that several CPUs share counts once."""
    return sum(cache.n_bytes for cache in set(caches))


def _caches(cpu: int, root: Path) -> list[_Cache]:
    """Those of a CPU that hold data, as far as the kernel tells."""
    found = []
    for folder in sorted((root / f"sys/devices/system/cpu/cpu{cpu}").glob("cache/index*")):
        level, sharers = read_int(folder / "level"), read_text(folder / "shared_cpu_list")
        size = re.fullmatch(r"(\d+)([KMG]?)", read_text(folder / "size") or "")
        if level is not None and size is not None and read_text(folder / "type") != "Instruction":
            n_bytes = int(size[1]) * 1024 ** " KMG".index(size[2] or " ")
            found.append(_Cache(level, sharers or f"cpu{cpu}", n_bytes))
    return found
