"""Whether another processor's instructions are carried out in software here: what such a processor does says nothing.

Reference: Linux' `admin-guide/sysctl/kernel.rst` (arch).
"""

from __future__ import annotations

import platform
from pathlib import Path

from smjax.core.machine.probe import ROOT, read_text
from smjax.core.text import printable

_KINDS = {"x86": "x86", "i686": "x86", "i386": "x86", "amd64": "x86", "aarch64": "Arm", "arm": "Arm"}
"""Of processor, by how names of it begin; one runs its own code of 32 bits."""
_MODALIAS = "sys/devices/system/cpu/modalias"


def emulation(cpu_model: str | None, machine: str | None = None, root: Path = ROOT) -> str | None:
    """What does it, such as `QEMU: Arm code on a kernel for x86`; None on the processor that the code is for."""
    if cpu_model and "TCG" in cpu_model:
        return f"QEMU without hardware's help, the processor calls itself {printable(cpu_model)}"
    ours, kernel = _kind(machine or platform.machine()), _kernel_kind(root)
    return f"QEMU: {ours} code on a kernel for {kernel}" if ours and kernel and ours != kernel else None


def _kernel_kind(root: Path) -> str:
    """What the kernel is for, which an emulator of processes does not hide; "" where it does not tell (before 6.1)."""
    name = read_text(root / "proc/sys/kernel/arch") or (read_text(root / _MODALIAS) or "").partition("type:")[2]
    return _kind(name.strip().partition(",")[0])


def _kind(machine: str) -> str:
    return next((kind for start, kind in _KINDS.items() if machine.lower().startswith(start)), "")
