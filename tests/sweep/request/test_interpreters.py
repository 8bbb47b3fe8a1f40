"""What a worker's interpreter says of itself decides what it may be asked for; each is asked once, ours not at all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smjax.core.engines.introduction import introduce
from smjax.core.errors import RequestError
from smjax.core.records.hello import EngineThere, Hello, KernelThere
from smjax.core.records.scenario import Scenario
from smjax.sweep.request.interpreters import Interpreters, is_ours
from smjax.sweep.request.resolve import expand, passed_over, resolve
from tests.worker.models import scenario

HOST: dict[str, Any] = {"cpu": {"arch": "x86_64", "simd": ["avx2", "fma", "f16c"], "usable_cores": 2}}
THERE = EngineThere(
    kernels={"native": KernelThere(("avx512", "scalar")), "xla": KernelThere(("avx2",))},
    kv_dtypes=("float32", "float16"),
)


def elsewhere(**changes: Any) -> Scenario:
    return scenario(**{"kernel": "auto", "python": "/other/python", **changes})


def hello(**changes: Any) -> Hello:
    return Hello("0.2.0", "3.12.1", known=("smjax", "new"), engines={"smjax": replace(THERE, **changes)})


def test_each_is_asked_once_and_of_the_engines_that_are_needed() -> None:
    asked = list[tuple[str, Sequence[str]]]()

    def ask(python: str, engines: Sequence[str]) -> Hello:
        asked.append((python, engines))
        return hello()

    interpreters = Interpreters(HOST, ["smjax", "llama_cpp"], ask)
    for python in ("/a", "/b", "/a", None, sys.executable):
        interpreters.of(elsewhere(python=python))
    assert asked == [("/a", ["smjax", "llama_cpp"]), ("/b", ["smjax", "llama_cpp"])]
    assert interpreters.of(elsewhere(python=None)) == introduce(HOST, ["smjax", "llama_cpp"])


def test_what_is_left_out_in_another_is_said_with_its_name() -> None:
    there = replace(hello(), complaints={"toy": "engine toy of toy-engine 1.0: it is broken; left out"})
    interpreters = Interpreters(HOST, ["smjax"], lambda python, engines: there)
    for python in ("/a", None, sys.executable):
        interpreters.of(elsewhere(python=python))
    assert interpreters.complaints == ["python=/a: engine toy of toy-engine 1.0: it is broken; left out"]


def test_ours_is_ours_by_any_name_and_another_environment_of_the_same_python_is_not(tmp_path: Path) -> None:
    (tmp_path / "by a link").symlink_to(Path(sys.executable).parent)
    assert is_ours(str(tmp_path / "by a link" / Path(sys.executable).name))
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "python").symlink_to(sys.executable)
    assert not is_ours(str(tmp_path / "venv" / "python"))


def test_kernels_and_instruction_sets_are_those_that_are_there() -> None:
    found = resolve(elsewhere(), HOST, hello())
    assert (found.kernel, found.isa) == ("native", "avx512")
    without = hello(kernels={"native": KernelThere(missing="no C++ compiler"), "xla": KernelThere(("avx2",))})
    assert (resolve(elsewhere(), HOST, without).kernel, passed_over(elsewhere(), HOST, hello())) == ("xla", None)
    told = "kernel: using xla, not native in /other/python, which decodes about twice as fast: no C++ compiler"
    assert passed_over(elsewhere(), HOST, without) == told
    every = expand(elsewhere(kernel="all", isa="all"), HOST, hello())
    assert [(one.kernel, one.isa) for one in every] == [("native", "avx512"), ("native", "scalar"), ("xla", "avx2")]


def test_arguments_are_those_that_its_engine_has() -> None:
    there = hello(arguments={"mmap": ("false",), "flash_attn": ("auto", "new"), "batch": ()})
    llama = replace(there, engines={"llama_cpp": replace(there.engines["smjax"], kernels={"ggml": KernelThere()})})
    asked = elsewhere(engine="llama_cpp", model="stories-15m", kv_dtype="float16", engine_args={"flash_attn": "new"})
    found = resolve(asked, HOST, llama).scenario.engine_args
    assert found == {"mmap": "false", "flash_attn": "new", "batch": ""}


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"kernels": {"of tomorrow": KernelThere()}},
        {},
        "kernel: expected one of engine=smjax in /other/python that is fit for isa=auto, found of tomorrow",
    ),
    (
        {"missing": ("jax", "jaxlib")},
        {},
        "engine: expected one that is installed, found smjax without jax, jaxlib in /other/python; pip install smjax",
    ),
    (
        {"kernels": {"native": KernelThere(missing="no C++ compiler"), "xla": KernelThere()}},
        {"kernel": "native"},
        "kernel: expected one that is installed, found native in /other/python: no C++ compiler; or use kernel=xla",
    ),
    (
        {"kernels": {"xla": KernelThere()}},
        {"kernel": "native"},
        "kernel: expected one of auto, xla in /other/python, found native",
    ),
    (
        {},
        {"kv_dtype": "bfloat16"},
        "kv_dtype: expected one of auto, float32, float16 in /other/python, found bfloat16",
    ),
    (
        {"arguments": {}},
        {"engine": "llama_cpp", "model": "stories-15m", "engine_args": {"mmap": "true"}},
        "engine: expected one of smjax, new with smjax 0.2.0 in /other/python, found llama_cpp",
    ),
]


@pytest.mark.parametrize(("there", "asked", "said"), REFUSED)
def test_what_it_has_not_got_is_refused_by_its_name(there: dict[str, Any], asked: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError) as refused:
        resolve(elsewhere(**asked), HOST, hello(**there))
    assert str(refused.value) == said


def test_an_argument_that_only_our_engine_has_is_not_left_out_unseen() -> None:
    there = replace(hello(), engines={"llama_cpp": replace(THERE, kernels={"ggml": KernelThere()})})
    asked = elsewhere(engine="llama_cpp", model="stories-15m", kv_dtype="float16", engine_args={"mmap": "true"})
    said = r"engine_args\.mmap: expected none with engine=llama_cpp in /other/python, found true; its smjax has none"
    with pytest.raises(RequestError, match=said):
        resolve(asked, HOST, there)
