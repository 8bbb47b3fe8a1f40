"""How hot the processor is, and how often it slowed down for it.

References: Linux' `hwmon/sysfs-interface.rst`, `driver-api/thermal/sysfs-api.rst`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from smjax.core.machine.probe import ROOT, read_int, read_text

_OF_PROCESSORS = re.compile(r"coretemp|k\d+temp|zenpower|x86_pkg_temp|.*(cpu|soc|cluster).*")
"""Names of sensors and thermal zones; others are of disks, network cards, batteries."""


def temperature_c(root: Path = ROOT) -> float | None:
    """The hottest sensor of the processor in degrees Celsius; None without one, as on most virtual machines."""
    sensors = _readings(root.glob("sys/class/hwmon/hwmon*"), "name", "temp*_input")
    zones = _readings(root.glob("sys/class/thermal/thermal_zone*"), "type", "temp")
    hottest = max((*sensors, *zones), default=None)
    return None if hottest is None else hottest / 1e3


def heat_throttles(cpus: Sequence[int], root: Path = ROOT) -> int | None:
    """How often the cores of `cpus`, or the package of the first, have slowed down for heat since the start (Intel)."""
    folders = [root / f"sys/devices/system/cpu/cpu{cpu}/thermal_throttle" for cpu in cpus]
    counts = [read_int(folder / "core_throttle_count") for folder in folders]
    counts += [read_int(folder / "package_throttle_count") for folder in folders[:1]]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _readings(folders: Iterable[Path], name: str, values: str) -> Iterator[int]:
    for folder in folders:
        if _OF_PROCESSORS.fullmatch(read_text(folder / name) or ""):
            yield from filter(None, map(read_int, folder.glob(values)))
