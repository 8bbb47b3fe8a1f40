"""What crosses the border to a worker: another shape is another version, or another smjax would leave something out."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator

from smjax.core.records.request import VERSION, Greeting, Request

SHAPE = """
task resolved resolved.scenario resolved.scenario.model resolved.scenario.model_path resolved.scenario.engine
resolved.scenario.kernel resolved.scenario.isa resolved.scenario.threads resolved.scenario.ctx
resolved.scenario.n_prompt resolved.scenario.n_gen resolved.scenario.tokens_per_dispatch resolved.scenario.kv_dtype
resolved.scenario.seed resolved.scenario.measure resolved.scenario.measure.replicates
resolved.scenario.measure.iterations resolved.scenario.measure.warmup resolved.scenario.measure.timeout_s
resolved.scenario.measure.compile_cache resolved.scenario.measure.target_ci resolved.scenario.measure.budget_s
resolved.scenario.measure.strict resolved.scenario.measure.sampling_s resolved.scenario.measure.handicap
resolved.scenario.label resolved.scenario.python resolved.scenario.engine_args resolved.scenario.points
resolved.scenario.points.op resolved.scenario.points.shape resolved.scenario.points.cache resolved.kernel resolved.isa
resolved.simd resolved.kv_dtype resolved.variables resolved.module resolved.is_client prepared cache_dir step ids
model_file order cpus spawned_ns version
"""
"""Of a request of version 4."""


def names(kind: type, above: str = "") -> Iterator[str]:
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        yield f"{above}{field.name}"
        for inner in (hints[field.name], *typing.get_args(hints[field.name])):
            if dataclasses.is_dataclass(inner):
                yield from names(typing.cast(type, inner), f"{above}{field.name}.")


def test_a_request_of_another_shape_is_of_another_version() -> None:
    assert (list(names(Request)), VERSION) == (SHAPE.split(), 4), "count VERSION up, and write down the new shape"


def test_a_greeting_has_the_same_shape_in_every_version() -> None:
    assert list(names(Greeting)) == ["engines", "task", "version"]
