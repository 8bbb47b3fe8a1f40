"""Loading: what is counted is what was loaded, nothing is copied twice, and the file's pages are given back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from smjax.core.models.export import export_preset
from smjax.core.models.source import open_model, weight_bytes
from smjax.worker.kernels import Setup, make_kernel
from smjax.worker.kernels.xla import XlaKernel
from smjax.worker.kernels.xla.layouts import empty_aligned
from smjax.worker.model.weights import Weights, load_weights, packed_bytes, step_bytes
from tests.core.gguf.test_gguf import resident_bytes
from tests.worker.models import KERNELS, padding

SHAKESPEARE = Path(__file__).parents[2] / "data" / "shakespeare-q4_0.gguf"


def matrices(weights: Weights) -> list[Any]:
    around = [weights.embedding, weights.position, weights.output]
    return [*around, *(stack.matrices for stack in weights.stacks)]


@pytest.mark.parametrize("kernel_name", KERNELS)
@pytest.mark.parametrize(("name", "path"), [("tinystories-1m", None), ("gguf", str(SHAKESPEARE))])
def test_jax_takes_the_matrices_over_without_a_copy(
    name: str, path: str | None, kernel_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel, allocated = make_kernel(Setup(kernel_name)), []
    allocate = kernel.allocate

    def recorded(*arguments: Any) -> Any:
        arrays = allocate(*arguments)
        allocated.extend(array.ctypes.data for array in jax.tree.leaves(arrays))
        return arrays

    monkeypatch.setattr(kernel, "allocate", recorded)
    weights = load_weights(open_model(name, path, 42), kernel)
    addresses = [array.unsafe_buffer_pointer() for array in jax.tree.leaves(matrices(weights))]
    assert sorted(addresses) == sorted(allocated)
    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (2, 64, 100)])
def test_arrays_begin_on_a_cache_line(shape: tuple[int, ...]) -> None:
    arrays = [empty_aligned(shape, np.dtype(kind)) for kind in ("i1", "<f2", "<f4")]
    assert [array.ctypes.data % 64 for array in arrays] == [0, 0, 0]
    assert {array.shape for array in arrays} == {shape}


@pytest.mark.parametrize("name", ["tinystories-1m", "stories-15m"])
def test_a_preset_takes_what_its_tensors_take(name: str) -> None:
    model = open_model(name, None, 42)
    assert packed_bytes(load_weights(model, XlaKernel(Setup()))) == weight_bytes(model) + padding(model)


def test_a_mixed_file_takes_what_its_encodings_take() -> None:
    """Q6_K grows from 6.5625 bits a weight to 7, everything else stays as it is stored."""
    model = open_model("gguf", str(SHAKESPEARE), 0)
    grown = [info for info in model.tensors.values() if info.encoding.name == "Q6_K"]
    assert grown
    expected = weight_bytes(model) + sum(np.prod(info.shape) * (7 - 6.5625) / 8 for info in grown)
    assert packed_bytes(load_weights(model, XlaKernel(Setup()))) == expected


def test_a_step_reads_all_but_what_is_looked_up() -> None:
    neo, llama = (open_model(name, None, 42) for name in ("tinystories-1m", "stories-15m"))
    positions, embedding = neo.tensors["position_embd.weight"], llama.tensors["token_embd.weight"]
    for model, looked_up in ((neo, positions), (llama, embedding)):
        one_row = looked_up.n_bytes // looked_up.shape[0]
        weights = load_weights(model, XlaKernel(Setup()))
        assert step_bytes(weights, model.config) == weight_bytes(model) + padding(model) - looked_up.n_bytes + one_row


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/smaps")
def test_pages_of_the_file_are_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "stories.gguf"
    export_preset("stories-15m", path, 42)
    model, most = open_model("gguf", str(path), 0), 0
    header, release = resident_bytes(path), model.release

    def watched_release(name: str) -> None:
        nonlocal most
        most = max(most, resident_bytes(path))
        release(name)

    monkeypatch.setattr(model, "release", watched_release)
    load_weights(model, XlaKernel(Setup()))
    # A page that is read brings its neighbours along, about 100 KB a tensor, which stay: seen 1.3 of 14.5 MB.
    stays = path.stat().st_size // 4
    largest = max(info.n_bytes for info in model.tensors.values())
    assert largest < most < header + largest + stays
    assert resident_bytes(path) < header + stays
