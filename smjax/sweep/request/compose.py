"""Runs Hydra for its composition alone: overrides in, every point of the run out, errors as one line."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import hydra
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue

from smjax.core.errors import RequestError
from smjax.sweep.request.config import JobConfig, register_schema
from smjax.sweep.request.folder import NoteRunFolder, RunFolder

_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Composed:
    """What the command line asked for, typed but not judged."""

    points: list[JobConfig]
    folder: RunFolder


def compose() -> Composed | None:
    """Compose the process's command line; None where it only asked Hydra for information.

    Raises RequestError, leaving nothing behind, for anything that Hydra does not take.
    """
    points: list[DictConfig] = []
    NoteRunFolder.noted.clear()
    try:
        _run_hydra(points)
        typed = [_typed(point) for point in points]
    except BaseException:
        for folder in NoteRunFolder.noted:
            folder.undo()
        raise
    return Composed(typed, NoteRunFolder.noted[-1]) if typed else None


def config_dir() -> Path:
    """Where the YAML files are: beside the package in a checkout, inside it where it was installed."""
    inside = _PACKAGE / "conf"
    return inside if inside.is_dir() else _PACKAGE.parent / "conf"


def one_line(error: BaseException) -> str:
    """What Hydra said, without its search path, its grammar and its list of ways out."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: expected a run folder that can be made, found: {error.strerror}; choose another"
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


def _run_hydra(points: list[DictConfig]) -> None:
    register_schema()

    @hydra.main(version_base="1.3", config_path=str(config_dir()), config_name="config")
    def job(point: DictConfig) -> None:
        points.append(point)

    # Hydra prints its errors itself and exits with 1 unless it is told to hand them over.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    with _one_line_errors():
        job()


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


def _typed(point: DictConfig) -> JobConfig:
    try:
        return cast(JobConfig, OmegaConf.to_object(point))
    except MissingMandatoryValue as error:
        key = getattr(error, "full_key", None) or "a value"
        hint = "a GGUF file, found none; add model.path=FILE.gguf" if key == "model.path" else "a value, found none"
        raise RequestError(f"{key}: expected {hint}") from error


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip().rstrip(".")
