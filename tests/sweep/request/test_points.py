"""What is asked of a microbenchmark becomes points, and what can share a process one scenario."""

from __future__ import annotations

from typing import Any

import pytest

from smjax.core.errors import RequestError
from smjax.core.ops import OPS, parse_shape
from smjax.core.ops.spec import KERNELS
from smjax.core.records.point import Point
from smjax.sweep.request.micro_config import MicroConfig, MicroMeasureConfig
from smjax.sweep.request.points import scenarios_of_ops

MEASURE = MicroMeasureConfig(replicates=1, target_ci=0.1, budget_s=0, timeout_s=9, strict=False, sampling_s=1)


def asked(**changes: Any) -> MicroConfig:
    fields = {"op": "gemm", "shape": None, "cache": "hot", "threads": 1, "kernel": "auto", "isa": "auto", "seed": 42}
    rest = {"label": "", "python": None, "retry_failed": False, "lock": "wait", "measure": MEASURE}
    return MicroConfig(**{**fields, **rest, **changes})


def points(*each: MicroConfig) -> list[list[Point]]:
    return [list(scenario.points) for scenario in scenarios_of_ops(each)]


def test_an_op_has_shapes_of_its_own() -> None:
    (own,) = points(asked())
    assert {point.shape for point in own} == set(OPS["gemm"].shapes)
    assert points(asked(shape="first")) == [[Point("gemm", OPS["gemm"].shapes[0])]]
    (every,) = points(asked(op="all", shape="first"))
    assert [point.op for point in every] == list(OPS)


@pytest.mark.parametrize("kernel", KERNELS)
def test_all_ops_of_a_kernel_are_those_that_it_has(kernel: str) -> None:
    (every,) = points(asked(op="all", kernel=kernel))
    having = {kernel in OPS[one.op].kernels_for(parse_shape(OPS[one.op], one.shape)) for one in every}
    assert having == {True}
    assert len(every) < len(points(asked(op="all"))[0])


def test_the_same_points_are_the_same_scenario_however_they_are_asked_for() -> None:
    shapes = ("8x8x8", "s8:16x8x8", "bf16:8x8x8", "f32:8x8x8")
    one = scenarios_of_ops([asked(shape=shape, cache="all") for shape in shapes])
    other = scenarios_of_ops([asked(shape=shape, cache=cache) for cache in ("cold", "hot") for shape in shapes[::-1]])
    assert one == other
    assert len(one[0].points) == 6, "f32 is what is meant where no kind is named"


@pytest.mark.parametrize("apart", [{"threads": 2}, {"kernel": "xla"}, {"isa": "avx2"}, {"seed": 1}, {"label": "b"}])
def test_what_a_process_cannot_share_are_scenarios(apart: dict[str, Any]) -> None:
    both = scenarios_of_ops([asked(shape="first"), asked(shape="first", **apart), asked(op="mine:f", **apart)])
    assert [[point.op for point in one.points] for one in both] == [["gemm"], ["gemm", "mine:f"]]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"op": "gemm,rope"}, "op: expected one, found gemm,rope; to sweep over them write -m op=gemm,rope"),
        ({"op": "mine:"}, "op: expected an op's name or module:function, found mine:; smjax micro --ops lists them"),
        ({"op": "Q4_0_matvek"}, "found Q4_0_matvek; write op=q4_0_matvec"),
        ({"shape": "8x8"}, r"shape: gemm: expected \[f32\|bf16\|s8:\]MxNxK, as f32:128x128x128, found 8x8"),
        ({"shape": "8x8x8,9x9x9"}, "shape: expected one, found 8x8x8,9x9x9; to sweep over them write -m shape="),
        ({"op": "all", "shape": "8x8"}, "shape: expected each op's own with op=all, found 8x8; leave shape out, or"),
        ({"cache": "warm"}, "cache: expected one of hot, cold, all, found warm"),
        ({"label": "a\nb"}, "label: expected characters that can be seen"),
    ],
)
def test_what_means_nothing_is_refused_in_one_line(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(RequestError, match=expected) as error:
        points(asked(**changes))
    assert "\n" not in str(error.value)
