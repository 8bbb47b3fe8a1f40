"""Processors of several kinds are named right, with the SIMD they have, whatever their kernels leave out."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import pytest

from smjax.core.machine.processor import architecture, processor, py_cpuinfo
from smjax.core.machine.simd import simd_levels

from . import machines


def identity(cpuinfo: str = "", sysctl: dict[str, str] | None = None, library: Any = None) -> dict[str, Any]:
    return processor(cpuinfo, sysctl or {}, lambda: library or {})


def test_epyc_from_proc_alone() -> None:
    assert identity(machines.EPYC_VM) == {
        "model": "AMD EPYC",
        "vendor": "AuthenticAMD",
        "family": 26,
        "model_id": 2,
        "stepping": 1,
        "simd": [
            *("avx", "avx2", "avx512_bf16", "avx512_vnni", "avx512bw", "avx512cd", "avx512dq", "avx512f"),
            *("avx512ifma", "avx512vbmi", "avx512vl", "avx_vnni", "f16c", "fma", "sse4_2"),
        ],
    }


def test_amx_is_seen() -> None:
    assert {"amx_bf16", "amx_int8", "amx_tile", "avx512_fp16"} <= set(identity(machines.XEON_METAL)["simd"])


def test_library_and_proc_give_the_same_identity() -> None:
    found = identity(machines.XEON_METAL, library=machines.PY_CPUINFO_XEON)
    assert found == identity(machines.XEON_METAL)


def test_library_alone_is_enough() -> None:
    found = identity(library=machines.PY_CPUINFO_XEON)
    assert (found["model"], found["stepping"]) == ("Intel(R) Xeon(R) Platinum 8488C", 8)
    assert found["simd"] == ["avx2", "f16c", "fma"]


def test_library_zeros_count_and_its_minus_one_does_not() -> None:
    found = identity(library={**machines.PY_CPUINFO_XEON, "stepping": 0, "family": -1})
    assert (found["stepping"], found["family"]) == (0, None)


def test_graviton() -> None:
    assert identity(machines.GRAVITON_3) == {
        "model": "Neoverse-V1",
        "vendor": "ARM",
        "family": 8,
        "model_id": "0xd40",
        "stepping": "r1p1",
        "simd": ["bf16", "dotprod", "fp16", "i8mm", "neon", "sve"],
    }


def test_raspberry_pi_and_not_its_serial_number() -> None:
    found = identity(machines.RASPBERRY_PI_4)
    assert (found["model"], found["stepping"], found["simd"]) == ("Cortex-A72", "r0p3", ["neon"])
    assert "deadbeef" not in json.dumps(found)


def test_cores_of_two_kinds_have_both_names_and_what_both_can() -> None:
    found = identity(machines.ROCKCHIP_3588)
    assert (found["model"], found["vendor"], found["model_id"]) == ("Cortex-A55 + Cortex-A76", "ARM", "0xd05 + 0xd0b")
    assert found["simd"] == ["dotprod", "fp16", "neon"]


def test_unknown_arm_part_is_named_by_its_numbers() -> None:
    found = identity(machines.UNKNOWN_ARM)
    assert (found["vendor"], found["model"]) == ("implementer 0x99", "implementer 0x99 part 0xfff")


def test_arm_under_linux_does_not_ask_the_library() -> None:
    def fail() -> dict[str, Any]:
        raise AssertionError("asked")

    assert processor(machines.RASPBERRY_PI_4, {}, fail)["model"] == "Cortex-A72"


def test_apple() -> None:
    found = identity(sysctl=machines.APPLE_M1, library={"brand_raw": "Apple M1", "flags": []})
    assert found == {
        "model": "Apple M1",
        "vendor": "Apple",
        "family": 458787763,
        "model_id": 2,
        "stepping": None,
        "simd": ["dotprod", "fp16", "neon"],
    }


@pytest.mark.parametrize("text", ["", "garbage", "processor\t: x\ncpu family\t: unknown\nflags\t:\n", ":\n:::\n"])
def test_odd_cpuinfo_leaves_values_unknown(text: str) -> None:
    assert identity(text) == {**dict.fromkeys(("model", "vendor", "family", "model_id", "stepping")), "simd": []}


def test_architecture_has_one_name_everywhere() -> None:
    assert [architecture(name) for name in ("aarch64", "arm64", "x86_64", "AMD64", "riscv64")] == [
        *("arm64", "arm64", "x86_64", "x86_64", "riscv64"),
    ]


@pytest.mark.skipif(platform.machine() != "x86_64" or platform.system() != "Linux", reason="both sources only there")
def test_both_sources_agree_on_this_machine() -> None:
    """Else the fingerprint would depend on whether py-cpuinfo ran."""
    text = Path("/proc/cpuinfo").read_text()
    assert py_cpuinfo() != {}
    assert processor(text, {}, py_cpuinfo) == identity(text)


@pytest.mark.parametrize(
    ("arch", "simd", "levels"),
    [
        ("x86_64", identity(machines.EPYC_VM)["simd"], ["avx2", "avx512"]),
        ("x86_64", ["avx", "avx2", "f16c", "fma", "sse4_2"], ["avx2"]),
        ("x86_64", ["avx2", "avx512bw", "avx512f", "avx512vl", "f16c", "fma", "sse4_2"], ["avx2"]),  # no dq
        ("x86_64", ["avx", "sse4_2"], []),
        ("x86_64", [], []),
        ("arm64", identity(machines.GRAVITON_3)["simd"], ["neon"]),
        ("riscv64", ["neon"], []),
    ],
)
def test_simd_levels(arch: str, simd: list[str], levels: list[str]) -> None:
    assert simd_levels({"cpu": {"arch": arch, "simd": simd}}) == levels
