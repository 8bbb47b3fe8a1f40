"""Which processor this is: model, vendor, family, stepping and SIMD, in the same terms on every system.

References: Arm implementer and part numbers as in the `Main ID Register` and util-linux' `lscpu-arm.c`.
"""

from __future__ import annotations

import functools
import platform
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from smjax.core.machine.probe import fields, to_int
from smjax.core.machine.simd import simd_of_cpuinfo, simd_of_flags, simd_of_sysctl

_ARM_VENDORS: dict[int | None, str] = {
    0x41: "ARM",
    0x46: "Fujitsu",
    0x48: "HiSilicon",
    0x4E: "NVIDIA",
    0x51: "Qualcomm",
    0x61: "Apple",
    0x6D: "Microsoft",
    0xC0: "Ampere",
}
_ARM_PARTS: dict[tuple[int | None, int | None], str] = {
    (0x41, 0xD03): "Cortex-A53",
    (0x41, 0xD05): "Cortex-A55",
    (0x41, 0xD07): "Cortex-A57",
    (0x41, 0xD08): "Cortex-A72",
    (0x41, 0xD09): "Cortex-A73",
    (0x41, 0xD0A): "Cortex-A75",
    (0x41, 0xD0B): "Cortex-A76",
    (0x41, 0xD0C): "Neoverse-N1",
    (0x41, 0xD0D): "Cortex-A77",
    (0x41, 0xD40): "Neoverse-V1",
    (0x41, 0xD41): "Cortex-A78",
    (0x41, 0xD44): "Cortex-X1",
    (0x41, 0xD46): "Cortex-A510",
    (0x41, 0xD47): "Cortex-A710",
    (0x41, 0xD48): "Cortex-X2",
    (0x41, 0xD49): "Neoverse-N2",
    (0x41, 0xD4D): "Cortex-A715",
    (0x41, 0xD4E): "Cortex-X3",
    (0x41, 0xD4F): "Neoverse-V2",
    (0x41, 0xD80): "Cortex-A520",
    (0x41, 0xD81): "Cortex-A720",
    (0x41, 0xD82): "Cortex-X4",
    (0x41, 0xD84): "Neoverse-V3",
    (0x41, 0xD8E): "Neoverse-N3",
    (0x46, 0x001): "A64FX",
    (0x48, 0xD01): "Kunpeng-920",
    (0x51, 0x001): "Oryon",
    (0x61, 0x022): "M1 Icestorm",
    (0x61, 0x023): "M1 Firestorm",
    (0x6D, 0xD49): "Azure Cobalt 100",
    (0xC0, 0xAC3): "Ampere-1",
    (0xC0, 0xAC4): "Ampere-1A",
}
_ARCHITECTURES = {"aarch64": "arm64", "amd64": "x86_64", "AMD64": "x86_64"}
_KEYS = {
    "model": "brand_raw",
    "vendor": "vendor_id_raw",
    "family": "family",
    "model_id": "model",
    "stepping": "stepping",
}
"""Our names and py-cpuinfo's."""


def architecture(machine: str | None = None) -> str:
    """`x86_64` or `arm64`; what the system says where it is neither."""
    machine = platform.machine() if machine is None else machine
    return _ARCHITECTURES.get(machine, machine)


@functools.cache
def py_cpuinfo() -> dict[str, Any]:
    """What py-cpuinfo finds, asked at most once a process because it takes a second; empty when it fails."""
    try:
        import cpuinfo

        return dict(cpuinfo.get_cpu_info())
    except Exception:  # it runs other programs and parses what they print: whatever goes wrong there is no answer
        return {}


def processor(
    cpuinfo: str, sysctl: Mapping[str, str], library: Callable[[], Mapping[str, Any]] = py_cpuinfo
) -> dict[str, Any]:
    """Keys model, vendor, family, model_id, stepping (None where unknown) and simd (sorted names).

    `cpuinfo` is the text of Linux' /proc/cpuinfo, `sysctl` what macOS answers; each empty elsewhere. py-cpuinfo is
    asked for all but Arm under Linux, where it takes the running number of the first processor for its name.
    """
    if "CPU implementer" in cpuinfo:
        return {**_arm(cpuinfo), "simd": simd_of_cpuinfo(cpuinfo)}
    asked = library()
    answers = (_apple(sysctl), _from_library(asked), _x86(cpuinfo))
    found = {key: next((some[key] for some in answers if some[key] is not None), None) for key in _KEYS}
    simd = simd_of_cpuinfo(cpuinfo) or simd_of_sysctl(sysctl) or simd_of_flags(asked.get("flags") or [])
    return {**found, "simd": simd}


def _from_library(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Its answers in our terms; a negative number is one that it did not find."""
    found = {key: asked.get(name) for key, name in _KEYS.items()}
    return {key: _squeeze(value) if key in ("model", "vendor") else _natural(value) for key, value in found.items()}


def _natural(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _x86(cpuinfo: str) -> dict[str, Any]:
    first = fields(cpuinfo.splitlines())
    return {
        "model": _squeeze(first.get("model name")),
        "vendor": first.get("vendor_id"),
        "family": to_int(first.get("cpu family")),
        "model_id": to_int(first.get("model")),
        "stepping": to_int(first.get("stepping")),
    }


def _arm(cpuinfo: str) -> dict[str, Any]:
    """Numbers as the register has them; a chip with several kinds of cores is all of them, joined by ` + `."""
    blocks = [fields(block.splitlines()) for block in cpuinfo.split("\n\n")]
    cores = [core for core in blocks if "CPU implementer" in core]
    return {
        "model": _joined(map(_arm_model, cores)),
        "vendor": _joined(map(_arm_vendor, cores)),
        "family": to_int(cores[0].get("CPU architecture")),
        "model_id": _joined(core.get("CPU part", "unknown") for core in cores),
        "stepping": _joined(
            f"r{to_int(core.get('CPU variant')) or 0}p{to_int(core.get('CPU revision')) or 0}" for core in cores
        ),
    }


def _arm_vendor(core: Mapping[str, str]) -> str:
    implementer = core["CPU implementer"]
    return _ARM_VENDORS.get(to_int(implementer), f"implementer {implementer}")


def _arm_model(core: Mapping[str, str]) -> str:
    """A number that the table lacks is given as a number: another source might name it on one host of two."""
    key = (to_int(core["CPU implementer"]), to_int(core.get("CPU part")))
    return _ARM_PARTS.get(key) or f"{_arm_vendor(core)} part {core.get('CPU part', 'unknown')}"


def _apple(sysctl: Mapping[str, str]) -> dict[str, Any]:
    model = _squeeze(sysctl.get("machdep.cpu.brand_string"))
    return {
        "model": model,
        "vendor": "Apple" if model and model.startswith("Apple") else None,
        "family": to_int(sysctl.get("hw.cpufamily")),
        "model_id": to_int(sysctl.get("hw.cpusubfamily")),
        "stepping": to_int(sysctl.get("machdep.cpu.stepping")),
    }


def _joined(names: Iterable[str]) -> str | None:
    return " + ".join(dict.fromkeys(names)) or None


def _squeeze(text: Any) -> str | None:
    return " ".join(text.split()) or None if isinstance(text, str) else None
