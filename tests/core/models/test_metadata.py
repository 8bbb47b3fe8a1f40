"""What files of each architecture say, what their silence means, and what contradicts itself."""

from __future__ import annotations

import dataclasses
import os
import random
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from smjax.core.errors import RequestError
from smjax.core.gguf.encodings import ENCODINGS
from smjax.core.gguf.header import read_gguf
from smjax.core.models.config import DecoderConfig
from smjax.core.models.families import IN_GGUF, decoder
from smjax.core.models.source import Model, left_aside, open_model
from tests.architectures.build import LAYERS, Case, write
from tests.small_llama import CONFIG, i32, text, u16, u32, u64, write_llama
from tests.surroundings import FUZZ
from tests.worker.models import random_model, write_gguf

N_FLIPS = int(os.environ.get(FUZZ, "40"))


def opened(case: Case, folder: Path) -> DecoderConfig:
    return open_model("gguf", str(write(case, folder / "a.gguf")), 0).config


def refusal(case: Case, folder: Path) -> str:
    path = write(case, folder / "a.gguf")
    with pytest.raises(RequestError) as error:
        open_model("gguf", str(path), 0)
    said = str(error.value)
    assert said.isprintable()
    assert all(word in said for word in ("expected ", ", found ", "; "))
    return said.removeprefix(f"{path}: ")


def test_every_architecture_has_its_models() -> None:
    assert set(LAYERS) == set(IN_GGUF)


@pytest.mark.parametrize("architecture", LAYERS)
def test_a_plain_file_of_every_architecture_opens(architecture: str, tmp_path: Path) -> None:
    keys = {"logit_scale": 2.0} if architecture == "granite" else {}
    config = opened(Case(architecture, keys=keys), tmp_path)
    assert (config.family, config.n_layers, config.d_ff, config.n_vocab) == (architecture, 3, 96, 64)
    assert (config.n_heads, config.n_kv_heads, config.head_dim, config.tied) == (4, 2, 16, True)
    assert config.norm_eps == pytest.approx(1e-5)


SILENCE: dict[str, tuple[Case, dict[str, Any]]] = {
    "llama": (
        Case("llama", n_kv_heads=4, keys={"attention.head_count_kv": None}),
        {"n_kv_heads": 4, "rope_base": 10_000.0, "rope_scale": 1.0, "rope_size": 1.0, "n_turned": 16, "windows": None},
    ),
    "gemma2": (
        Case("gemma2", ctx=8192, n_layers=4),
        {
            "windows": (4096, 8192) * 2,
            "local_layers": (),
            "score_cap": 50.0,
            "logit_cap": 30.0,
            "embedding_scale": 8.0,
        },
    ),
    "gemma2, short": (Case("gemma2", ctx=64), {"windows": None}),
    "gemma3": (
        Case("gemma3", n_layers=7, keys={"attention.sliding_window": 8, "rope.freq_base": 1e6}),
        {
            "windows": (8,) * 5 + (256, 8),
            "local_layers": (True,) * 5 + (False, True),
            "local_rope": (10_000.0, 1.0),
            "logit_cap": 0.0,
            "score_cap": 0.0,
        },
    ),
    "gemma3, no window": (Case("gemma3"), {"windows": None, "local_layers": ()}),
    "phi3": (
        Case("phi3", keys={"attention.sliding_window": 1000}),
        {"windows": None, "fused_qkv": True, "fused_gate": True},
    ),
    "olmo2": (Case("olmo2"), {"windows": None, "head_norm": "whole"}),
    "olmo2, windows": (
        Case("olmo2", n_layers=4, keys={"attention.sliding_window": 16}),
        {"windows": (16, 16, 16, 256), "local_layers": ()},
    ),
    "granite": (
        Case("granite", keys={"logit_scale": 8.0, "residual_scale": 0.0}),
        {"logit_divisor": 8.0, "residual_scale": 1.0, "embedding_scale": 1.0, "query_scale": 0.25},
    ),
    "stablelm": (Case("stablelm", n_turned=4), {"parallel": False, "head_norm": "none", "n_turned": 4}),
}


@pytest.mark.parametrize("what", SILENCE)
def test_what_a_file_does_not_say_is_as_llama_cpp_has_it(what: str, tmp_path: Path) -> None:
    case, expected = SILENCE[what]
    config = opened(case, tmp_path)
    assert {name: getattr(config, name) for name in expected} == expected


SAID: dict[str, tuple[Case, dict[str, Any]]] = {
    "linear": (Case("llama", keys={"rope.scaling.type": "linear", "rope.scaling.factor": 4.0}), {"rope_scale": 0.25}),
    "linear, as it was": (Case("llama", keys={"rope.scale_linear": 2.0}), {"rope_scale": 0.5}),
    "both": (Case("llama", keys={"rope.scaling.factor": 0.0, "rope.scale_linear": 2.0}), {"rope_scale": 1.0}),
    "none": (Case("llama", keys={"rope.scaling.type": "none", "rope.scaling.factor": 4.0}), {"rope_scale": 1.0}),
    "size": (Case("phi3", keys={"rope.scaling.attn_factor": 1.25}), {"rope_size": 1.25}),
    "partial": (Case("llama", n_turned=8), {"rope_dims": 8}),
    "biases": (Case("llama", more=("attn_k.bias", "ffn_up.bias")), {"biases": ("attn_k", "ffn_up")}),
    "fused": (Case("qwen3", more=("attn_qkv",), less=("attn_q", "attn_k", "attn_v")), {"fused_qkv": True}),
    "alike": (
        Case("llama", keys={"attention.head_count_kv": [2, 2, 2], "feed_forward_length": [96, 96, 96]}),
        {"n_kv_heads": 2, "d_ff": 96},
    ),
    "every": (
        Case("gemma3", keys={"attention.sliding_window": 8, "attention.sliding_window_pattern": 2}),
        {"windows": (8, 256, 8)},
    ),
    "of each layer": (
        Case("gemma3", keys={"attention.sliding_window": 8, "attention.sliding_window_pattern": [True, True, False]}),
        {"windows": (8, 8, 256)},
    ),
    "window of the context": (
        Case("gemma3", keys={"attention.sliding_window": 256, "rope.freq_base": 1e6}),
        {"windows": None, "local_layers": (True, True, True)},
    ),
    "another converter": (
        Case(
            "gemma3",
            keys={"attention.sliding_window": 8, "rope.global.freq_base": 1e6, "rope.local.freq_base": 5000.0},
        ),
        {"rope_base": 10_000.0, "local_layers": ()},
    ),
    "capped": (Case("gemma3", keys={"final_logit_softcapping": 30.0}), {"logit_cap": 30.0}),
    "not turned": (
        Case("granite", keys={"logit_scale": 2.0, "rope.scaling.finetuned": False}),
        {"position": "none"},
    ),
    "parallel": (
        Case("stablelm", less=("ffn_norm", "ffn_norm.bias"), more=("attn_q_norm", "attn_k_norm")),
        {"parallel": True, "head_norm": "layer"},
    ),
    "ignored by llama.cpp": (Case("stablelm", keys={"use_parallel_residual": True}), {"parallel": False}),
    "pictures": (Case("gemma3", keys={"vision.block_count": 27, "mm.tokens_per_image": 256}), {"n_layers": 3}),
}


@pytest.mark.parametrize("what", SAID)
def test_what_a_file_says_is_taken(what: str, tmp_path: Path) -> None:
    case, expected = SAID[what]
    config = opened(case, tmp_path)
    assert {name: getattr(config, name) for name in expected} == expected


def test_by_the_number_of_layers_queries_are_scaled_by_the_width(tmp_path: Path) -> None:
    wide = {"head_dim": 32, "keys": {"attention.key_length": 32, "attention.value_length": 32}}
    assert opened(Case("gemma2", n_layers=2, **wide), tmp_path).query_scale == 32**-0.5
    assert opened(Case("gemma2", n_layers=46, **wide), tmp_path).query_scale == 16**-0.5


_LONG = ("rope_factors_short.weight", "rope_factors_long.weight")
CONTRADICTIONS = {
    "window": (
        Case("gemma3", keys={"attention.sliding_window": 257}),
        "gemma3.attention.sliding_window: expected at most the context of 256, found 257; ",
    ),
    "pattern": (
        Case("gemma2", keys={"attention.sliding_window": 8, "attention.sliding_window_pattern": [True]}),
        "sliding_window_pattern: expected a whole number, or one of each of 3 layers, found an array of 1 bool; ",
    ),
    "pattern of reals": (
        Case("olmo2", keys={"attention.sliding_window": 8, "attention.sliding_window_pattern": [0.5, 1.0, 0.0]}),
        "sliding_window_pattern: expected a whole number, or one of each of 3 layers, found an array of 3 float32; ",
    ),
    "turned or not": (
        Case("granite", keys={"logit_scale": 2.0, "rope.scaling.finetuned": 0}),
        "granite.rope.scaling.finetuned: expected true or false, found 0; ",
    ),
    "factors": (
        Case("llama", factors=("rope_freqs.weight",), keys={"rope.dimension_count": 8}),
        "rope_freqs.weight: expected shape [4], found [8]; ",
    ),
    "one of two": (Case("phi3", factors=_LONG[:1]), "rope_factors_long.weight: expected it in the file, found nothing"),
    "factors of nobody": (Case("qwen2", factors=("rope_freqs.weight",)), "rope_freqs.weight: expected a tensor of 3"),
    "half a bias": (
        Case("qwen2", encodings={"attn_q.bias": "Q8_0"}),
        "blk.0.attn_q.bias: expected F32 or F16 or BF16, found Q8_0; ",
    ),
    "no scale": (Case("granite"), "granite.logit_scale: expected a number above 0, found nothing; "),
    "scale of 0": (Case("granite", keys={"logit_scale": 0.0}), "logit_scale: expected a number above 0, found 0.0; "),
    "no epsilon": (Case("gpt2", keys={"attention.layer_norm_epsilon": None}), "epsilon: expected a number above 0"),
    "values": (Case("qwen3", keys={"attention.value_length": 8}), "expected the head size 16, found 8; use a model"),
    "key length": (Case("qwen3", keys={"attention.key_length": 32}), "expected shape [128, 64], found [64, 64]; "),
    "a norm of other heads": (
        Case("qwen3", n_layers=2, less=("attn_k_norm",)),
        "blk.0.attn_k_norm.weight: expected it",
    ),
    "post-norm": (Case("gemma2", less=("post_ffw_norm",)), "blk.0.post_ffw_norm.weight: expected it in the file"),
    "experts": (Case("llama", keys={"expert_count": 8, "expert_used_count": 2}), "llama.expert_count: expected 0,"),
    "state": (Case("llama", keys={"ssm.state_size": 16}), "llama.ssm.state_size: expected 0, found 16; use a model"),
    "convolution": (Case("llama", keys={"shortconv.l_cache": 3}), "llama.shortconv.l_cache: expected 0, found 3; "),
    "layers without attention": (
        Case("llama", keys={"attention.head_count_kv": [2, 0, 2]}),
        "llama.attention.head_count_kv: expected numbers from 1 to 2^31, found 0 to 2; ",
    ),
    "positions": (Case("gpt2", n_kv_heads=4, keys={"context_length": 255}), "weight: expected shape [255, 64], found"),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_what_contradicts_itself_is_refused_in_one_line(what: str, tmp_path: Path) -> None:
    case, expected = CONTRADICTIONS[what]
    assert expected in refusal(case, tmp_path)


def test_an_unknown_architecture_is_refused_by_name(tmp_path: Path) -> None:
    path = write_llama(tmp_path / "a.gguf", says={"general.architecture": text("rwkv7")})
    with pytest.raises(RequestError, match=r"expected one of llama, qwen2, .*, stablelm, found rwkv7; use a model of"):
        open_model("gguf", str(path), 0)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("number", [u16, i32, u64])
def test_whole_numbers_of_any_type_in_any_version(number: Any, version: int, tmp_path: Path) -> None:
    says = {"llama.embedding_length": number(64), "llama.block_count": number(2), "llama.context_length": number(64)}
    nobody = {f"tokenizer.ggml.{name}_token_id": u32(2**32 - 1) for name in ("seperator", "padding")}
    path = write_llama(tmp_path / "a.gguf", says={**nobody, **says}, version=version)
    config = open_model("gguf", str(path), 0).config
    assert dataclasses.replace(config, norm_eps=CONFIG.norm_eps) == CONFIG


def test_the_order_of_tensors_means_nothing(tmp_path: Path) -> None:
    path = write(Case("qwen3"), tmp_path / "a.gguf")
    reader = gguf.GGUFReader(path)
    writer = gguf.GGUFWriter(tmp_path / "b.gguf", "qwen3")
    for key, field in reversed(reader.fields.items()):
        if not key.startswith("GGUF.") and key != "general.architecture":
            writer.add_key_value(
                key, field.contents(), field.types[0], field.types[-1] if len(field.types) > 1 else None
            )
    for tensor in reversed(reader.tensors):
        writer.add_tensor(tensor.name, np.array(tensor.data), raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    models = [open_model("gguf", str(tmp_path / name), 0) for name in ("a.gguf", "b.gguf")]
    assert models[0].config == models[1].config
    assert list(models[0].tensors) == list(reversed(models[1].tensors))
    assert models[0].tensors == models[1].tensors


def test_tensors_of_other_modalities_are_named_once_and_left_alone(tmp_path: Path) -> None:
    pictures = {f"v.blk.{i}.attn_q.weight": (32, 32) for i in range(5)}
    path = write(Case("gemma3", others={**pictures, "mm.input_projection.weight": (32,)}), tmp_path / "seen.gguf")
    model = open_model("gguf", str(path), 0)
    assert not any(name.startswith(("v.", "mm.")) for name in model.tensors)
    first = "mm.input_projection.weight, v.blk.0.attn_q.weight, v.blk.1.attn_q.weight"
    assert left_aside(model) == f"seen.gguf: tensors that no text passes through are ignored (6): {first}, …"
    assert left_aside(open_model("gguf", str(write_llama(tmp_path / "plain.gguf")), 0)) is None
    assert left_aside(open_model("stories-15m", None, 0)) is None


def opened_or_refused(path: Path) -> Model | None:
    try:
        return open_model("gguf", str(path), 0)
    except RequestError as error:
        said = str(error)
    assert said.isprintable()
    assert said.startswith(f"{path}: ")
    assert all(word in said for word in ("expected ", ", found ", "; "))
    return None


def write_one(what: str, path: Path) -> Path:
    """A small file of an architecture, or of an encoding."""
    if what in ENCODINGS:
        config = decoder("llama", 2, 256, 4, 2, 64, 256, 64, 64, norm_eps=1e-5, tied=True)
        return write_gguf(random_model(config, lambda name: what), path)
    return write(Case(what, keys={"logit_scale": 2.0} if what == "granite" else {}), path)


@pytest.mark.parametrize("what", [*LAYERS, *ENCODINGS])
def test_a_flipped_byte_of_the_header_gives_a_model_or_a_refusal(what: str, tmp_path: Path) -> None:
    """Of `SMJAX_FUZZ` bytes, each changed alone: a few in the ordinary tests, 500 by `make fuzz`."""
    path, rng = write_one(what, tmp_path / "a.gguf"), random.Random(what)
    with read_gguf(path) as file:
        header_bytes = min(file.offsets.values())
    n_opened = 0
    assert opened_or_refused(path)
    with path.open("r+b", buffering=0) as stream:
        for _ in range(N_FLIPS):
            place = rng.randrange(header_bytes)
            (good,) = os.pread(stream.fileno(), 1, place)
            os.pwrite(stream.fileno(), bytes([good ^ rng.randrange(1, 256)]), place)
            if (model := opened_or_refused(path)) is not None:
                n_opened += 1
                assert all(model.read(name).nbytes == info.n_bytes for name, info in model.tensors.items())
            os.pwrite(stream.fileno(), bytes([good]), place)
    assert n_opened < N_FLIPS
