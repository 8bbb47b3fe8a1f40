"""What may be asked of llama.cpp, and what is refused before a worker is started."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smjax.__main__ import main
from smjax.core.engines import ENGINES, introduction
from smjax.core.errors import RequestError
from smjax.core.models.source import weight_bytes
from smjax.core.records.scenario import Scenario
from smjax.sweep.request.compose import Asked, compose
from smjax.sweep.request.resolve import expand
from smjax.sweep.request.scenario import scenario_of
from smjax.sweep.request.validate import check_memory, resolve_all
from tests.worker.models import scenario

FILE = Path(__file__).parents[3] / "data" / "shakespeare-q4_0.gguf"
HOST: dict[str, Any] = {"cpu": {"arch": "x86_64", "simd": ["avx2", "fma", "f16c"], "usable_cores": 2}}
DEFAULTS = {"flash_attn": "auto", "mmap": "true"}


def asked(**changes: Any) -> Scenario:
    return scenario(**{"engine": "llama_cpp", "model": "stories-15m", "kernel": "auto", "kv_dtype": "auto", **changes})


def composed(*overrides: str, is_sweep: bool = False) -> list[dict[str, str]]:
    """The engine's arguments at each point."""
    found = compose(Asked([*overrides, "hydra.run.dir=run"], is_sweep))
    assert found is not None
    return [scenario_of(point).engine_args for point in found.points]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # and so put it back: composing sets it


def test_arguments_are_keys_and_axes() -> None:
    assert composed() == [{}]
    assert composed("engine_args.flash_attn=0", "engine_args.mmap=true") == [{"flash_attn": "0", "mmap": "true"}]
    swept = composed("engine_args.flash_attn=auto,1", "engine_args.mmap=false,true", is_sweep=True)
    assert swept == [{"flash_attn": value, "mmap": mapped} for value in ("auto", "1") for mapped in ("false", "true")]


def test_a_name_that_is_nearly_known_is_a_slip() -> None:
    with pytest.raises(RequestError, match=r"found engine_args\.flash_atn; write engine_args\.flash_attn=1"):
        composed("engine_args.flash_atn=1")


@pytest.mark.usefixtures("installed")
def test_what_is_left_open_is_said() -> None:
    (found,), _ = resolve_all([asked(engine_args={"flash_attn": "1"})], HOST)
    assert found.scenario.engine_args == {**DEFAULTS, "flash_attn": "1"}
    assert (found.kernel, found.isa, found.kv_dtype, found.variables) == ("ggml", "auto", "float16", ())
    assert [one.kernel for one in expand(asked(kernel="all", isa="all"), HOST)] == ["auto"]


@pytest.mark.usefixtures("installed")
def test_an_engine_without_an_argument_does_without_it() -> None:
    both = [asked(engine=engine, kernel="auto", engine_args={"flash_attn": "0"}) for engine in ("smjax", "llama_cpp")]
    ours, theirs = resolve_all(both, HOST)[0]
    assert ours.scenario.engine_args == {}
    assert theirs.scenario.engine_args == {**DEFAULTS, "flash_attn": "0"}
    with pytest.raises(RequestError, match=r"engine_args\.flash_attn: expected engine=llama_cpp with it, found smjax"):
        resolve_all(both[:1], HOST)
    unknown = [replace(one, engine_args={"flash": "0"}) for one in both]
    said = r"engine_args\.flash: expected a setting of smjax and llama_cpp \(flash_attn, mmap\), found none"
    with pytest.raises(RequestError, match=said):
        resolve_all(unknown, HOST)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"engine_args": {"flash_attn": "2"}}, r"flash_attn: expected one of auto, 0, 1 with engine=llama_cpp, found 2"),
    ({"model": "tinystories-1m"}, r"model: expected one of stories-15m, .*GGUF file with engine=llama_cpp, found tiny"),
    ({"tokens_per_dispatch": 8}, r"tokens_per_dispatch: expected 1 with engine=llama_cpp.*, found 8"),
    ({"kernel": "native"}, r"kernel: expected one of auto, ggml, found native"),
    ({"isa": "avx2"}, r"isa: .*found avx2"),
    ({"kv_dtype": "bfloat16"}, r"kv_dtype: expected one of auto, float32, float16, q8_0, found bfloat16"),
    ({"kv_dtype": "q8_0"}, r"kv_dtype: expected float16 or float32 with heads of 48, found q8_0; use kv_dtype=float16"),
    (
        {"kv_dtype": "q8_0", "model": "stories-110m", "engine_args": {"flash_attn": "0"}},
        r"kv_dtype: expected float16 or float32 without flash attention, found q8_0; use .*engine_args\.flash_attn=1",
    ),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED)
@pytest.mark.usefixtures("installed")
def test_what_it_cannot_do_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        resolve_all([asked(**changes)], HOST)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("flash_attn", ["auto", "1"])
def test_a_quantised_cache_takes_flash_attention(flash_attn: str) -> None:
    wanted = asked(kv_dtype="q8_0", model="gguf", model_path=str(FILE), engine_args={"flash_attn": flash_attn})
    (found,), _ = resolve_all([wanted], HOST)
    assert found.kv_dtype == "q8_0"


@pytest.mark.usefixtures("installed")
def test_a_quantised_cache_is_34_bytes_for_32_elements() -> None:
    wanted = asked(kv_dtype="q8_0", model="stories-110m", ctx=1024, engine_args={"flash_attn": "1"})
    (found,), models = resolve_all([wanted], HOST)
    (model,) = models.values()
    needed = 100e6 + 1.3 * weight_bytes(model) + model.config.kv_bytes(1024, 1) * 34 // 32
    check_memory(found, model, int(needed) + 1)
    with pytest.raises(RequestError, match="memory: expected"):
        check_memory(found, model, int(needed) - 1)


def test_without_the_extra_one_line_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RequestError, match=r"found llama_cpp without llama_cpp; .*pip install .*'smjax\[llama-cpp\]'$"):
        resolve_all([asked()], HOST)
    assert ENGINES["llama_cpp"].libraries() == ()


def test_another_build_is_another_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "libllama.so"
    spec = replace(ENGINES["llama_cpp"], libraries=lambda: (library,))
    found = []
    for content in (b"one build", b"another"):
        library.write_bytes(content)
        introduction._libraries.cache_clear()
        found.append(introduction._engine(spec, HOST))
    assert found[0].files == found[1].files
    assert found[0].libraries != found[1].libraries


@pytest.mark.usefixtures("installed")
def test_an_answer_for_checking(capfd: pytest.CaptureFixture[str]) -> None:
    Path("ids.json").write_text("[3, 4, 5]")
    arguments = ["--model", str(FILE), "--ids-file", "ids.json", "--n-gen", "3"]
    assert main(["eval", "--engine", "llama_cpp", *arguments]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["greedy"] == [37, 262, 814]  # (7 t + p) mod 1024
    assert (answer["kernel"], answer["isa"], len(answer["logits"])) == ("ggml", "avx2", 1024)
