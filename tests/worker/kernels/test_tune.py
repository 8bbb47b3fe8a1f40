"""The tuner measures every variant of every packed shape, and chooses by what it measured."""

from __future__ import annotations

import pytest

from smjax.worker.kernels.xla import tune
from smjax.worker.kernels.xla.variants import VARIANTS

SHAPES = [("Q4_0", 96, 64), ("F32", 96, 64), ("Q6_K", 64, 256)]


@pytest.mark.slow
def test_every_packed_shape_gets_one_of_the_variants() -> None:
    choices, times = tune.tune(SHAPES)
    assert list(choices) == list(times) == ["Q4_0 96x64", "Q6_K 64x256"]
    assert set(choices.values()) <= set(VARIANTS)
    assert all(list(of_shape) == list(VARIANTS) and min(of_shape.values()) > 0 for of_shape in times.values())


@pytest.mark.parametrize(
    ("two", "four", "chosen"), [(10.0, 9.0, "4-streams"), (10.0, 9.8, "2-streams"), (10.0, 11.0, "2-streams")]
)
def test_the_default_gives_way_to_what_is_faster_by_more_than_chance(
    two: float, four: float, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    took = {2: two, 4: four}
    monkeypatch.setattr(tune, "_program", lambda packed, n_in, streams: lambda: took[streams])
    choices, times = tune.tune([("Q4_0", 96, 64)])
    assert (choices, times) == ({"Q4_0 96x64": chosen}, {"Q4_0 96x64": {"2-streams": two, "4-streams": four}})
