"""How far runs of a scenario lie apart on a machine: by its history, as it was given, or assumed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.numbers import plural, significant
from smjax.core.records.flags import HANDICAP
from smjax.core.records.folder import folders_below, load_folder
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.compare.fields import machine_of
from smjax.report.compare.pairing import Pair, known, processes_of, program_key
from smjax.stats.intervals import logarithms
from smjax.stats.location import Estimate, estimate
from smjax.stats.runs import BetweenRuns, assumed, measured

ASSUMED_ONE_THREAD, ASSUMED_MORE = 0.02, 0.06
"""Standard deviation between runs with one thread and with more. Provisional, until it is calibrated."""


@dataclass(frozen=True)
class Spread:
    """Between runs of a scenario."""

    runs: tuple[BetweenRuns, BetweenRuns]
    """Of base's machine and of new's: the same object where that is one machine."""
    why: tuple[str, ...]
    """Where it comes from."""


class History:
    """Earlier runs below a folder, without those that are compared and without what was slowed down on purpose."""

    def __init__(self, root: Path | None, compared: Sequence[Record], metric: str) -> None:
        self.root, self._metric = root, metric
        self._compared = {(record.id, record.date) for record in compared}
        self._runs = defaultdict[Hashable, dict[Hashable, list[Estimate]]](lambda: defaultdict(list))
        for folder in folders_below(root) if root is not None else ():
            self._add(load_folder(folder).records)

    def _add(self, records: Sequence[Record]) -> None:
        if any((record.id, record.date) in self._compared for record in records):
            return
        usual = [record for record in records if not is_handicapped(record)]
        programs = defaultdict[tuple[Hashable, Hashable], list[float]](list)
        for process in processes_of(usual, self._metric):
            programs[_place(process.record), program_key(process.record)] += known([process])
        for (place, program), values in programs.items():
            logs = logarithms(values)
            if logs is not None and logs.size > 1:
                self._runs[place][program].append(estimate(logs))

    @property
    def name(self) -> str:
        """Of the folder."""
        return printable(str(self.root))

    def spread(self, record: Record) -> BetweenRuns | None:
        """Between runs of the record's scenario on its machine; None where too few are known."""
        return measured(list(self._runs[_place(record)].values()))


def spread_of(pair: Pair, history: History, given: float | None) -> Spread | None:
    """The spread of a pair's runs; None where a side is empty."""
    if not pair.base or not pair.new:
        return None
    sides = [side[0].record for side in (pair.base, pair.new)]
    found = {machine_of(record): _of(record, history, given) for record in reversed(sides)}
    base, new = (found[machine_of(record)] for record in sides)
    told = dict.fromkeys(said for _, said in (base, new))
    unsure = [f"machine not known: told apart by {record.host} alone" for record in sides if not record.machine]
    return Spread((base[0], new[0]), (*told, *dict.fromkeys(unsure)))


def _of(record: Record, history: History, given: float | None) -> tuple[BetweenRuns, str]:
    threads = plural(record.scenario.threads, "thread", "threads")
    if given is not None:
        return assumed(given), f"spread between runs {percent(given)}, as given"
    found = history.spread(record)
    if found is not None:
        known = f"{percent(found.deviation)}, by {significant(found.degrees)} degrees of freedom in {history.name}"
        return found, f"spread between runs with {threads}: {known}"
    share = ASSUMED_ONE_THREAD if record.scenario.threads == 1 else ASSUMED_MORE
    lacking = f"{history.name} knows too few" if history.root else "there is no history"
    return assumed(share), f"spread between runs with {threads}: {percent(share)}, assumed, as {lacking}"


def percent(share: float) -> str:
    """A share as a person writes it: "2 %" for 0.02."""
    return f"{float(significant(share * 100, 2) or 0):g} %"


def is_handicapped(record: Record) -> bool:
    """Whether it was slowed down on purpose."""
    return record.scenario.measure.handicap > 0 or HANDICAP.name in record.flags


def _place(record: Record) -> Hashable:
    """The scenario, and the machine."""
    s = record.scenario
    return machine_of(record), record.model.hash, s.n_prompt, s.n_gen, s.ctx, s.threads, s.tokens_per_dispatch
