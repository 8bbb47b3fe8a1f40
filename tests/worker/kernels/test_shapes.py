"""Shapes in annotations hold under pytest, and cost a worker nothing."""

from __future__ import annotations

import subprocess
import sys

import jax.numpy as jnp
import pytest
from jaxtyping import TypeCheckError

from smjax.worker.kernels.xla.elementwise import finish, first_best, rotate

LAYER = jnp.int32(0)


def test_shapes_that_fit_are_taken() -> None:
    assert finish(jnp.zeros((3, 4)), LAYER, jnp.ones((2, 4)), jnp.ones((3, 4)), None).tolist() == [[2.0] * 4] * 3
    assert rotate(jnp.ones((2, 1, 4)), jnp.ones((2, 2, 2)), "adjacent").shape == (2, 1, 4)
    assert int(first_best(jnp.array([1.0, 3.0, 3.0]))) == 1


def test_a_shape_that_does_not_fit_is_refused_where_it_is_handed_over() -> None:
    with pytest.raises(TypeCheckError, match="residual"):
        finish(jnp.zeros((3, 4)), LAYER, None, jnp.ones((4, 3)), None)
    with pytest.raises(TypeCheckError, match="bias"):
        finish(jnp.zeros((3, 4)), LAYER, jnp.ones((2, 5)), None, None)
    with pytest.raises(TypeCheckError, match="rotation"):
        rotate(jnp.ones((2, 1, 4)), jnp.ones((3, 2, 2)), "adjacent")
    with pytest.raises(TypeCheckError, match="scores"):
        first_best(jnp.ones((2, 3)))


def test_a_worker_does_not_import_what_checks_them() -> None:
    program = "import sys, smjax.worker.engines.smjax.engine; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    modules = done.stdout.split()
    assert "smjax.worker.kernels.shapes" in modules
    assert not {"jaxtyping", "beartype"} & set(modules)
