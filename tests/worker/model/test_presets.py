"""Presets are the same model everywhere: the same shapes, bytes and tokens, also by way of a file."""

from __future__ import annotations

import errno
import hashlib
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

from smjax.core.errors import RequestError
from smjax.core.models.export import export_preset
from smjax.core.models.presets import PRESETS
from smjax.core.models.source import Model, open_model, weight_bytes
from smjax.worker.engines.smjax.engine import SmjaxEngine
from smjax.worker.model.weights import load_weights
from tests.worker.models import KERNELS, loaded_engine

# Of the tensors outside the layers, the first layer and the last, from seed 42, each behind its name.
DIGESTS = {
    "tinystories-1m": "76aa156688767077a4c5064fd1e7c3df3ca1bf61184e47db133ed5820d5ec7e1",
    "stories-15m": "716f2bdf763ec75259a39d2e4b942b631335ceed0e8f5d510e7887b78eb8e0f6",
    "stories-110m": "290d34e510197f7be51dbdab744eb32e81c52775bfc793ba1484578147a8d915",
    "tinyllama-1.1b": "cb8082f1f671f9a870b9e433364cb0ef9819f936ac23ccaeadb8ae5ae6e6fc81",
}
PROMPT = np.arange(5, 400, 37, dtype=np.int32)


def some_tensors(model: Model) -> list[str]:
    layers = ("blk.0.", f"blk.{model.config.n_layers - 1}.")
    return sorted(name for name in model.tensors if not name.startswith("blk.") or name.startswith(layers))


@pytest.mark.parametrize("name", PRESETS)
def test_bytes_of_a_preset_never_change(name: str) -> None:
    """Whoever changes them on purpose counts `RECIPE` up, so that no old record is taken for the same model."""
    model, digest = open_model(name, None, 42), hashlib.sha256()
    for tensor in some_tensors(model):
        digest.update(tensor.encode())
        digest.update(model.read(tensor))
    assert digest.hexdigest() == DIGESTS[name]


LLAMA_SHAPES = {
    # d, layers, width of keys and values, ff
    "stories-15m": (288, 6, 288, 768, 2048),
    "stories-110m": (768, 12, 768, 2048, 4096),
    "tinyllama-1.1b": (2048, 22, 256, 5632, 2048),
}


@pytest.mark.parametrize("name", LLAMA_SHAPES)
def test_shapes_of_the_llama_presets(name: str) -> None:
    d, n_layers, kv, ff, ctx = LLAMA_SHAPES[name]
    model = open_model(name, None, 42)
    expected: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (32000, d),
        "output_norm.weight": (d,),
        "output.weight": (32000, d),
    }
    for i in range(n_layers):
        expected |= {f"blk.{i}.{norm}_norm.weight": (d,) for norm in ("attn", "ffn")}
        expected |= {f"blk.{i}.attn_q.weight": (d, d), f"blk.{i}.attn_output.weight": (d, d)}
        expected |= {f"blk.{i}.attn_{part}.weight": (kv, d) for part in "kv"}
        expected |= {f"blk.{i}.ffn_{part}.weight": (ff, d) for part in ("gate", "up")}
        expected |= {f"blk.{i}.ffn_down.weight": (d, ff)}
    assert {info.name: info.shape for info in model.tensors.values()} == expected
    assert {info.encoding.name for info in model.tensors.values() if len(info.shape) == 2} == {"Q4_0"}
    assert model.config.ctx_train == ctx
    assert model.config.n_heads * model.config.head_dim == d


def test_shapes_of_tinystories_1m() -> None:
    model = open_model("tinystories-1m", None, 42)
    expected: dict[str, tuple[int, ...]] = {"token_embd.weight": (50257, 64), "position_embd.weight": (2048, 64)}
    expected |= {f"output_norm.{part}": (64,) for part in ("weight", "bias")}
    for i in range(8):
        expected |= {f"blk.{i}.{norm}_norm.{part}": (64,) for norm in ("attn", "ffn") for part in ("weight", "bias")}
        expected |= {f"blk.{i}.attn_{part}.weight": (64, 64) for part in ("q", "k", "v", "output")}
        expected |= {f"blk.{i}.ffn_up.weight": (256, 64), f"blk.{i}.ffn_down.weight": (64, 256)}
        expected |= {
            f"blk.{i}.attn_output.bias": (64,),
            f"blk.{i}.ffn_up.bias": (256,),
            f"blk.{i}.ffn_down.bias": (64,),
        }
    assert {info.name: info.shape for info in model.tensors.values()} == expected
    config = model.config
    assert (config.n_heads, config.n_kv_heads, config.head_dim, config.windows) == (16, 16, 4, (2048, 256) * 4)
    assert (config.tied, config.ctx_train, config.query_scale) == (True, 2048, 1.0)


def test_seeds_make_different_models() -> None:
    models = [open_model("stories-15m", None, seed) for seed in (42, 42, 43)]
    assert models[0].hash == models[1].hash != models[2].hash
    for name in ("token_embd.weight", "blk.3.attn_k.weight", "output_norm.weight"):
        first, same, other = (model.read(name) for model in models)
        assert (first == same).all()
        assert (first != other).mean() > 0.5
    # Nor are two matrices of one model alike.
    assert (models[0].read("blk.0.attn_q.weight") != models[0].read("blk.1.attn_q.weight")).mean() > 0.5


@pytest.fixture(scope="module", params=KERNELS)
def engine(request: pytest.FixtureRequest) -> SmjaxEngine:
    """An engine of stories-15m, compiled."""
    engine = loaded_engine(open_model("stories-15m", None, 42), n_prompt=len(PROMPT), kernel=request.param)
    engine.compile()
    return engine


def greedy(engine: SmjaxEngine, model: Model) -> list[int]:
    """Ids that `engine`'s programs generate with the weights of `model`."""
    engine.arrays = jax.tree.leaves(load_weights(model, engine.kernel))
    return [engine.prefill(PROMPT), *np.concatenate(list(engine.decode(11))).tolist()]


@pytest.mark.slow
def test_same_seed_same_tokens(engine: SmjaxEngine) -> None:
    first, same, other = (greedy(engine, open_model("stories-15m", None, seed)) for seed in (42, 42, 43))
    assert first == same
    assert len(set(first) & set(other)) < 6
    assert len(set(first)) > 6  # a decoder that is stuck would agree with itself


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "stories.gguf"
    export_preset("stories-15m", path, 42)
    return path


@pytest.mark.slow
def test_an_exported_preset_is_the_same_model(exported: Path, engine: SmjaxEngine) -> None:
    preset, file = open_model("stories-15m", None, 42), open_model("gguf", str(exported), 0)
    assert file.tensors == preset.tensors
    for name in preset.tensors:
        assert (file.read(name) == preset.read(name)).all(), name
    # The file holds reals as float32, which is also what the programs hold them as: they are the same programs.
    assert np.float32(file.config.norm_eps) == np.float32(preset.config.norm_eps)
    assert replace(file.config, norm_eps=preset.config.norm_eps) == preset.config
    assert greedy(engine, file) == greedy(engine, preset)


@pytest.mark.slow
def test_an_exported_file_has_a_vocabulary_of_its_size(exported: Path) -> None:
    import gguf

    fields = gguf.GGUFReader(exported).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    assert len(tokens) == len(set(tokens)) == len(fields["tokenizer.ggml.token_type"].contents()) == 32000
    assert fields["llama.vocab_size"].contents() == 32000
    assert tokens[:4] == ["<unk>", "<s>", "</s>", "Ā"]
    of_bytes = dict(zip(range(256), tokens[3:], strict=False))
    assert (of_bytes[ord("\n")], of_bytes[ord(" ")], of_bytes[ord("a")], of_bytes[0xE9]) == ("Ċ", "Ġ", "a", "é")
    merges = fields["tokenizer.ggml.merges"].contents()
    assert {merge.replace(" ", "") for merge in merges} <= set(tokens)


@pytest.mark.slow
def test_an_export_leaves_one_file(exported: Path) -> None:
    assert [path.name for path in exported.parent.iterdir()] == ["stories.gguf"]
    assert exported.stat().st_size > weight_bytes(open_model("stories-15m", None, 42))


@pytest.mark.parametrize(
    ("name", "found"),
    [("tinystories-1m", "tinystories-1m, which GGUF has no architecture for"), ("nope", "nope"), ("gguf", "gguf")],
)
def test_what_cannot_be_exported_is_refused(name: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(RequestError) as refused:
        export_preset(name, tmp_path / "a.gguf", 42)
    assert str(refused.value) == (f"--model: expected one of stories-15m, stories-110m, tinyllama-1.1b, found {found}")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nope" / "a.gguf"
    with pytest.raises(RequestError, match="expected to write the model stories-15m, found: no such folder"):
        export_preset("stories-15m", path, 42)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.mkdir()
    with pytest.raises(RequestError, match="expected to write the model stories-15m, found: a directory"):
        export_preset("stories-15m", path, 42)
    assert list(tmp_path.rglob("*")) == [path]


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gguf

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.gguf"
    path.write_text("old")
    monkeypatch.setattr(gguf.GGUFWriter, "write_tensor_data", full)
    with pytest.raises(RequestError, match="expected to write the model stories-15m, found: No space left on device"):
        export_preset("stories-15m", path, 42)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.gguf", "old")]
