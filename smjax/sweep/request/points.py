"""From the composed points of a microbenchmark to scenarios: what one process can measure is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from smjax.core.errors import RequestError
from smjax.core.ops import OPS, OpSpec, parse_shape
from smjax.core.ops.named import op_spec
from smjax.core.ops.spec import KERNELS
from smjax.core.records.point import Cache, Point
from smjax.core.records.scenario import Measure, Scenario
from smjax.core.text import printable
from smjax.sweep.request.micro_config import ALL, CACHES, FIRST, MicroConfig
from smjax.sweep.request.overrides import write
from smjax.sweep.request.scenario import check_label, interpreter

ENGINE = "smjax"


def scenarios_of_ops(composed: Sequence[MicroConfig]) -> list[Scenario]:
    """Those that share all but what is measured are one, with all of it; its numbers are not judged yet.

    Raises RequestError for an op that there is not, and for a shape that one of the ops does not have.
    """
    found: dict[Scenario, set[Point]] = {}
    for one in composed:
        found.setdefault(_without_points(one), set()).update(_points(one))
    return [replace(scenario, points=tuple(sorted(points, key=_place))) for scenario, points in found.items()]


def _without_points(one: MicroConfig) -> Scenario:
    """The fields that say how a model answers are 0."""
    check_label(one.label)
    return Scenario(
        model="",
        model_path=None,
        engine=ENGINE,
        kernel=one.kernel,
        isa=one.isa,
        threads=one.threads,
        ctx=0,
        n_prompt=0,
        n_gen=0,
        tokens_per_dispatch=0,
        kv_dtype="auto",
        seed=one.seed,
        measure=Measure(**vars(one.measure), iterations=None, warmup=0),
        label=one.label,
        python=None if one.python is None else interpreter(one.python),
    )


def _points(one: MicroConfig) -> Iterator[Point]:
    caches: tuple[Cache, ...] = ("hot", "cold")
    if one.cache not in CACHES:
        raise RequestError(f"cache: expected one of {', '.join(CACHES)}, found {printable(one.cache)}")
    for spec in _ops(one.op):
        for shape in _shapes(spec, one):
            if one.op != ALL or _may_have(one.kernel, spec, shape):
                yield from (Point(spec.name, shape, cache) for cache in caches if one.cache in (cache, ALL))


def _ops(name: str) -> list[OpSpec]:
    if name == ALL:
        return list(OPS.values())
    if "," in name:
        raise RequestError(
            f"op: expected one, found {printable(name)}; to sweep over them {write(f'op={name}', sweep=True)}"
        )
    return [op_spec(name)]


def _may_have(kernel: str, spec: OpSpec, shape: str) -> bool:
    """Whether all ops of a kernel that is named are with this one; of no certain kernel all are."""
    return kernel not in KERNELS or kernel in spec.kernels_for(parse_shape(spec, shape))


def _shapes(spec: OpSpec, one: MicroConfig) -> list[str]:
    """Texts, in full, of those that are asked for."""
    if one.shape is None or one.shape == FIRST:
        return list(spec.shapes if one.shape is None else spec.shapes[:1])
    if one.op == ALL:
        fix = f"leave shape out, or {write(f'shape={FIRST}')}"
        raise RequestError(f"shape: expected each op's own with op={ALL}, found {printable(one.shape)}; {fix}")
    if "," in one.shape:
        fix = write(f"shape={one.shape}", sweep=True)
        raise RequestError(f"shape: expected one, found {printable(one.shape)}; to sweep over them {fix}")
    return [parse_shape(spec, one.shape).text]


def _place(point: Point) -> tuple[int, str, str, tuple[int, ...], str]:
    """One order for the same points, however they were asked for: that in which ops are listed, small shapes first."""
    shape = parse_shape(op_spec(point.op), point.shape)
    number = list(OPS).index(point.op) if point.op in OPS else len(OPS)
    return number, point.op, shape.kind, shape.sizes, point.cache
