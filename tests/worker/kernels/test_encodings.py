"""An encoding is one entry with all that is known of it and one layout in every kernel: what must be there for each."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from smjax.core import native_library
from smjax.core.engines import ENGINES
from smjax.core.gguf.dequantise import f16
from smjax.core.gguf.encodings import ENCODINGS, Encoding
from smjax.worker.kernels import Setup
from smjax.worker.kernels.xla import XlaKernel, layouts
from smjax.worker.kernels.xla.forms import Form, Parts
from smjax.worker.kernels.xla.layouts import in_blocks
from smjax.worker.kernels.xla.tune import tune
from smjax.worker.kernels.xla.variants import VARIANTS
from tests.core.gguf.gguf_files import random_blocks
from tests.reference import nmse

LAYOUTS = {"native": native_library.encodings(), "xla": layouts.LAYOUTS}


@pytest.mark.parametrize("kernel", [spec.name for spec in ENGINES["smjax"].kernels])
def test_every_kernel_has_a_layout_of_every_encoding(kernel: str) -> None:
    if kernel == "native" and native_library.library() is None:
        pytest.skip("no native library")
    assert set(LAYOUTS[kernel]) == set(ENCODINGS)


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_has_what_its_consumers_ask_for(name: str) -> None:
    encoding, layout = ENCODINGS[name], layouts.LAYOUTS[name]
    packed = layout.empty(encoding, 2, 33, 512)
    assert (packed.encoding, packed.n_out, packed.n_in) == (encoding, 33, 512)
    assert layout.variants is None or set(layout.variants) <= set(VARIANTS)
    assert (layout.variants is None) == (encoding.block == 1)
    raw = random_blocks(name, 33, 512).reshape(-1)
    assert encoding.dequantise(raw, (33, 512)).dtype == np.float32
    assert raw.nbytes == 33 * encoding.row_bytes(512)


def _blocks_of_16(blocks: np.ndarray) -> np.ndarray:
    return f16(blocks[:, :2]) * blocks[:, 2:].view(np.int8)


def _split(raw: np.ndarray, n_in: int) -> Parts[np.ndarray]:
    pairs = raw.reshape(-1, n_in // 32, 2, 18)
    values = pairs[..., 2:].reshape(-1, n_in // 32, 32).view(np.int8)
    return Parts(values, np.ascontiguousarray(pairs[..., :2]).view("<f2")[..., 0])


def test_another_encoding_is_one_entry_and_one_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a kind that no file has: 16 signed bytes under a scale."""
    encoding = Encoding("Q8_16", 99, 16, 18, _blocks_of_16)
    layout = in_blocks(Form(8, _split, groups=2), small="4-streams")
    monkeypatch.setitem(ENCODINGS, "Q8_16", encoding)
    monkeypatch.setitem(layouts.LAYOUTS, "Q8_16", layout)
    rng = np.random.default_rng(5)
    blocks = rng.integers(0, 256, (40 * 64 // 16, 18), np.uint8)
    blocks[:, :2] = rng.uniform(0.5, 1, (len(blocks), 1)).astype("<f2").view(np.uint8)
    kernel, raw = XlaKernel(Setup()), blocks.reshape(-1)
    packed = kernel.allocate(encoding, 1, 40, 64)
    kernel.fill(packed, 0, 0, raw[: 8 * encoding.row_bytes(64)])
    kernel.fill(packed, 0, 8, raw[8 * encoding.row_bytes(64) :])
    packed, weights = jax.tree.map(jax.device_put, packed), encoding.dequantise(raw, (40, 64))
    x = rng.standard_normal((3, 64)).astype(np.float32)
    for rows in (1, 3):
        found = jax.jit(lambda x: kernel.product((packed,), jnp.int32(0), x))(x[:rows])
        assert nmse(np.asarray(found), x[:rows] @ weights.T) < 1e-4
    np.testing.assert_allclose(kernel.rows(packed, jnp.array([39, 3])), weights[[39, 3]], rtol=1e-6)
    variants, _ = tune([("Q8_16", 40, 64)])
    assert list(variants) == ["Q8_16 40x64"]
