"""What the caches hold: each that the CPUs fill counts once."""

from __future__ import annotations

from pathlib import Path

import pytest

from smjax.core.machine.caches import last_level_bytes, level_that_holds

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


def test_the_first_level_that_has_room_is_said_for_all_cpus_together(tmp_path: Path) -> None:
    root = machine(
        tmp_path, {cpu: [(1, "32K", str(cpu)), (2, "1024K", str(cpu)), (3, "32M", "0-1")] for cpu in range(2)}
    )
    instructions = root / "sys/devices/system/cpu/cpu0/cache/index9"
    instructions.mkdir()
    for name, text in {"level": "1", "size": "32K", "shared_cpu_list": "0", "type": "Instruction"}.items():
        (instructions / name).write_text(f"{text}\n")
    found = [level_that_holds(kib << 10, [0], root) for kib in (32, 33, 1024, 1025, 32 << 10, (32 << 10) + 1)]
    assert found == ["L1", "L2", "L2", "L3", "L3", "DRAM"]
    assert [level_that_holds(kib << 10, [0, 1], root) for kib in (64, 2048, 2049)] == ["L1", "L2", "L3"]
    assert level_that_holds(1, [0, 7], root) is None
    assert level_that_holds(1, [], root) is None
