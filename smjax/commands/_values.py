"""What a value may be, for completion: the metavar of its argument says so, as it does to people."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argcomplete.completers import BaseCompleter

from smjax.commands import COMMANDS
from smjax.commands._paths import files, folders

if TYPE_CHECKING:
    from smjax.sweep.request.keys import Key

_HISTORIES = Path(__file__).parents[1] / "data" / "history"

Words = Iterable[str]
"""Of a mapping the keys are words, and the values what they mean."""
Complete = Callable[[str], Words]
"""Words that may be meant by what has been typed of one; those that do not begin so are left out by argcomplete."""


class Values(BaseCompleter):
    """Completes every argument whose parser does not list choices."""

    def __call__(
        self, *, prefix: str, action: argparse.Action, parser: argparse.ArgumentParser, parsed_args: argparse.Namespace
    ) -> Words:
        """In the words of argcomplete."""
        if action.metavar == "KEY=VALUE":
            return _overrides(prefix, parser, parsed_args)
        kind = KINDS.get(str(action.metavar))
        return kind(prefix) if kind else ()


def several(complete: Complete) -> Complete:
    """With commas between them: the last one goes on."""

    def last(prefix: str) -> Words:
        head, comma, begun = prefix.rpartition(",")
        there = head.split(",")
        return [f"{head}{comma}{word}" for word in complete(begun) if word not in there]

    return last


def _overrides(prefix: str, parser: Any, given: argparse.Namespace) -> Words:
    from smjax.sweep.request.keys import keys

    return _keys(prefix, keys(parser.job, given.config_dir))


def _settings(prefix: str) -> Words:
    from smjax.sweep.request.keys import keys

    return _keys(prefix, {name: key for name, key in keys().items() if name.startswith("engine_args.")})


def _keys(prefix: str, known: Mapping[str, Key]) -> Words:
    """They, and behind one its values."""
    name, equals, value = prefix.partition("=")
    if not equals:
        return {f"{key.name}=": key.meaning for key in known.values()}
    return [f"{name}={word}" for word in several(_of_key(known[name]))(value)] if name in known else ()


def _of_key(key: Key) -> Complete:
    from smjax.sweep.request import keys

    if key.name == keys.RUN_DIR:
        return folders
    if key.name == "op":
        return _ops
    if key.name == "model":
        return _models
    if key.kind == keys.FILE:
        return files
    words = ("true", "false") if key.kind == keys.SWITCH else key.names
    return lambda _: words


def _ops(_: str) -> Words:
    from smjax.core.ops import OPS

    return [*OPS, "all"]


def _presets(_: str) -> Words:
    from smjax.core.models.presets import PRESETS

    return PRESETS


def _models(prefix: str) -> Words:
    return [*_presets(prefix), *_gguf(prefix)]


def _gguf(prefix: str) -> Words:
    return files(prefix, ".gguf")


def _runs(prefix: str) -> Words:
    from smjax.core.records.baselines import saved

    return [*saved(), *folders(prefix)]


def _columns(_: str) -> Words:
    from smjax.core.records.columns import COLUMNS

    return {column.name: column.meaning for column in COLUMNS}


def _metrics(_: str) -> Words:
    from smjax.core.records.columns import METRICS

    return {name: column.meaning for name, column in METRICS.items()}


def _axes(_: str) -> Words:
    from smjax.core.records.columns import COLUMNS

    return {column.name: column.meaning for column in COLUMNS if column.is_key}


def _where(prefix: str) -> Words:
    return () if "=" in prefix else [f"{name}=" for name in _axes(prefix)]


def _engines(_: str) -> Words:
    from smjax.core.engines import ENGINES

    return ENGINES


def _kernels(_: str) -> Words:
    from smjax.sweep.request.config import KERNELS

    return KERNELS


def _isas(_: str) -> Words:
    from smjax.sweep.request.config import ISAS

    return ISAS


def _tools(_: str) -> Words:
    tools: tuple[str, ...] = importlib.import_module("smjax.commands.import").TOOLS  # whose name is a keyword
    return tools


def _histories(prefix: str) -> Words:
    return [*(path.stem for path in _HISTORIES.glob("*.json")), *files(prefix, ".json")]


KINDS: dict[str, Complete] = {
    "AXIS": _axes,
    "BASE": _runs,
    "COLUMN": _columns,
    "COLUMN=VALUE": _where,
    "COMMAND": lambda _: COMMANDS,
    "DIR": folders,
    "ENGINE": several(_engines),
    "FILE": files,
    "FILE.gguf": _gguf,
    "HISTORY": _histories,
    "IDS.json": lambda prefix: files(prefix, ".json"),
    "ISA": _isas,
    "KERNEL": _kernels,
    "METRIC": _metrics,
    "MODEL": _models,
    "NAME DIR": folders,
    "PRESET": _presets,
    "RUN": several(_runs),
    "TOOL": _tools,
    "engine_args.NAME=VALUE": _settings,
}
"""By the metavar."""
FREE = ("KEY", "N", "NAME", "ROW", "S", "SHARE", "VALUE")
"""Metavars of what nobody can know."""
