"""Whether an op's row can be a measurement: one function for each thing that calls of an op hardly ever do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from smjax.core.numbers import significant
from smjax.core.records.point import PointAnswer
from smjax.core.records.record import Record
from smjax.report.audit.impossible import records_of
from smjax.report.render.grid import Row

_NOT_CREDIBLE = 1.25
"""Share of the peak that is no measuring error any more."""
_OTHER_LEVEL = 10
"""Times a level's bandwidth: the next one is faster by less than that, so that it is not read instead."""
_FEW = 3
_SLACK = 1.01


def above_peak(row: Row) -> str | None:
    """Nothing computes faster than arithmetic that waits for nothing."""
    share = row.get("peak_share")
    if share is None or share <= _NOT_CREDIBLE:
        return None
    return f"above the peak: it computes {share:.2f} times what the same threads can"


def above_bandwidth(row: Row) -> str | None:
    """Part of what an op needs may lie in a faster level than all of it; no level is that much faster."""
    share = row.get("bandwidth_share")
    if share is None or share <= _OTHER_LEVEL:
        return None
    return f"above the bandwidth: it moves {share:.1f} times what the same threads can"


def no_variance(row: Row) -> str | None:
    """Calls hardly take the same time thrice; of single ones, as with cold inputs, a clock may count in long steps."""
    for kind, times in _times(row):
        if len(times) >= _FEW and len(set(times)) == 1 and row["cache"] != "cold":
            return f"zero variance: all {len(times)} {kind} samples of a process are {significant(times[0], 4)} µs"
    return None


def _times(row: Row) -> Iterator[tuple[str, Sequence[float]]]:
    for kind in ("call", "loop"):
        for times in row.get(f"{kind}_us_samples") or ():
            yield kind, times


def call_without_time(row: Row) -> str | None:
    """Whatever is computed takes time."""
    for _, answer in _answers(row):
        if any(0 in (sample.call_ns, sample.loop_ns) for sample in answer.samples):
            return "impossible: a call took no time"
    return None


def calls_longer_than_the_process(row: Row) -> str | None:
    """All calls of a point fit into the life of its process."""
    for record, answer in _answers(row):
        took_ns = sum(
            (sample.call_ns or 0) * (answer.calls_per_sample or 1)
            + (sample.loop_ns or 0) * (answer.rounds_per_sample or 1)
            for sample in answer.samples
        )
        if took_ns > _SLACK * record.wall_ns:
            return f"impossible: calls of {took_ns / 1e9:.3f} s in a process of {record.wall_ns / 1e9:.3f} s"
    return None


def _answers(row: Row) -> Iterator[tuple[Record, PointAnswer]]:
    return ((record, answer) for record in records_of(row) if record.ok for answer in record.points)


def rates_disagree(row: Row) -> str | None:
    """Operations and bytes are done in the same time."""
    rate, bandwidth, intensity = (row.get(name) for name in ("gflop_per_s", "op_gb_per_s", "intensity"))
    if not (rate and bandwidth and intensity) or abs(rate / (bandwidth * intensity) - 1) <= _SLACK - 1:
        return None
    told, expected = significant(rate, 4), significant(bandwidth * intensity, 4)
    return f"inconsistent: GFLOP/s {told}, by its GB/s and FLOP/byte {expected}"


CHECKS: tuple[Callable[[Row], str | None], ...] = (
    above_peak,
    above_bandwidth,
    no_variance,
    call_without_time,
    calls_longer_than_the_process,
    rates_disagree,
)
