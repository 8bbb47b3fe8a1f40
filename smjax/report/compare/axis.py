"""An axis of a sweep: what its values are, and which processes differ in nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.core.numbers import listed
from smjax.core.text import printable
from smjax.report.compare.fields import asked, jaxlib_of, machine_of, shown
from smjax.report.compare.pairing import Process

_CHOSEN = ("kernel", "isa", "kv_dtype")
"""What may be left open: the axis is then what was chosen."""
_FOUND = ("jaxlib", "smjax", "model_hash")
"""What nobody asks for by its name, and may still differ within a sweep."""
_FOLLOWS = {"jaxlib": ("python",), "smjax": ("python",), "model_hash": ("model", "seed")}
"""What of a request differs because an axis does."""

Group = dict[str, list[Process]]
"""By the axis' value, in the order of the sweep: processes that differ in nothing else."""


class Axis:
    """One axis of the processes of one sweep, in which some of them may differ alone."""

    def __init__(self, name: str, processes: Sequence[Process]) -> None:
        self.name = name
        self._variants = _variants(processes)
        self._arguments = _varied_arguments(processes)
        self._chosen = {_request(process): process.record.resolved for process in processes if process.record.resolved}
        self.groups = self._groups(processes, name)
        self._processes = processes

    @property
    def is_varied(self) -> bool:
        """Whether some processes differ in it, and in nothing else."""
        return self._is_varied(self.groups)

    def check_varied(self) -> None:
        """Raise RequestError unless it is, and say which axes there are: each is looked for, which takes a while."""
        if not self.is_varied:
            raise RequestError(self._not_varied(self._processes))

    def values(self) -> list[str]:
        """In the order in which they were asked for; where records do not say, numbers as they grow, texts by time."""
        first: dict[str, tuple[bool, float, str]] = {}
        for group in self.groups:
            for value, processes in group.items():
                place = min(_place(process, value) for process in processes)
                first[value] = min(place, first.get(value, place))
        return sorted(first, key=lambda value: first[value])

    def base(self, wanted: str | None) -> str:
        """The value that the others are compared with: the first, or the one that is asked for."""
        values = self.values()
        if wanted is None:
            return values[0]
        if wanted in values:
            return wanted
        meant = nearest(wanted, values)
        fix = f"write --base {printable(meant)}" if meant else "name one of them"
        raise RequestError(
            f"--base {printable(wanted)}: expected a value of {self.name}, {', '.join(values)}, found another; {fix}"
        )

    def _groups(self, processes: Sequence[Process], axis: str) -> list[Group]:
        """Processes that differ in nothing but the axis, by their values."""
        groups = defaultdict[Hashable, Group](lambda: defaultdict(list))
        for process in processes:
            if (value := self._value(process, axis)) is not None:
                groups[self._else(process, axis)][value].append(process)
        return list(groups.values())

    @staticmethod
    def _is_varied(groups: Sequence[Group]) -> bool:
        return any(len(group) > 1 for group in groups)

    def _value(self, process: Process, axis: str) -> str | None:
        """What a process has on an axis; None where the axis is no field."""
        fields, record = asked(process.record), process.record
        if axis == "model":
            return shown(record.model.name)
        if axis == "engine":
            arguments = [f"{name}={record.scenario.engine_args[name]}" for name in self._arguments[fields[axis]]]
            return shown(" ".join([fields[axis], *arguments]))
        if axis in _CHOSEN and fields.get(axis) == "auto" and (chosen := self._chosen.get(_request(process))):
            return shown(getattr(chosen, axis))
        found: dict[str, Any] = {"jaxlib": jaxlib_of(record), "smjax": record.smjax, "model_hash": record.model.hash}
        return shown((fields | found)[axis]) if axis in fields | found else None

    def _else(self, process: Process, axis: str) -> Hashable:
        """All that a process was asked for, and where it ran, but for the axis and what follows from it."""
        record, fields = process.record, asked(process.record)
        if record.scenario.n_prompt == record.scenario.ctx - record.scenario.n_gen:
            fields["n_prompt"] = None  # as it is where nobody asks for another
        for name in (axis, *_FOLLOWS.get(axis, ())):
            fields.pop(name, None)
        if axis == "engine":  # what is varied of its settings is part of its name
            fields = {name: value for name, value in fields.items() if not name.startswith("engine_args.")}
        model = None if axis in ("model", "seed", "model_hash") else record.model.hash
        place = (record.host, machine_of(record), record.run, record.provenance)
        return tuple(fields.items()), model, place, self._variants[_asked_here(process), record.identity]

    def _not_varied(self, processes: Sequence[Process]) -> str:
        names = [*asked(processes[0].record), *_FOUND]
        varied = [name for name in names if self._is_varied(self._groups(processes, name))]
        named = printable(self.name)
        if self.name not in names and (meant := nearest(self.name, varied or names)):
            return f"--axis {named}: expected a field of the scenario, found none of that name; did you mean {meant}?"
        if not varied:
            return (
                f"--axis {named}: expected a sweep over it, found one value of everything; measure two in turn: "
                f"smjax run -m {named}=ONE,OTHER"
            )
        return f"--axis {named}: expected an axis that the sweep varies, found none; it varies {listed(varied)}"


def _place(process: Process, value: str) -> tuple[bool, float, str]:
    """Where a process, with its value of the axis, stands in what was asked for."""
    record = process.record
    if record.order is not None and record.order.point is not None:
        return False, record.order.point, record.date
    try:
        return True, float(value), record.date
    except ValueError:
        return True, 0, record.date


def _request(process: Process) -> Hashable:
    return tuple(asked(process.record).items()), process.record.model.hash


def _asked_here(process: Process) -> Hashable:
    return _request(process), machine_of(process.record)


def _varied_arguments(processes: Sequence[Process]) -> dict[str, list[str]]:
    """By engine, the names of its arguments that have several values."""
    found = defaultdict[str, dict[str, set[str]]](lambda: defaultdict(set))
    for scenario in (process.record.scenario for process in processes):
        arguments = found[scenario.engine]
        for name, value in scenario.engine_args.items():
            arguments[name].add(value)
    return {engine: [name for name in names if len(names[name]) > 1] for engine, names in found.items()}


def _variants(processes: Sequence[Process]) -> dict[Hashable, int]:
    """Which time a machine measured a request, by identity: 0 for the first, 1 after smjax or a package has changed."""
    found = defaultdict[Hashable, dict[str, int]](dict)
    for process in processes:
        identities = found[_asked_here(process)]
        identities.setdefault(process.record.identity, len(identities))
    return {(request, identity): n for request, numbers in found.items() for identity, n in numbers.items()}
