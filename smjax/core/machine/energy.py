"""Energy that the processor packages have used, as RAPL counts it (Intel, AMD); mostly for root alone to read.

References: Linux' `power/powercap/powercap.rst`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from smjax.core.machine.probe import ROOT, read_int, read_text

_DOMAINS = "sys/class/powercap"


def read_energy(root: Path = ROOT) -> dict[str, int]:
    """Microjoules counted so far, by domain (`intel-rapl:0`), of every package that tells; empty without any."""
    folders = sorted((root / _DOMAINS).glob("intel-rapl:*"))
    packages = [folder for folder in folders if (read_text(folder / "name") or "").startswith("package-")]
    return {folder.name: uj for folder in packages if (uj := read_int(folder / "energy_uj")) is not None}


def energy_used(before: Mapping[str, int], after: Mapping[str, int], root: Path = ROOT) -> float | None:
    """Joules that all packages used between two readings; None if there are none, or not the same ones.

    A counter that has begun again from 0 in between is seen through, once: on many CPUs it does after 262 kJ, 44
    minutes at 100 W.
    """
    if not before or before.keys() != after.keys():
        return None
    used_uj = 0
    for domain, start_uj in before.items():
        uj = after[domain] - start_uj
        if uj < 0:
            range_uj = read_int(root / _DOMAINS / domain / "max_energy_range_uj")
            if range_uj is None:
                return None
            uj += range_uj
        used_uj += uj
    return used_uj / 1e6
