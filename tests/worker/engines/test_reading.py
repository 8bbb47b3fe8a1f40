"""What a step reads of a file's weights, and memory of that size that is made to be read."""

from __future__ import annotations

from typing import Any

import pytest

from smjax.core.models.families import decoder
from smjax.core.models.source import weight_bytes
from smjax.core.records.request import Request
from smjax.core.records.resolved import Resolved
from smjax.worker.engines import reading
from tests.worker.models import random_model, scenario

SIZES: dict[str, Any] = {"n_layers": 1, "d_model": 64, "n_heads": 2, "n_kv_heads": 2, "head_dim": 32, "d_ff": 64}


@pytest.mark.parametrize("tied", [True, False])
def test_of_an_embedding_of_its_own_one_row_is_read(tied: bool) -> None:
    model = random_model(decoder("llama", **SIZES, n_vocab=96, ctx_train=64, norm_eps=1e-5, tied=tied))
    assert weight_bytes(model) - reading.weights_read(model) == (0 if tied else 95 * 64 * 4)


def test_of_a_matrix_of_positions_one_row_is_read() -> None:
    model = random_model(decoder("gpt2", **SIZES, n_vocab=96, ctx_train=48, norm_eps=1e-5, tied=True))
    assert weight_bytes(model) - reading.weights_read(model) == 47 * 64 * 4


@pytest.mark.parametrize(("times_free", "reads"), [(0.5, 0), (1.9, 0), (2.1, 1)])
def test_memory_is_made_only_where_there_is_room(
    times_free: float, reads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes it where there is none is ended by the system, and what was measured with it."""
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(reading, "available_bytes", lambda: int(times_free * 1000))
    monkeypatch.setattr(reading, "read_new_memory", lambda *how: asked.append(how) or 1e10)
    request = Request("measure", Resolved(scenario(threads=2), "any", "auto", (), "float16"), cpus=[0, 1])
    assert reading.read_as_much(1000, request) == (1e10 if reads else None)
    assert asked == [(1000, (0, 1), 2, reading.READ_SECONDS)] * reads
