"""What disturbed a machine's processes, and what `smjax doctor` would have said of it then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from smjax.core.machine.disturbances import COUNTERS, changes
from smjax.core.machine.sharing import OFTEN_PCT
from smjax.core.numbers import listed, plural
from smjax.core.records.flags import CORE_SHARED
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.doctor import Finding, events, settings
from smjax.report.page.machine_facts import CPU, best_known, section
from smjax.report.page.wording import process_of, reasons
from smjax.report.render.html import page


def findings(own: Sequence[Record]) -> Iterator[page.Finding]:
    """First what happened in its processes, then how it is set up, as far as it is not well."""
    yield _disturbances(own)
    found = [*_happened(own), *_set_up(best_known(own))]
    for one in found:
        if one.severity in ("note", "noisy"):
            advice = f"; {one.advice}" if one.advice else ""
            yield page.Finding(one.severity, one.name, one.found + advice)
    if fine := [one.name for one in found if one.severity == "ok"]:
        yield page.Finding("ok", listed(fine), "nothing found")


def _disturbances(own: Sequence[Record]) -> page.Finding:
    """By the limits that a sweep itself goes by."""
    looked = [record for record in _processes(own) if record.readings.disturbed is not None]
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
    processes = _processes(own)
    shared = sum(CORE_SHARED.name in record.flags for record in processes)
    if any(record.readings.best_additions_per_cycle for record in processes):
        told = f"{shared} of {plural(len(processes), 'process', 'processes')} more than {OFTEN_PCT:.0f} % of the time"
        advice = "take a machine with whole cores" if shared else ""
        yield Finding("shared core", "noisy" if shared else "ok", told, advice)


def _set_up(record: Record) -> Iterator[Finding]:
    cpu, before = section(record, *CPU), section(record, "readings", "before")
    governor, turbo = cpu.get("governor"), before.get("turbo")
    if isinstance(governor, str):
        yield settings.governors({printable(governor)})
    if isinstance(turbo, bool):
        yield settings.turbo(turbo)
    cores, quota = cpu.get("usable_cores"), cpu.get("cgroup_quota_cores")
    if isinstance(cores, int):
        yield settings.cpu_limit(quota if isinstance(quota, int | float) else None, cores)
    if "hypervisor" in cpu:
        name = cpu["hypervisor"]
        yield settings.guest_of(printable(name) if isinstance(name, str) else None)


def _changes(record: Record) -> dict[str, float]:
    """Between the readings around its answers; nothing where they are not whole."""
    before, after = (section(record, "readings", name) for name in ("before", "after"))
    needed = (*COUNTERS, "cpus", "monotonic_ns")
    if any(name not in one for one in (before, after) for name in needed):
        return {}
    own_ns = section(record, "readings").get("own_cpu_ns")
    try:
        return changes(before, after, own_ns)
    except (TypeError, ValueError, ZeroDivisionError):  # a record of another hand
        return {}


def _processes(own: Sequence[Record]) -> list[Record]:
    """Points of a microbenchmark are records of one process, of which one is enough."""
    return list({process_of(record): record for record in own}.values())
