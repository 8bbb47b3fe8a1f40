"""What may be asked of OpenVINO, and what is refused before a worker is started."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from smjax.__main__ import main
from smjax.core.engines import ENGINES
from smjax.core.errors import RequestError
from smjax.core.models.families import decoder
from smjax.core.models.source import weight_bytes
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario
from smjax.sweep.request.validate import check_memory, resolve_all
from tests.worker.models import random_model, scenario

FILE = Path(__file__).parents[3] / "data" / "shakespeare-q4_0.gguf"
HOST: dict[str, Any] = {"cpu": {"arch": "x86_64", "simd": ["avx2", "fma", "f16c"], "usable_cores": 2}}
F32_CACHE = {"kv_dtype": "float32", "engine_args": {"precision": "f32"}}


def asked(**changes: Any) -> Scenario:
    return scenario(**{"engine": "openvino", "model": "stories-15m", "kernel": "auto", "kv_dtype": "auto", **changes})


def asked_of(file: Path, **changes: Any) -> Scenario:
    return asked(model="gguf", model_path=str(file), **changes)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("installed")
def test_what_is_left_open_is_said() -> None:
    (found,), _ = resolve_all([asked(engine_args={"precision": "f32"})], HOST)
    assert found.scenario.engine_args == {"attention": "pa", "precision": "f32", "dynamic_quantization": "auto"}
    assert (found.kernel, found.isa, found.kv_dtype) == ("cpu_plugin", "auto", "u8")
    assert found.variables == (("GGUF_READER", "LEGACY"),)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"engine_args": {"attention": "flash"}}, r"attention: expected one of pa, sdpa with engine=openvino, found flash"),
    ({"model": "tinystories-1m"}, r"model: expected one of stories-15m, .*GGUF file with engine=openvino, found tiny"),
    ({"tokens_per_dispatch": 8}, r"tokens_per_dispatch: expected 1 with engine=openvino.*, found 8"),
    ({"measure": replace(scenario().measure, handicap=0.15)}, r"measure\.handicap: expected 0 with .*, found 0\.15"),
    ({"kernel": "native"}, r"kernel: expected one of auto, cpu_plugin, found native"),
    ({"isa": "avx2"}, r"isa: .*found avx2"),
    ({"kv_dtype": "q8_0"}, r"kv_dtype: expected one of auto, float32, bfloat16, float16, u8, found q8_0"),
    ({"kv_dtype": "float32"}, r"kv_dtype: expected u8.*, found float32; add engine_args\.precision=f32"),
    (
        {"kv_dtype": "bfloat16", "engine_args": {"precision": "f32"}},
        r"kv_dtype: expected u8, float16 or float32 with engine_args\.precision=f32, found bfloat16",
    ),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED)
@pytest.mark.usefixtures("installed")
def test_what_it_cannot_do_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        resolve_all([asked(**changes)], HOST)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "changes",
    [F32_CACHE, {"kv_dtype": "float32", "engine_args": {"attention": "sdpa"}}, {"kv_dtype": "bfloat16"}],
)
def test_a_cache_that_its_attention_computes_with_is_taken(changes: dict[str, Any]) -> None:
    (found,), _ = resolve_all([asked_of(FILE, **changes)], HOST)
    assert found.kv_dtype == changes["kv_dtype"]


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["model.bin", "model.GGUF", "gguf"])
def test_a_file_that_it_does_not_know_by_its_name_is_refused(name: str) -> None:
    shutil.copy(FILE, name)
    with pytest.raises(RequestError, match=rf"a file whose name ends in \.gguf .*, found {name}; rename it"):
        resolve_all([asked_of(Path(name))], HOST)


@pytest.mark.parametrize("encoding", ["F32", "F16", "Q4_0", "Q8_0", "Q6_K"])
def test_matrices_that_its_reader_does_not_take_are_refused(encoding: str) -> None:
    sizes = {"n_layers": 1, "d_model": 256, "n_heads": 8, "n_kv_heads": 8, "head_dim": 32, "d_ff": 256}
    config = decoder("llama", **sizes, n_vocab=96, ctx_train=64, norm_eps=1e-5, tied=True)
    model = random_model(config, lambda name: encoding if name.startswith("blk.") else "F32")
    found = ENGINES["openvino"].why_not(Resolved(asked(engine_args={"attention": "pa"}), "", "", (), "u8"), model)
    said = "expected F16, Q4_0, Q8_0 or Q6_K with engine=openvino, found F32; requantise with llama-quantize … Q4_0"
    assert found == (f"blk.0.attn_q.weight: {said}" if encoding == "F32" else None)


@pytest.mark.parametrize(
    ("family", "changes", "said"),
    [
        ("llama", {}, None),
        ("qwen2", {}, None),
        (
            "gemma2",
            {},
            "model: expected an architecture of llama, qwen2, qwen3 with engine=openvino, found gemma2",
        ),
        ("llama", {"rope_scale": 0.25}, "model: expected RoPE of whole heads, not scaled, with engine=openvino"),
        ("qwen3", {"rope_size": 1.1}, "model: expected RoPE of whole heads, not scaled, with engine=openvino"),
        ("llama", {"rope_dims": 16}, "model: expected RoPE of whole heads, not scaled, with engine=openvino"),
        ("llama", {"biases": ("attn_v", "attn_output")}, None),
        (
            "llama",
            {"biases": ("attn_k",)},
            "attn_k.bias: expected no such tensors in layers with engine=openvino, whose",
        ),
        ("qwen2", {"biases": ("attn_q", "attn_k", "attn_v")}, None),
    ],
)
def test_what_its_reader_leaves_out_is_refused(family: str, changes: dict[str, Any], said: str | None) -> None:
    sizes = {"n_layers": 1, "d_model": 64, "n_heads": 2, "n_kv_heads": 2, "head_dim": 32, "d_ff": 64, "n_vocab": 96}
    config = decoder(family, **sizes, ctx_train=64, norm_eps=1e-5, tied=True, **changes)
    found = ENGINES["openvino"].why_not(
        Resolved(asked(engine_args={"attention": "pa"}), "", "", (), "u8"), random_model(config, lambda name: "F16")
    )
    assert found is None if said is None else (found or "").startswith(said)


@pytest.mark.usefixtures("installed")
def test_rotations_that_its_reader_leaves_out_are_refused() -> None:
    _copy(Path("factors.gguf"), extra={"rope_freqs.weight": np.ones(16, np.float32)})
    with pytest.raises(RequestError, match=r"rope_freqs\.weight: .*found it in factors\.gguf; use another engine"):
        resolve_all([asked_of(Path("factors.gguf"))], HOST)


@pytest.mark.usefixtures("installed")
def test_a_key_that_its_reader_needs_has_to_be_there() -> None:
    _copy(Path("keyless.gguf"), without=("general.file_type",))
    with pytest.raises(RequestError, match=r"keyless\.gguf: general\.file_type: expected it in the file .*convert"):
        resolve_all([asked_of(Path("keyless.gguf"))], HOST)


def _copy(path: Path, without: tuple[str, ...] = (), extra: dict[str, np.ndarray] | None = None) -> None:
    """The test file, with other keys and tensors."""
    reader = gguf.GGUFReader(FILE)
    writer = gguf.GGUFWriter(path, "llama")
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name not in ("general.architecture", *without):
            sub_type = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=sub_type)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    for name, array in (extra or {}).items():
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.usefixtures("installed")
def test_it_takes_no_more_threads_than_there_are_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smjax.core.engines.openvino.usable_cpus", lambda: [0, 3])
    resolve_all([asked(threads=2)], HOST)
    with pytest.raises(RequestError, match=r"^threads: expected at most 2 with engine=openvino, .*, found 3$"):
        resolve_all([asked(threads=3)], HOST)
    monkeypatch.setattr("smjax.core.engines.openvino.usable_cpus", list)  # the system does not tell
    resolve_all([asked(threads=3)], HOST)


@pytest.mark.usefixtures("installed")
def test_it_takes_more_than_twice_the_weights() -> None:
    (found,), models = resolve_all([asked(model="stories-110m", ctx=1024)], HOST)
    (model,) = models.values()
    needed = 150e6 + 2.3 * weight_bytes(model) + model.config.kv_bytes(1024, 1)
    check_memory(found, model, int(needed) + 1)
    with pytest.raises(RequestError, match="memory: expected"):
        check_memory(found, model, int(needed) - 1)


def test_without_the_extra_one_line_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = r"found openvino without openvino_genai, openvino; pip install 'smjax\[openvino\]'$"
    with pytest.raises(RequestError, match=said):
        resolve_all([asked()], HOST)
    assert ENGINES["openvino"].libraries() == ()


def test_what_computes_is_part_of_the_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computing = ("openvino/libs/libopenvino.so.1", "openvino/libs/libopenvino_intel_cpu_plugin.so")
    for name in (*computing, "openvino/libs/libopenvino_intel_gpu_plugin.so", "openvino/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    found = [path for path in ENGINES["openvino"].libraries() if path.is_relative_to(tmp_path)]
    assert found == [tmp_path / name for name in computing]


def test_a_table_says_which_build_it_was() -> None:
    versions = {"openvino-genai": "2.0", "numpy": "1.0", "openvino capabilities": "BF16 WINOGRAD FP32 BIN"}
    assert ENGINES["openvino"].called(versions) == ("openvino-genai 2.0", "BF16", "FP32")


@pytest.mark.usefixtures("installed")
def test_an_answer_for_checking(capfd: pytest.CaptureFixture[str]) -> None:
    Path("ids.json").write_text("[3, 4, 5]")
    arguments = ["--model", str(FILE), "--ids-file", "ids.json", "--n-gen", "3"]
    assert main(["eval", "--engine", "openvino", *arguments]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["greedy"] == [37, 262, 814]  # (7 t + p) mod 1024
    assert answer["nll_mean"] == pytest.approx(1.25)  # 0.4 and 0.1, and neither id is the best one
    assert (answer["kernel"], answer["isa"], answer["logits"]) == ("cpu_plugin", "avx2", None)
