"""Kernel and instruction set: what `auto` and `all` become, and what is refused, whatever this machine has."""

from __future__ import annotations

import pytest

from smjax.core import native_library as native
from smjax.core.errors import RequestError
from smjax.sweep.request.choice import Choice, choose, expand, why_not_native
from tests.worker.models import scenario

X86 = {"cpu": {"arch": "x86_64", "simd": ["avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512dq"]}}
ARM = {"cpu": {"arch": "arm64", "simd": ["neon", "dotprod"]}}


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(native, "isas", lambda: request.param)
    monkeypatch.setattr(native, "why_missing", lambda: "no C++ compiler was found")


ALL_X86 = ("avx512", "avx2", "scalar")


@pytest.mark.parametrize(
    ("built", "host", "asked", "chosen"),
    [
        (ALL_X86, X86, ("auto", "auto"), Choice("native", "avx512")),
        (ALL_X86, X86, ("auto", "avx2"), Choice("native", "avx2")),
        (ALL_X86, X86, ("auto", "scalar"), Choice("native", "scalar")),
        (ALL_X86, X86, ("xla", "auto"), Choice("xla", "avx512")),
        (("avx2", "scalar"), X86, ("auto", "auto"), Choice("native", "avx2")),  # a CPU without VNNI
        (("avx2", "scalar"), X86, ("auto", "avx512"), Choice("xla", "avx512")),
        ((), X86, ("auto", "auto"), Choice("xla", "avx512")),
        (("neon", "scalar"), ARM, ("auto", "auto"), Choice("native", "neon")),
        (("scalar",), ARM, ("auto", "auto"), Choice("xla", "neon")),  # plain C++ is no better than XLA
        (("scalar",), ARM, ("native", "auto"), Choice("native", "scalar")),
    ],
    indirect=["built"],
)
@pytest.mark.usefixtures("built")
def test_what_is_chosen(host: dict[str, object], asked: tuple[str, str], chosen: Choice) -> None:
    assert choose(scenario(kernel=asked[0], isa=asked[1]), host) == chosen


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
        choose(scenario(kernel=asked[0], isa=asked[1]), X86)


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
        choose(one, X86)  # none of them is refused


@pytest.mark.parametrize(
    ("built", "says"), [((), "no C++ compiler"), (("scalar",), "x86_64"), (ALL_X86, None)], indirect=["built"]
)
@pytest.mark.usefixtures("built")
def test_whoever_gets_xla_is_told_why(says: str | None) -> None:
    told = why_not_native(X86)
    assert told is None if says is None else told is not None and says in told and "\n" not in told
