"""The last level of cache: each that the CPUs fill counts once."""

from __future__ import annotations

from pathlib import Path

import pytest

from smjax.core.machine.caches import last_level_bytes

MIB = 1 << 20


def machine(root: Path, caches: dict[int, list[tuple[int, str, str | None]]]) -> Path:
    """Of each CPU its caches: level, size, and who shares it if that is told."""
    for cpu, of_cpu in caches.items():
        for index, (level, size, sharers) in enumerate(of_cpu):
            folder = root / f"sys/devices/system/cpu/cpu{cpu}/cache/index{index}"
            folder.mkdir(parents=True)
            told = {"level": str(level), "size": size, "shared_cpu_list": sharers}
            for name, text in told.items():
                if text is not None:
                    (folder / name).write_text(f"{text}\n")
    return root


@pytest.mark.parametrize(
    ("cpus", "expected"), [([0], 32 * MIB), ([0, 1], 32 * MIB), ([0, 2], 64 * MIB), ([1, 2, 3], 64 * MIB)]
)
def test_of_two_complexes_those_count_whose_cpus_read(tmp_path: Path, cpus: list[int], expected: int) -> None:
    own = [(1, "32K", None), (2, "1024K", None)]
    root = machine(tmp_path, {cpu: [*own, (3, "32M", "0-1" if cpu < 2 else "2-3")] for cpu in range(4)})
    assert last_level_bytes(cpus, root) == expected


def test_a_second_level_of_each_core_may_be_the_last(tmp_path: Path) -> None:
    root = machine(tmp_path, {cpu: [(2, "1024K", str(cpu)), (1, "64K", str(cpu))] for cpu in range(2)})
    assert last_level_bytes([0, 1], root) == 2 * MIB


def test_what_is_not_told_is_not_known(tmp_path: Path) -> None:
    root = machine(tmp_path, {0: [(3, "32M", "0")], 1: [(3, "much", "1")]})
    assert last_level_bytes([0], root) == 32 * MIB
    for cpus in ([], [1], [0, 1], [0, 7]):
        assert last_level_bytes(cpus, root) is None
