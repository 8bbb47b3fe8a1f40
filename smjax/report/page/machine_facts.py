"""What a machine is, as its records say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smjax.core.numbers import listed, plural, significant
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.compare.fields import jaxlib_of
from smjax.report.page.wording import values

CPU = ("environment", "cpu")
_LEVELS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "neon", "dotprod", "i8mm", "sve", "sve2", "sme")
"""Of what a CPU has, what matters for products of packed weights."""


def facts(own: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """Names and what is known of them."""
    one = best_known(own)
    for name, told in (
        ("Cores", _cores(one)),
        ("Caches", _caches(one)),
        ("SIMD", _simd(one)),
        ("Clock", _clock(own)),
        ("Memory", _memory(one, own)),
        ("System", _system(one)),
        ("Versions", _versions(own)),
        ("Id", ", ".join(filter(None, [one.machine, one.host and f"host type {one.host}"]))),
    ):
        if told:
            yield name, told


def best_known(own: Sequence[Record]) -> Record:
    """The record that says most of its CPU, of several the newest: imports and old ones know little."""
    return max(reversed(own), key=lambda record: len(section(record, *CPU)))


def _cores(record: Record) -> str:
    cpu = section(record, *CPU)
    physical, logical, usable = (cpu.get(f"{name}_cores") for name in ("physical", "logical", "usable"))
    told = [f"{physical} physical"] * bool(physical) + [f"{logical} logical"] * bool(logical)
    told += [f"{usable} usable"] * bool(usable and usable != logical)
    quota = cpu.get("cgroup_quota_cores")
    return ", ".join([*told, *([f"time of {quota:g}"] if isinstance(quota, int | float) else [])])


def _caches(record: Record) -> str:
    caches = section(record, *CPU, "caches")
    return ", ".join(f"{name} {_size(size)}" for name, size in caches.items() if isinstance(size, int))


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:g} MiB" if n_bytes >= 2**20 else f"{n_bytes / 2**10:g} KiB"


def _simd(record: Record) -> str:
    found = section(record, *CPU).get("simd")
    return ", ".join(name for name in _LEVELS if isinstance(found, list) and name in found)


def _clock(own: Sequence[Record]) -> str:
    """As it was while answers were timed."""
    of_sources = defaultdict[str, list[float]](list)
    for record in own:
        if record.ghz and record.ghz.value:
            of_sources[record.ghz.source or "unknown how"].append(record.ghz.value)
    return "; ".join(f"{_span(rates)} GHz, {source}" for source, rates in of_sources.items())


def _memory(one: Record, own: Sequence[Record]) -> str:
    total = section(one, "environment", "memory").get("total_bytes")
    told = [f"{total / 2**30:.1f} GiB"] if isinstance(total, int) else []
    known = defaultdict[int, list[float]](list)
    for record in own:
        if record.dram and record.dram.bytes_per_s:
            known[record.scenario.threads].append(record.dram.bytes_per_s / 1e9)
    read = [f"{_span(known[threads])} GB/s with {plural(threads, 'thread', 'threads')}" for threads in sorted(known)]
    return ", ".join([*told, *([f"read at {listed(read)}"] if read else [])])


def _span(found: Sequence[float]) -> str:
    """The least and the most."""
    return " to ".join(dict.fromkeys((significant(min(found)), significant(max(found)))))


def _system(record: Record) -> str:
    system, memory = section(record, "environment", "os"), section(record, "environment", "memory")
    pages = memory.get("transparent_huge_pages")
    told = [system.get("name"), system.get("kernel"), pages and f"huge pages {pages}"]
    return ", ".join(printable(str(one)) for one in told if one)


def _versions(own: Sequence[Record]) -> str:
    python = [record.versions.get("python") or section(record, "environment").get("python") for record in own]
    found = {"smjax": [record.smjax for record in own], "jaxlib": map(jaxlib_of, own), "Python": python}
    told = {name: list(Counter(map(str, filter(None, versions)))) for name, versions in found.items()}
    commits = {str(section(record, "environment", "git").get("commit") or "")[:9] for record in own} - {""}
    at = [f"commit {values(sorted(commits))}"] if commits else []
    return ", ".join([f"{name} {values(versions)}" for name, versions in told.items() if versions] + at)


def section(record: Record, *place: str) -> Mapping[str, Any]:
    """What lies there in the record's document; nothing where it is not as expected."""
    found: Any = record.document
    for name in place:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
