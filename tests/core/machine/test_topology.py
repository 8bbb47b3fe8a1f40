"""Threads go to physical cores first, and what the kernel says about cores, clocks and caches is read right."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from smjax.core.machine.topology import (
    available_bytes,
    cache_bytes,
    core_kind,
    core_order,
    governor,
    numa_nodes,
    physical_cores,
    pick_cpus,
    read_ghz,
    siblings,
    turbo,
)

from . import machines
from .machines import put


def paired(root: Path, lists: dict[int, str], name: str = "core_cpus_list") -> Path:
    return put(root, {f"sys/devices/system/cpu/cpu{cpu}/topology/{name}": text for cpu, text in lists.items()})


@pytest.mark.parametrize("name", ["core_cpus_list", "thread_siblings_list"])
def test_physical_cores_come_first_where_siblings_are_far(tmp_path: Path, name: str) -> None:
    root = paired(tmp_path, {0: "0,4", 1: "1,5", 2: "2,6", 3: "3,7", 4: "0,4", 5: "1,5", 6: "2,6", 7: "3,7"}, name)
    assert core_order(range(8), root) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_physical_cores_come_first_where_siblings_are_neighbours(tmp_path: Path) -> None:
    root = paired(tmp_path, {0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"})
    assert core_order([3, 2, 1, 0], root) == [0, 2, 1, 3]


def test_only_usable_cpus_are_ordered(tmp_path: Path) -> None:
    root = paired(tmp_path, {0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"})
    assert core_order([1, 2, 3], root) == [1, 2, 3]


def test_physical_cores_are_counted_once(tmp_path: Path) -> None:
    root = paired(tmp_path, {0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"})
    assert [physical_cores(cpus, root) for cpus in ([0], [0, 1], [0, 1, 2], [5, 6], [])] == [1, 1, 2, 2, None]


def test_cores_are_compared_where_each_is_whole_and_of_one_kind(tmp_path: Path) -> None:
    root = paired(tmp_path, {0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3", 4: "4", 5: "5"})

    def kinds(*each: list[int]) -> list[str | None]:
        return [core_kind(cpus, len(cpus), root) for cpus in each]

    assert kinds([0, 2], [0, 1], [], [4], [0, 4]) == ["", None, None, "", ""]
    put(root, {"sys/devices/cpu_core/cpus": "0-3", "sys/devices/cpu_atom/cpus": "4-5"})
    assert kinds([0, 2], [4, 5], [0, 4]) == ["cpu_core", "cpu_atom", None]


def test_cores_of_unlike_capacity_are_not_compared(tmp_path: Path) -> None:
    root = put(tmp_path, {f"sys/devices/system/cpu/cpu{cpu}/cpu_capacity": str(512 * cpu) for cpu in (1, 2)})
    assert [core_kind(cpus, 1, root) for cpus in ([1], [2], [1, 2])] == ["capacity 512", "", None]


def test_cores_of_the_only_kind_have_no_name_whether_or_not_the_kernel_tells_their_capacity(tmp_path: Path) -> None:
    """What was kept of them stays known where a newer kernel begins to tell it."""
    assert core_kind([0, 1], 2, tmp_path) == ""
    put(tmp_path, {f"sys/devices/system/cpu/cpu{cpu}/cpu_capacity": "1024" for cpu in (0, 1)})
    assert core_kind([0, 1], 2, tmp_path) == ""


@pytest.mark.parametrize(("threads", "expected"), [(1, ""), (2, ""), (3, None), (4, None)])
def test_more_threads_than_cores_say_nothing_of_who_else_is_there(
    threads: int, expected: str | None, tmp_path: Path
) -> None:
    """They take each other's."""
    assert core_kind([0, 1], threads, paired(tmp_path, {0: "0", 1: "1"})) == expected


def test_unknown_topology_is_one_core_a_cpu(tmp_path: Path) -> None:
    assert core_order([5, 3, 4], tmp_path) == [3, 4, 5]


def test_fast_cores_come_before_slow_ones_and_siblings_last(tmp_path: Path) -> None:
    root = paired(tmp_path, {0: "0", 1: "1", 2: "2-3", 3: "2-3"})
    put(
        root,
        {
            f"sys/devices/system/cpu/cpu{cpu}/cpu_capacity": text
            for cpu, text in enumerate(("446", "446", "1024", "1024"))
        },
    )
    assert core_order(range(4), root) == [2, 0, 1, 3]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity on this system")
def test_pick_cpus_stays_within_the_affinity() -> None:
    usable = os.sched_getaffinity(0)
    assert set(pick_cpus(10_000)) == usable
    assert len(pick_cpus(10_000)) == len(usable)
    assert pick_cpus(1) == pick_cpus(10_000)[:1]


def test_pick_cpus_without_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert pick_cpus(4) == []


def test_frequency_of_each_cpu(tmp_path: Path) -> None:
    root = put(tmp_path, {"proc/cpuinfo": machines.EPYC_VM})
    assert [read_ghz(cpu, root) for cpu in (0, 1)] == [2.596124, 3.1005]
    put(root, {"sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "3400000"})
    assert [read_ghz(cpu, root) for cpu in (0, 1)] == [2.596124, 3.4]


@pytest.mark.skipif(platform.system() != "Linux", reason="elsewhere psutil answers")
@pytest.mark.parametrize("cpuinfo", [None, machines.GRAVITON_3, "processor\t: 0\ncpu MHz\t\t: 1.2.3\n"])
def test_unknown_frequency(tmp_path: Path, cpuinfo: str | None) -> None:
    put(tmp_path, {} if cpuinfo is None else {"proc/cpuinfo": cpuinfo})
    assert read_ghz(0, tmp_path) is None


def test_governor(tmp_path: Path) -> None:
    assert governor(0, tmp_path) is None
    put(tmp_path, {"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave"})
    assert governor(0, tmp_path) == "powersave"


def test_caches_of_one_core(tmp_path: Path) -> None:
    rows = (("1", "Data", "48K"), ("1", "Instruction", "32K"), ("2", "Unified", "1024K"), ("3", "Unified", "32M"))
    for index, values in enumerate(rows):
        folder = f"sys/devices/system/cpu/cpu10/cache/index{index}"
        put(tmp_path, {f"{folder}/{name}": text for name, text in zip(("level", "type", "size"), values, strict=True)})
    put(tmp_path, {"sys/devices/system/cpu/cpu2/cache/index0/level": "1"})  # type and size are missing
    assert cache_bytes(tmp_path) == {"L1d": 49152, "L1i": 32768, "L2": 1048576, "L3": 33554432}


def test_no_caches(tmp_path: Path) -> None:
    assert cache_bytes(tmp_path) == {}


def test_available_is_the_lesser_of_machine_and_group(tmp_path: Path) -> None:
    root = put(tmp_path, {"memory.max": "5000000", "memory.current": "1000000"})
    assert available_bytes(root, "0::/") == 4_000_000
    put(root, {"memory.max": str(2**60)})
    assert 4_000_000 < available_bytes(root, "0::/") < 2**50


def test_cores_and_nodes_of_the_kernel(tmp_path: Path) -> None:
    cpu = "sys/devices/system/cpu/cpu2/topology/core_cpus_list"
    node = "sys/devices/system/node"
    root = put(tmp_path, {cpu: "0-2,10", f"{node}/node0/cpulist": "0-1", f"{node}/node1/cpulist": ""})
    assert siblings(2, root) == {0, 1, 2, 10}
    assert siblings(3, root) == {3}
    assert numa_nodes(root) == [{0, 1}]


def test_turbo(tmp_path: Path) -> None:
    cpus = "sys/devices/system/cpu"
    assert turbo(put(tmp_path, {f"{cpus}/cpufreq/boost": "0"})) is False
    assert turbo(put(tmp_path, {f"{cpus}/cpufreq/boost": "1"})) is True
    assert turbo(put(tmp_path, {f"{cpus}/intel_pstate/no_turbo": "1"})) is False
