"""The worker's check of itself: it passes what is right, and every kind of wrong engine fails it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from smjax.core.models.families import decoder
from smjax.core.models.presets import PresetModel
from smjax.worker.engines import agreement
from smjax.worker.engines.smjax import check
from smjax.worker.engines.smjax.engine import SmjaxEngine
from smjax.worker.engines.smjax.programs import prefill
from smjax.worker.kernels import Setup
from smjax.worker.kernels.xla import XlaKernel
from tests.worker.models import KERNELS, loaded_engine

pytestmark = pytest.mark.slow

CONFIG = decoder("llama", 3, 128, 4, 2, 32, 256, 96, 256, 1e-5, tied=False)
PROMPT = np.random.default_rng(9).integers(0, 96, 32).astype(np.int32)
MODEL = PresetModel("any", CONFIG, 42)


@functools.cache
def engine_of(kernel: str) -> SmjaxEngine:
    engine = loaded_engine(MODEL, kernel=kernel)
    engine.compile()
    return engine


@pytest.fixture(params=KERNELS)
def engine(request: pytest.FixtureRequest) -> SmjaxEngine:
    return engine_of(request.param)


def test_a_right_engine_passes(engine: SmjaxEngine) -> None:
    errors = engine.check(PROMPT)
    # Rounding activations to 8 bits, once and in every product (of a prompt too by the native kernel, so that its two
    # ways agree); several times below what is refused.
    rounding = 1e-6 if engine.kernel.name == "xla" else 0
    assert 1e-6 < errors["product_nmse"] < check.PRODUCT_NMSE_MAX / 5
    assert rounding < errors["prefill_decode_nmse"] < agreement.AGREEMENT_NMSE_MAX / 5


@pytest.fixture
def products_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes a second and is tested by itself."""
    monkeypatch.setattr("smjax.worker.engines.smjax.engine.check_products", lambda *_: 0.0)


@pytest.mark.usefixtures("products_pass")
def test_the_check_of_a_short_prompt_passes(engine: SmjaxEngine) -> None:
    short = loaded_engine(MODEL, n_prompt=2, kernel=engine.kernel.name)
    short.prefill_program = short.program(prefill, PROMPT[:2])
    short.decode_program = engine.decode_program
    assert 0 < short.check(PROMPT[:2])["prefill_decode_nmse"] < agreement.AGREEMENT_NMSE_MAX


def forget(engine: SmjaxEngine) -> None:
    engine.cache = jax.tree.map(jnp.zeros_like, engine.cache)


def swap_heads(engine: SmjaxEngine) -> None:
    def swapped(array: jax.Array) -> jax.Array:
        return jnp.flip(array, array.shape.index(CONFIG.n_kv_heads, 1))

    engine.cache = jax.tree.map(swapped, engine.cache)


def spoil(engine: SmjaxEngine) -> None:
    engine.cache = jax.tree.map(lambda array: array.at[..., 5].set(jnp.nan), engine.cache)


@pytest.mark.usefixtures("products_pass")
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (forget, "prefill and decode disagree: expected NMSE <= .*, found"),
        (swap_heads, "prefill and decode disagree: expected NMSE <= .*, found"),
        (spoil, "logits of decode: expected finite numbers, found 96 of 96 that are not"),
    ],
)
def test_decoding_from_another_cache_fails(
    engine: SmjaxEngine, harm: Callable[[SmjaxEngine], None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = engine.prefill
    monkeypatch.setattr(engine, "prefill", lambda prompt: (whole(prompt), harm(engine)))
    with pytest.raises(agreement.CheckFailedError, match=said):
        engine.check(PROMPT)
    forget(engine)


@pytest.mark.usefixtures("products_pass")
def test_decoding_at_the_wrong_position_fails(engine: SmjaxEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    program = engine.decode_program

    def one_later(arrays: Any, cache: Any, state: jax.Array) -> Any:
        return program(arrays, cache, state.at[1].add(1))

    monkeypatch.setattr(engine, "decode_program", one_later)
    with pytest.raises(agreement.CheckFailedError, match="prefill and decode disagree"):
        engine.check(PROMPT)


class OtherNibbles(XlaKernel):
    """Takes the high nibbles for the low ones."""

    def matvec(self, packed: Any, layer: jax.Array, x: jax.Array) -> jax.Array:
        return super().matvec(packed, layer, x.reshape(-1, 2, 16)[:, ::-1].reshape(-1))


class OtherRows(XlaKernel):
    """One output too late, as a wrong first row would be."""

    def matvec(self, packed: Any, layer: jax.Array, x: jax.Array) -> jax.Array:
        return jnp.roll(super().matvec(packed, layer, x), 1)


class NoScales(XlaKernel):
    """Every block under the same scale."""

    def matvec(self, packed: Any, layer: jax.Array, x: jax.Array) -> jax.Array:
        return super().matvec(
            replace(packed, parts=replace(packed.parts, scales=jnp.full_like(packed.parts.scales, 0.01))), layer, x
        )


class NotANumber(XlaKernel):
    """What an overflow makes of everything."""

    def matvec(self, packed: Any, layer: jax.Array, x: jax.Array) -> jax.Array:
        return super().matvec(packed, layer, x) * jnp.nan


@pytest.mark.parametrize("kernel", [OtherNibbles, OtherRows, NoScales, NotANumber])
def test_a_wrong_product_fails(kernel: type[XlaKernel]) -> None:
    with pytest.raises(
        agreement.CheckFailedError, match=r"blk\.0\.attn_q\.weight: product: expected NMSE <= 0\.001, found"
    ):
        check.check_products(kernel(Setup()), engine_of("xla").weights, MODEL, 42)


def test_the_last_product_is_checked_too() -> None:
    class WrongForMany(XlaKernel):
        def matvec(self, packed: Any, layer: jax.Array, x: jax.Array) -> jax.Array:
            right = super().matvec(packed, layer, x)
            return right if packed.n_out != CONFIG.n_vocab else jnp.roll(right, 1)

    with pytest.raises(agreement.CheckFailedError, match=r"output\.weight: product"):
        check.check_products(WrongForMany(Setup()), engine_of("xla").weights, MODEL, 42)


def test_agreement_has_a_limit() -> None:
    right = np.ones(100, np.float32)
    assert agreement.check_agreement(right * np.float32(1.01), right) == pytest.approx(1e-4, rel=1e-3)
    for wrong in (right * 1.5, right * np.nan, -right):
        with pytest.raises(agreement.CheckFailedError):
            agreement.check_agreement(wrong, right)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_one_score_that_is_no_number_fails_either_way(wrong: float) -> None:
    right, spoilt = np.ones(100, np.float32), np.ones(100, np.float32)
    spoilt[77] = wrong
    for arguments, way in (((spoilt, right), "decode"), ((right, spoilt), "prefill"), ((spoilt, spoilt), "prefill")):
        said = f"logits of {way}: expected finite numbers, found 1 of 100"
        with pytest.raises(agreement.CheckFailedError, match=said):
            agreement.check_agreement(*arguments)


def test_an_answer_of_zeros_has_an_error_too() -> None:
    nothing, something = np.zeros(3, np.float32), np.ones(3, np.float32)
    assert [agreement.nmse(nothing, nothing), agreement.nmse(something, nothing)] == [0.0, np.inf]
    with pytest.raises(agreement.CheckFailedError):
        agreement.check_agreement(something * np.nan, nothing)
