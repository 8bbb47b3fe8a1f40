"""Where the time of a step went, over all processes that looked into themselves, beside what the step really takes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from smjax.core.records.answer import Answer
from smjax.core.records.profile import NO_PART, PARTS, Pass, Piece, middle_mean, middle_steps, undisturbed
from smjax.core.records.profiled import Profiled
from smjax.stats.ratios import Ratio, paired

StepName = Literal["decode", "prefill"]
STEPS: tuple[StepName, ...] = ("decode", "prefill")


@dataclass(frozen=True)
class Part:
    """One part of a step, or the time in none; of all layers together."""

    name: str
    ns: float
    bytes: int
    """That it has to read."""
    bytes_per_s: float | None
    """At which the same threads read memory; None where that is not known."""
    layers: dict[int, float]
    """Ns of each; empty where layers are not told apart, or have no such part."""
    what: dict[str, float]
    """Ns of what it consists of, where there is more than one thing."""
    alone_ns: float | None
    counts: dict[str, float]
    """What all threads did in it, by event; empty where that was not counted."""

    @property
    def at_bandwidth_ns(self) -> float | None:
        """What reading its bytes takes."""
        return self.bytes / self.bytes_per_s * 1e9 if self.bytes and self.bytes_per_s else None

    @property
    def of_bandwidth(self) -> float | None:
        """Its bytes a second as a share of the bandwidth; above 1 where they lie nearer than what that was of."""
        at_bandwidth = self.at_bandwidth_ns
        return None if at_bandwidth is None or self.ns <= 0 else at_bandwidth / self.ns


@dataclass(frozen=True)
class Step:
    """One decode step, or one prefill."""

    name: StepName
    parts: list[Part]
    """In their order, the time in no part behind them."""
    measured_ns: float
    """Of processes that nobody looked into."""
    adds_up: Ratio
    """The parts, without the time in none, to what was measured in the process beside it."""
    instrument: Ratio
    """What a step takes while it is looked into, to what it takes in the same process otherwise."""
    instrument_plainly: float
    """The same over all processes, without an interval."""
    stamps: float | None
    count: int
    """Of how many it is the mean, in each process."""
    layers: list[float]
    """Ns of each layer as a whole, where parts do not tell layers apart; empty where they do, or it is not known."""

    @property
    def parts_ns(self) -> float:
        """All parts, without the time in none."""
        return sum(part.ns for part in self.parts if part.name != NO_PART)


def step_of(profiled: Profiled, name: StepName) -> Step:
    """The mean over the processes that nothing disturbed."""
    passes = [_pass(answer, name) for answer in profiled.looked_into]
    measured = [_measured(answer, name, profiled) for answer in profiled.measured]
    totals = [one.total_ns for one in passes]
    kept = [passes[place] for place in undisturbed(totals)]
    named = [sum(piece.ns for piece in one.pieces if piece.part != NO_PART) for one in passes]
    return Step(
        name,
        list(_parts(kept, bandwidth(profiled), _counts(profiled, name))),
        middle_mean(measured),
        paired(measured, named),
        paired([one.plain_ns for one in passes], totals),
        sum(totals) / sum(one.plain_ns for one in passes),
        statistics.fmean(one.stamps for one in kept if one.stamps) if kept[0].stamps else None,
        kept[0].count,
        [statistics.fmean(each) for each in zip(*(one.layers_ns for one in kept), strict=True)],
    )


def bandwidth(profiled: Profiled) -> float | None:
    """Bytes a second at which a step's bytes were read over and over: the median of all processes."""
    read = [answer.read_bandwidth for answer in (*profiled.looked_into, *profiled.measured)]
    known = [one.bytes_per_s for one in read if one and one.bytes_per_s]
    return statistics.median(known) if known else None


def _pass(answer: Answer, name: StepName) -> Pass:
    assert answer.profile is not None, "it was looked into"
    found: Pass = getattr(answer.profile, name)
    return found


def _measured(answer: Answer, name: StepName, profiled: Profiled) -> float:
    """Of a process that nobody looked into, over the same steps."""
    if name == "prefill":
        return middle_mean([sample.ttft_ns for sample in answer.samples])
    middle = middle_steps(profiled.resolved.scenario.n_gen)
    return middle_mean([sample.token_ns[i] for sample in answer.samples if sample.token_ns for i in middle])


def _counts(profiled: Profiled, name: StepName) -> dict[str, dict[str, float]]:
    """By part and event, the mean over the processes that counted."""
    all_counted = [answer.counted for answer in profiled.counted if answer.counted]
    found = dict[str, dict[str, float]]()
    for counted in all_counted:
        by_part: dict[str, list[float]] = getattr(counted, name)
        for part, counts in by_part.items():
            sums = found.setdefault(part, dict.fromkeys(counted.events, 0.0))
            for event, count in zip(counted.events, counts, strict=True):
                sums[event] += count / len(all_counted)
    return found


def _parts(passes: Sequence[Pass], bytes_per_s: float | None, counts: Mapping[str, dict[str, float]]) -> Iterator[Part]:
    for name in (*PARTS, NO_PART):
        pieces = [piece for one in passes for piece in one.pieces if piece.part == name]
        if not pieces:
            continue
        n_bytes = sum(need.bytes for need in passes[0].needs if need.part == name)
        alone = [one.alone_ns[name] for one in passes if name in one.alone_ns]
        layers = _summed(pieces, "layer", len(passes))
        yield Part(
            name,
            sum(piece.ns for piece in pieces) / len(passes),
            n_bytes,
            bytes_per_s,
            {layer: ns for layer, ns in sorted(layers.items(), key=lambda item: item[0] or 0) if layer is not None},
            _summed(pieces, "what", len(passes)),
            statistics.fmean(alone) if alone else None,
            counts.get(name, {}),
        )


def _summed(pieces: Sequence[Piece], field: str, n: int) -> dict[Any, float]:
    """Mean ns by a field of the pieces, over `n` processes."""
    found = dict[Any, float]()
    for piece in pieces:
        found[getattr(piece, field)] = found.get(getattr(piece, field), 0) + piece.ns / n
    return found
