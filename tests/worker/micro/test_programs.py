"""Every op's work is in its program: in the loop's body, on inputs that are arguments, for an output that is used."""

from __future__ import annotations

import functools

import jax
import numpy as np
import pytest

from smjax.core.native_library import library
from smjax.core.ops import OPS, parse_shape
from smjax.core.records.point import Point
from smjax.worker.kernels import Setup
from smjax.worker.micro.check import check
from smjax.worker.micro.ops import MAKERS, make_work
from smjax.worker.micro.programs import flattened, looped, outputs_of
from smjax.worker.micro.runner import runner_of
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Work
from tests.worker.hlo import buffers, constants
from tests.worker.micro.programs import MOVES, Computation, computations, counting_loop, needs, reach

OF_XLA = {"rope_angles", "dispatch empty"}
"""Ops that XLA computes whatever the kernel is."""
SETUPS = functools.cache(lambda kernel: MicroSetup(Setup(kernel=kernel)))


def cases() -> list[object]:
    """Every op in every kernel that has it, at the smallest of its shapes; of three kinds or fewer at each."""
    found = []
    for name, spec in OPS.items():
        shapes = [parse_shape(spec, text) for text in spec.shapes]
        kinds = list(dict.fromkeys(shape.kind for shape in shapes))
        for kind in kinds if len(kinds) <= 3 else kinds[:1]:
            least = min((shape for shape in shapes if shape.kind == kind), key=spec.needed_bytes)
            found += [(name, least.text, kernel) for kernel in spec.kernels_for(least) if name in MAKERS]
    return [pytest.param(*case, marks=_marks(*case), id=" ".join(case)) for case in found]


def _marks(name: str, shape: str, kernel: str) -> list[pytest.MarkDecorator]:
    products = name.endswith("matvec") and name != "q4_0_matvec"
    slow = kernel == "xla" and (products or name in {"attention", "sample", "layer"})  # a second or more to compile
    there = pytest.mark.skipif(kernel == "native" and library() is None, reason="no native library")
    return [there, *([pytest.mark.slow] if slow else [])]


def test_whatever_is_listed_can_be_made() -> None:
    assert set(MAKERS) == set(OPS)


@pytest.mark.parametrize(("name", "shape", "kernel"), cases())
def test_the_work_is_in_the_loop(name: str, shape: str, kernel: str) -> None:
    work = make_work(Point(name, shape), SETUPS(kernel))
    if work.run_many is not None:  # no program of JAX
        assert check(work, runner_of(work).once()) <= work.tolerance
        return
    text = loop_text(work)
    assert_no_input_is_a_constant(work, text)
    found = computations(text)
    assert_nothing_is_done_before(found["ENTRY"])
    body = counting_loop(found)
    assert_all_of_it_is_there(work, body, known_before(found["ENTRY"]))
    assert_nothing_large_is_copied(work, text)
    if kernel == "native" and not {name, f"{name} {shape}"} & OF_XLA:
        assert 'custom_call_target="smjax_' in reach(found, body)


def loop_text(work: Work) -> str:
    arrays = jax.tree.leaves(work.inputs)
    n = len(jax.tree.leaves(work.inputs[: work.in_place]))
    flat = flattened(work)
    loop = jax.jit(looped(flat, n, outputs_of(flat, arrays, n)), donate_argnums=tuple(range(1, n + 1)))
    program = loop.lower(np.int32(1), *arrays)
    return program.compile({"xla_backend_optimization_level": 0}).as_text()  # what LLVM does is not looked at


def assert_no_input_is_a_constant(work: Work, text: str) -> None:
    largest = max(np.size(leaf) for leaf in jax.tree.leaves(work.inputs))
    found = [one for one in constants(text) if one.size >= largest]
    assert found == [] or largest == 1, "what is computed from a number alone may have constants that are larger"


def assert_nothing_is_done_before(entry: Computation) -> None:
    """Outside of the loop nothing is computed of the inputs."""
    arguments = {one.name for one in entry.values() if one.opcode == "parameter"}
    for one in entry.values():
        if one.opcode not in {*MOVES, "while"}:
            assert not needs(entry, one.name) & arguments, one.text


def known_before(entry: Computation) -> set[str]:
    """Places of constants, which XLA hands to the loop's body with the inputs."""
    (loop,) = [one for one in entry.values() if one.opcode == "while"]
    given = entry[loop.operands[0]].operands
    return {f"index={place}" for place, name in enumerate(given) if entry[name].opcode == "constant"}


def assert_all_of_it_is_there(work: Work, body: Computation, known: set[str]) -> None:
    """What is carried on as outputs is computed, and every input is used for it."""
    (root,) = [one for one in body.values() if one.is_root]
    carried = [name for name in root.operands if any(body[one].opcode not in MOVES for one in needs(body, name))]
    outputs = jax.tree.leaves(jax.eval_shape(work.run, *work.inputs))
    assert len(carried) == len(outputs) + 1, "the outputs and the counter"
    used = set().union(*(needs(body, name) for name in carried))
    read = [body[name] for name in used if body[name].opcode == "get-tuple-element" and "[]" not in body[name].result]
    inputs = [one for one in read if body[one.operands[0]].opcode == "parameter" and one.place not in known]
    expected = [leaf for leaf in jax.tree.leaves(work.inputs) if np.ndim(leaf)]  # one of one layer may be known as 0
    assert len(inputs) == len(expected) + 1, "the inputs and the counter"


def assert_nothing_large_is_copied(work: Work, text: str) -> None:
    """A loop that copies its inputs would be timed for that."""
    largest = max(np.size(leaf) for leaf in jax.tree.leaves(work.inputs))
    assert [one for one in buffers(text) if one.opcode == "copy" and one.size >= max(largest, 2)] == []
