"""The command that would measure two sides in turn: in the blocks of one sweep, what disturbs one disturbs both."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from smjax.core.engines import ENGINES
from smjax.core.records.record import Record
from smjax.report.compare.fields import FILES, LIBRARIES, asked, differences, software
from smjax.report.compare.pairing import Pair

USUAL: dict[str, Any] = {
    "engine": "smjax",
    "kernel": "auto",
    "isa": "auto",
    "kv_dtype": "auto",
    "seed": 42,
    "python": None,
    "measure.iterations": None,
    "measure.sampling_s": 1,
    "measure.warmup": 2,
    "measure.compile_cache": True,
    "measure.handicap": 0,
}
"""What a sweep can go through besides its points, and what it is where nobody asks: only what is not is told."""
_POINT = ("model", "threads", "ctx", "n_gen", "tokens_per_dispatch")
_OP_POINT = ("op", "shape", "threads")
_OP_USUAL = {"cache": "hot"} | {name: USUAL[name] for name in ("kernel", "isa", "seed", "python")}
_OPEN = ("kernel", "isa", "kv_dtype")
"""What may be left open: each follows from the ones before it."""
_ARGUMENT = "engine_args."
_OF_WORKERS = ("variables.", "variants.")
"""Beginnings of what smjax itself sets for a worker."""
_FOLLOWS = {"engine": _OPEN, "python": _OPEN, "kernel": ("isa", "kv_dtype"), "isa": ("kv_dtype",)}
_SAYS_NOTHING = {"label", "model", "engine args"}
"""Names and texts: weights are told by their hash, and arguments one by one."""

_Settings = dict[str, list[Any]]
"""Of a pair, by the names under which a person asks; of an argument both sides' values, else the one that both have."""


def in_turn(pairs: Sequence[Pair]) -> str:
    """For all pairs at once; empty where no one sweep measures both sides of each, and nothing else differs in them."""
    whole = [pair for pair in pairs if pair.base and pair.new]
    axes = {_axis(pair) for pair in whole}
    axis = axes.pop() if len(axes) == 1 else None
    if axis is None:
        return ""
    name, values = axis
    settings, of_ops = [_settings(pair) for pair in whole], bool(_records(whole[0])[0].scenario.points)
    if of_ops and not _is_product(settings):
        return ""
    told = _of_ops(settings, name) if of_ops else _point(settings, name)
    command = shlex.join([f"{name}={values}", *told])
    return f"smjax {'micro' if of_ops else 'run'} -m {command}, then smjax compare DIR --axis {name}"


def _axis(pair: Pair) -> tuple[str, str] | None:
    """What the sides differ in, if all else follows from it, and both its values; a label where they differ in nothing.

    Where they differ in what no sweep can vary, one under two labels would be measured twice, and the other not at all.
    What another tool measured no sweep does.
    """
    base, new = _records(pair)
    if base.imported or new.imported:
        return None
    ours, theirs = _arguments(base), _arguments(new)
    arguments = {name: (ours.get(name), theirs.get(name)) for name in ours | theirs}
    found = differences(*pair.records) | {name: both for name, both in arguments.items() if both[0] != both[1]}
    names, packages = found.keys() - _SAYS_NOTHING, software(base) | software(new)
    if not names:
        return "label", "base,new"
    axis = "engine" if "engine" in names else "python" if names & {"python", *packages} else _first(names)
    explained = packages if axis == "python" else set()
    if any(name not in explained and not _follows(name, axis, pair) for name in names):
        return None
    return axis, _in_turn(axis, found.get(axis, (None, None)))


def _first(names: Iterable[str]) -> str:
    """That from which others may follow."""
    order = list(USUAL)
    return min(names, key=lambda name: (order.index(name) if name in order else len(order), name))


def _follows(name: str, axis: str, pair: Pair) -> bool:
    """Whether a sweep over the axis makes its values differ in this too, without being asked to."""
    if name == axis:
        return axis in USUAL or axis.startswith(_ARGUMENT)
    base, new = map(asked, _records(pair))
    if name in _FOLLOWS.get(axis, ()):
        return bool(base[name] == new[name])
    if axis == "engine" and name.startswith(_ARGUMENT):
        return name not in base or name not in new
    return (axis == "engine" and name in (FILES, LIBRARIES)) or (axis in _FOLLOWS and name.startswith(_OF_WORKERS))


def _in_turn(axis: str, values: tuple[Any, Any]) -> str:
    if axis == "python" and None in values:
        return "BASE/bin/python,NEW/bin/python"
    return ",".join(map(_typed, values))


def _settings(pair: Pair) -> _Settings:
    """What the sides were asked for; where one of them left it open, and the other did not, what was chosen."""
    base, new = _records(pair)
    ours, theirs = asked(base), asked(new)
    chosen = {
        name: getattr(base.resolved or base.scenario, name) for name in _OPEN if ours.get(name) != theirs.get(name)
    }
    told = USUAL | ours | chosen | {"model": base.scenario.model_path or base.scenario.model}
    wanted = {name: [value] for name, value in told.items() if not name.startswith(_ARGUMENT)}
    arguments = [*_arguments(base).items(), *_arguments(new).items()]
    return wanted | {name: [value for other, value in arguments if other == name] for name, _ in arguments}


def _point(settings: Sequence[_Settings], axis: str) -> list[str]:
    """All that a sweep over the axis has to be told besides."""
    names = dict.fromkeys(name for one in settings for name in one)
    values = {name: [value for one in settings for value in one.get(name, ())] for name in names}
    told = list(_POINT)
    if any(one["n_prompt"][0] != one["ctx"][0] - one["n_gen"][0] for one in settings):
        told.append("n_prompt")
    told += [name for name, usual in USUAL.items() if any(value != usual for value in values[name])]
    told += [name for name in names if name.startswith(_ARGUMENT)]
    return [f"{name}={_several(values[name])}" for name in told if name != axis]


def _is_product(settings: Sequence[_Settings]) -> bool:
    """Whether a sweep over ops and over shapes measures these points and no others."""
    points = {(op, shape) for one in settings for op in one["op"] for shape in one["shape"]}
    ops, shapes = ({point[place] for point in points} for place in (0, 1))
    return len(points) == len(ops) * len(shapes)


def _of_ops(settings: Sequence[_Settings], axis: str) -> list[str]:
    """The same for ops; how often and how long they are measured is as it usually is."""
    values = {name: [value for one in settings for value in one[name]] for name in (*_OP_POINT, *_OP_USUAL)}
    if {"hot", "cold"} <= set(values["cache"]):
        values["cache"] = ["all"]
    told = [*_OP_POINT, *(name for name, usual in _OP_USUAL.items() if any(value != usual for value in values[name]))]
    return [f"{name}={_several(values[name])}" for name in told if name != axis]


def _records(pair: Pair) -> tuple[Record, Record]:
    """One of each side: all of a side were asked for the same."""
    return pair.base[0].record, pair.new[0].record


def _arguments(record: Record) -> dict[str, str]:
    """Those of its engine that are not as they are anyway."""
    spec = ENGINES.get(record.scenario.engine)
    usual = spec.defaults if spec else {}
    given = record.scenario.engine_args.items()
    return {f"{_ARGUMENT}{name}": value for name, value in given if value != usual.get(name)}


def _several(values: Iterable[Any]) -> str:
    return ",".join(sorted(set(map(_typed, values)), key=lambda text: (len(text), text)))


def _typed(value: Any) -> str:
    """As Hydra reads it."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
