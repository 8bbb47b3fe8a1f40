"""Which kernel's processes measure which points of a microbenchmark: not every kernel has every op."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from smjax.core.engines import Host
from smjax.core.errors import RequestError
from smjax.core.ops import parse_shape
from smjax.core.ops.named import op_spec
from smjax.core.ops.spec import KERNELS
from smjax.core.records.point import Point
from smjax.core.records.scenario import Scenario
from smjax.core.text import printable
from smjax.sweep.request.interpreters import Interpreters
from smjax.sweep.request.resolve import ALL, AUTO, expand


def expand_points(asked: Sequence[Scenario], host: Host, interpreters: Interpreters) -> list[Scenario]:
    """A scenario for each kernel and instruction set that is asked for, with what of its points the kernel has.

    Raises RequestError for a point that no kernel of the request has.
    """
    found = [one for scenario in asked for one in _expanded(scenario, host, interpreters)]
    measured = {point for one in found for point in one.points}
    for scenario in asked:
        for point in (point for point in scenario.points if point not in measured):
            having = " or ".join(_kernels(point))
            raise RequestError(
                f"op: expected one that kernel={scenario.kernel} has, found {_name(point)}, "
                f"which is {having}'s; use kernel={having.partition(' ')[0]}"
            )
    return found


def _expanded(scenario: Scenario, host: Host, interpreters: Interpreters) -> list[Scenario]:
    """`kernel=auto` is for each point the best kernel that has it."""
    there, found, left = interpreters.of(scenario), list[Scenario](), set(scenario.points)
    if scenario.kernel not in (AUTO, ALL, *KERNELS):
        raise RequestError(f"kernel: expected one of {AUTO}, {', '.join(KERNELS)}, {ALL}, found {scenario.kernel}")
    kernel = ALL if scenario.kernel == AUTO else scenario.kernel
    each = expand(replace(scenario, kernel=kernel), host, there)
    for name in dict.fromkeys(one.kernel for one in each):
        having = {point for point in scenario.points if name in _kernels(point)}
        own = having & left if scenario.kernel == AUTO else having
        left -= own
        points = tuple(point for point in scenario.points if point in own)
        found += [replace(one, points=points) for one in each if one.kernel == name and points]
    return found


def _kernels(point: Point) -> tuple[str, ...]:
    spec = op_spec(point.op)
    return spec.kernels_for(parse_shape(spec, point.shape))


def _name(point: Point) -> str:
    return printable(f"{point.op} {point.shape}".strip())
