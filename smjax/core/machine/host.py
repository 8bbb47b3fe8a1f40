"""The machine that measures: what every record says about it, and the fingerprint that equal machines share."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from smjax.core.machine.cgroup import cgroup_quota_cores
from smjax.core.machine.checkout import git_state
from smjax.core.machine.emulation import emulation
from smjax.core.machine.hypervisor import hypervisor
from smjax.core.machine.identity import machine_id
from smjax.core.machine.probe import ROOT, fields, output_of, read_text
from smjax.core.machine.processor import architecture, processor
from smjax.core.machine.simd import simd_levels
from smjax.core.machine.topology import available_bytes, cache_bytes, governor, pick_cpus, read_ghz, usable_cpus

__all__ = [
    "available_bytes",
    "environment",
    "fingerprint",
    "pick_cpus",
    "read_ghz",
    "simd_levels",
]

_SOURCE = Path(__file__).resolve().parents[3]


def environment(packages: Sequence[str] = ()) -> dict[str, Any]:
    """All that a record says about the host, JSON-able, without a host name; takes about a second the first time.

    `packages`: distributions whose versions are told, beside smjax's own.
    """
    found: dict[str, Any] = {
        "cpu": _cpu(sysctl_values()),
        "memory": _memory(),
        "os": {"name": _os_name(), "kernel": platform.release()},
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in (*packages, "smjax")},
        "git": git_state(_SOURCE),
    }
    return {**found, "host": fingerprint(found), "machine": machine_id()}


def fingerprint(environment: Mapping[str, Any]) -> str:
    """12 hexadecimal digits, the same on two machines of one type: CPU, cores, caches and memory to the GiB."""
    cpu, total_bytes = environment["cpu"], environment["memory"]["total_bytes"]
    keys = (
        "vendor",
        "family",
        "model_id",
        "model",
        "stepping",
        "physical_cores",
        "logical_cores",
        "caches",
        "arch",
    )
    machine = {key: cpu[key] for key in keys}
    machine["memory_gib"] = None if total_bytes is None else round(total_bytes / 2**30)
    return hashlib.sha256(json.dumps(machine, sort_keys=True).encode("ascii")).hexdigest()[:12]


def _cpu(sysctl: Mapping[str, str]) -> dict[str, Any]:
    cpuinfo = read_text(ROOT / "proc/cpuinfo") or ""
    usable = usable_cpus()
    first = usable[0] if usable else 0
    ghz = read_ghz(first)
    physical, logical = _core_counts()
    known = processor(cpuinfo, sysctl)
    return {
        **known,
        "microcode": fields(cpuinfo.splitlines()).get("microcode"),
        "arch": architecture(),
        "physical_cores": physical,
        "logical_cores": logical,
        "usable_cores": len(usable) or logical,
        "cgroup_quota_cores": cgroup_quota_cores(),
        "mhz": None if ghz is None else round(ghz * 1e3, 3),
        "governor": governor(first),
        "caches": cache_bytes() or _macos_caches(sysctl),
        "hypervisor": hypervisor(cpuinfo, sysctl),
        "emulation": emulation(known["model"]),
    }


def _core_counts() -> tuple[int | None, int | None]:
    """Physical and logical cores of the machine."""
    import psutil

    try:
        return psutil.cpu_count(logical=False), psutil.cpu_count()
    except (OSError, RuntimeError, ValueError):
        return None, os.cpu_count()


def _memory() -> dict[str, Any]:
    import psutil

    pages = read_text(ROOT / "sys/kernel/mm/transparent_hugepage/enabled")
    try:
        total_bytes = int(psutil.virtual_memory().total)
    except (OSError, RuntimeError, KeyError, ValueError):
        total_bytes = None
    return {
        "total_bytes": total_bytes,
        "available_bytes": available_bytes(),
        "transparent_huge_pages": chosen(pages),
    }


def chosen(choices: str | None) -> str | None:
    """The choice in brackets, as in `always [madvise] never`."""
    inside = (choices or "").partition("[")[2].partition("]")
    return inside[0] if inside[1] else None


def _os_name() -> str:
    if mac := platform.mac_ver()[0]:
        return f"macOS {mac}"
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return platform.system()
    return f"{release['NAME']} {release.get('VERSION_ID', '')}".strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except (PackageNotFoundError, KeyError, TypeError):  # or it has no metadata but its name
        return None


def sysctl_values() -> dict[str, str]:
    """What macOS knows about its hardware; empty elsewhere."""
    if platform.system() != "Darwin":
        return {}
    return fields((output_of(["sysctl", "hw", "machdep.cpu", "kern.hv_vmm_present"]) or "").splitlines())


def _macos_caches(sysctl: Mapping[str, str]) -> dict[str, int]:
    """One instance of each cache of the fast cores."""
    names = {"L1d": "l1dcachesize", "L1i": "l1icachesize", "L2": "l2cachesize"}
    sizes = {name: sysctl.get(f"hw.perflevel0.{key}") or sysctl.get(f"hw.{key}") for name, key in names.items()}
    return {name: int(size) for name, size in sizes.items() if size and size.isdecimal()}
