"""Ops that are steps of a decoder: what they compute at odd sizes, and what is counted of them, worked out by hand."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from smjax.core.records.point import Point
from smjax.worker.engines.agreement import CheckFailedError
from smjax.worker.kernels import Setup
from smjax.worker.micro.check import check
from smjax.worker.micro.ops import make_work
from smjax.worker.micro.programs import Programs, flattened
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Work
from tests.worker.models import KERNELS

XLA, NATIVE = KERNELS
COUNTED = [
    # rows of 33 read and written, and the weights; squares and their sum, two products
    (XLA, "rms_norm", "3x33", 4 * (99 + 99 + 33), 4 * 99),
    # a bias more; a mean, a difference and a sum more
    (XLA, "layer_norm", "3x33", 4 * (99 + 99 + 33 + 33), 7 * 99),
    (XLA, "softmax", "3x33", 4 * (99 + 99), 5 * 99),
    # 3 x 3 cosines and as many sines; 45 pairs, each by 4 products and 2 sums
    (XLA, "rope", "adjacent:3x5x6", 4 * (90 + 90 + 18), 45 * 6),
    (XLA, "rope", "halves:3x5x6", 4 * (90 + 90 + 18), 45 * 6),
    (XLA, "rope_angles", "3x6", 4 * (1 + 18), 9 * 3),
    # keys and values of 37 slots of 3 x 12, 6 + 3 + 3 heads in, 6 out; a multiply-add for a score and one for a value
    (NATIVE, "attention", "f16:1x37x6x3x12", 2 * 37 * 36 * 2 + 4 * (144 + 72), 37 * 6 * 12 * 4),
    (XLA, "attention", "bf16:1x37x6x3x12", 2 * 37 * 36 * 2 + 4 * (144 + 72), 37 * 6 * 12 * 4),
    # of 5 queries the first sees 33 slots, the last 37
    (NATIVE, "attention", "f32:5x37x6x3x12", 2 * 37 * 36 * 4 + 4 * 5 * (144 + 72), 175 * 6 * 12 * 4),
    (XLA, "kv_append", "bf16:3x37x3x12", 2 * 3 * 36 * (4 + 2), 0),
    (XLA, "kv_append", "f16:3x3x3x12", 2 * 3 * 36 * (4 + 2), 0),
    # 3 blocks of 18 bytes a row, 96 numbers and an id
    (XLA, "embedding", "q4_0:3x64x96", 3 * (54 + 4 * 96 + 4), 0),
    (NATIVE, "embedding", "q8_0:3x64x64", 3 * (68 + 4 * 64 + 4), 0),
    # the matrix, a column and the norm's weights, an id
    (XLA, "sample", "q4_0:96x64", 96 * 36 + 4 * (64 + 64 + 1), 2 * 96 * 64),
    (NATIVE, "sample", "q4_0:96x64", 96 * 36 + 4 * (64 + 64 + 1), 2 * 96 * 64),
    (XLA, "argmax", "33", 4 * (33 + 1), 0),
]


def with_marks(cases: list[tuple[Any, ...]]) -> list[Any]:
    """Each skipped where there is no kernel for it."""
    return [
        pytest.param(getattr(kernel, "values", ["xla"])[0], *case, marks=getattr(kernel, "marks", ()))
        for kernel, *case in cases
    ]


def work_of(kernel: str, op: str, shape: str) -> Work:
    return make_work(Point(op, shape), MicroSetup(Setup(kernel=kernel)))


def outputs(work: Work) -> list[np.ndarray]:
    arrays = jax.tree.leaves(work.inputs)
    return [np.array(array) for array in jax.jit(flattened(work))(*arrays)]


@pytest.mark.parametrize(("kernel", "op", "shape", "n_bytes", "flops"), with_marks(COUNTED))
def test_an_op_is_what_numpy_says_and_counts_what_a_hand_does(
    kernel: str, op: str, shape: str, n_bytes: int, flops: int
) -> None:
    work = work_of(kernel, op, shape)
    assert (work.bytes, work.flops) == (n_bytes, flops)
    assert check(work, outputs(work)) <= 1e-7


@pytest.mark.parametrize("kernel", KERNELS[1:])
def test_a_cache_is_neither_copied_nor_longer_from_call_to_call(kernel: str) -> None:
    programs = Programs.of(work_of(kernel, "attention", "f16:1x1024x2x2x16"))
    cache_bytes = sum(array.nbytes for array in programs.arrays[: programs.n_in_place])
    assert cache_bytes == 2 * 1024 * 2 * 16 * 2
    for program in (programs.call, programs.loop):
        memory = program.memory_analysis()
        assert memory.alias_size_in_bytes >= cache_bytes
        assert memory.temp_size_in_bytes < cache_bytes / 2
    first = programs.once()[-1]
    programs.rounds(3)
    np.testing.assert_array_equal(programs.once()[-1], first)


def test_of_equal_scores_the_first_is_right_and_the_next_one_is_wrong() -> None:
    work = work_of("xla", "argmax", "100000")
    check(work, [np.array(50_000)])
    with pytest.raises(CheckFailedError):
        check(work, [np.array(50_001)])
