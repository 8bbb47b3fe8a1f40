"""A layer as an op: of presets and of files, and the reference of every architecture."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pytest

from smjax.core.errors import RequestError
from smjax.core.models.source import open_model
from smjax.core.records.point import Point
from smjax.worker.kernels import Setup
from smjax.worker.micro import reference
from smjax.worker.micro.check import check
from smjax.worker.micro.ops import make_work
from smjax.worker.micro.ops.layer import FirstLayer, first_layer_of
from smjax.worker.micro.programs import flattened
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Work
from tests.architectures.build import write
from tests.architectures.cases import CASES
from tests.architectures.float64 import Float64Decoder
from tests.small_llama import write_llama
from tests.worker.models import KERNELS

CTX, N_POSITIONS = 64, 20


def work_of(kernel: str, shape: str) -> Work:
    return make_work(Point("layer", shape), MicroSetup(Setup(kernel=kernel)))


def error_of(work: Work) -> float:
    return check(work, [np.array(array) for array in jax.jit(flattened(work))(*jax.tree.leaves(work.inputs))])


@pytest.mark.slow  # for what XLA compiles
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_layer_of_a_preset(kernel: str) -> None:
    work = work_of(kernel, "tinystories-1m:1x37")
    matrices, norms, biases = 4 * 64 * 64 + 2 * 64 * 256, 4 * 64, 2 * 64 + 256
    assert work.bytes == matrices * 18 // 32 + 4 * (norms + biases) + 2 * 37 * 64 * 2 + 4 * (64 + 64)
    assert work.flops == 2 * matrices + 37 * 64 * 4
    assert 0 < error_of(work) <= work.tolerance


@pytest.mark.parametrize("kernel", KERNELS[1:])
def test_a_layer_of_a_file(kernel: str, tmp_path: Path) -> None:
    path = write_llama(tmp_path / "a:b x.gguf")
    work = work_of(kernel, f"{path}:5x9")
    assert work.flops == 2 * 5 * (2 * 64 * 64 + 2 * 32 * 64 + 3 * 64 * 96) + (5 + 6 + 7 + 8 + 9) * 64 * 4
    assert 0 < error_of(work) <= work.tolerance


def test_a_model_that_is_not_there_is_refused() -> None:
    with pytest.raises(RequestError, match=r"no\.gguf"):
        work_of("xla", "no.gguf:1x9")


@pytest.mark.parametrize("name", CASES)
def test_the_reference_of_a_layer_means_what_that_of_its_architecture_means(name: str, tmp_path: Path) -> None:
    path = write(CASES[name], tmp_path / "model.gguf")
    model = first_layer_of(open_model("gguf", str(path), 0), CTX)
    config = model.config
    x = np.random.default_rng(1).standard_normal((N_POSITIONS, config.d_model))
    nothing = np.empty((0, config.n_kv_heads, config.head_dim))
    found = reference.first_layer(config, FirstLayer(model), x, nothing, nothing)
    np.testing.assert_allclose(found, Float64Decoder(path, CTX)._layer(0, x), rtol=1e-5, atol=1e-5)
