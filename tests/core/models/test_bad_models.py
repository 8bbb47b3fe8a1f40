"""GGUF files that are whole as files and no model that can be run, and damaged ones, as far as opening a model."""

from __future__ import annotations

import dataclasses
import os
import random
import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from smjax.core.errors import RequestError
from smjax.core.gguf.header import read_gguf
from smjax.core.models.source import Model, open_model
from tests.small_llama import CONFIG, TRUE, Change, Value, f32, i32, i32s, text, texts, u32, u64, write_llama

SHAKESPEARE = Path(__file__).parents[2] / "data" / "shakespeare-q4_0.gguf"
N_CUTS, N_FLIPS = 20, 200


def refusal(path: Path) -> str:
    """Why the file is no model, without its name."""
    with pytest.raises(RequestError) as error:
        open_model("gguf", str(path), 42)
    said = str(error.value)
    assert said.isprintable()  # and so on one line
    assert said.startswith(f"{path}: ")
    assert all(word in said for word in ("expected ", ", found ", "; "))
    return said.removeprefix(f"{path}: ")


def opened(path: Path) -> tuple[Model | None, int]:
    """The model, None where it is refused, and the growth of memory at its peak, bytes."""
    tracemalloc.reset_peak()
    before, model, said = tracemalloc.get_traced_memory()[0], None, ""
    try:
        model = open_model("gguf", str(path), 42)
    except RequestError as error:
        said = str(error)
    growth = tracemalloc.get_traced_memory()[1] - before
    assert said.isprintable()
    return model, growth


@pytest.fixture
def _traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.fixture(params=["small", "llama-quantize"])
def healthy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    if request.param == "small":
        return write_llama(path)
    path.write_bytes(SHAKESPEARE.read_bytes())
    return path


@pytest.mark.usefixtures("_traced")
def test_truncated_files_are_refused(healthy: Path) -> None:
    size, (_, most) = healthy.stat().st_size, opened(healthy)
    for place in sorted(random.Random(21).sample(range(size), N_CUTS), reverse=True):
        os.truncate(healthy, place)
        model, growth = opened(healthy)
        assert model is None, f"cut at {place} of {size}"
        assert growth <= most + size


@pytest.mark.slow
@pytest.mark.usefixtures("_traced")
def test_a_flipped_byte_gives_a_model_or_a_refusal(healthy: Path) -> None:
    size, (_, most) = healthy.stat().st_size, opened(healthy)
    with read_gguf(healthy) as file:
        header_bytes = min(file.offsets.values())
    rng, n_opened = random.Random(2000), 0
    with healthy.open("r+b", buffering=0) as stream:
        for _ in range(N_FLIPS):
            place = rng.randrange(header_bytes)
            (good,) = os.pread(stream.fileno(), 1, place)
            os.pwrite(stream.fileno(), bytes([good ^ rng.randrange(1, 256)]), place)
            model, growth = opened(healthy)
            os.pwrite(stream.fileno(), bytes([good]), place)
            assert growth <= most + size, f"at {place}"
            if model is not None:
                n_opened += 1
                assert {name: model.read(name).nbytes for name in model.tensors} == {
                    name: info.n_bytes for name, info in model.tensors.items()
                }
    assert 0 < n_opened < N_FLIPS


INTEGERS = {
    "llama.context_length": 1,
    "llama.embedding_length": 1,
    "llama.block_count": 1,
    "llama.feed_forward_length": 1,
    "llama.attention.head_count": 1,
    "llama.attention.head_count_kv": 1,
    "llama.attention.key_length": 1,
    "llama.attention.value_length": 1,
    "llama.rope.dimension_count": 1,
    "llama.expert_count": 0,
}
"""Every key that is read as a whole number, and the least that it may be."""
OF_LAYERS = {"llama.feed_forward_length", "llama.attention.head_count", "llama.attention.head_count_kv"}
"""Those of which an array may name one of each layer."""
REALS = ("llama.rope.freq_base", "llama.attention.layer_norm_rms_epsilon")
TEXTS = ("general.architecture", "llama.rope.scaling.type")

NO_NUMBERS: dict[str, tuple[Value, str]] = {
    "text": (text("4"), "'4'"),
    "text of two lines": (text("4\n4"), r"'4\n4'"),
    "array": (i32s(4, 4), "an array"),
    "empty array": (i32s(), "an array"),
    "texts": (texts("4", "4"), "an array"),
    "bool": (TRUE, "True"),
    "negative": (i32(-1), "-1"),
    "2^31": (u32(2**31), "2147483648"),
    "2^64-1": (u64(2**64 - 1), "18446744073709551615"),
    "NaN": (f32(float("nan")), "nan"),
    "infinity": (f32(float("inf")), "inf"),
    "negative real": (f32(-1.0), "-1.0"),
}
NO_INTEGERS = {**NO_NUMBERS, "real": (f32(4.0), "4.0")}
NO_REALS = {**NO_NUMBERS, "zero": (f32(0.0), "0.0")}


NO_INTEGER_HERE = [
    (key, kind) for key in INTEGERS for kind in NO_INTEGERS if "array" not in kind or key not in OF_LAYERS
]


@pytest.mark.parametrize(("key", "kind"), NO_INTEGER_HERE)
def test_what_is_no_whole_number_is_refused_by_its_key(key: str, kind: str, tmp_path: Path) -> None:
    value, shown = NO_INTEGERS[kind]
    path = write_llama(tmp_path / "a.gguf", says={key: value})
    assert refusal(path).startswith(f"{key}: expected an integer from {INTEGERS[key]} to 2^31, found {shown}; ")


@pytest.mark.parametrize("kind", NO_REALS)
@pytest.mark.parametrize("key", REALS)
def test_what_is_no_number_is_refused_by_its_key(key: str, kind: str, tmp_path: Path) -> None:
    value, shown = NO_REALS[kind]
    path = write_llama(tmp_path / "a.gguf", says={key: value})
    assert refusal(path).startswith(f"{key}: expected a number above 0, found {shown}; ")


@pytest.mark.parametrize(("value", "shown"), [(u32(4), "4"), (texts("llama"), "an array"), (TRUE, "True")])
@pytest.mark.parametrize("key", TEXTS)
def test_what_is_no_text_is_refused_by_its_key(key: str, value: Value, shown: str, tmp_path: Path) -> None:
    path = write_llama(tmp_path / "a.gguf", says={key: value})
    assert refusal(path).startswith(f"{key}: expected a text, found {shown}; ")


@pytest.mark.parametrize("key", [key for key, least in INTEGERS.items() if least])
def test_zero_of_anything_is_refused(key: str, tmp_path: Path) -> None:
    path = write_llama(tmp_path / "a.gguf", says={key: u32(0)})
    assert refusal(path).startswith(f"{key}: expected an integer from 1 to 2^31, found 0; ")


MISSING = {
    "general.architecture",
    "llama.context_length",
    "llama.embedding_length",
    "llama.block_count",
    "llama.feed_forward_length",
    "llama.attention.head_count",
    "llama.attention.layer_norm_rms_epsilon",
}


@pytest.mark.parametrize("key", sorted(MISSING))
def test_a_missing_key_is_refused(key: str, tmp_path: Path) -> None:
    said = refusal(write_llama(tmp_path / "a.gguf", says={key: None}))
    assert said.startswith(f"{key}: expected ")
    assert ", found nothing; " in said


HEADS = "llama.attention.head_count: expected a multiple of the KV heads, of an even size, found"
CONTRADICTIONS: dict[str, tuple[Mapping[str, Value], str]] = {
    "more heads than elements": ({"llama.attention.head_count": u32(128)}, f"{HEADS} 128 query and 2 KV heads of 1; "),
    "heads of one element": (
        {"llama.attention.head_count": u32(64), "llama.rope.dimension_count": u32(1)},
        f"{HEADS} 64 query and 2 KV heads of 1; ",
    ),
    "heads that do not divide": ({"llama.attention.head_count_kv": u32(3)}, f"{HEADS} 4 query and 3 KV heads of 16; "),
    "more KV heads than heads": ({"llama.attention.head_count_kv": u32(8)}, f"{HEADS} 4 query and 8 KV heads of 16; "),
    "more layers": ({"llama.block_count": u32(3)}, "blk.2.attn_q.weight: expected it in the file, found nothing; "),
    "fewer layers": ({"llama.block_count": u32(1)}, "expected a tensor of 1 llama layers, found one whose meaning"),
    "2^31-1 layers": ({"llama.block_count": u32(2**31 - 1)}, "llama.block_count: expected at most one layer a tensor"),
    "wider": ({"llama.embedding_length": u32(96)}, "token_embd.weight: expected shape [300, 96], found [300, 64]; "),
    "more hidden": ({"llama.feed_forward_length": u32(128)}, "expected shape [128, 64], found [96, 64]; "),
    "other values": ({"llama.attention.value_length": u32(8)}, "expected the head size 16, found 8; use a model"),
    "experts": ({"llama.expert_count": u32(8)}, "llama.expert_count: expected 0, found 8; use a dense model"),
    "scaling": (
        {"llama.rope.scaling.type": text("dynamic")},
        "scaling.type: expected none, linear, longrope or yarn, found dynamic; ",
    ),
    "frequencies that do not fall": (
        {"llama.rope.scaling.type": text("yarn"), "llama.rope.freq_base": f32(1.0)},
        "llama.rope.freq_base: expected a number above 1 with YaRN, found 1.0; ",
    ),
    "architecture": (
        {"general.architecture": text("gemma\n")},
        r", olmo2, granite, stablelm, found gemma\n; use a mod",
    ),
    "more turned": (
        {"llama.rope.dimension_count": u32(18)},
        "expected an even number up to the head size 16, found 18; ",
    ),
    "an odd one": ({"llama.rope.dimension_count": u32(7)}, "expected an even number up to the head size 16, found 7; "),
    "layers that differ": ({"llama.attention.head_count_kv": i32s(2, 1)}, "the same of every layer, found 1 to 2; use"),
    "layers without": (
        {"llama.attention.head_count_kv": i32s(2, 0)},
        "expected numbers from 1 to 2^31, found 0 to 2; ",
    ),
    "too few layers": (
        {"llama.feed_forward_length": i32s(96)},
        "a whole number, or 2 of them, found an array of 1 int32;",
    ),
    "too many": (
        {"llama.attention.head_count": i32s(4, 4, 4)},
        "head_count: expected a whole number, or 2 of them, found",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_metadata_that_contradicts_itself_or_the_tensors_is_refused(name: str, tmp_path: Path) -> None:
    says, expected = CONTRADICTIONS[name]
    assert expected in refusal(write_llama(tmp_path / "a.gguf", says=says))


TENSORS: dict[str, tuple[Mapping[str, Change | None], str]] = {
    "no embedding": ({"token_embd.weight": None}, "token_embd.weight: expected a matrix, found nothing; "),
    "flat embedding": ({"token_embd.weight": Change((64 * 300,))}, "weight: expected a matrix, found [19200]; "),
    "missing": ({"blk.1.ffn_up.weight": None}, "blk.1.ffn_up.weight: expected it in the file, found nothing; "),
    "missing norm": ({"output_norm.weight": None}, "output_norm.weight: expected it in the file, found nothing; "),
    "shape": ({"blk.1.ffn_up.weight": Change((64, 32))}, "ffn_up.weight: expected shape [96, 64], found [32, 64]; "),
    "turned": ({"blk.1.ffn_up.weight": Change((96, 64))}, "ffn_up.weight: expected shape [96, 64], found [64, 96]; "),
    "packed norm": (
        {"output_norm.weight": Change(code=2)},
        "output_norm.weight: expected F32 or F16 or BF16, found Q4_0; ",
    ),
    "K of 48": ({"blk.0.attn_q.weight": Change((48, 64))}, "rows of a multiple of 32 weights (Q4_0), found 48; "),
    "Q6_K of 64": ({"blk.0.attn_q.weight": Change(code=14)}, "rows of a multiple of 256 weights (Q6_K), found 64; "),
    "Q3_K": ({"blk.0.attn_q.weight": Change(code=11)}, "Q5_K, Q6_K, IQ4_NL, found Q3_K; "),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_that_the_decoder_cannot_use_are_refused(name: str, tmp_path: Path) -> None:
    tensors, expected = TENSORS[name]
    assert expected in refusal(write_llama(tmp_path / "a.gguf", tensors=tensors))


@pytest.mark.parametrize("name", ["token_embd.weight", "output.weight", "blk.1.attn_k.weight", "blk.0.ffn_norm.weight"])
@pytest.mark.parametrize("dims", [(64, 0), (0, 300), (0,)])
def test_a_tensor_that_is_needed_and_has_no_elements_is_refused_by_name(
    name: str, dims: tuple[int, ...], tmp_path: Path
) -> None:
    said = refusal(write_llama(tmp_path / "a.gguf", tensors={name: Change(dims)}))
    assert said.startswith(f"{name}: expected ")
    assert "; " in said


def test_dimensions_of_one_element_mean_nothing(tmp_path: Path) -> None:
    """llama-quantize leaves them out, so that norms of one KV head are vectors."""
    plain = open_model("gguf", str(write_llama(tmp_path / "a.gguf")), 42)
    more = {"output_norm.weight": Change((64, 1)), "blk.0.attn_q.weight": Change((64, 64, 1, 1))}
    assert open_model("gguf", str(write_llama(tmp_path / "b.gguf", tensors=more)), 42).tensors == plain.tensors


def test_a_tensor_that_nobody_needs_may_have_no_elements(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, biases=("attn_q", "ffn_up"))
    none = {f"blk.{i}.{name}.bias": Change((0,)) for i in range(2) for name in config.biases}
    model = open_model("gguf", str(write_llama(tmp_path / "a.gguf", tensors=none, config=config)), 42)
    assert model.config.biases == ()
    assert not none.keys() & model.tensors.keys()
    one = {**none, "blk.1.ffn_up.bias": Change((96,))}
    said = refusal(write_llama(tmp_path / "b.gguf", tensors=one, config=config))
    assert said.startswith("blk.1.ffn_up.bias: expected a tensor of 2 llama layers, found one whose meaning is unknown")


ASKS_FOR_MORE: dict[str, tuple[Value, str]] = {
    "rope.scaling.alpha": (f32(1000.0), "1000.0"),
    "rope.scaling.yarn_attn_factor": (f32(0.75), "0.75"),
    "rope.scaling.yarn_ext_factor": (f32(1.0), "1.0"),
    "rope.scaling.yarn_log_multiplier": (f32(0.125), "0.125"),
    "rope.scaling.yarn_beta_fast": (f32(16.0), "16.0"),
    "rope.scaling.low_freq_factor": (f32(1.0), "1.0"),
    "rope.dimension_sections": (i32s(16, 24, 24), "an array"),
    "rope.freq_base_swa": (f32(5000.0), "5000.0"),
    "rope.local.freq_base": (f32(10_000.0), "10000.0"),
    "attention.sliding_window": (u32(63), "63"),
    "attention.key_length_swa": (u32(8), "8"),
    "attention.scale": (f32(0.015625), "0.015625"),
    "attention.clamp_kqv": (f32(8.0), "8.0"),
    "attention.max_alibi_bias": (f32(8.0), "8.0"),
    "attention.temperature_scale": (f32(0.125), "0.125"),
    "attention.shared_kv_layers": (u32(1), "1"),
    "attn_logit_softcapping": (f32(50.0), "50.0"),
    "final_logit_softcapping": (f32(30.0), "30.0"),
    "logit_scale": (f32(0.0625), "0.0625"),
    "residual_scale": (f32(0.25), "0.25"),
    "embedding_scale": (f32(12.0), "12.0"),
    "use_parallel_residual": (TRUE, "True"),
    "expert_used_count": (u32(2), "2"),
    "nextn_predict_layers": (u32(1), "1"),
    "hidden_activation": (text("gelu_pytorch_tanh"), "'gelu_pytorch_tanh'"),
    "of.another.converter": (f32(float("nan")), "nan"),
}


@pytest.mark.parametrize("key", ASKS_FOR_MORE)
def test_a_key_that_asks_for_what_is_not_computed_is_refused_by_name(key: str, tmp_path: Path) -> None:
    value, shown = ASKS_FOR_MORE[key]
    said = refusal(write_llama(tmp_path / "a.gguf", says={f"llama.{key}": value}))
    assert said.startswith(f"llama.{key}: expected ")
    assert f", found {shown}; " in said
    assert said.endswith("; use a model without it, as smjax does not compute it")


FALSE: Value = (TRUE[0], b"\0")
ASKS_FOR_NOTHING: dict[str, Mapping[str, Value]] = {
    "factors of one": {
        "rope.scaling.factor": f32(1.0),
        "rope.scale_linear": f32(1.0),
        "rope.scaling.attn_factor": u32(1),
    },
    "linear by nothing": {"rope.scaling.type": text("linear"), "rope.scaling.factor": f32(0.0)},
    "a factor that is not used": {"rope.scaling.type": text("none"), "rope.scaling.factor": f32(8.0)},
    "where it was trained": {"rope.scaling.original_context_length": u32(8192), "rope.scaling.finetuned": FALSE},
    "a window as long as the context": {
        "attention.sliding_window": u32(64),
        "attention.sliding_window_pattern": u32(6),
    },
    "no window": {"attention.sliding_window": u32(0)},
    "the usual scale": {"attention.scale": f32(0.25), "logit_scale": f32(1.0), "embedding_scale": f32(0.0)},
    "the same twice": {"attention.key_length_swa": i32(16), "rope.freq_base_swa": f32(10_000.0)},
    "causal": {"attention.causal": TRUE, "use_parallel_residual": FALSE, "expert_used_count": u32(0)},
    "of a tower that no text passes": {"vision.block_count": u32(27), "mm.tokens_per_image": u32(256)},
    "a vocabulary": {"vocab_size": u64(300), "tensor_data_layout": text("Meta AI original pth")},
    "an unknown thing switched off": {"rope.of_the_future": f32(0.0), "gate": FALSE, "kind": text("")},
}


@pytest.mark.parametrize("what", ASKS_FOR_NOTHING)
def test_a_key_that_changes_nothing_is_taken(what: str, tmp_path: Path) -> None:
    plain = open_model("gguf", str(write_llama(tmp_path / "plain.gguf")), 42)
    says = {f"llama.{key}": value for key, value in ASKS_FOR_NOTHING[what].items()}
    others = {
        "general.tags": texts("a", "b"),
        "tokenizer.ggml.add_bos_token": TRUE,
        "quantize.imatrix.entries_count": i32(9),
    }
    model = open_model("gguf", str(write_llama(tmp_path / "a.gguf", says={**says, **others})), 42)
    assert model.config == plain.config


def test_a_model_that_sees_what_comes_is_refused(tmp_path: Path) -> None:
    said = refusal(write_llama(tmp_path / "a.gguf", says={"llama.attention.causal": FALSE}))
    assert said.startswith("llama.attention.causal: expected True, found False; ")


def test_a_vocabulary_beyond_what_the_decoder_can_tell_apart_is_refused(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, n_vocab=2**24, tied=True)
    path = write_llama(tmp_path / "a.gguf", config=config, sparse=True)
    assert refusal(path).startswith("token_embd.weight: expected fewer than 2^24 tokens, found 16777216; ")


def test_the_healthy_file_is_the_model_that_it_was_made_from(tmp_path: Path) -> None:
    model = open_model("gguf", str(write_llama(tmp_path / "a.gguf")), 42)
    assert dataclasses.replace(model.config, norm_eps=CONFIG.norm_eps) == CONFIG
    assert model.config.norm_eps == pytest.approx(CONFIG.norm_eps)
    assert model.hash.startswith("sha256:")


def test_a_file_that_goes_before_its_hash_is_taken_is_refused(tmp_path: Path) -> None:
    path = write_llama(tmp_path / "a.gguf")
    model = open_model("gguf", str(path), 42)
    path.unlink()
    with pytest.raises(RequestError, match="expected a readable GGUF file, found no such file"):
        _ = model.hash
