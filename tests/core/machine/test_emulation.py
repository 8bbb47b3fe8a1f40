from __future__ import annotations

from pathlib import Path

import pytest

from smjax.core.machine.emulation import emulation

MODALIAS = "sys/devices/system/cpu/modalias"


@pytest.mark.parametrize(
    ("machine", "files", "found"),
    [
        ("x86_64", {}, None),
        ("x86_64", {"proc/sys/kernel/arch": "x86_64\n"}, None),
        ("i686", {"proc/sys/kernel/arch": "x86_64\n"}, None),
        ("armv7l", {"proc/sys/kernel/arch": "aarch64\n"}, None),
        ("riscv64", {"proc/sys/kernel/arch": "riscv64\n"}, None),
        ("aarch64", {"proc/sys/kernel/arch": "x86_64\n"}, "QEMU: Arm code on a kernel for x86"),
        ("aarch64", {MODALIAS: "cpu:type:x86,ven0002fam001A:feature:,0000\n"}, "QEMU: Arm code on a kernel for x86"),
        ("x86_64", {MODALIAS: "cpu:type:aarch64:feature:,0000\n"}, "QEMU: x86 code on a kernel for Arm"),
    ],
)
def test_an_emulator_of_processes_does_not_hide_its_kernel(
    machine: str, files: dict[str, str], found: str | None, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert emulation("AMD EPYC", machine, tmp_path) == found


def test_a_whole_machine_in_software_names_itself(tmp_path: Path) -> None:
    found = emulation("QEMU TCG CPU version 2.5+", "x86_64", tmp_path)
    assert found == "QEMU without hardware's help, the processor calls itself QEMU TCG CPU version 2.5+"
