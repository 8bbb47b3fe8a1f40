"""What a machine counts is read right, in the right units, and what it does not tell is None."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from smjax.core.machine.heat import heat_throttles, temperature_c
from smjax.core.machine.readings import cpu_times, read_machine

from . import machines
from .machines import put

CPU = "sys/devices/system/cpu"
METAL = {
    "proc/stat": "cpu  99 0 0 0 0 0 0 0 0 0\ncpu0 100 20 30 5000 40 5 6 0 50 0\ncpu1 1 0 0 9 0 0 0 0 0 0\n"
    "cpu10 7 0 0 9 0 0 0 0 0 0\nintr 12 0 0",
    "proc/meminfo": "MemTotal:       9000 kB\nMemAvailable:       5000 kB\nSwapFree: 0 kB",
    "proc/vmstat": "nr_free_pages 5\npswpin 12\npswpout 34\npgmajfault 9",
    "proc/pressure/cpu": "some avg10=1.00 avg60=0.50 avg300=0.10 total=1403\nfull avg10=0.0 avg60=0 avg300=0 total=7",
    "proc/pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=55\nfull avg10=0.00 total=44",
    f"{CPU}/cpu0/cpufreq/scaling_governor": "powersave",
    f"{CPU}/cpu0/cpufreq/scaling_cur_freq": "3400000",
    f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "3",
    f"{CPU}/cpu0/thermal_throttle/package_throttle_count": "20",
    f"{CPU}/cpu10/thermal_throttle/core_throttle_count": "4",
    f"{CPU}/cpu10/thermal_throttle/package_throttle_count": "20",
    f"{CPU}/intel_pstate/no_turbo": "0",
    "sys/class/hwmon/hwmon0/name": "nvme",
    "sys/class/hwmon/hwmon0/temp1_input": "91000",
    "sys/class/hwmon/hwmon1/name": "coretemp",
    "sys/class/hwmon/hwmon1/temp1_input": "61500",
    "sys/class/hwmon/hwmon1/temp2_input": "58000",
}
QUOTA = {
    "proc/self/cgroup": "0::/box",
    "sys/fs/cgroup/box/cpu.stat": "usage_usec 900\nnr_periods 50\nnr_throttled 7\nthrottled_usec 120500",
    "sys/fs/cgroup/cpu.stat": "usage_usec 900",
    "sys/fs/cgroup/box/memory.max": "4000",
    "sys/fs/cgroup/box/memory.current": "1000",
}
STOLEN = {
    "proc/stat": "cpu0 100 0 0 5000 0 0 0 41 0 0\ncpu1 100 0 0 5000 0 0 0 2 0 0",
    "proc/cpuinfo": machines.EPYC_VM,
}


def test_bare_metal(tmp_path: Path) -> None:
    found = read_machine([0, 10], put(tmp_path, METAL))
    assert found["cpus"] == [0, 10]
    assert (found["busy_ms"], found["steal_ms"]) == ([1610, 70], [0, 0])  # not idle, nor waiting for a disk
    assert (found["available_bytes"], found["swapped_in_pages"], found["swapped_out_pages"]) == (5_120_000, 12, 34)
    assert [found[f"{name}_pressure_us"] for name in ("cpu", "memory", "io")] == [1403, 55, None]
    assert (found["governor"], found["ghz"], found["turbo"]) == ("powersave", 3.4, True)
    assert (found["temperature_c"], found["heat_throttles"]) == (61.5, 27)
    assert (found["throttled_ms"], found["throttled_periods"]) == (None, None)
    assert json.loads(json.dumps(found)) == found


def test_container_with_a_quota(tmp_path: Path) -> None:
    found = read_machine([0], put(tmp_path, QUOTA))
    assert (found["throttled_ms"], found["throttled_periods"]) == (120.5, 7)
    assert found["available_bytes"] == 3000


def test_virtual_machine_with_steal(tmp_path: Path) -> None:
    found = read_machine([1, 0], put(tmp_path, STOLEN))
    assert (found["busy_ms"], found["steal_ms"]) == ([1000, 1000], [20, 410])
    assert (found["ghz"], found["governor"], found["temperature_c"]) == (3.1005, None, None)


def test_nothing_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smjax.core.machine.topology._psutil_mhz", lambda: None)
    found = read_machine([], tmp_path)
    known = {name for name, value in found.items() if value is not None}
    assert known == {"monotonic_ns", "cpus", "load", "available_bytes"}


@pytest.mark.parametrize("stat", ["", "cpu0 1 2 3", "cpu0 a b c d e f g h", "cpu1 1 1 1 1 1 1 1 1 1 1"])
def test_processors_that_are_not_told(tmp_path: Path, stat: str) -> None:
    assert cpu_times([0, 1], put(tmp_path, {"proc/stat": stat})) == {"busy_ms": None, "steal_ms": None}


@pytest.mark.parametrize("name", ["cpu-thermal", "soc_thermal", "x86_pkg_temp", "bigcluster-thermal"])
def test_temperature_of_a_thermal_zone(tmp_path: Path, name: str) -> None:
    zones = {"thermal_zone0/type": "battery", "thermal_zone0/temp": "99000", "thermal_zone1/type": name}
    root = put(tmp_path, {f"sys/class/thermal/{file}": text for file, text in zones.items()})
    assert temperature_c(root) is None
    assert temperature_c(put(root, {"sys/class/thermal/thermal_zone1/temp": "48312"})) == 48.312


def test_heat_is_not_told_everywhere(tmp_path: Path) -> None:
    assert heat_throttles([0, 1], tmp_path) is None


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="psutil answers in its place")
def test_a_worker_that_asks_does_not_load_psutil() -> None:
    ask = "from smjax.core.machine.readings import read_machine; read_machine([0])"
    code = f"import sys; {ask}; print('psutil' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
