"""The processors as the scheduler sees them: which to pin to, how fast they run, what memory is free for them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from smjax.core.machine.cgroup import CGROUP_ROOT, cgroup_free_bytes
from smjax.core.machine.probe import ROOT, read_int, read_text

_CPUS = "sys/devices/system/cpu"
_BIGGEST = 1024
"""The capacity of the biggest kind of core of a machine, of all of them where there is one kind."""


def usable_cpus() -> list[int]:
    """Logical CPUs in this process's affinity; empty where there is no such thing (macOS)."""
    try:
        return sorted(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return []


def pick_cpus(threads: int) -> list[int]:
    """Where to pin `threads` threads: at most that many usable logical CPUs; empty where affinity is unsupported."""
    return core_order(usable_cpus())[:threads]


def core_order(cpus: Iterable[int], root: Path = ROOT) -> list[int]:
    """One CPU of each physical core first, SMT siblings after them; among equals the fastest kind of core first."""
    seen: dict[str, int] = {}
    ranked = []
    for cpu in sorted(cpus):
        folder = root / _CPUS / f"cpu{cpu}"
        core = _core(folder)
        ranked.append((seen.get(core, 0), -(read_int(folder / "cpu_capacity") or 0), cpu))
        seen[core] = seen.get(core, 0) + 1
    return [cpu for _, _, cpu in sorted(ranked)]


def _core(folder: Path) -> str:
    """A name of the physical core, the same for its siblings; the CPU's own name where the kernel tells nothing."""
    for name in ("core_cpus_list", "thread_siblings_list"):  # since Linux 5.x, and before
        if siblings := read_text(folder / "topology" / name):
            return siblings
    return folder.name


def siblings(cpu: int, root: Path = ROOT) -> frozenset[int]:
    """The CPUs of the same physical core, itself among them; alone where the kernel tells nothing."""
    return _cpu_list(_core(root / _CPUS / f"cpu{cpu}"))


def physical_cores(cpus: Iterable[int], root: Path = ROOT) -> int | None:
    """How many there are that have any of `cpus`; None without CPUs."""
    return len({siblings(cpu, root) for cpu in cpus}) or None


def core_kind(cpus: Sequence[int], threads: int, root: Path = ROOT) -> str | None:
    """Of which kind the cores of `cpus` are, where each of `threads` has a whole one and all are alike; else None.

    Only of such cores does what they do at once tell who else is on them. Empty for the only kind, and the biggest one.
    """
    kinds = {_kind(cpu, root) for cpu in cpus}
    have_their_own = threads <= len(cpus) == physical_cores(cpus, root)
    return kinds.pop() if have_their_own and len(kinds) == 1 else None


def _kind(cpu: int, root: Path) -> str:
    """By the list that a hybrid CPU has of each kind, and by capacity below that of the biggest."""
    lists = ((name, read_text(root / "sys/devices" / name / "cpus") or "") for name in ("cpu_core", "cpu_atom"))
    capacity = read_int(root / _CPUS / f"cpu{cpu}" / "cpu_capacity")
    known = [name for name, text in lists if cpu in _cpu_list(text)]
    return " ".join([*known, *([] if capacity in (None, _BIGGEST) else [f"capacity {capacity}"])])


def numa_nodes(root: Path = ROOT) -> list[frozenset[int]]:
    """The CPUs of each memory node that has any; empty where the kernel tells nothing."""
    lists = (read_text(path) for path in sorted((root / "sys/devices/system/node").glob("node[0-9]*/cpulist")))
    return [_cpu_list(text) for text in lists if text]


def _cpu_list(text: str) -> frozenset[int]:
    """`0-2,8` as the kernel writes it."""
    ranges = re.findall(r"(\d+)(?:-(\d+))?", text)
    return frozenset(cpu for first, last in ranges for cpu in range(int(first), int(last or first) + 1))


def read_ghz(cpu: int, root: Path = ROOT) -> float | None:
    """Clock of one CPU as the system reports it just now, on a virtual machine often the nominal one."""
    khz = read_int(root / _CPUS / f"cpu{cpu}" / "cpufreq" / "scaling_cur_freq")
    if khz:
        return round(khz / 1e6, 6)
    mhz = _cpuinfo_mhz(read_text(root / "proc/cpuinfo") or "", cpu)
    if mhz is None and sys.platform != "linux":
        mhz = _psutil_mhz()
    return round(mhz / 1e3, 6) if mhz else None


def _cpuinfo_mhz(cpuinfo: str, cpu: int) -> float | None:
    block = re.search(rf"^processor\s*:\s*{cpu}$(.*?)(?:^$|\Z)", cpuinfo, re.MULTILINE | re.DOTALL)
    mhz = re.search(r"^cpu MHz\s*:\s*([0-9.]+)$", block[1], re.MULTILINE) if block else None
    try:
        return float(mhz[1]) if mhz else None
    except ValueError:
        return None


def _psutil_mhz() -> float | None:
    import psutil

    try:
        frequency = psutil.cpu_freq()
    except (OSError, RuntimeError, AttributeError, NotImplementedError):
        return None
    return float(frequency.current) if frequency else None


def governor(cpu: int, root: Path = ROOT) -> str | None:
    """Frequency governor, such as `performance` or `powersave`."""
    return read_text(root / _CPUS / f"cpu{cpu}" / "cpufreq" / "scaling_governor") or None


def turbo(root: Path = ROOT) -> bool | None:
    """Whether cores may run above their nominal clock; None where the system does not tell."""
    if (off := read_int(root / _CPUS / "intel_pstate/no_turbo")) is not None:
        return off == 0
    boost = read_int(root / _CPUS / "cpufreq/boost")
    return None if boost is None else boost == 1


def cache_bytes(root: Path = ROOT) -> dict[str, int]:
    """Size of one instance of each cache of the first CPU that tells: L1d, L1i, L2, L3."""
    folders = (root / _CPUS).glob("cpu[0-9]*/cache")
    for folder in sorted(folders, key=lambda path: int(re.sub(r"\D", "", path.parent.name))):
        if caches := dict(sorted(filter(None, map(_cache, folder.glob("index*"))))):
            return caches
    return {}


def _cache(folder: Path) -> tuple[str, int] | None:
    level, kind = read_int(folder / "level"), read_text(folder / "type")
    size = re.fullmatch(r"(\d+)([KMG]?)", read_text(folder / "size") or "")
    if level is None or kind is None or size is None:
        return None
    letter = {"Data": "d", "Instruction": "i"}.get(kind, "")
    return f"L{level}{letter}", int(size[1]) * 1024 ** " KMG".index(size[2] or " ")


def available_bytes(cgroup_root: Path = CGROUP_ROOT, own: str | None = None, root: Path = ROOT) -> int:
    """Memory that can be had without swapping: the machine's or, if less, the control group's."""
    room = cgroup_free_bytes(cgroup_root, own)
    machine = _machine_available_bytes(root)
    return machine if room is None else min(machine, room)


def _machine_available_bytes(root: Path) -> int:
    kib = re.search(r"^MemAvailable:\s+(\d+) kB$", read_text(root / "proc/meminfo") or "", re.MULTILINE)
    if kib:  # a worker asks, and psutil would be 1 MB of its memory
        return int(kib[1]) * 1024
    import psutil

    try:
        return int(psutil.virtual_memory().available)
    except (OSError, RuntimeError, KeyError, ValueError):  # no /proc/meminfo, as in some sandboxes
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
