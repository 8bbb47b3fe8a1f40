"""A family is data: nothing that computes asks for its name, and tensors follow from its fields."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from smjax.core.models.config import products, tensor_shapes
from smjax.core.models.families import FAMILIES, IN_GGUF, decoder

SOURCE = Path(__file__).parents[3] / "smjax"
SIZES = (3, 64, 4, 2, 16, 96, 300, 128)


def test_nothing_that_computes_asks_for_a_family_by_name() -> None:
    files = [*(SOURCE / "worker").rglob("*.py"), *(SOURCE / "core" / "models").glob("*.py")]
    asking = [path.name for path in files if "family ==" in path.read_text() or "[config.family]" in path.read_text()]
    assert len(files) > 20
    assert asking == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_decoder_takes_what_its_family_shares_and_its_own_sizes(family: str) -> None:
    config = decoder(family, *SIZES, norm_eps=1e-6, tied=True, rope_base=500.0)
    shared = {field.name: getattr(FAMILIES[family], field.name) for field in dataclasses.fields(FAMILIES[family])}
    shared.pop("in_gguf")
    assert {name: getattr(config, name) for name in shared} == shared
    assert (config.family, config.n_vocab, config.norm_eps, config.rope_base) == (family, 300, 1e-6, 500.0)
    assert set(IN_GGUF) <= set(FAMILIES)


@pytest.mark.parametrize("activation", ["swiglu", "geglu", "gelu"])
@pytest.mark.parametrize("norm", ["rms", "layer"])
@pytest.mark.parametrize("biases", [(), ("attn_q", "attn_k"), ("ffn_up", "ffn_down")])
def test_tensors_follow_from_fields_in_any_mixture(norm: str, activation: str, biases: tuple[str, ...]) -> None:
    config = decoder("llama", *SIZES, norm_eps=1e-6, tied=False)
    config = dataclasses.replace(config, norm=norm, activation=activation, biases=biases, position="learned")
    shapes = tensor_shapes(config)
    assert ("blk.2.ffn_norm.bias" in shapes) == ("output_norm.bias" in shapes) == (norm == "layer")
    assert ("blk.2.ffn_gate.weight" in shapes) == ("ffn_gate" in products(config)["ffn_in"]) == (activation != "gelu")
    for name in biases:
        assert shapes[f"blk.1.{name}.bias"] == shapes[f"blk.1.{name}.weight"][:1]
    assert shapes["position_embd.weight"] == (128, 64)


def test_attention_is_scaled_by_the_head_size_unless_a_number_is_said() -> None:
    config = decoder("llama", *SIZES, norm_eps=1e-6, tied=False)
    assert config.query_scale == 0.25
    assert dataclasses.replace(config, head_dim=64).query_scale == 0.125
    assert dataclasses.replace(config, attention_scale=0.3).query_scale == 0.3


def test_norms_and_fused_matrices_follow_from_fields() -> None:
    config = decoder("llama", *SIZES, norm_eps=1e-6, tied=True)
    plain = tensor_shapes(config)
    fused = tensor_shapes(dataclasses.replace(config, fused_qkv=True, fused_gate=True))
    assert fused["blk.0.attn_qkv.weight"] == (64 + 2 * 32, 64)
    assert fused["blk.0.ffn_up.weight"] == (2 * 96, 64)
    assert not {"blk.0.attn_q.weight", "blk.0.ffn_gate.weight"} & fused.keys()
    post = tensor_shapes(dataclasses.replace(config, pre_norms=False, post_norms=True))
    assert plain.keys() - post.keys() == {f"blk.{i}.{name}_norm.weight" for i in range(3) for name in ("attn", "ffn")}
    assert len(post) == len(plain)
    assert "blk.1.ffn_norm.weight" not in tensor_shapes(dataclasses.replace(config, parallel=True))


@pytest.mark.parametrize(
    ("kind", "queries", "keys"), [("rms", (16,), (16,)), ("layer", (4, 16), (2, 16)), ("whole", (64,), (32,))]
)
def test_norms_of_heads_are_of_each_or_of_all(kind: str, queries: tuple[int, ...], keys: tuple[int, ...]) -> None:
    config = dataclasses.replace(decoder("llama", *SIZES, norm_eps=1e-6, tied=True), head_norm=kind)
    shapes = tensor_shapes(config)
    assert (shapes["blk.2.attn_q_norm.weight"], shapes["blk.2.attn_k_norm.weight"]) == (queries, keys)


def test_of_two_tensors_of_factors_the_context_takes_one() -> None:
    config = decoder("phi3", *SIZES, norm_eps=1e-6, tied=True, rope_factors=("short", "long"), ctx_short=512)
    assert [config.for_context(ctx).rope_factors for ctx in (1, 512, 513)] == [("short",), ("short",), ("long",)]
    one = dataclasses.replace(config, rope_factors=("freqs",))
    assert one.for_context(10_000) is one


def test_a_step_reads_of_a_cache_what_is_filled_and_of_a_window_no_more() -> None:
    config = decoder("gemma3", *SIZES, norm_eps=1e-6, tied=True)
    assert config.kv_step_bytes(100, 2) == config.kv_bytes(100, 2) == 2 * 3 * 2 * 16 * 100 * 2
    windowed = dataclasses.replace(config, windows=(128, 8, 128))
    assert windowed.kv_step_bytes(100, 2) == 2 * 2 * 16 * (100 + 8 + 100) * 2
    assert windowed.kv_step_bytes(5, 2) == config.kv_step_bytes(5, 2)
    assert windowed.kv_bytes(100, 2) == config.kv_bytes(100, 2)
