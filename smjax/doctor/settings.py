"""How the machine is set up: what about it makes figures move, or keeps threads from running."""

from __future__ import annotations

from smjax.core.machine.cgroup import cgroup_quota_cores
from smjax.core.machine.disturbances import LIMITS
from smjax.core.machine.emulation import emulation
from smjax.core.machine.host import sysctl_values
from smjax.core.machine.hypervisor import hypervisor
from smjax.core.machine.probe import ROOT, read_text
from smjax.core.machine.processor import processor
from smjax.core.machine.topology import governor, numa_nodes, siblings
from smjax.doctor.finding import Finding, unknown
from smjax.doctor.window import Window


def findings(window: Window) -> list[Finding]:
    """Findings that hold until somebody changes the machine."""
    cpuinfo, sysctl = read_text(ROOT / "proc/cpuinfo") or "", sysctl_values()
    return [
        governors({governor(cpu) for cpu in window.cpus} - {None}),
        turbo(window.after["turbo"]),
        smt({siblings(cpu) for cpu in window.cpus}, window.neighbours_pct),
        cpu_limit(cgroup_quota_cores(), len(window.cpus)),
        numa([node for node in numa_nodes() if node & set(window.cpus)]),
        guest_of(hypervisor(cpuinfo, sysctl)),
        emulated(emulation(processor(cpuinfo, sysctl)["model"])),
    ]


def governors(found: set[str | None]) -> Finding:
    """Of all usable CPUs."""
    names = ", ".join(sorted(filter(None, found)))
    if not names:
        return unknown("governor")
    if found == {"performance"}:
        return Finding("governor", "ok", names)
    return Finding("governor", "note", f"{names}: the clock follows the load", "cpupower frequency-set -g performance")


def turbo(on: bool | None) -> Finding:
    """Clocks above the nominal one depend on how many cores work and how warm they are."""
    if on is None:
        return unknown("turbo")
    if not on:
        return Finding("turbo", "ok", "off")
    return Finding(
        "turbo", "note", "on: the clock depends on heat and on how many cores work", "switch it off to compare runs"
    )


def smt(cores: set[frozenset[int]], neighbours_pct: dict[int, float]) -> Finding:
    """`cores`: the CPUs of each physical core that we may use a part of."""
    busy = {cpu: pct for cpu, pct in neighbours_pct.items() if pct > LIMITS["others_pct"].most}
    if busy:
        texts = ", ".join(f"CPU {cpu} {pct:.0f} %" for cpu, pct in busy.items())
        return Finding("SMT", "noisy", f"our cores are shared, and busy elsewhere: {texts}", "use other CPUs (taskset)")
    if not cores:
        return unknown("SMT")
    shared = sum(len(core) > 1 for core in cores)
    if not shared:
        return Finding("SMT", "ok", "each CPU is a core of its own, as far as is told")
    return Finding("SMT", "note", f"{shared} of {len(cores)} cores have several CPUs", "use no more threads than cores")


def cpu_limit(quota_cores: float | None, n_cpus: int) -> Finding:
    """XLA asks for the CPUs in its affinity, not for the group's time, and starts threads for all of them."""
    name = "CPU limit"
    if quota_cores is None or quota_cores >= n_cpus:
        return Finding(name, "ok", "none below the CPUs there are")
    found = f"time of {quota_cores:g} CPUs on {n_cpus}; XLA sees {n_cpus} and is stopped"
    advice = f"threads={max(1, int(quota_cores))}, or pin the container (--cpuset-cpus)"
    return Finding(name, "noisy" if quota_cores < 1 else "note", found, advice)


def numa(nodes: list[frozenset[int]]) -> Finding:
    """Nodes whose CPUs we may use."""
    if not nodes:
        return unknown("NUMA")
    if len(nodes) == 1:
        return Finding("NUMA", "ok", "one node")
    found = f"{len(nodes)} nodes: memory of another is farther away"
    return Finding("NUMA", "note", found, "numactl --cpunodebind=N --membind=N")


def guest_of(name: str | None) -> Finding:
    """Other guests are not seen from here."""
    if name is None:
        return Finding("hypervisor", "ok", "none")
    found = f"{name}: unseen guests share memory bandwidth and perhaps cores"
    return Finding("hypervisor", "note", found, "compare only what was measured in turn")


def emulated(how: str | None) -> Finding:
    """What software does in place of a processor."""
    if how is None:
        return Finding("emulation", "ok", "none")
    return Finding("emulation", "noisy", how, "measure on the processor itself")
