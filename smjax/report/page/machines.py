"""A card for each machine: what it is, as its records say, and what `smjax doctor` would have said of it then."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smjax.core.machine.disturbances import COUNTERS, changes
from smjax.core.machine.sharing import OFTEN_PCT
from smjax.core.numbers import listed, plural, significant
from smjax.core.records.flags import CORE_SHARED
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.doctor import Finding, events, settings
from smjax.report.compare.fields import jaxlib_of, machine_of
from smjax.report.page.wording import reasons, values
from smjax.report.render.html import page

_CPU = ("environment", "cpu")
_LEVELS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "neon", "dotprod", "i8mm", "sve", "sve2", "sme")
"""Of what a CPU has, what matters for products of packed weights."""


def cards(records: Sequence[Record]) -> list[page.Machine]:
    """One for each machine, in the order in which they were used."""
    found = by_machine(records).values()
    return [page.Machine(_title(own[0]), tuple(_facts(own)), tuple(_findings(own))) for own in found]


def by_machine(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Records that do not say which machine they are of are of the one of their type, where there is one alone."""
    of_type = defaultdict[str, set[str]](set)
    for record in records:
        of_type[record.host] |= {record.machine} if record.machine else set()
    found = defaultdict[str, list[Record]](list)
    for record in records:
        known = of_type[record.host] if record.host and not record.machine else set()
        found[known.copy().pop() if len(known) == 1 else machine_of(record)].append(record)
    return found


def _title(record: Record) -> str:
    return printable(record.environment.cpu.model or "A machine of an unknown kind")


def _facts(own: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """What is known of it; of what changes the record that knows most says it."""
    for name, told in (
        ("Cores", _cores(own[-1])),
        ("Caches", _caches(own[-1])),
        ("SIMD", _simd(own[-1])),
        ("Clock", _clock(own)),
        ("Memory", _memory(own)),
        ("System", _system(own[-1])),
        ("Versions", _versions(own)),
        ("Id", ", ".join(filter(None, [own[-1].machine, own[-1].host and f"host type {own[-1].host}"]))),
    ):
        if told:
            yield name, told


def _findings(own: Sequence[Record]) -> Iterator[page.Finding]:
    """First what happened in its processes, then how it is set up, as far as it is not well."""
    yield _disturbances(own)
    found = [*_happened(own), *_set_up(own[-1])]
    for one in found:
        if one.severity in ("note", "noisy"):
            advice = f"; {one.advice}" if one.advice else ""
            yield page.Finding(one.severity, one.name, one.found + advice)
    if fine := [one.name for one in found if one.severity == "ok"]:
        yield page.Finding("ok", "well", listed(fine))


def _disturbances(own: Sequence[Record]) -> page.Finding:
    """By the limits that a sweep itself goes by."""
    processes = {_process(record): record for record in own}.values()
    looked = [record for record in processes if record.readings.disturbed is not None]
    disturbed = [record for record in looked if record.readings.disturbed]
    if not looked:
        return page.Finding("unknown", "processes", "nobody looked")
    if not disturbed:
        return page.Finding("ok", "processes", f"none of {len(looked)} disturbed")
    why = reasons([reason for record in disturbed for reason in record.readings.disturbed or ()])
    return page.Finding("noisy", "processes", f"{len(disturbed)} of {len(looked)} disturbed: {why}")


def _happened(own: Sequence[Record]) -> Iterator[Finding]:
    """The worst of what the system counted around any process's answers."""
    worst = defaultdict[str, float](float)
    for record in own:
        for name, value in _changes(record).items():
            worst[name] = max(worst[name], value)
    if "steal_pct" in worst:
        yield events.steal(worst)
    shared = sum(CORE_SHARED.name in record.flags for record in own)
    if any(record.readings.best_additions_per_cycle for record in own):
        told = f"{shared} of {plural(len(own), 'process', 'processes')} more than {OFTEN_PCT:.0f} % of the time"
        advice = "take a machine with whole cores" if shared else ""
        yield Finding("shared core", "noisy" if shared else "ok", told, advice)


def _set_up(record: Record) -> Iterator[Finding]:
    cpu, before = _section(record, *_CPU), _section(record, "readings", "before")
    governor, turbo = cpu.get("governor"), before.get("turbo")
    if isinstance(governor, str):
        yield settings.governors({printable(governor)})
    if isinstance(turbo, bool):
        yield settings.turbo(turbo)
    if cores := cpu.get("usable_cores"):
        quota = cpu.get("cgroup_quota_cores")
        yield settings.cpu_limit(quota if isinstance(quota, int | float) else None, int(cores))
    if "hypervisor" in cpu:
        name = cpu["hypervisor"]
        yield settings.guest_of(printable(name) if isinstance(name, str) else None)


def _changes(record: Record) -> dict[str, float]:
    """Between the readings around its answers; nothing where they are not whole."""
    before, after = (_section(record, "readings", name) for name in ("before", "after"))
    needed = (*COUNTERS, "cpus", "monotonic_ns")
    if any(name not in one for one in (before, after) for name in needed):
        return {}
    own_ns = _section(record, "readings").get("own_cpu_ns")
    try:
        return changes(before, after, own_ns)
    except (TypeError, ValueError, ZeroDivisionError):  # a record of another hand
        return {}


def _cores(record: Record) -> str:
    cpu = _section(record, *_CPU)
    physical, logical, usable = (cpu.get(f"{name}_cores") for name in ("physical", "logical", "usable"))
    told = [f"{physical} physical"] * bool(physical) + [f"{logical} logical"] * bool(logical)
    told += [f"{usable} usable"] * bool(usable and usable != logical)
    quota = cpu.get("cgroup_quota_cores")
    return ", ".join([*told, *([f"time of {quota:g}"] if isinstance(quota, int | float) else [])])


def _caches(record: Record) -> str:
    caches = _section(record, *_CPU, "caches")
    return ", ".join(f"{name} {_size(size)}" for name, size in caches.items() if isinstance(size, int))


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:g} MiB" if n_bytes >= 2**20 else f"{n_bytes / 2**10:g} KiB"


def _simd(record: Record) -> str:
    found = _section(record, *_CPU).get("simd")
    return ", ".join(name for name in _LEVELS if isinstance(found, list) and name in found)


def _clock(own: Sequence[Record]) -> str:
    """As it was while answers were timed."""
    known = [record.ghz.value for record in own if record.ghz and record.ghz.value]
    if not known:
        return ""
    ends = dict.fromkeys(significant(rate) for rate in (min(known), max(known)))
    source = next(record.ghz.source for record in own if record.ghz and record.ghz.value)
    return f"{' to '.join(ends)} GHz, {source}"


def _memory(own: Sequence[Record]) -> str:
    total = _section(own[-1], "environment", "memory").get("total_bytes")
    told = [f"{total / 2**30:.1f} GiB"] if isinstance(total, int) else []
    known = {record.scenario.threads: record.dram.bytes_per_s for record in own if record.dram}
    rates = [(threads, rate) for threads, rate in sorted(known.items()) if rate]
    read = [f"{significant(rate / 1e9)} GB/s with {plural(threads, 'thread', 'threads')}" for threads, rate in rates]
    return ", ".join([*told, *([f"read at {listed(read)}"] if read else [])])


def _system(record: Record) -> str:
    system, memory = _section(record, "environment", "os"), _section(record, "environment", "memory")
    pages = memory.get("transparent_huge_pages")
    told = [system.get("name"), system.get("kernel"), pages and f"huge pages {pages}"]
    return ", ".join(printable(str(one)) for one in told if one)


def _versions(own: Sequence[Record]) -> str:
    python = [record.versions.get("python") or _section(record, "environment").get("python") for record in own]
    found = {"smjax": [record.smjax for record in own], "jaxlib": map(jaxlib_of, own), "Python": python}
    told = {name: list(Counter(map(str, filter(None, versions)))) for name, versions in found.items()}
    commits = {str(_section(record, "environment", "git").get("commit") or "")[:9] for record in own} - {""}
    at = [f"commit {values(sorted(commits))}"] if commits else []
    return ", ".join([f"{name} {values(versions)}" for name, versions in told.items() if versions] + at)


def _section(record: Record, *place: str) -> Mapping[str, Any]:
    """What lies there in the record's document; nothing where it is not as expected."""
    found: Any = record.document
    for name in place:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _process(record: Record) -> tuple[str, str]:
    """Points of a microbenchmark are records of one process."""
    return record.run, record.date
