"""Files that mix encodings, as quantisers write them: between layers, within one product, and around the layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

from smjax.core.models.families import decoder
from smjax.core.models.source import open_model
from smjax.worker.engines.smjax.check import check_products
from smjax.worker.model.weights import packed_bytes
from tests.reference import nmse
from tests.worker.models import KERNELS, loaded_engine, random_model, reference, write_gguf
from tests.worker.runner import Runner

pytestmark = pytest.mark.slow

CONFIG = replace(
    decoder("llama", 3, 256, 4, 2, 64, 256, 40, 512, 1e-5, tied=False, rope_base=500_000.0),
    rope_factors=("rope_freqs.weight",),
)
N_PROMPT = 17
IDS = np.random.default_rng(3).integers(0, 40, 21).astype(np.int32)

# As llama-quantize makes them: with an importance matrix, K-quants, and K-quants of a width that is no multiple of 256.
UNTIED = {"output.weight": "Q6_K", "blk.0.ffn_down.weight": "Q4_1", "token_embd.weight": "Q8_0"}
TIED = {"token_embd.weight": "Q6_K", "blk.2.ffn_gate.weight": "F16", "blk.2.attn_output.weight": "F16"}
Q4_K_M = {"token_embd.weight": "Q6_K", **dict.fromkeys(("blk.0.attn_v.weight", "blk.0.ffn_down.weight"), "Q6_K")}
STAND_INS = {"blk.1.attn_output.weight": "Q8_0", "token_embd.weight": "Q8_0", "blk.1.ffn_up.weight": "Q5_1"}
OTHERS = {"token_embd.weight": "BF16", "blk.0.attn_output.weight": "IQ4_NL"}
OTHERS |= {f"blk.{i}.ffn_down.weight": "Q5_K" for i in (1, 2)}
OTHERS |= {f"blk.{i}.attn_output.weight": "BF16" for i in (1, 2)}
VALUES_ABOVE = {f"blk.{i}.attn_v.weight": "Q8_0" for i in range(3)}

MIXES = {
    # What the others are, layers in each stack, encodings of the parts of qkv in each stack.
    "untied": (False, "Q4_0", UNTIED | VALUES_ABOVE, [1, 2], [2, 2]),
    "tied": (True, "Q4_0", TIED, [2, 1], [1, 1]),
    "Q4_K_M": (True, "Q4_K", Q4_K_M, [1, 2], [2, 1]),
    "stand-ins": (True, "Q5_0", STAND_INS, [1, 1, 1], [1, 1, 1]),
    "others": (True, "Q8_0", OTHERS, [1, 2], [1, 1]),
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mix", MIXES)
def test_a_mixed_file_answers_like_the_reference(mix: str, kernel: str, tmp_path: Path) -> None:
    tied, usual, encodings, stacks, qkv_parts = MIXES[mix]
    written = random_model(replace(CONFIG, tied=tied), lambda name: encodings.get(name, usual))
    model = open_model("gguf", str(write_gguf(written, tmp_path / "mixed.gguf")), 0)
    runner = Runner(model, n_prompt=N_PROMPT, kernel=kernel)
    weights = runner.engine.weights
    assert [stack.n_layers for stack in weights.stacks] == stacks
    assert [len(stack.matrices["qkv"]) for stack in weights.stacks] == qkv_parts
    found = [runner.prefill(IDS[:N_PROMPT]), *runner.decode(IDS[N_PROMPT:], N_PROMPT)]
    expected = reference(written).logits(IDS.tolist())[N_PROMPT - 1 :]
    assert nmse(found[0], expected[0]) <= (2e-4 if kernel == "xla" else 2e-3)  # native rounds a prompt to 8 bits too
    assert nmse(np.stack(found), expected) <= 2e-3


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_part_of_a_mixed_product_is_checked(kernel: str) -> None:
    encodings = UNTIED | VALUES_ABOVE
    model = random_model(CONFIG, lambda name: encodings.get(name, "Q4_0"))
    engine = loaded_engine(model, kernel=kernel)
    assert check_products(engine.kernel, engine.weights, model, 42) <= 1e-4


def test_a_mixed_file_takes_the_bits_of_each_encoding(tmp_path: Path) -> None:
    encodings = UNTIED | VALUES_ABOVE
    model = random_model(CONFIG, lambda name: encodings.get(name, "Q4_0"))
    weights = loaded_engine(model).weights
    bits = {"Q4_0": 4.5, "Q4_1": 5.0, "Q8_0": 8.5, "Q6_K": 7.0, "F32": 32.0}
    matrices = [info for info in model.tensors.values() if len(info.shape) == 2]
    expected = sum(bits[info.encoding.name] * -(-info.shape[0] // 32) * 32 * info.shape[1] / 8 for info in matrices)
    expected += sum(info.n_bytes for info in model.tensors.values() if len(info.shape) == 1)
    assert packed_bytes(weights) == expected
    assert sum(array.nbytes for array in jax.tree.leaves(weights.output)) == 64 * 256 * 7 / 8  # 40 outputs in two tiles
