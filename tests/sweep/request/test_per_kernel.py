"""Which kernel's process measures which points."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smjax.core.errors import RequestError
from smjax.core.records.hello import EngineThere, Hello, KernelThere
from smjax.core.records.point import Point
from smjax.core.records.scenario import Scenario
from smjax.sweep.request.interpreters import Interpreters
from smjax.sweep.request.per_kernel import expand_points
from tests.worker.models import scenario

HOST = {"cpu": {"arch": "x86_64", "simd": ["avx2"]}}
GEMM, MATVEC = Point("gemm", "f32:8x8x8"), Point("q4_0_matvec", "8x32")
BOTH = {"native": ("avx2", "scalar"), "xla": ("avx2",)}


def expanded(asked: Scenario, there: dict[str, tuple[str, ...]]) -> list[tuple[str, str, tuple[Point, ...]]]:
    kernels = {name: KernelThere(isas, "" if isas else "it is not built") for name, isas in there.items()}
    hello = Hello("1", "3", engines={"smjax": EngineThere(kernels=kernels, kv_dtypes=("float32", "float16"))})
    interpreters = Interpreters(HOST, ["smjax"], lambda python, engines: hello)
    asked = replace(asked, python="another")
    return [(one.kernel, one.isa, one.points) for one in expand_points([asked], HOST, interpreters)]


@pytest.mark.parametrize(
    ("kernel", "isa", "there", "expected"),
    [
        ("auto", "auto", BOTH, [("native", "auto", (MATVEC,)), ("xla", "auto", (GEMM,))]),
        ("auto", "auto", {"native": (), "xla": ("avx2",)}, [("xla", "auto", (GEMM, MATVEC))]),
        ("all", "auto", BOTH, [("native", "auto", (MATVEC,)), ("xla", "auto", (GEMM, MATVEC))]),
        ("xla", "avx2", BOTH, [("xla", "avx2", (GEMM, MATVEC))]),
        (
            *("all", "all", BOTH),
            [("native", "avx2", (MATVEC,)), ("native", "scalar", (MATVEC,)), ("xla", "avx2", (GEMM, MATVEC))],
        ),
    ],
)
def test_each_kernel_measures_what_it_has(kernel, isa, there, expected):
    assert expanded(scenario(kernel=kernel, isa=isa, points=(GEMM, MATVEC)), there) == expected


def test_what_no_kernel_of_the_request_has_is_refused() -> None:
    with pytest.raises(RequestError, match=r"has, found gemm f32:8x8x8, which is xla's; use kernel=xla$"):
        expanded(scenario(kernel="native", points=(GEMM, MATVEC)), BOTH)


def test_a_kernel_that_there_is_not_is_refused() -> None:
    with pytest.raises(RequestError, match="kernel: expected one of auto, native, xla, all, found cuda"):
        expanded(scenario(kernel="cuda", points=(GEMM,)), BOTH)
