"""Runs Hydra for its composition alone: overrides in, every point of the run out, errors as one line."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser import overrides_parser, overrides_visitor
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue

from smjax.core.errors import RequestError
from smjax.sweep.request.folder import NoteRunFolder, RunFolder
from smjax.sweep.request.job import RUN, Composable, Job
from smjax.sweep.request.literal import uninterpolated
from smjax.sweep.request.rewrite import Rewritten, option


@dataclass(frozen=True)
class Asked:
    """A command line of a job."""

    overrides: Sequence[str]
    is_sweep: bool = False
    flags: Sequence[str] = ()
    """Hydra's own, with their values: `--cfg job` and what else only informs."""
    config_dir: Path | None = None
    """A folder of one's own, beside `conf/`."""
    job: Job = RUN


@dataclass(frozen=True)
class Composed:
    """What the command line asked for, typed but not judged."""

    points: Sequence[Composable]
    """All of one job."""
    folder: RunFolder


def compose(asked: Asked) -> Composed | None:
    """Compose a command line; None where it only asked Hydra for information.

    Raises RequestError, leaving nothing behind, for anything that is not taken.
    """
    points: list[DictConfig] = []
    NoteRunFolder.noted.clear()
    request = Rewritten(asked.overrides, asked.is_sweep, asked.job, asked.config_dir)
    try:
        with _command_line(asked, request), _models(request.models):
            _run_hydra(asked.job, points)
        typed = [_typed(point) for point in points]
        if typed:
            NoteRunFolder.noted[-1].check()
    except BaseException:
        for folder in NoteRunFolder.noted:
            folder.undo()
        raise
    return Composed(typed, NoteRunFolder.noted[-1]) if typed else None


def one_line(error: BaseException) -> str:
    """What Hydra said, without its search path, its grammar and its list of ways out."""
    if isinstance(error, OSError) and error.strerror:
        where = error.filename or "the current folder"
        return f"{where}: expected a run folder that can be made, found: {error.strerror}; choose another"
    text = str(error).partition("Config search path")[0]
    if "Available options" in text:
        return re.sub(r"\s*\n\s*", " ", re.sub(r"\n\s*\n", "; ", text.strip()))
    lines = [_first_line(text)]
    if error.__cause__ is not None and _first_line(str(error.__cause__)) not in lines:
        lines.append(_first_line(str(error.__cause__)))
    if "Ambiguous value" in lines[0]:
        lines[0] += "; add -m to sweep over the values"
    override = getattr(error, "override", None)
    if override and override not in lines[0]:  # what the grammar says names only the place inside
        lines.insert(0, str(override))
    return ": ".join(line for line in lines if line) or type(error).__name__


@contextlib.contextmanager
def _command_line(asked: Asked, request: Rewritten) -> Iterator[None]:
    """Hydra reads the process's arguments, its flags before all overrides."""
    own = [] if asked.config_dir is None else ["--config-dir", str(asked.config_dir)]
    before, sweep = sys.argv, ["--multirun"] if asked.is_sweep else []
    sys.argv = [before[0], *sweep, *own, *asked.flags, *request.overrides]
    try:
        yield
    finally:
        sys.argv = before


@contextlib.contextmanager
def _models(files: Sequence[str]) -> Iterator[None]:
    """Make each file an option of the group `model`: what it is called then never meets Hydra's grammar."""
    store = ConfigStore.instance()
    names = [option(number) for number in range(1, len(files) + 1)]
    for name, file in zip(names, files, strict=True):
        store.store(group="model", name=name, node={"name": "gguf", "path": uninterpolated(file)})
    try:
        yield
    finally:
        for name in names:
            del store.repo["model"][f"{name}.yaml"]


def _run_hydra(asked: Job, points: list[DictConfig]) -> None:
    ConfigStore.instance().store(name="schema", node=asked.config)
    _keep_assertions()

    @hydra.main(version_base="1.3", config_path=str(asked.config_dir), config_name="config")
    def job(point: DictConfig) -> None:
        points.append(point)

    # Hydra prints its errors itself and exits with 1 unless it is told to hand them over.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    with _one_line_errors():
        job()


def _keep_assertions() -> None:
    """Under `python -O` too: Hydra's parser takes tokens off its input inside of assertions, and fails without them."""
    if sys.flags.optimize:
        source = inspect.getsource(overrides_visitor)
        path = str(overrides_visitor.__file__)
        exec(compile(source, path, "exec", dont_inherit=True, optimize=0), vars(overrides_visitor))
        vars(overrides_parser)["HydraOverrideVisitor"] = overrides_visitor.HydraOverrideVisitor


@contextlib.contextmanager
def _one_line_errors() -> Iterator[None]:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            yield
    except SystemExit as stop:
        if stop.code:
            raise RequestError((said.getvalue().strip() or str(stop.code)).splitlines()[-1]) from None
        raise
    except Exception as error:
        raise RequestError(one_line(error)) from error
    sys.stderr.write(said.getvalue())


def _typed(point: DictConfig) -> Composable:
    try:
        return cast(Composable, OmegaConf.to_object(point))
    except MissingMandatoryValue as error:
        key = getattr(error, "full_key", None) or "a value"
        hint = "a GGUF file, found none; add model.path=FILE.gguf" if key == "model.path" else "a value, found none"
        raise RequestError(f"{key}: expected {hint}") from error


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip().rstrip(".")
