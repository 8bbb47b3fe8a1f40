"""Kernel and instruction set: what `auto` and `all` become, and what is refused, whatever this machine has."""

from __future__ import annotations

import pytest

from smjax.core import native_library
from smjax.core.engines import ENGINES
from smjax.core.engines.introduction import introduce
from smjax.core.errors import RequestError
from smjax.sweep.request.resolve import expand, passed_over, resolve
from tests.worker.models import scenario

X86 = {"cpu": {"arch": "x86_64", "simd": ["avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512dq"]}}
ARM = {"cpu": {"arch": "arm64", "simd": ["neon", "dotprod"]}}


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(native_library, "isas", lambda: request.param)
    monkeypatch.setattr(native_library, "why_missing", lambda: "no C++ compiler was found")


ALL_X86 = ("avx512", "avx2", "scalar")


@pytest.mark.parametrize(
    ("built", "host", "asked", "chosen"),
    [
        (ALL_X86, X86, ("auto", "auto"), ("native", "avx512")),
        (ALL_X86, X86, ("auto", "avx2"), ("native", "avx2")),
        (ALL_X86, X86, ("auto", "scalar"), ("native", "scalar")),
        (ALL_X86, X86, ("xla", "auto"), ("xla", "avx512")),
        (("avx2", "scalar"), X86, ("auto", "auto"), ("native", "avx2")),  # a CPU without VNNI
        (("avx2", "scalar"), X86, ("auto", "avx512"), ("xla", "avx512")),
        ((), X86, ("auto", "auto"), ("xla", "avx512")),
        (("neon", "scalar"), ARM, ("auto", "auto"), ("native", "neon")),
        (("scalar",), ARM, ("auto", "auto"), ("xla", "neon")),  # plain C++ is no better than XLA
        (("scalar",), ARM, ("native", "auto"), ("native", "scalar")),
    ],
    indirect=["built"],
)
@pytest.mark.usefixtures("built")
def test_what_is_chosen(host: dict[str, object], asked: tuple[str, str], chosen: tuple[str, str]) -> None:
    found = resolve(scenario(kernel=asked[0], isa=asked[1]), host)
    assert (found.kernel, found.isa) == chosen


@pytest.mark.parametrize(
    ("built", "asked", "message"),
    [
        ((), ("native", "auto"), "found native: no C\\+\\+ compiler was found; or use kernel=xla"),
        (ALL_X86, ("native", "neon"), "isa: expected one that this CPU runs, auto, scalar, avx2, avx512, found neon"),
        (ALL_X86, ("xla", "scalar"), "isa: expected one that this CPU runs, auto, avx2, avx512, found scalar"),
    ],
    indirect=["built"],
)
@pytest.mark.usefixtures("built")
def test_what_is_refused(asked: tuple[str, str], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        resolve(scenario(kernel=asked[0], isa=asked[1]), X86)


@pytest.mark.parametrize(
    ("built", "asked", "points"),
    [
        (("avx2", "scalar"), ("all", "all"), ["native avx2", "native scalar", "xla avx512", "xla avx2"]),
        (("avx2", "scalar"), ("all", "auto"), ["native auto", "xla auto"]),
        (("avx2", "scalar"), ("auto", "all"), ["auto avx2", "auto scalar"]),
        ((), ("all", "auto"), ["xla auto"]),
        ((), ("xla", "avx2"), ["xla avx2"]),
    ],
    indirect=["built"],
)
@pytest.mark.usefixtures("built")
def test_what_all_becomes(asked: tuple[str, str], points: list[str]) -> None:
    expanded = expand(scenario(kernel=asked[0], isa=asked[1]), X86)
    assert [f"{one.kernel} {one.isa}" for one in expanded] == points
    for one in expanded:
        resolve(one, X86)  # none of them is refused


@pytest.mark.parametrize(
    ("built", "says"), [((), "no C++ compiler"), (("scalar",), "x86_64"), (ALL_X86, None)], indirect=["built"]
)
@pytest.mark.usefixtures("built")
def test_whoever_gets_xla_is_told_why(says: str | None) -> None:
    told = passed_over(scenario(kernel="auto"), X86, introduce(X86, ["smjax"]))
    assert told is None if says is None else told is not None and says in told and "\n" not in told


def test_whoever_names_a_kernel_is_told_nothing() -> None:
    assert passed_over(scenario(kernel="xla"), X86, introduce(X86, ["smjax"])) is None


def test_nothing_is_left_open() -> None:
    found = resolve(scenario(kernel="xla", isa="avx2", threads=3, kv_dtype="auto"), X86)
    assert (found.kv_dtype, found.simd) == ("float16", ("avx2", "fma", "f16c"))
    assert dict(found.variables)["PJRT_NPROC"] == "3"
    assert dict(found.variables)["JAX_PLATFORMS"] == "cpu"


@pytest.mark.parametrize("built", [ALL_X86], indirect=True)
@pytest.mark.usefixtures("built")
def test_a_kernel_with_threads_of_its_own_leaves_xla_one() -> None:
    assert dict(resolve(scenario(kernel="native", threads=3), X86).variables)["PJRT_NPROC"] == "1"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine": "llama"}, f"engine: expected one of {', '.join(ENGINES)}, found llama"),
        ({"kernel": "cuda"}, "kernel: expected one of auto, xla, native, found cuda"),
        ({"kv_dtype": "int8"}, "kv_dtype: expected one of auto, float32, float16, bfloat16, found int8"),
    ],
)
def test_words_that_the_engine_does_not_know_are_refused(changes: dict[str, str], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        resolve(scenario(**changes), X86)
