"""The page of all settings: what may be asked of a job, and what its groups have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from smjax.core.models.presets import PRESETS
from smjax.core.records.pages import markdown_table
from smjax.sweep.request.explain import table
from smjax.sweep.request.job import MICRO, RUN, Job

ENVIRONMENT = {
    "SMJAX_CACHE_DIR": "what is compiled, and presets as files, are kept there; else in `XDG_CACHE_HOME` or `~/.cache`",
    "SMJAX_LOCK": "the file whose lock a sweep holds; else `smjax.lock` in the folder of temporary files",
    "SMJAX_MACHINE": "which machine this is; else a random id in the state folder, which a container may forget",
    "SMJAX_OPENAI_KEY": "of `engine=openai`: the key that the server wants; it is never recorded",
}
"""Variables of the environment that are read; everything else is an override, so that records have it."""

_HEAD = """# Settings

Everything that a run may be asked, as `smjax run --help` and `smjax micro --help` say it. A setting is an override
`NAME=VALUE`, in any order; with `-m` values with commas between them are swept over. All are checked before anything is
measured. This page is made from `conf/`, `smjax/sweep/request/config.py` and `micro_config.py` by `docs/generate.py`.

"""
_MODELS = """## Presets

Shapes of models with seeded weights, made at load, no download: speed depends on shapes and encodings, not on values.

"""
_VARIABLES = """## Environment variables

"""
_FIRST_COMMENT = re.compile(r"^# (?!@package)(.+(?:\n# .+)*)", re.MULTILINE)
_VALUE = re.compile(r"^(\w+): (\S+)$", re.MULTILINE)


def page() -> str:
    """docs/settings.md."""
    return _HEAD + "\n".join([*_job(RUN), _MODELS + _presets(), *_job(MICRO), _VARIABLES + _variables()])


def _job(job: Job) -> Iterator[str]:
    yield f"## `smjax {job.command}`\n\n{table(job)}"
    yield f"### `measure=` of `smjax {job.command}`\n\n{_measures(job)}"
    yield f"### `experiment=` of `smjax {job.command}`\n\n{_experiments(job)}"


def _measures(job: Job) -> str:
    """What each of the group's options says, setting by setting, and what it is for."""
    options = {path.stem: path.read_text(encoding="utf-8") for path in _options(job, "measure")}
    values: dict[str, Mapping[str, str]] = {name: dict(_VALUE.findall(text)) for name, text in options.items()}
    settings = list(dict.fromkeys(name for each in values.values() for name in each))
    rows = [[f"`measure.{name}`", *(f"`{values[option][name]}`" for option in options)] for name in settings]
    purposes = "".join(f"- `{name}`: {_comment(text)}\n" for name, text in options.items())
    return markdown_table(["setting", *(f"`{name}`" for name in options)], rows) + "\n" + purposes


def _experiments(job: Job) -> str:
    rows = ([f"`{path.stem}`", _comment(path.read_text(encoding="utf-8"))] for path in _options(job, "experiment"))
    return markdown_table(["study", "the question it answers"], rows)


def _options(job: Job, group: str) -> Sequence[Path]:
    return sorted((job.config_dir / group).glob("*.yaml"))


def _comment(text: str) -> str:
    """The first comment of a YAML file, which says what the file is for."""
    found = _FIRST_COMMENT.search(text)
    return found[1].replace("\n# ", " ") if found else ""


def _presets() -> str:
    sizes = ("n_layers", "d_model", "n_heads", "n_kv_heads", "head_dim", "d_ff", "n_vocab", "ctx_train")
    headings = ("layers", "width", "heads", "KV heads", "head size", "feed-forward", "vocabulary", "positions")
    rows: Iterable[list[str]] = (
        [f"`{name}`", config.family, *(f"{getattr(config, size):,}" for size in sizes)]
        for name, config in PRESETS.items()
    )
    return markdown_table(["`model=`", "family", *headings], rows)


def _variables() -> str:
    return markdown_table(["variable", "is"], ([f"`{name}`", meaning] for name, meaning in ENVIRONMENT.items()))
