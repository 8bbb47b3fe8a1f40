"""How far runs of a scenario lie apart on a machine: by its history, as it was given, or assumed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from smjax.core.numbers import plural, significant
from smjax.core.records.flags import HANDICAP
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.compare.earlier import Earlier
from smjax.report.compare.fields import machine_of
from smjax.report.compare.pairing import Pair, by_run, place_key, processes_of_each, program_key
from smjax.report.compare.sides import runs_of
from smjax.stats.intervals import logarithms
from smjax.stats.location import Estimate, estimate
from smjax.stats.runs import BetweenRuns, assumed, measured

ASSUMED_ONE_THREAD, ASSUMED_MORE = 0.02, 0.12
"""Standard deviation between runs with one thread and with more: what a calibration found (docs/how-smjax-measures.md)
with 1, 2 and 4 threads on a shared virtual machine with 2 cores, 1.6, 11.5 and 9.1 %, rounded up.
"""


@dataclass(frozen=True)
class Spread:
    """Between runs of a scenario."""

    runs: tuple[BetweenRuns | None, BetweenRuns | None]
    """Of base's machine and of new's: the same object where that is one; None for a side of several runs."""
    why: tuple[str, ...]
    """Where it comes from."""


class History:
    """How far apart earlier runs lie, without those that are compared and without what was slowed down on purpose."""

    def __init__(self, earlier: Earlier | None, compared: Iterable[Record], metrics: Sequence[str]) -> None:
        self.name = earlier.name if earlier is not None else ""
        self._metrics = metrics
        self._compared = list(compared)
        names = {(record.id, record.date) for record in self._compared}
        self._runs = defaultdict[Hashable, dict[Hashable, list[Estimate]]](lambda: defaultdict(list))
        folders = [run.records for run in earlier.runs] if earlier is not None else []
        others = [one for one in folders if not any((record.id, record.date) in names for record in one)]
        self._add(runs_of(others))

    def _add(self, runs: Sequence[Sequence[Record]]) -> None:
        """All at once, as making frames takes a while whatever is in them; cores are judged beside what is compared."""
        usual = {id(one): number for number, run in enumerate(runs) for one in run if not is_handicapped(one)}
        records = [one for run in runs for one in run if id(one) in usual]
        if not records:
            return
        found = defaultdict[tuple[Hashable, Hashable, int], list[float]](list)
        for process in processes_of_each([records, self._compared], *self._metrics)[0]:
            for name, own in process.figures.items():
                for state, value in {"": own.value, **own.by_state}.items():
                    if value is not None:
                        key = name, place_key(process.record), state
                        found[key, program_key(process.record), usual[id(process.record)]].append(value)
        for (place, program, _), values in found.items():
            logs = logarithms(values)
            if logs is not None and logs.size > 1:
                self._runs[place][program].append(estimate(logs))

    def spread(self, record: Record, metric: str, state: str = "") -> BetweenRuns | None:
        """Between runs of the record's scenario on its machine, within a state of the cores if enough is known of that.

        None where too few runs are known.
        """
        place = place_key(record)
        within = measured(list(self._runs[metric, place, state].values()))
        return within or measured(list(self._runs[metric, place, ""].values()))


def spread_of(pair: Pair, history: History, given: float | None) -> Spread | None:
    """The spread of a pair's runs; None where a side is empty. Several runs of a side say it themselves."""
    if not pair.base or not pair.new:
        return None
    sides = (pair.base, pair.new)
    single = [len(by_run(side)) < 2 for side in sides]
    records = [side[0].record for side in sides]
    needed = [record for record, is_single in zip(records, single, strict=True) if is_single]
    found = {machine_of(record): _of(record, pair, history, given) for record in reversed(needed)}
    told = dict.fromkeys(found[machine_of(record)][1] for record in needed)
    unsure = [_unsure(record) for record in records if not record.machine]
    base, new = (
        found[machine_of(record)][0] if is_single else None for record, is_single in zip(records, single, strict=True)
    )
    return Spread((base, new), (*told, *dict.fromkeys(unsure)))


def _unsure(record: Record) -> str:
    told = record.host or record.environment.cpu.model
    return f"machine not known: told apart by {printable(told)} alone" if told else "machine not known"


def _of(record: Record, pair: Pair, history: History, given: float | None) -> tuple[BetweenRuns, str]:
    known = record.scenario.threads  # 0 where an import does not know
    threads = plural(known, "thread", "threads") if known else "an unknown number of threads"
    if given is not None:
        return assumed(given), f"spread between runs {percent(given)}, as given"
    found = history.spread(record, pair.metric.name, pair.state)
    if found is not None:
        how = f"{percent(found.deviation)}, by {found.degrees:.3g} degrees of freedom in {history.name}"
        return found, f"spread between runs with {threads}: {how}"
    share = ASSUMED_ONE_THREAD if record.scenario.threads == 1 else ASSUMED_MORE
    lacking = f"too few are known in {history.name}" if history.name else "there is no history"
    return assumed(share), f"spread between runs with {threads}: {percent(share)}, assumed, as {lacking}"


def percent(share: float) -> str:
    """A share as a person writes it: "2 %" for 0.02."""
    return f"{float(significant(share * 100, 2) or 0):g} %"


def is_handicapped(record: Record) -> bool:
    """Whether it was slowed down on purpose."""
    return record.scenario.measure.handicap > 0 or HANDICAP.name in record.flags
