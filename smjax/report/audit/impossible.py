"""What no process can have done, whatever was measured: one function for each thing, judged by a row's records.

Values that are not even of their kind (negative, infinite, no date) are refused when records are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from smjax.core.records.answer import Sample
from smjax.core.records.record import Record
from smjax.report.render.grid import Row

_GHZ = (0.1, 10.0)
"""Clocks of CPUs that run Linux or macOS; the record for one cooled with liquid helium is 9.1."""
_OLDEST = datetime(2020, 1, 1, tzinfo=UTC)
_NEWEST = timedelta(days=1)
"""After now: clocks of machines differ."""
_SLACK = 1.01
"""Times of one process are read from several clocks."""


def clock(row: Row) -> str | None:
    """GHz are a few."""
    for record in records_of(row):
        ghz = record.ghz.value if record.ghz else None
        if ghz is not None and not _GHZ[0] <= ghz <= _GHZ[1]:
            return f"impossible: a clock of {ghz:g} GHz"
    return None


def date(row: Row) -> str | None:
    """Nothing was measured before smjax was thought of, nor will have been."""
    for record in records_of(row):
        at = datetime.fromisoformat(record.date)
        if not _OLDEST <= at <= datetime.now(UTC) + _NEWEST:
            return f"impossible: measured on {at:%Y-%m-%d}"
    return None


def answer_without_time(row: Row) -> str | None:
    """Whatever is generated takes time."""
    for record in records_of(row):
        for sample in record.samples if record.ok else ():
            for what, took_ns in (("prefill", sample.ttft_ns), ("decoding", sample.decode_ns)):
                if took_ns == 0 and (what == "prefill" or record.scenario.n_gen > 1):
                    return f"impossible: {what} of an answer took no time"
    return None


def more_times_than_tokens(row: Row) -> str | None:
    """Of n_gen tokens the first is prefill's, and the others come in n_gen - 1 dispatches at most."""
    for record in records_of(row):
        most = record.scenario.n_gen - 1
        for sample in record.samples:
            if len(sample.token_ns or ()) > most:
                told = len(sample.token_ns or ())
                return f"impossible: {told} times of tokens in an answer of {record.scenario.n_gen} tokens"
    return None


def phase_longer_than_the_process(row: Row) -> str | None:
    """A process does nothing before its start or after its end, and no thread computes longer than it lives."""
    for record in records_of(row):
        for name, took_ns in _parts(record):
            if took_ns > _SLACK * record.wall_ns:
                return f"impossible: {name} of {took_ns / 1e9:.3f} s in a process of {record.wall_ns / 1e9:.3f} s"
    return None


def _parts(record: Record) -> Iterator[tuple[str, int]]:
    yield from ((f"phase {name}", took_ns) for name, took_ns in record.phases_ns.items())
    yield from ((f"CPU time of thread {name}", took_ns) for name, took_ns in record.threads.cpu_ns.items())


def steady_memory_above_the_peak(row: Row) -> str | None:
    """The mark of a part of a life is not above that of the whole."""
    for record in records_of(row):
        steady, peak = record.memory.steady_rss_bytes, record.memory.peak_rss_bytes
        if steady and peak and steady > peak:
            return f"impossible: steady RSS {steady / 1e6:.1f} MB, peak {peak / 1e6:.1f} MB"
    return None


def attempts_that_skip(row: Row) -> str | None:
    """A third attempt has a second before it: where that is missing, a record was taken away."""
    found: dict[tuple[str, int], set[int]] = defaultdict(set)
    for record in row.get("all_records") or ():
        found[record.identity, record.replicate].add(record.attempt)
    for record in records_of(row):
        numbers = found.get((record.identity, record.replicate), {record.attempt})
        if len(numbers) <= record.attempt:
            missing = next(number for number in range(record.attempt) if number not in numbers)
            return f"impossible: attempt {record.attempt} at replicate {record.replicate} without attempt {missing}"
    return None


def records_of(row: Row) -> Sequence[Record]:
    """The records of the processes that stand for a row; none where it is a file's."""
    found: Sequence[Record] = row.get("records") or ()
    return found


def answers_of(row: Row) -> Iterator[tuple[Record, Sample]]:
    """Every timed answer behind a row, with its record."""
    return ((record, sample) for record in records_of(row) if record.ok for sample in record.samples)


CHECKS: tuple[Callable[[Row], str | None], ...] = (
    clock,
    date,
    answer_without_time,
    more_times_than_tokens,
    phase_longer_than_the_process,
    steady_memory_above_the_peak,
    attempts_that_skip,
)
