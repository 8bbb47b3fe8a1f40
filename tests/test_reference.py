from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smjax.core.gguf.header import read_gguf
from tests.reference import ReferenceConfig, ReferenceDecoder, mean_nll, nmse, rotate

DATA = Path(__file__).parent / "data"
SHAKESPEARE = "shakespeare-q4_0.gguf"
ANSWERS = json.loads((DATA / "expected.json").read_text())["models"][SHAKESPEARE]

NEO = ReferenceConfig("gpt-neo", n_layers=2, d_model=6, n_heads=2, n_kv_heads=2, head_dim=3, window=3)
LLAMA = ReferenceConfig("llama", n_layers=2, d_model=8, n_heads=4, n_kv_heads=2, head_dim=4, rope_base=100.0)
IDS = [3, 1, 4, 1, 5, 9, 2]
N_VOCAB, N_HIDDEN = 11, 10


def random_tensors(config: ReferenceConfig, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    d, q, kv = config.d_model, config.n_heads * config.head_dim, config.n_kv_heads * config.head_dim
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (N_VOCAB, d), "output_norm.weight": (d,)}
    for layer in (f"blk.{i}" for i in range(config.n_layers)):
        shapes |= {f"{layer}.attn_norm.weight": (d,), f"{layer}.ffn_norm.weight": (d,)}
        shapes |= {f"{layer}.attn_q.weight": (q, d), f"{layer}.attn_output.weight": (d, q)}
        shapes |= {f"{layer}.attn_k.weight": (kv, d), f"{layer}.attn_v.weight": (kv, d)}
        shapes |= {f"{layer}.ffn_up.weight": (N_HIDDEN, d), f"{layer}.ffn_down.weight": (d, N_HIDDEN)}
        if config.family == "llama":
            shapes |= {f"{layer}.ffn_gate.weight": (N_HIDDEN, d)}
        else:
            shapes |= {f"{layer}.{norm}_norm.bias": (d,) for norm in ("attn", "ffn")}
            shapes |= {f"{layer}.attn_output.bias": (d,), f"{layer}.ffn_down.bias": (d,)}
            shapes |= {f"{layer}.ffn_up.bias": (N_HIDDEN,)}
    if config.family == "gpt-neo":
        shapes |= {"position_embd.weight": (16, d), "output_norm.bias": (d,)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def shakespeare() -> ReferenceDecoder:
    with read_gguf(DATA / SHAKESPEARE) as file:
        meta = file.metadata
        weights = {name: info.encoding.dequantise(file.read(name), info.shape) for name, info in file.tensors.items()}
        n_heads = meta["llama.attention.head_count"]
        config = ReferenceConfig(
            family="llama",
            n_layers=meta["llama.block_count"],
            d_model=meta["llama.embedding_length"],
            n_heads=n_heads,
            n_kv_heads=meta["llama.attention.head_count_kv"],
            head_dim=meta["llama.embedding_length"] // n_heads,
            rope_base=meta["llama.rope.freq_base"],
            norm_eps=meta["llama.attention.layer_norm_rms_epsilon"],
        )
    return ReferenceDecoder(config, weights)


# llama.cpp rounds activations to 8 bits. Seen over the five prompts: NMSE 6e-6 to 6.4e-5, NLL within 0.003.
@pytest.mark.slow
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: f"{len(answer['ids'])} ids")
def test_llama_agrees_with_llama_cpp(shakespeare: ReferenceDecoder, answer: dict[str, Any]) -> None:
    ids, greedy = answer["ids"], answer["greedy"][:32]
    logits = shakespeare.logits(ids + greedy)
    prompt, continuation = logits[: len(ids)], logits[len(ids) - 1 : -1]
    assert nmse(prompt[-1], answer["logits"]) <= 2e-4
    assert abs(mean_nll(prompt, ids) - answer["nll_mean"]) <= 0.005
    for step, gap in enumerate(answer["gaps"][:32]):
        if gap < 0.15:
            break
        assert continuation[step].argmax() == greedy[step]


def neo_logits_token_by_token(tensors: dict[str, np.ndarray], ids: list[int]) -> list[list[float]]:
    """The GPT-Neo decoder once more, in scalar loops and from its definition, for NEO's shape."""

    def norm(name: str, x: list[float]) -> list[float]:
        mean = sum(x) / len(x)
        scale = 1 / math.sqrt(sum((a - mean) ** 2 for a in x) / len(x) + NEO.norm_eps)
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        return [(a - mean) * scale * w + b for a, w, b in zip(x, weight, bias, strict=True)]

    def linear(name: str, x: list[float]) -> list[float]:
        bias = tensors.get(f"{name}.bias", np.zeros(len(tensors[f"{name}.weight"])))
        return [
            sum(w * a for w, a in zip(row, x, strict=True)) + b
            for row, b in zip(tensors[f"{name}.weight"], bias, strict=True)
        ]

    def attend(q: list[float], keys: list[list[float]], values: list[list[float]]) -> list[float]:
        out = []
        for head in (slice(0, 3), slice(3, 6)):
            shares = [math.exp(sum(a * b for a, b in zip(q[head], k[head], strict=True))) for k in keys]
            mixed = zip(*(v[head] for v in values), strict=True)
            out += [sum(s * v for s, v in zip(shares, column, strict=True)) / sum(shares) for column in mixed]
        return out

    def gelu(a: float) -> float:
        return a / 2 * (1 + math.tanh(0.7978845608028654 * a * (1 + 0.044715 * a * a)))

    cache: list[tuple[list[list[float]], list[list[float]]]] = [([], []), ([], [])]
    logits = []
    for position, token in enumerate(ids):
        x = list(tensors["token_embd.weight"][token] + tensors["position_embd.weight"][position])
        for layer, (keys, values) in enumerate(cache):
            name = f"blk.{layer}"
            h = norm(f"{name}.attn_norm", x)
            keys.append(linear(f"{name}.attn_k", h))
            values.append(linear(f"{name}.attn_v", h))
            latest = 0 if layer == 0 else -3
            mixed = attend(linear(f"{name}.attn_q", h), keys[latest:], values[latest:])
            x = [a + b for a, b in zip(x, linear(f"{name}.attn_output", mixed), strict=True)]
            hidden = [gelu(a) for a in linear(f"{name}.ffn_up", norm(f"{name}.ffn_norm", x))]
            x = [a + b for a, b in zip(x, linear(f"{name}.ffn_down", hidden), strict=True)]
        x = norm("output_norm", x)
        logits.append([sum(w * a for w, a in zip(row, x, strict=True)) for row in tensors["token_embd.weight"]])
    return logits


def test_gpt_neo_is_its_definition() -> None:
    tensors = random_tensors(NEO)
    found = ReferenceDecoder(NEO, tensors).logits(IDS)
    np.testing.assert_allclose(found, neo_logits_token_by_token(tensors, IDS), rtol=1e-9)


@pytest.mark.parametrize(("local_only", "first_changed"), [(False, list(range(1, 7))), (True, [1, 2, 3])])
def test_a_changed_token_reaches_as_far_as_the_window(local_only: bool, first_changed: list[int]) -> None:
    """Token 1 changes: a layer with a window of 3 passes that on to positions 1 to 3, a global one to all."""
    tensors = random_tensors(NEO)
    if local_only:
        tensors["blk.0.attn_output.weight"] = np.zeros((6, 6))
    decoder = ReferenceDecoder(NEO, tensors)
    changed = ~np.isclose(decoder.logits(IDS), decoder.logits([3, 7, *IDS[2:]]), rtol=1e-12).all(axis=-1)
    assert np.flatnonzero(changed).tolist() == first_changed


@pytest.mark.parametrize("config", [NEO, LLAMA], ids=lambda config: config.family)
def test_a_longer_text_leaves_earlier_logits_alone(config: ReferenceConfig) -> None:
    decoder = ReferenceDecoder(config, random_tensors(config))
    np.testing.assert_allclose(decoder.logits(IDS[:3]), decoder.logits(IDS)[:3], rtol=1e-10)


def test_an_output_matrix_replaces_the_tied_one() -> None:
    tensors = random_tensors(LLAMA)
    tied = ReferenceDecoder(LLAMA, tensors).logits(IDS)
    untied = ReferenceDecoder(LLAMA, tensors | {"output.weight": 2 * tensors["token_embd.weight"][::-1]}).logits(IDS)
    np.testing.assert_allclose(untied, 2 * tied[:, ::-1], rtol=1e-12)


def test_repeated_kv_heads_are_grouped_queries() -> None:
    tensors = random_tensors(LLAMA)
    repeated = {
        name: np.repeat(tensor.reshape(2, 4, -1), 2, axis=0).reshape(16, -1) if name[6:] in KV_NAMES else tensor
        for name, tensor in tensors.items()
    }
    full = ReferenceDecoder(replace(LLAMA, n_kv_heads=4), repeated).logits(IDS)
    np.testing.assert_allclose(ReferenceDecoder(LLAMA, tensors).logits(IDS), full, rtol=1e-12)


KV_NAMES = ("attn_k.weight", "attn_v.weight")


def test_rope_factors_divide_the_frequencies() -> None:
    decoder = ReferenceDecoder(LLAMA, {"rope_freqs.weight": np.array([1.0, 8.0])})
    # Base 100, head size 4: frequencies 1 and 100^(-2/4) = 0.1, the latter divided by 8.
    np.testing.assert_allclose(decoder.angles(3), [[0, 0], [1, 0.0125], [2, 0.025]], rtol=1e-12)


def test_rope_turns_adjacent_pairs() -> None:
    x = np.array([[[1.0, 0.0, 0.0, 2.0]]])
    turned = rotate(x, np.array([[np.pi / 2, np.pi]]))
    np.testing.assert_allclose(turned, [[[0, 1, 0, -2]]], atol=1e-12)
