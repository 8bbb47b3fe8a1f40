"""What a processor is called in two or three words: by its cores where its numbers say them, else by its brand.

References: Linux' `arch/x86/include/asm/intel-family.h` and `arch/x86/kernel/cpu/amd.c` for the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from smjax.core.text import printable

_AMD = {
    0x17: {
        "Zen": (0x01, 0x11, 0x20),
        "Zen+": (0x08, 0x18),
        "Zen 2": (*range(0x30, 0x50), *range(0x60, 0x80), 0x90, 0x91, *range(0xA0, 0xB0)),
    },
    0x19: {"Zen 3": (*range(0x10), *range(0x20, 0x60)), "Zen 4": (*range(0x10, 0x20), *range(0x60, 0xB0))},
    0x1A: {"Zen 5": (*range(0x30), *range(0x40, 0x50), *range(0x60, 0x80))},
}
_INTEL = {
    6: {
        "Sandy Bridge": (0x2A, 0x2D),
        "Ivy Bridge": (0x3A, 0x3E),
        "Haswell": (0x3C, 0x3F, 0x45, 0x46),
        "Broadwell": (0x3D, 0x47, 0x4F, 0x56),
        "Ice Lake": (0x6A, 0x6C, 0x7D, 0x7E),
        "Tiger Lake": (0x8C, 0x8D),
        "Rocket Lake": (0xA7,),
        "Alder Lake": (0x97, 0x9A),
        "Raptor Lake": (0xB7, 0xBA, 0xBF),
        "Meteor Lake": (0xAA, 0xAC),
        "Lunar Lake": (0xBD,),
        "Arrow Lake": (0xB5, 0xC5, 0xC6),
        "Sapphire Rapids": (0x8F,),
        "Emerald Rapids": (0xCF,),
        "Granite Rapids": (0xAD, 0xAE),
        "Sierra Forest": (0xAF,),
    }
}
_CORES: dict[tuple[Any, ...], str] = {
    (vendor, family, number): name
    for vendor, families in (("AuthenticAMD", _AMD), ("GenuineIntel", _INTEL))
    for family, names in families.items()
    for name, numbers in names.items()
    for number in numbers
}
"""Numbers that stand for several kinds of cores, as that of Skylake and its successors, are left to the brand."""
_SAYS_NOTHING = re.compile(
    r"\(R\)|\(TM\)|®|™|\bIntel\b|\bAMD\b|\b\d+-Core\b|\bCPU\b|\bProcessor\b|@.*|\b(with|w/) .*", re.IGNORECASE
)
_CHARACTERS = 24


def short_name(cpu: Mapping[str, Any]) -> str:
    """Of what `smjax.core.machine.processor` found, or as much of it as is known; empty where that is nothing."""
    brand = cpu.get("model")
    numbers = tuple(cpu.get(name) for name in ("vendor", "family", "model_id"))
    known = _CORES.get(numbers) if all(isinstance(one, str | int) for one in numbers) else None
    if known or not isinstance(brand, str):
        return known or ""
    return printable(" ".join(_SAYS_NOTHING.sub(" ", brand).split()) or brand.strip(), _CHARACTERS)
