"""How one composed point becomes a scenario."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.models.presets import PRESETS
from smjax.core.records.scenario import Measure, Scenario
from smjax.core.text import printable
from smjax.sweep.request.config import JobConfig, ModelConfig

_LONGEST_LABEL = 200


def scenario_of(point: JobConfig) -> Scenario:
    """The scenario of a composed point; its numbers are not judged yet."""
    _check_model(point.model)
    check_label(point.label)
    return Scenario(
        model=point.model.name,
        model_path=point.model.path,
        engine=point.engine,
        kernel=point.kernel,
        isa=point.isa,
        threads=point.threads,
        ctx=point.ctx,
        n_prompt=point.ctx - point.n_gen if point.n_prompt is None else point.n_prompt,
        n_gen=point.n_gen,
        tokens_per_dispatch=point.tokens_per_dispatch,
        kv_dtype=point.kv_dtype,
        seed=point.seed,
        measure=Measure(**vars(point.measure)),
        label=point.label,
        python=None if point.python is None else interpreter(point.python),
        engine_args=_given(vars(point.engine_args)),
    )


def _given(arguments: Mapping[str, str | None]) -> dict[str, str]:
    """Those that are asked for, as engines spell them: YAML's and Hydra's `true` arrives as `True`."""
    return {
        name: value.lower() if value in ("True", "False") else value
        for name, value in arguments.items()
        if value is not None
    }


def _check_model(model: ModelConfig) -> None:
    if model.path is not None and model.name in PRESETS:
        raise RequestError(
            f"model.path: expected none with the preset {model.name}, found {model.path}; write model={model.path}"
        )
    if model.path is None and model.name == "gguf":
        raise RequestError("model: expected a GGUF file, found none; write model=FILE.gguf")


def check_label(label: str) -> None:
    """Raise RequestError for one that is too long, or that nobody sees."""
    if len(label) > _LONGEST_LABEL:
        raise RequestError(f"label: expected at most {_LONGEST_LABEL} characters, found {len(label)}")
    if printable(label, limit=None) != label:
        raise RequestError(f"label: expected characters that can be seen, found {printable(label, limit=None)}")


def interpreter(asked: str) -> str:
    """The interpreter's file, as it is called: what is behind a link belongs to another environment."""
    found = shutil.which(asked)
    if found:
        return os.path.abspath(found)  # noqa: PTH100 - no links are resolved
    inside = Path(asked) / "bin" / "python"
    what = "a directory" if Path(asked).is_dir() else "a file that cannot be run" if Path(asked).exists() else "nothing"
    fix = f"write python={inside}" if inside.exists() else "check the path"
    raise RequestError(f"python: expected an interpreter that can be run, found {what} at {asked}; {fix}")
