"""A family is data: nothing that computes asks for its name, and tensors follow from its fields."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from smjax.core.models.config import layer_vectors, products, tensor_shapes
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
    shared = dataclasses.asdict(FAMILIES[family])
    assert {name: getattr(config, name) for name in shared} == shared
    assert (config.family, config.n_vocab, config.norm_eps, config.rope_base) == (family, 300, 1e-6, 500.0)
    assert set(IN_GGUF) <= set(FAMILIES)


@pytest.mark.parametrize("activation", ["swiglu", "gelu"])
@pytest.mark.parametrize("norm", ["rms", "layer"])
@pytest.mark.parametrize("biases", [(), ("attn_q", "attn_k"), ("ffn_up", "ffn_down")])
def test_tensors_follow_from_fields_in_any_mixture(norm: str, activation: str, biases: tuple[str, ...]) -> None:
    config = decoder("llama", *SIZES, norm_eps=1e-6, tied=False)
    config = dataclasses.replace(config, norm=norm, activation=activation, biases=biases, position="learned")
    shapes = tensor_shapes(config)
    assert ("blk.2.ffn_norm.bias" in shapes) == ("output_norm.bias" in shapes) == (norm == "layer")
    assert ("blk.2.ffn_gate.weight" in shapes) == ("ffn_gate" in products(config)["ffn_in"]) == (activation == "swiglu")
    assert {f"{name}.bias" for name in biases} <= set(layer_vectors(config))
    for name in biases:
        assert shapes[f"blk.1.{name}.bias"] == shapes[f"blk.1.{name}.weight"][:1]
    assert shapes["position_embd.weight"] == (128, 64)


def test_attention_is_scaled_by_the_head_size_unless_a_number_is_said() -> None:
    config = decoder("llama", *SIZES, norm_eps=1e-6, tied=False)
    assert config.query_scale == 0.25
    assert dataclasses.replace(config, head_dim=64).query_scale == 0.125
    assert dataclasses.replace(config, attention_scale=0.3).query_scale == 0.3
