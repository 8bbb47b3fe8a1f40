"""What the control group leaves this process of the machine's cores and memory (versions 1 and 2, and both mixed).

References: Linux' `admin-guide/cgroup-v1/memory.rst`, `scheduler/sched-bwc.rst` and `admin-guide/cgroup-v2.rst`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from smjax.core.machine.probe import read_int, read_text, to_int

CGROUP_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_NO_GROUP = "0::/"


def cgroup_quota_cores(root: Path = CGROUP_ROOT, own: str | None = None) -> float | None:
    """Cores' worth of CPU time the group may use, the least over it and its parents; None without a quota.

    `own` is the text of /proc/self/cgroup, read when not given.
    """
    quotas = [quota for folder in _folders("cpu", root, own) if (quota := _quota_cores(folder)) is not None]
    return min(quotas, default=None)


def cgroup_free_bytes(root: Path = CGROUP_ROOT, own: str | None = None) -> int | None:
    """Bytes until the group or a parent of it hits its memory limit; None without a limit."""
    rooms = [room for folder in _folders("memory", root, own) if (room := _free_bytes(folder)) is not None]
    return min(rooms, default=None)


def cgroup_throttled(root: Path = CGROUP_ROOT, own: str | None = None) -> tuple[int, int] | None:
    """Nanoseconds and periods for which the group and its parents were held back for their quota; None where not told.

    Time counts once for every CPU that had work.
    """
    folders = {folder.resolve() for folder in _folders("cpu", root, own)}  # `cpu` may be a link to `cpu,cpuacct`
    found = [stat for folder in folders if "nr_throttled" in (stat := _numbers(folder / "cpu.stat"))]
    if not found:
        return None
    ns = sum(stat.get("throttled_time", 0) + 1000 * stat.get("throttled_usec", 0) for stat in found)  # versions 1 and 2
    return ns, sum(stat["nr_throttled"] for stat in found)


def _folders(controller: str, root: Path, own: str | None) -> Iterator[Path]:
    """Where the group's files may be, from its own folder up to the mount; some of them need not exist.

    In a container without a namespace of its own, the path in `own` is the host's, while the mount is the group.
    """
    for line in (own or read_text(_OWN) or _NO_GROUP).splitlines():
        names, _, path = line.partition(":")[2].partition(":")
        if names and controller not in names.split(","):
            continue
        parts = PurePosixPath(path.lstrip("/")).parts
        depths = range(0 if ".." in parts else len(parts), -1, -1)
        for mount in (root / names, root / controller) if names else (root, root / "unified"):
            yield from (mount.joinpath(*parts[:depth]) for depth in depths)


def _quota_cores(folder: Path) -> float | None:
    both = (read_text(folder / "cpu.max") or "").split()  # version 2: "max 100000" or "150000 100000"
    if len(both) == 2:
        quota, period = to_int(both[0]), to_int(both[1])
    else:
        quota, period = read_int(folder / "cpu.cfs_quota_us"), read_int(folder / "cpu.cfs_period_us")
    return quota / period if quota and period and quota > 0 and period > 0 else None  # version 1: -1 is no quota


def _free_bytes(folder: Path) -> int | None:
    limit, usage, cached_key = read_int(folder / "memory.max"), read_int(folder / "memory.current"), ""
    if limit is None:
        limit, usage = read_int(folder / "memory.limit_in_bytes"), read_int(folder / "memory.usage_in_bytes")
        cached_key = "total_"
    if limit is None or usage is None:
        return None
    return max(0, limit - usage + min(usage, _cached_bytes(folder, cached_key)))


def _cached_bytes(folder: Path, prefix: str) -> int:
    """File pages, which count as used but are dropped on demand (a model file just read is all of them)."""
    counts = _numbers(folder / "memory.stat")
    return sum(counts.get(f"{prefix}{name}", 0) for name in ("inactive_file", "active_file"))


def _numbers(path: Path) -> dict[str, int]:
    """Lines of a name and a number; empty where there is no such file."""
    lines = [line.split() for line in (read_text(path) or "").splitlines()]
    return {line[0]: to_int(line[1]) or 0 for line in lines if len(line) == 2}
